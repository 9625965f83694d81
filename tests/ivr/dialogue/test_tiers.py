"""What may be said to whom, cell by cell; and that an authentication ends."""

from itertools import product
from typing import get_args

import msgspec
import pytest

from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import CallArrived, Failed, LookedUp, Party, QueueEnded, Resumed
from ivr.dialogue.machine import round_trip, step
from ivr.dialogue.node import change
from ivr.dialogue.nodes.answer import speakable
from ivr.dialogue.plan import Plan, Topic
from ivr.dialogue.tiers import (
    TIERS,
    About,
    Caller,
    Speaker,
    highest,
    mandate_told,
    may,
    principal,
    standing,
)

UNTIL = "2026-04-21T10:30:00+02:00"
SELF = Party(ref="p", label="Adam Testowy")
AUTH = Authentication(person=SELF, at="2026-04-21T10:00:00+02:00", until=UNTIL, method="pesel+telepin")
MATRIX = """
                       stranger  lapsed  person  ppo  uko
general nobody         ACO       ACO     ACO     ACO  ACO
general self           -         -       -       -    -
general principal      -         -       -       -    -
general other          -         -       -       -    -
individual nobody      -         -       -       -    -
individual self        -         -       CO      CO   CO
individual principal   -         -       -       CO   CO
individual other       -         -       -       -    -
case nobody            -         -       -       -    -
case self              -         -       O       O    O
case principal         -         -       -       O    O
case other             -         -       -       -    -
"""
"""Who may say it: the automat, a consultant, the office's own employee."""
SPEAKERS: dict[str, Speaker] = {"A": "automat", "C": "consultant", "O": "own-employee"}


def test_the_whole_matrix() -> None:
    head, *rows = (line.split() for line in MATRIX.strip().splitlines())
    cells = {(tier, about, caller): said for tier, about, *row in rows for caller, said in zip(head, row, strict=True)}
    every = set(product(TIERS, get_args(About), get_args(Caller)))
    assert set(cells) == every
    wrong = {
        (speaker, *cell)
        for cell in every
        for letter, speaker in SPEAKERS.items()
        if may(speaker, cell[0], cell[1], cell[2]) != (letter in cells[cell])
    }
    assert wrong == set()


@pytest.mark.parametrize(("caller", "tiers"), [("stranger", 1), ("lapsed", 1), ("person", 2), ("ppo", 2), ("uko", 2)])
def test_the_highest_tier_of_a_consultant(caller: Caller, tiers: int) -> None:
    assert highest("consultant", caller) == tiers


@pytest.mark.parametrize(
    ("call", "at", "caller"),
    [
        (Call(id="c"), UNTIL, "stranger"),
        (Call(id="c", verdict="refused", acting_for=Party(ref="o", label="O", basis="uko")), UNTIL, "stranger"),
        (Call(id="c", auth=AUTH, acting_for=SELF), "2026-04-21T10:29:59+02:00", "person"),
        (Call(id="c", auth=AUTH), "2026-04-21T08:29:59+00:00", "person"),
        (Call(id="c", auth=AUTH, acting_for=Party(ref="o", label="O", basis="uko")), AUTH.at, "uko"),
        (Call(id="c", auth=AUTH, acting_for=Party(ref="o", label="O", basis="ppo")), AUTH.at, "ppo"),
        (Call(id="c", auth=AUTH, acting_for=Party(ref="o", label="O", basis="ppo")), UNTIL, "lapsed"),
        (Call(id="c", auth=AUTH), "no time", "lapsed"),
        (Call(id="c", auth=AUTH), "2026-04-21T10:00:00", "lapsed"),
        (Call(id="c", verdict="expired"), AUTH.at, "lapsed"),
    ],
)
def test_as_whom_a_caller_stands(call: Call, at: str, caller: Caller) -> None:
    assert standing(call, at) == caller


def test_the_automat_answers_no_topic_that_needs_authentication() -> None:
    topic = Topic(id="t", title="T", area="pit", queue=None, answer="Odpowiedź.", released=True)
    assert speakable(topic, AUTH.at)
    assert not speakable(topic.model_copy(update={"requires_auth": True}), AUTH.at)


def test_an_authentication_survives_queues_and_engines_until_its_end(plan: Plan) -> None:
    """Hours, the own queue, its time-out, an engine that dies, the neighbour's queue: proved all the way, then not."""
    call, _ = step(plan, Call(id="c"), CallArrived(dialled="224605992", caller=None, at=AUTH.at))
    call = change(call, auth=AUTH, acting_for=SELF, verdict="ok", wants_human=True, node=str(plan.person))
    call, _ = step(plan, call, Failed(reason="a part broke"))
    offices = []
    for minute in range(5, 60, 5):
        at = f"2026-04-21T10:{minute:02}:00+02:00"
        if call.awaits == ("QueueEnded",):
            offices.append(call.queues_tried[-1])
            call, _ = step(plan, call, Resumed(engine="engine-1"))
            call, _ = step(plan, call, QueueEnded(key=call.queue_key or "", outcome="timeout"))
        if call.awaits != ("LookedUp",):
            break
        found: dict[str, str | bool | int | float | None] = {"open": True, "hours": "zawsze", "waiting": 0, "at": at}
        call, _ = step(plan, call, LookedUp(what=call.pending[-1].what, ok=True, found=found))  # type: ignore[union-attr]
        assert (call.auth is not None) == (at < UNTIL), at
    assert len(offices) >= 2, "the call went on from queue to queue"


@pytest.mark.parametrize(("at", "proved"), [("2026-04-21T10:29:59+02:00", True), (UNTIL, False)])
def test_a_call_loses_its_authentication_before_it_is_queued(plan: Plan, at: str, proved: bool) -> None:
    begun, _ = step(plan, Call(id="c"), CallArrived(dialled="224605992", caller=None, at=AUTH.at))
    assert begun.awaits == ("LookedUp",)
    call = change(begun, auth=AUTH, acting_for=SELF, verdict="ok")
    found: dict[str, str | bool | int | float | None] = {"open": True, "hours": "zawsze", "at": at}
    later, _ = step(plan, call, LookedUp(what="hours", ok=True, found=found))
    assert (later.auth is not None, later.acting_for is not None) == (proved, proved)
    assert later.verdict == ("ok" if proved else "expired")


PROXY = Party(ref="m", label="Beta Testowa", basis="ppo")
OTHER = Party(ref="o", label="Fikcyjny Klon Test S.A.", basis="uko")
BEFORE = "2026-04-21T10:05:00+02:00"


def told(plan: Plan, found: dict[str, str | bool | int | float | None]) -> Call:
    """A proxy's call after the look-up before its hand-off found ``found``."""
    begun, _ = step(plan, Call(id="c"), CallArrived(dialled="224605992", caller=None, at=AUTH.at))
    auth = msgspec.structs.replace(AUTH, principals=(PROXY, OTHER), check="c:1")
    call = change(begun, auth=auth, acting_for=PROXY, verdict="ok")
    hours: dict[str, str | bool | int | float | None] = {"open": True, "hours": "zawsze", "at": BEFORE}
    return step(plan, call, LookedUp(what="hours", ok=True, found=hours | found))[0]


@pytest.mark.parametrize(
    ("acts", "mandate", "caller", "left"),
    [
        (True, "holds", "ppo", (PROXY, OTHER)),
        (False, "withdrawn", "person", (OTHER,)),
        (None, "unconfirmed", "person", (PROXY, OTHER)),
        ("yes", "unconfirmed", "person", (PROXY, OTHER)),
    ],
)
def test_a_mandate_is_denied_unless_it_is_confirmed_before_the_hand_off(
    plan: Plan, acts: str | bool | None, mandate: str, caller: Caller, left: tuple[Party, ...]
) -> None:
    call = told(plan, {"acts": acts})
    assert (call.mandate, call.mandate_at, standing(call, BEFORE)) == (mandate, BEFORE, caller)
    assert call.auth is not None
    assert call.auth.principals == left
    assert may("consultant", "individual", "principal", standing(call, BEFORE)) == (acts is True)
    assert may("consultant", "individual", "self", standing(call, BEFORE))
    assert round_trip(call) == call


def test_where_nobody_asks_about_mandates_the_call_goes_on_as_it_was(plan: Plan) -> None:
    assert (told(plan, {}).acting_for, told(plan, {}).mandate) == (PROXY, None)


def test_who_calls_for_themselves_has_no_mandate_to_lose() -> None:
    for call in (Call(id="c"), Call(id="c", auth=AUTH, acting_for=SELF)):
        assert mandate_told(call, False, BEFORE) is call
        assert principal(call, BEFORE) is None
    assert principal(Call(id="c", auth=AUTH, acting_for=PROXY), UNTIL) is None, "what lapsed is not asked about"
