"""A forecast names the topic that a new one takes phrases from, and the phrases that stand in each other's way."""

from dataclasses import replace

from voicebot.topics.catalogue import Catalogue, Phrase
from voicebot.topics.forecast import forecast


def test_a_new_topic_that_says_what_an_old_one_says(catalogue: Catalogue, some_phrases: list[Phrase]) -> None:
    now = replace(catalogue, phrases=tuple(some_phrases))
    twin = [Phrase(phrase.text, "og-nowy") for phrase in some_phrases if phrase.label == "og-wizyta"]
    found = forecast(now, replace(now, phrases=(*now.phrases, *twin)))
    fallen = found.changes[0]
    assert fallen.label == "og-wizyta"
    assert fallen.fall > 0.5
    assert {frozenset((pair.first.label, pair.second.label)) for pair in found.overlaps} == {
        frozenset(("og-wizyta", "og-nowy"))
    }
    (new,) = [change for change in found.changes if change.before is None]
    assert new.label == "og-nowy"


def test_no_change_no_fall(catalogue: Catalogue, some_phrases: list[Phrase]) -> None:
    now = replace(catalogue, phrases=tuple(some_phrases))
    found = forecast(now, now)
    assert all(change.fall == 0 for change in found.changes)
    assert found.overlaps == ()
