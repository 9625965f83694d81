"""The matter node beside the golden calls: topics close behind "none of ours", two matters, the order of the keys."""

from pathlib import Path

import pytest

from ivr.dialogue.actions import Action, Ask
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Candidate, Event, Heard, LookedUp, NothingHeard
from ivr.dialogue.machine import step
from ivr.dialogue.node import NONE, REPEAT
from ivr.dialogue.nodes.answer import speakable
from ivr.dialogue.plan import Plan, Topic
from ivr.dialplan import load_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(Path("dialplans"))


def asked(plan: Plan, *events: Event) -> tuple[Call, tuple[Action, ...]]:
    """A call out of hours (which asks for no number), after "W jakiej sprawie?" was answered by ``events``."""
    call, actions = Call(id="c"), ()
    for event in (
        CallArrived(dialled="224605992", caller=None, at="2026-11-02T20:00:00+01:00"),
        LookedUp(what="hours", ok=True, found={"open": False, "hours": "od ósmej"}),
        *events,
    ):
        call, actions = step(plan, call, event)
    return call, actions


def heard(*readings: tuple[str, float]) -> Heard:
    return Heard(text="coś", confidence=0.9, readings=tuple(Candidate(id_, share) for id_, share in readings))


def question(call: Call) -> Ask:
    last = call.pending[-1]
    assert isinstance(last, Ask)
    return last


def test_a_topic_close_behind_none_of_ours_is_asked_about(plan: Plan) -> None:
    call, _ = asked(plan, heard((NONE, 0.6), ("pcc-termin", 0.2)))
    assert (call.step, call.tries, [offered.id for offered in call.offered]) == ("confirm", 0, ["pcc-termin"])
    assert plan.topics["pcc-termin"].title in question(call).lines[0].text
    call, _ = step(plan, call, heard(("yes", 0.95)))
    assert call.topic == "pcc-termin"


def test_a_topic_far_behind_is_not(plan: Plan) -> None:
    call, _ = asked(plan, heard((NONE, 0.9), ("pcc-termin", 0.01)))
    assert (call.step, call.tries, call.offered) == ("open", 1, ())


def test_none_of_ours_after_an_offer_offers_nothing_more(plan: Plan) -> None:
    call, _ = asked(plan, heard((NONE, 0.6), ("pcc-termin", 0.2)), heard((NONE, 0.6), ("og-nip", 0.2)))
    assert (call.step, call.tries) == ("open", 1)


def test_two_matters_are_asked_about_by_both_titles(plan: Plan) -> None:
    call, _ = asked(plan, heard(("pcc-termin|og-wizyta", 0.5), ("pcc-termin", 0.2)))
    spoken = question(call).lines[0].text
    assert plan.topics["pcc-termin"].title in spoken
    assert plan.topics["og-wizyta"].title in spoken


def test_keys_read_the_likeliest_areas_first_and_stay_the_same_keys(plan: Plan) -> None:
    customs = plan.topics["og-clo-akcyza"].queue
    call, _ = asked(plan, heard((NONE, 0.9), ("og-clo-akcyza", 0.04), ("og-vat", 0.03)), NothingHeard())
    assert call.step == "keys"
    assert next(iter(question(call).choices)) == "1", "what is hardly likely changes nothing"
    call, _ = asked(plan, heard(("og-clo-akcyza", 0.15), ("og-vat", 0.04)), NothingHeard())
    ask = question(call)
    assert next(iter(ask.choices.items())) == ("8", customs)
    assert [line.prompt for line in ask.lines[:2]] == ["obszary", "obszar-clo"]
    assert sorted(ask.choices) == list("123456789")


def test_a_wish_to_repeat_puts_the_last_question_again(plan: Plan) -> None:
    again = heard((REPEAT, 0.95), ("og-vat", 0.04))
    unsure = heard(("pcc-termin", 0.5), ("og-wizyta", 0.2))
    for before in ((), (NothingHeard(),), (NothingHeard(), NothingHeard()), (unsure,), (heard(("pcc-termin", 0.5)),)):
        call, _ = asked(plan, *before)
        repeated, _ = asked(plan, *before, again)
        assert question(repeated) == question(call)
        assert (repeated.step, repeated.tries, repeated.offered) == (call.step, call.tries, call.offered)


def test_a_caller_who_only_ever_wants_it_repeated_comes_to_a_person(plan: Plan) -> None:
    call, _ = asked(plan, NothingHeard(), NothingHeard(), *[heard((REPEAT, 0.95))] * 13)
    assert call.node != "sprawa"
    assert call.wants_human


@pytest.mark.parametrize(
    ("topic", "told"),
    [("zezn-termin", True), ("zezn-jaki-formularz", False), ("pcc-zwrot", False)],
    ids=["released", "no answer released", "no season"],
)
def test_why_a_person_comes_out_of_season(plan: Plan, topic: str, told: bool) -> None:
    call, actions = asked(plan, heard((topic, 0.95)))
    spoken = " ".join(line.text for action in actions for line in getattr(action, "lines", ()))
    assert call.topic == topic
    assert ("od piętnastego lutego do trzydziestego kwietnia" in spoken) == told


@pytest.mark.parametrize(
    ("day", "spoken"), [("2026-01-09", False), ("2026-01-10", True), ("2026-02-20", True), ("2026-02-21", False)]
)
def test_an_answer_is_spoken_while_it_holds(day: str, spoken: bool) -> None:
    topic = Topic(
        id="t", title="T", area="pit", queue=None, answer="Tak.", released=True,
        valid_from="2026-01-10", valid_to="2026-02-20",
    )  # fmt: skip
    assert speakable(topic, f"{day}T10:00:00+01:00") is spoken
