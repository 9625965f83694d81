"""The gate refuses what callers would notice and lets pass what the set cannot tell from chance."""

import pytest

from voicebot.topics.catalogue import Catalogue, Phrase
from voicebot.topics.gate import Fall, compare, right, unproven
from voicebot.topics.recogniser import TopicRecogniser
from voicebot.topics.train import Fit, fit


@pytest.mark.parametrize(
    ("before", "after", "size", "refused"),
    [
        (12, 11, 12, False),
        (12, 10, 12, True),
        (11, 12, 12, False),
        (280, 277, 300, False),
        (280, 276, 300, True),
    ],
)
def test_one_point_or_one_utterance_may_be_lost(before: int, after: int, size: int, refused: bool) -> None:
    assert Fall("pcc-termin", before, after, size).refused is refused


def test_a_topic_whose_phrases_are_gone_is_refused_by_name(
    catalogue: Catalogue, some_phrases: list[Phrase], small: Fit
) -> None:
    lost = "og-wizyta"
    said = [phrase for phrase in some_phrases if phrase.label in (lost, "pcc-termin")]
    thin = [phrase for phrase in some_phrases if phrase.label != lost] + [Phrase("zupełnie co innego", lost)]
    new = TopicRecogniser(fit(thin, catalogue.lexicon).model)
    assert [fall.label for fall in compare(TopicRecogniser(small.model), right(new, said), said) if fall.refused] == [
        lost
    ]


def test_a_topic_that_nobody_judges_is_named(small: Fit) -> None:
    assert unproven({"pcc-termin", "og-vat"}, [Phrase("ile dni", "pcc-termin")]) == ["og-vat"]
