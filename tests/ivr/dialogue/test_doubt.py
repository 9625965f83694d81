"""A doubtful answer to a closed question: taken, asked back about, or asked for again in other words."""

from pathlib import Path

import pytest

from ivr.dialogue.actions import Ask
from ivr.dialogue.call import Call
from ivr.dialogue.events import Candidate, Heard, Keyed, NothingHeard
from ivr.dialogue.machine import step
from ivr.dialogue.node import change
from ivr.dialogue.nodes.office import OfficeNode
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(Path("dialplans"))


def said(reading: str, confidence: float) -> Heard:
    return Heard(text=reading, confidence=0.9, readings=(Candidate(reading, confidence),))


def asked_for_office(plan: Plan) -> Call:
    turn = plan.nodes["izba"].enter(plan, Call(id="c", node="izba", turn=1))
    return change(turn.call, pending=turn.actions, awaits=turn.awaits)


def question(call: Call) -> Ask:
    asked = call.pending[-1]
    assert isinstance(asked, Ask)
    return asked


def test_a_sure_answer_is_taken(plan: Plan) -> None:
    call, _ = step(plan, asked_for_office(plan), said("lubelskie", 0.5))
    assert call.office == "lubelskie"


@pytest.mark.parametrize(("answer", "office"), [(said("yes", 0.9), "lubelskie"), (Keyed(keys="1"), "lubelskie")])
def test_a_doubtful_answer_is_asked_back_about(plan: Plan, answer: Heard | Keyed, office: str) -> None:
    call, _ = step(plan, asked_for_office(plan), said("lubelskie", 0.4))
    assert call.office is None
    assert "lubelskie" in question(call).lines[0].text
    assert question(call).grammar == "yes-no"
    call, _ = step(plan, call, answer)
    assert call.office == office


@pytest.mark.parametrize("answer", [said("no", 0.9), Keyed(keys="2"), NothingHeard(), said("lubuskie", 0.9)])
def test_what_is_not_confirmed_is_asked_for_by_keys(plan: Plan, answer: Heard) -> None:
    call, _ = step(plan, asked_for_office(plan), said("lubelskie", 0.4))
    call, _ = step(plan, call, answer)
    assert call.office is None
    assert question(call).choices["1"]


def test_an_answer_hardly_understood_is_not_offered(plan: Plan) -> None:
    call, _ = step(plan, asked_for_office(plan), said("lubelskie", 0.2))
    assert question(call).choices["1"] not in ("yes", "")


def test_thresholds_are_the_plans(plan: Plan) -> None:
    node = plan.nodes["izba"]
    assert isinstance(node, OfficeNode)
    strict = node.model_copy(update={"accept": 0.95})
    turn = strict.answer(plan, change(asked_for_office(plan)), said("lubelskie", 0.9))
    assert turn.call.office is None
    assert turn.call.step == "confirm lubelskie"
