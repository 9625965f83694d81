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
from .outcomes import Outcomes
from .walk import Graph

MAX_TURNS = 2_000


class Stroll(NamedTuple):
    """One random call: how it ended (None: it did not), its turns, and the first event that led outside the graph."""

    ended: str | None
    turns: int
    outside: str | None


def stroll(graph: Graph, chance: Random, quits: float = 0.01) -> Stroll:
    """A call in which everything happens by ``chance``; with the probability ``quits`` a turn ends in a hang-up."""
    plan, outcomes = graph.plan, Outcomes(graph.classes)
    call, heard = Call(id="script"), Told()
    event: Event = chance.choice(list(outcomes.arrivals()))
    for turn in range(1, MAX_TURNS):
        moved, actions = step(plan, round_trip(call), event)
        if moved.turn > call.turn:
            heard = told(heard, plan, event, call, actions)
            call = moved
            if graph.state_of(call, heard) is None:
                return Stroll(call.ended, turn, f"{type(event).__name__} at {call.node}: {call}")
        if call.ended is not None:
            return Stroll(call.ended, turn, None)
        event = _next(plan, outcomes, call, chance, quits)
    return Stroll(None, MAX_TURNS, None)


def _next(plan: Plan, outcomes: Outcomes, call: Call, chance: Random, quits: float) -> Event:
    """Any kind of event, each as likely; of its kind any, with a topic of its class instead of the one that stands for
    it."""
    if chance.random() < quits:
        return HungUp()
    kinds: dict[str, list[Event]] = {}
    for event in outcomes.of(call):
        kinds.setdefault(type(event).__name__, []).append(event)
    kinds.pop("HungUp", None)
    event = chance.choice(kinds[chance.choice(list(kinds))])
    return _in_other_words(outcomes, event, chance) if isinstance(event, Heard) else event


def _in_other_words(outcomes: Outcomes, event: Heard, chance: Random) -> Heard:
    alike = [outcomes.alike(candidate.id) for candidate in event.readings]
    readings = tuple(
        Candidate(chance.choice(others), candidate.confidence)
        for others, candidate in zip(alike, event.readings, strict=True)
    )
    return msgspec.structs.replace(event, readings=readings)
