"""A doubtful answer to a closed question: taken, asked back about, or asked for again in other words."""

import copy
from pathlib import Path

import pytest

from ivr.dialogue.actions import Ask
from ivr.dialogue.call import Call
from ivr.dialogue.events import Candidate, Heard, Keyed, NothingHeard
from ivr.dialogue.machine import step
from ivr.dialogue.node import change
from ivr.dialogue.nodes.answer import AnswerNode
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


def answered(plan: Plan, confirm: str | None) -> tuple[Plan, Call]:
    """A caller who has just heard the machine's answer and is asked what next."""
    node = plan.nodes["odpowiedz"]
    assert isinstance(node, AnswerNode)
    asking = copy.copy(plan)
    asking.nodes, asking.views = {**plan.nodes, "odpowiedz": node.model_copy(update={"confirm": confirm})}, {}
    topic = next(one for one in plan.topics.values() if one.answer is not None and one.released)
    turn = asking.nodes["odpowiedz"].enter(
        asking, Call(id="c", node="odpowiedz", turn=1, topic=topic.id, arrived="2026-03-10")
    )
    return asking, change(turn.call, pending=turn.actions, awaits=turn.awaits)


@pytest.mark.parametrize(("answer", "over"), [(said("yes", 0.9), True), (said("no", 0.9), False)])
def test_a_call_does_not_end_for_a_doubtful_word(plan: Plan, answer: Heard, over: bool) -> None:
    asking, call = answered(plan, "czy-dobrze-rozumiem")
    call, _ = step(asking, call, said("end", 0.4))
    assert "to wszystko" in question(call).lines[0].text
    call, _ = step(asking, call, answer)
    assert (call.node == "odpowiedz") is not over


def test_without_a_prompt_for_doubt_the_wish_is_asked_for_again(plan: Plan) -> None:
    asking, call = answered(plan, None)
    call, _ = step(asking, call, said("end", 0.4))
    assert (call.node, call.tries) == ("odpowiedz", 1)
    assert step(asking, call, said("end", 0.5))[0].node != "odpowiedz"


def test_a_call_that_broke_off_is_taken_up_for_a_sure_yes_only(plan: Plan) -> None:
    node = plan.nodes["powrot"]
    topic = next(iter(plan.topics))
    waiting = change(Call(id="c", node="powrot", turn=1), step=topic)
    assert node.answer(plan, waiting, said("yes", 0.4)).call.tries == 1
    assert node.answer(plan, waiting, said("yes", 0.5)).call.topic == topic
