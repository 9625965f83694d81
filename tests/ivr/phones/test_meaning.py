"""What an utterance means: all that the ear may have heard counts, each hypothesis with its share."""

import pytest

from ivr.dialogue.actions import Ask
from ivr.dialogue.events import Candidate
from ivr.phones.meaning import Meaning, closed
from voicebot.listen import Utterance

OFFICES = {"lubelskie": ("lubelskie",), "lubuskie": ("lubuskie",), "lodzkie": ("łódzkie",)}
ASK = Ask(question="office", lines=(), grammar="choice", words=OFFICES)
MEANING = Meaning(lambda: None)


def readings(*alternatives: tuple[str, float]) -> dict[str, float]:
    (text, confidence), *others = alternatives
    found = closed(OFFICES, Utterance(text, confidence, tuple(others)))
    return {candidate.id: candidate.confidence for candidate in found}


def test_a_single_hypothesis_has_all_of_it() -> None:
    assert readings(("lubelskie", 0.3))["lubelskie"] > 0.9


def test_a_doubtful_ear_is_a_doubtful_reading() -> None:
    found = readings(("lubelskie", 0.5), ("lubuskie", 0.45))
    assert 0.4 < found["lubelskie"] < 0.6
    assert found["lubelskie"] > found["lubuskie"] > 0.3


def test_a_lower_hypothesis_may_be_the_one_that_answers() -> None:
    found = readings(("do bel skie go", 0.4), ("łódzkie", 0.35))
    assert max(found, key=lambda name: found[name]) == "lodzkie"
    assert found["lodzkie"] < 0.6


def test_hypotheses_that_agree_add_up() -> None:
    apart = readings(("z lubelskiego", 0.4), ("w lubelskim", 0.3), ("coś", 0.3))["lubelskie"]
    alone = readings(("z lubelskiego", 0.4), ("coś innego", 0.3), ("coś", 0.3))["lubelskie"]
    assert apart > alone


def test_the_ears_confidence_counts_by_its_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    from voicebot import confidence

    monkeypatch.setitem(confidence.CURVES, "deaf", confidence.Curve(-4.0, 6.0, 1.0))
    sure = closed(OFFICES, Utterance("lubelskie", 0.95, ear="deaf"))
    unsure = closed(OFFICES, Utterance("lubelskie", 0.3, ear="deaf"))
    assert sure[0].confidence > 0.8
    assert unsure[0].confidence < 0.3


def test_a_number_in_any_hypothesis_is_not_kept_and_what_went_wrong_is_told() -> None:
    heard = MEANING.of(ASK, Utterance("mój pesel 85831410110", 0.5, (("lubelskie", 0.4),), "too-loud"))
    assert heard.spoke_number
    assert "858" not in heard.text
    assert heard.fault == "too-loud"
    assert heard.readings == (Candidate("lubelskie", heard.readings[0].confidence),)


def test_a_wish_for_slower_speech_is_a_command_everywhere() -> None:
    assert MEANING.of_command(Utterance("proszę mówić wolniej", 0.9)).readings[0].id == "__slower__"
    assert MEANING.of(ASK, Utterance("proszę wolniej", 0.9)).readings[0].id == "__slower__"
    open_ = Ask(question="matter", lines=(), grammar="matter")
    assert MEANING.of(open_, Utterance("za szybko", 0.9)).readings[0].id == "__slower__"


class One:
    """Reads everything as one topic."""

    name = "version-7"

    def predict(self, text: str) -> list[tuple[str, float]]:
        return [("og-vat", 0.9)]


def test_the_topic_model_that_was_asked_is_named() -> None:
    meaning = Meaning(One)
    matter = Ask(question="matter", lines=(), grammar="matter")
    assert (MEANING.model, meaning.model) == ("", "version-7")
    assert meaning.of(matter, Utterance("coś o vacie", 0.9)).model == "version-7"
    assert meaning.of(ASK, Utterance("lubelskie", 0.9)).model == "", "a closed question is not for topics"
    assert MEANING.of(matter, Utterance("coś o vacie", 0.9)).model == ""


class ByText:
    """Reads texts as told."""

    name = "told"

    def __init__(self, **told: dict[str, float]) -> None:
        self.told = told

    def predict(self, text: str) -> list[tuple[str, float]]:
        return sorted(self.told[text].items(), key=lambda item: -item[1])


def test_a_matter_is_read_from_all_that_the_ear_may_have_heard() -> None:
    topics = ByText(clo={"og-vat": 0.5, "og-clo": 0.3}, slo={"og-clo": 0.9, "og-vat": 0.1})
    matter = Ask(question="matter", lines=(), grammar="matter")
    found = Meaning(lambda: topics).of(matter, Utterance("clo", 0.6, (("slo", 0.6),))).readings
    assert [(candidate.id, round(candidate.confidence, 3)) for candidate in found] == [("og-clo", 0.6), ("og-vat", 0.3)]
    alone = Meaning(lambda: topics).of(matter, Utterance("clo", 0.6)).readings
    assert [candidate.id for candidate in alone] == ["og-vat", "og-clo"]


class Repeating:
    """Topics that know a wish for slower speech as one to hear it again."""

    name = "repeating"

    def predict(self, text: str) -> list[tuple[str, float]]:
        return [("ctl-powtorz", 0.999), ("pcc-samochod", 0.001)]


def test_a_wish_for_slower_speech_is_more_to_the_open_question_than_one_to_hear_it_again() -> None:
    matter = Ask(question="matter", lines=(), grammar="matter")
    meaning = Meaning(Repeating)
    assert meaning.of(matter, Utterance("Proszę mówić wolniej", 0.9)).readings[0].id == "__slower__"
    assert meaning.of(matter, Utterance("Proszę powtórzyć", 0.9)).readings[0].id == "__repeat__"
