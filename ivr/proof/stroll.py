"""Random calls through a plan: whether real ones stay inside what the walk has seen, and how they end.

A real call has visits that run out, topics and offices of its own, and a past; the walk has abstractions of them. A
stroll outside the graph would show that the abstraction loses something.
"""

from random import Random
from typing import NamedTuple

import msgspec

from ..dialogue.call import Call
from ..dialogue.events import Candidate, Event, Heard, HungUp
from ..dialogue.machine import round_trip, step
from ..dialogue.plan import Plan
from .heard import Told, told
from .outcomes import ALWAYS, Outcomes
from .walk import Graph, is_queueing

MAX_TURNS = 2_000
TIRELESS, AVOIDS = 0.1, 12
"""How many callers go on and on, and how often they think again before a step that would end their call."""
DISTURBED = 0.1
"""How likely a turn is disturbed."""
DISTURBING = tuple(event for event in ALWAYS if not isinstance(event, HungUp))


class Stroll(NamedTuple):
    """One random call: how it ended (None: it did not), its turns, and the first event that led outside the graph."""

    ended: str | None
    turns: int
    outside: str | None


def stroll(graph: Graph, outcomes: Outcomes, chance: Random, quits: float = 0.01) -> Stroll:
    """A call in which everything happens by ``chance``; with the probability ``quits`` a turn ends in a hang-up."""
    plan = graph.plan
    call, heard = Call(id="script"), Told()
    tireless = chance.random() < TIRELESS
    event: Event = chance.choice(tuple(outcomes.arrivals()))
    for turn in range(1, MAX_TURNS):
        moved, actions = step(plan, round_trip(call), event)
        if moved.turn > call.turn:
            heard = told(heard, plan, event, call, actions)
            call = moved
            if graph.state_of(call, heard) is None:
                return Stroll(call.ended, turn, f"{type(event).__name__} at {call.node}: {call}")
        if call.ended is not None:
            return Stroll(call.ended, turn, None)
        event = _next(outcomes, call, chance, 0.0 if tireless else quits)
        for _ in range(AVOIDS if tireless else 0):
            if not _leads_out(plan, call, event):
                break
            event = _next(outcomes, call, chance, 0.0)
    return Stroll(None, MAX_TURNS, None)


def _leads_out(plan: Plan, call: Call, event: Event) -> bool:
    """Whether ``event`` ends the call or brings it to a queue."""
    moved, actions = step(plan, call, event)
    return moved.ended is not None or bool(actions and is_queueing(actions[-1]))


def _next(outcomes: Outcomes, call: Call, chance: Random, quits: float) -> Event:
    """Now and then a disturbance; else any kind of answer, each as likely, and of its kind any, with a topic of its
    class instead of the one that stands for it."""
    if chance.random() < quits:
        return HungUp()
    if chance.random() < DISTURBED:
        return chance.choice(DISTURBING)
    event = chance.choice(list(outcomes.answers(chance.choice(call.awaits), call)))
    return _in_other_words(outcomes, event, chance) if isinstance(event, Heard) else event


def _in_other_words(outcomes: Outcomes, event: Heard, chance: Random) -> Heard:
    alike = [outcomes.alike(candidate.id) for candidate in event.readings]
    readings = tuple(
        Candidate(chance.choice(others), candidate.confidence)
        for others, candidate in zip(alike, event.readings, strict=True)
    )
    return msgspec.structs.replace(event, readings=readings)
