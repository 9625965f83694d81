"""What the hotline says beside the flow: slower speech on a wish, and why a question is put again."""

from pathlib import Path

import msgspec
import pytest

from ivr.dialogue.actions import Action, Ask
from ivr.dialogue.call import DECODE, ENCODE, Call
from ivr.dialogue.events import CallArrived, Candidate, Event, Heard, Keyed, LookedUp
from ivr.dialogue.machine import step
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(Path("dialplans"))


def said(actions: tuple[Action, ...]) -> list[str]:
    return [line.prompt for action in actions for line in getattr(action, "lines", ())]


def asked_openly(plan: Plan) -> Call:
    """A call at "W jakiej sprawie?", out of hours (which asks for no number)."""
    call = Call(id="c")
    events: tuple[Event, ...] = (
        CallArrived(dialled="224605992", caller=None, at="2026-03-02T20:00:00+01:00"),
        LookedUp(what="hours", ok=True, found={"open": False, "hours": "od ósmej"}),
    )
    for event in events:
        call, _ = step(plan, call, event)
    assert isinstance(call.pending[-1], Ask)
    assert not call.slow
    return call


@pytest.mark.parametrize(
    "wish", [Heard(text="proszę wolniej", confidence=0.9, readings=(Candidate("__slower__", 0.98),)), Keyed(keys="*")]
)
def test_a_wish_for_slower_speech_is_granted_and_the_question_put_again(plan: Plan, wish: Event) -> None:
    before = asked_openly(plan)
    call, actions = step(plan, before, wish)
    assert call.slow
    assert said(actions) == ["wolniej", *said(before.pending[-1:])]
    assert call.awaits == before.awaits
    again, actions = step(plan, call, wish)
    assert again.slow
    assert "wolniej" not in said(actions), "it is promised once"


@pytest.mark.parametrize(("fault", "prompt"), [("too-loud", "za-glosno"), ("too-long", "za-dlugo")])
def test_why_a_question_is_put_again_is_said_first(plan: Plan, fault: str, prompt: str) -> None:
    heard = msgspec.convert({"type": "Heard", "text": "", "confidence": 0.0, "fault": fault}, Event)
    _, actions = step(plan, asked_openly(plan), heard)
    assert said(actions)[0] == prompt
    assert len(said(actions)) > 1


def test_what_was_understood_needs_no_remark(plan: Plan) -> None:
    topic = next(iter(plan.topics))
    heard = Heard(text="x", confidence=0.9, readings=(Candidate(topic, 0.95),), fault="too-loud")
    call, actions = step(plan, asked_openly(plan), heard)
    assert call.topic == topic
    assert "za-glosno" not in said(actions)


def test_calls_of_before_are_read_and_slowness_is_kept() -> None:
    assert DECODE(b'{"id": "c"}') == Call(id="c")
    assert DECODE(ENCODE(Call(id="c", slow=True))).slow
