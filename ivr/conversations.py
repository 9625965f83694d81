"""What became of callers' matters, read back from the journal: how each was asked, named, taken, and what came after.

A matter is one round of the ``matter`` node: from its open question to a topic, a key, a person or the end of the call.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from .dialogue.actions import Ask
from .dialogue.call import DECODE, Call
from .dialogue.events import Candidate, Event, Heard, HungUp, Keyed
from .dialogue.node import HUMAN, NONE, QUIT, REPEAT
from .journal import CALLS, EVENT, TURNS

How = Literal["accepted", "confirmed", "keys", "person", "ended"]
_STEERING = frozenset({HUMAN, QUIT, REPEAT})
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """What a caller said to the open question; ``readings`` best first, as the recogniser gave them then."""

    text: str
    readings: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        return self.readings[0] if self.readings else Candidate(NONE, 0.0)


@dataclass(frozen=True)
class Matter:
    """One matter of a call. ``how`` it was settled: the topic was ``accepted`` at once or ``confirmed`` by the caller;
    left to ``keys`` or to a ``person``; or the call ``ended``. ``asked`` counts open questions put, 1 and more;
    ``model`` names the topic model that decided (empty: none, or a call of an older version)."""

    topics: tuple[str, ...]
    how: How
    said: tuple[Said, ...]
    asked: int
    model: str = ""

    @property
    def recognised(self) -> bool:
        return self.how in ("accepted", "confirmed")

    @property
    def stated(self) -> bool:
        """Whether the caller named a matter in words; to ask for a person only is not to name one."""
        return self.recognised or any(said.text and said.best.id not in _STEERING for said in self.said)


@dataclass(frozen=True)
class Conversation:
    """One call. ``wanted_human``: a person was asked for after a topic was recognised; ``queues``: thematic queues the
    call was left to, in order, without the office; ``again``: the same number called again within a day."""

    call: str
    caller: str | None
    arrived: datetime
    matters: tuple[Matter, ...]
    wanted_human: bool
    queues: tuple[str, ...]
    again: bool = False

    @property
    def rerouted(self) -> bool:
        """Whether a second thematic queue followed the first."""
        return len(set(self.queues)) > 1


async def conversations(
    database: AsyncEngine, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[Conversation]:
    """Calls that arrived from ``since`` on and before ``until`` (aware; None: no limit), in order of arrival.

    Only one call's turns are held at a time.
    """
    calls = select(CALLS.c.id, CALLS.c.caller, CALLS.c.arrived).order_by(CALLS.c.arrived, CALLS.c.id)
    if since is not None:
        calls = calls.where(CALLS.c.arrived >= since)
    if until is not None:
        calls = calls.where(CALLS.c.arrived < until + DAY)
    async with database.connect() as connection:
        known = (await connection.execute(calls)).all()
        arrivals: dict[str, list[datetime]] = {}
        for _, caller, arrived in known:
            if caller:
                arrivals.setdefault(caller, []).append(arrived)
        for id_, caller, arrived in known:
            if until is not None and arrived >= until:
                break
            query = select(TURNS.c.event, TURNS.c.state).where(TURNS.c.call == id_).order_by(TURNS.c.turn)
            turns = [(EVENT.decode(event), DECODE(state)) for event, state in await connection.execute(query)]
            again = any(arrived < other <= arrived + DAY for other in arrivals.get(caller or "", ()))
            yield conversation(id_, caller, arrived, turns, again=again)


def conversation(
    call: str, caller: str | None, arrived: datetime, turns: Sequence[tuple[Event, Call]], *, again: bool = False
) -> Conversation:
    """Folds the ``turns`` of one call, each an event and the state after it."""
    matters: list[Matter] = []
    queues: list[str] = []
    wanted_human = False
    said: list[Said] = []
    asked = 0
    before = Call(id=call)
    for event, after in turns:
        question, following = _question(before), _question(after)
        if question is None and following is not None:
            said, asked = [], 1
        elif question is not None:
            if isinstance(event, Heard) and _is_open(question):
                said.append(Said(event.text, event.readings))
            if following is None:
                matters.append(Matter(_topics(after), _how(question, event, after), tuple(said), asked, after.model))
            elif _is_open(following) and after.tries > before.tries:
                asked += 1
        if before.topic is not None and after.wants_human and not before.wants_human:
            wanted_human = True
        if after.queue is not None and after.queue_key != before.queue_key:
            queues.append(after.queue)
        before = after
    if _question(before) is not None:
        matters.append(Matter((), "ended", tuple(said), asked, before.model))
    return Conversation(call, caller, arrived, tuple(matters), wanted_human, tuple(queues), again)


def _question(call: Call) -> Ask | None:
    """The question about the matter that ``call`` waits at, in any of its forms."""
    last = call.pending[-1] if call.pending else None
    return last if call.ended is None and isinstance(last, Ask) and last.question == "matter" else None


def _is_open(question: Ask) -> bool:
    return question.grammar == "matter" and not question.choices


def _topics(after: Call) -> tuple[str, ...]:
    return () if after.topic is None else (after.topic, *after.further)


def _how(question: Ask, event: Event, after: Call) -> How:
    if after.topic is not None:
        return "confirmed" if question.grammar in ("yes-no", "choice") else "accepted"
    if isinstance(event, HungUp) or (after.ended is not None and not after.wants_human):
        return "ended"
    return "keys" if isinstance(event, Keyed) and after.queue is not None else "person"
