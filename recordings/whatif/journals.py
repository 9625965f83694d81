"""Journals as what-if replays take them: from the database, or from folders of fixtures."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived
from ivr.journal import ACTIONS, CALLS, EVENT, TURNS

from ..fixture import journal_file
from ..fixture.folder import JOURNAL, FixtureError, find, load
from ..fixture.journal_file import JournalError, Turn
from ..replay.core_call import CALL

BATCH = 200
"""Calls read at once."""


@dataclass(frozen=True)
class Row:
    """One turn as the database has it, not decoded: at (aware), event, state, actions (JSON)."""

    at: datetime
    event: str
    state: str
    actions: str


@dataclass(frozen=True)
class Journal:
    """One call's turns. ``states`` are the calls after each turn, empty where the source does not have them; ``fault``
    says why it cannot be read."""

    call: str
    arrived: str
    turns: tuple[Turn, ...] = ()
    states: tuple[Call, ...] = ()
    fault: str = ""


_STATE = msgspec.json.Decoder(Call)


def decoded(call: str, rows: Sequence[Row]) -> Journal:
    """The journal in ``rows``; a turn that today's code cannot read is a fault."""
    turns, states = [], []
    try:
        for row in rows:
            state = _STATE.decode(row.state)
            at = (row.at - rows[0].at).total_seconds()
            turns.append(journal_file.turn(at, EVENT.decode(row.event), state, ACTIONS.decode(row.actions)))
            states.append(state)
    except msgspec.MsgspecError as error:
        return Journal(call, str(rows[0].at), fault=f"dziennika nie da się odczytać: {journal_file.unreadable(error)}")
    if not turns or not isinstance(turns[0].event, CallArrived):
        return Journal(call, str(rows[0].at) if rows else "", fault="dziennik nie zaczyna się od przyjścia rozmowy")
    return Journal(call, turns[0].event.at, tuple(turns), tuple(states))


async def known(database: AsyncEngine, since: datetime | None, until: datetime | None) -> list[str]:
    """The ids of the calls that arrived from ``since`` on and before ``until`` (aware; None: no limit)."""
    query = select(CALLS.c.id).order_by(CALLS.c.arrived, CALLS.c.id)
    if since is not None:
        query = query.where(CALLS.c.arrived >= since)
    if until is not None:
        query = query.where(CALLS.c.arrived < until)
    async with database.connect() as connection:
        return list((await connection.execute(query)).scalars())


async def batches(database: AsyncEngine, calls: Sequence[str]) -> AsyncIterator[list[tuple[str, list[Row]]]]:
    """The rows of ``calls``, ``BATCH`` calls at a time, in their order."""
    async with database.connect() as connection:
        for first in range(0, len(calls), BATCH):
            wanted = calls[first : first + BATCH]
            columns = (TURNS.c.call, TURNS.c.at, TURNS.c.event, TURNS.c.state, TURNS.c.actions)
            query = select(*columns).where(TURNS.c.call.in_(wanted)).order_by(TURNS.c.call, TURNS.c.turn)
            found: dict[str, list[Row]] = {call: [] for call in wanted}
            for call, at, event, state, actions in await connection.execute(query):
                found[call].append(Row(at, event, state, actions))
            yield [(call, rows) for call, rows in found.items() if rows]


def of_folders(paths: Iterable[Path]) -> Iterator[Journal]:
    """The journals of the fixtures at or under ``paths``."""
    for path in find(paths):
        try:
            folder = load(path)
            turns, made = folder.journal, folder.fixture.made
        except (FixtureError, JournalError) as error:
            yield Journal(path.name, "", fault=str(error).splitlines()[0])
            continue
        if not turns:
            yield Journal(path.name, "", fault=f"brak pliku {JOURNAL}")
            continue
        arrived = turns[0].event.at if isinstance(turns[0].event, CallArrived) else ""
        same = made.call if made is not None else CALL
        yield Journal(path.name if same == CALL else same, arrived, turns)
