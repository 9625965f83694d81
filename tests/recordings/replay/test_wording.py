"""What a verdict says is Polish: no name of an event or an action of the code is left in it."""

import re
import typing

import pytest

from infolinia.settings import ROOT
from ivr.dialogue import actions, events
from recordings.fixture.folder import find, load
from recordings.replay.judge import timeline_of
from recordings.replay.wording import MOMENTS, action_in_words, event_in_words

CALLS = ROOT / "recordings" / "calls"
NAMES = {kind.__name__ for kind in (*typing.get_args(events.Event), *typing.get_args(actions.Action))}


@pytest.mark.parametrize("name", [path.name for path in find([CALLS])][::6])
def test_no_call_shows_names_of_the_code(name: str) -> None:
    shown = [moment for moment in timeline_of(load(CALLS / name).journal) if moment.who != "bot"]
    words = {word for one in shown for word in re.findall(r"\w+", one.text if one.who == "core" else one.what)}
    assert shown
    assert not words & NAMES


def test_what_tells_two_outcomes_apart_is_said() -> None:
    ends = [events.QueueEnded(key="k", outcome=outcome) for outcome in ("served", "timeout", "full")]
    assert len({event_in_words(one) for one in ends}) == 3
    assert event_in_words(events.Keyed(keys="2")) == "klawisz 2"
    assert action_in_words(actions.HangUp(reason="finished")) == "rozłącza się: rozmowa skończona"
    hours = actions.LookUp(what="hours", args={"office": "malopolskie"})
    assert action_in_words(hours) == "sprawdza: godziny (malopolskie)"
    assert MOMENTS["keys"] == "naciska"
