"""The machine's constitution, one test a rule; and random walks through the shipped dialplan."""

import random

import msgspec
import pytest

from ivr.dialogue.actions import Ask, AskDigits, AskPin, CheckPin, Enqueue, HangUp, RecallCheck, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import (
    AuthenticationStopped,
    CallArrived,
    Candidate,
    Event,
    Failed,
    Heard,
    HumanAsked,
    HungUp,
    IdentityGiven,
    Keyed,
    LookedUp,
    MediaLost,
    NothingHeard,
    NumberRefused,
    Party,
    PinChecked,
    PinGiven,
    PinRefused,
    PrincipalFound,
    QueueEnded,
    Resumed,
    Skipped,
)
from ivr.dialogue.machine import LAST_VISITS, MAX_VISITS, round_trip, step
from ivr.dialogue.node import change
from ivr.dialogue.plan import Plan

ARRIVED = CallArrived(dialled="224605992", caller="+48000000001", at="2026-04-21T10:00:00+02:00")
OPEN = LookedUp(what="hours", ok=True, found={"open": True, "hours": "zawsze"})
NO_EARLIER = LookedUp(what="earlier", ok=True)
GIVEN = IdentityGiven(ref="r", kind="pesel")
ME = Party(ref="eus:dz-01", label="Adam Testowy")


def heard(id_: str, confidence: float = 0.9) -> Heard:
    return Heard(text="x", confidence=0.9, readings=(Candidate(id_, confidence),))


def play(plan: Plan, *events: Event) -> Call:
    call = Call(id="c")
    for event in events:
        call, _ = step(plan, call, event)
    return call


def test_an_ended_call_changes_no_more(plan: Plan) -> None:
    ended = play(plan, ARRIVED, HungUp())
    for event in (ARRIVED, OPEN, Resumed(engine="1"), Failed(reason="x"), HungUp(), MediaLost()):
        assert step(plan, ended, event) == (ended, ())


def test_a_call_arrives_once(plan: Plan) -> None:
    call = play(plan, ARRIVED)
    assert step(plan, call, ARRIVED)[0] is call


@pytest.mark.parametrize("event", [OPEN, GIVEN, PinGiven(), Resumed(engine="1"), HungUp(), Failed(reason="x")])
def test_nothing_moves_a_call_that_has_not_arrived(plan: Plan, event: Event) -> None:
    call = Call(id="c")
    assert step(plan, call, event)[0] is call


def test_a_check_that_was_not_asked_authenticates_nobody(plan: Plan) -> None:
    call = play(plan, ARRIVED, OPEN, NO_EARLIER, GIVEN)
    forged = PinChecked(check="c:1", verdict="ok", person=ME)
    assert step(plan, call, forged)[0] is call
    waiting, _ = step(plan, call, PinGiven())
    assert step(plan, waiting, PinChecked(check="c:2", verdict="ok", person=ME))[0] is waiting
    authenticated, _ = step(plan, waiting, forged)
    assert authenticated.auth is not None


def test_a_positive_check_without_a_person_authenticates_nobody(plan: Plan) -> None:
    call = play(plan, ARRIVED, OPEN, NO_EARLIER, GIVEN, PinGiven(), PinChecked(check="c:1", verdict="ok"))
    assert call.auth is None
    assert call.verdict == "unavailable"


def test_a_resumed_check_recalls_the_verdict_and_a_resumed_pin_starts_empty(plan: Plan) -> None:
    asked = play(plan, ARRIVED, OPEN, NO_EARLIER, GIVEN)
    _, actions = step(plan, asked, Resumed(engine="1"))
    assert isinstance(actions[-1], AskPin)
    checking, _ = step(plan, asked, PinGiven())
    resumed, actions = step(plan, checking, Resumed(engine="1"))
    assert actions[-1] == RecallCheck(check="c:1")
    assert not any(isinstance(action, CheckPin) for action in actions)
    done, _ = step(plan, resumed, PinChecked(check="c:1", verdict="ok", person=ME))
    assert done.auth is not None


def test_a_check_lost_with_its_engine_costs_no_attempt_and_is_repeated_once(plan: Plan) -> None:
    lost = (PinGiven(), Resumed(engine="1"))
    asked = play(plan, ARRIVED, OPEN, NO_EARLIER, GIVEN, *lost, PinChecked(check="c:1", verdict="lost"))
    assert (asked.node, asked.identity, asked.verdict) == ("telepin", GIVEN.ref, None)
    assert isinstance(asked.pending[-1], AskPin)
    for number in (2, 3):
        checking, _ = step(plan, asked, PinGiven())
        refused, actions = step(plan, checking, PinChecked(check=f"c:{number}", verdict="refused"))
        assert isinstance(actions[-1], AskPin), "the lost check left all three attempts"
        asked = refused
    checking, _ = step(plan, asked, PinGiven())
    assert step(plan, checking, PinChecked(check="c:4", verdict="ok", person=ME))[0].auth is not None
    assert step(plan, checking, PinChecked(check="c:4", verdict="refused"))[0].node != "telepin"
    again, _ = step(plan, checking, PinChecked(check="c:4", verdict="lost"))
    assert (again.node != "telepin", again.verdict) == (True, "unavailable")


def test_a_turn_resumed_twice_goes_to_a_person_and_one_resumed_in_between_does_not(plan: Plan) -> None:
    call = play(plan, ARRIVED, OPEN, NO_EARLIER, Resumed(engine="1"))
    assert call.node == "tozsamosc"
    assert play(plan, ARRIVED, OPEN, NO_EARLIER, Resumed(engine="1"), Resumed(engine="0")).node == plan.person
    moved, _ = step(plan, call, Skipped())
    assert step(plan, moved, Resumed(engine="0"))[0].node == "sprawa"


def test_a_failure_after_service_ends_the_call_instead_of_queueing_it_again(plan: Plan) -> None:
    queued = play(plan, ARRIVED, OPEN, NO_EARLIER, HumanAsked(by="key"), OPEN)
    served = change(queued, served=True)
    ended, actions = step(plan, served, Failed(reason="x"))
    assert ended.ended == "failed"
    assert actions == (HangUp(reason="failed"),)


def test_a_caller_who_walks_in_circles_is_let_out(plan: Plan) -> None:
    call = change(play(plan, ARRIVED, OPEN, NO_EARLIER), visits={"sprawa": MAX_VISITS})
    led, _ = step(plan, call, Skipped())
    assert led.node == plan.person
    assert led.exhausted
    circling = change(call, exhausted=True, visits={"sprawa": LAST_VISITS})
    ended, actions = step(plan, circling, Skipped())
    assert ended.ended == "failed"
    assert isinstance(actions[-1], HangUp)
    assert isinstance(actions[-2], Say)


def test_media_are_lost_once(plan: Plan) -> None:
    call = play(plan, ARRIVED, OPEN, NO_EARLIER, MediaLost())
    assert not call.media
    assert step(plan, call, MediaLost())[0] is call


def test_a_question_without_keys_is_put_anew_once_nothing_is_heard(plan: Plan) -> None:
    call, actions = step(plan, play(plan, ARRIVED, OPEN, NO_EARLIER, Skipped()), MediaLost())
    assert call.node == "sprawa"
    assert isinstance(actions[-1], Ask)
    assert actions[-1].choices


def test_no_caller_makes_the_machine_repeat_for_ever(plan: Plan) -> None:
    answered = play(plan, ARRIVED, OPEN, NO_EARLIER, Skipped(), heard("pcc-termin"))
    for _ in range(MAX_VISITS + 1):
        answered, _ = step(plan, answered, Keyed(keys="1"))
    assert answered.node == plan.person
    unsure = play(plan, ARRIVED, OPEN, NO_EARLIER, Skipped())
    turns = 0
    while unsure.node == "sprawa":
        unsure, _ = step(plan, unsure, heard("pcc-termin" if turns % 2 else "pcc-stawki", 0.5))
        turns += 1
    assert turns <= 8


def test_a_wish_for_a_person_is_over_once_the_hours_were_told(plan: Plan) -> None:
    closed = LookedUp(what="hours", ok=True, found={"open": False, "hours": "od ósmej"})
    call = play(plan, ARRIVED, closed, HumanAsked(by="key"), closed, Keyed(keys="1"), heard("pcc-termin"))
    assert call.node == "odpowiedz"


def answers(call: Call) -> list[Event]:
    """Every kind of event that ``call`` awaits, in many forms, and some that it does not."""
    asked = call.pending[-1] if call.pending else None
    party = Party(ref="p1", label="Beta", basis="ppo")
    found: list[Event] = [Resumed(engine="1"), MediaLost(), Failed(reason="x")]
    for name in call.awaits:
        match name:
            case "LookedUp":
                what = getattr(asked, "what", "")
                for values in ({"open": True}, {"open": False, "hours": "x"}, {"topic": "pcc-termin"}, {}):
                    found.append(LookedUp(what=what, ok=True, found=dict(values)))
                found.append(LookedUp(what=what, ok=False))
            case "Heard":
                for id_ in (
                    "__none__",
                    "__human__",
                    "__skip__",
                    "__repeat__",
                    "yes",
                    "no",
                    "pcc-termin",
                    "end",
                    "slaskie",
                ):
                    for sure in (0.9, 0.5, 0.2):
                        found.append(Heard(text="x", confidence=0.9, readings=(Candidate(id_, sure),)))
                two = (Candidate("pcc-termin", 0.45), Candidate("pcc-stawki", 0.4))
                found += [Heard(text="y", confidence=0.5, readings=two), Heard(text="", confidence=0.1)]
            case "Keyed":
                found += [Keyed(keys=key) for key in "123456789?"]
            case "PinChecked":
                check = getattr(asked, "check", "")
                for verdict in ("ok", "refused", "throttled", "unavailable", "lost"):
                    person = ME if verdict == "ok" else None
                    principals = (party,) * (1 if check.endswith("1") else 6)
                    found.append(PinChecked(check=check, verdict=verdict, person=person, principals=principals))
            case "QueueEnded":
                for outcome in ("served", "timeout", "full"):
                    found.append(QueueEnded(key=call.queue_key or "", outcome=outcome))
            case "IdentityGiven":
                found += [GIVEN] * 3
            case "NumberRefused":
                found.append(NumberRefused(fault="checksum"))
            case "PrincipalFound":
                found += [PrincipalFound(ref=None), PrincipalFound(ref="p1")]
            case _:
                kinds = {"NothingHeard": NothingHeard(), "Skipped": Skipped(), "PinGiven": PinGiven()}
                more = {"PinRefused": PinRefused(), "HumanAsked": HumanAsked(by="key")}
                stopped = {"AuthenticationStopped": AuthenticationStopped()}
                found.append({**kinds, **more, **stopped}[name])
    return found


def test_random_calls_all_end_and_none_is_authenticated_without_a_check(plan: Plan) -> None:
    chance = random.Random(20260421)
    ends: dict[str, int] = {}
    for n in range(1500):
        numbers = chance.choice(["224605992", "223300330", "000000000"])
        call, _ = step(plan, Call(id="c"), CallArrived(dialled=numbers, caller=ARRIVED.caller, at=ARRIVED.at))
        checked = False
        for _turn in range(300):
            if call.ended:
                break
            event = chance.choice(answers(call))
            before = call
            call, actions = step(plan, round_trip(call), event)
            asked = before.pending[-1]
            if isinstance(event, PinChecked) and isinstance(asked, CheckPin | RecallCheck):
                checked = checked or event.verdict == "ok"
            assert call.auth is None or checked
            assert not (before.served and any(isinstance(action, Enqueue) for action in actions))
        assert call.ended, f"call {n} never ends: {call.node} {msgspec.json.encode(call.visits)!r}"
        ends[call.ended] = ends.get(call.ended, 0) + 1
    assert {"served", "no agent", "finished"} <= set(ends)


def test_a_greeting_cut_short_is_taken_up_by_the_next_engine(plan: Plan) -> None:
    """All that was said since the caller last did anything, the machine's confession and the clause among it."""
    call, _ = step(plan, Call(id="a"), ARRIVED)
    call, greeted = step(plan, call, OPEN)
    call, asked = step(plan, call, LookedUp(what="earlier", ok=True))
    assert isinstance(asked[-1], AskDigits)
    call, again = step(plan, round_trip(call), Resumed(engine="engine-1", said=2.5))
    said, question = again
    assert isinstance(said, Say)
    assert said.heard == 2.5
    assert {"powitanie", "automat", "rodo"} <= {line.prompt for line in said.lines}
    assert said.lines == tuple(
        line for action in (*greeted, *asked) if isinstance(action, Say) for line in action.lines
    )
    assert question == asked[-1]
    call, _ = step(plan, call, GIVEN)
    assert call.unheard == ()


def test_an_engine_killed_before_it_picked_up_answers_before_it_speaks(plan: Plan) -> None:
    call, first = step(plan, Call(id="a"), ARRIVED)
    _, again = step(plan, call, Resumed(engine="engine-1"))
    assert again == first
