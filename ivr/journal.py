"""The journal: the append-only record of every turn of every call.

Event, snapshot of the call and actions of a turn are committed together, before the actions are performed. (call,
turn) is unique, so an engine that was thought dead and wakes up writes nothing: it is fenced. Commits of all calls of
an engine share transactions (group commit), since a sync to disk costs the same for one row as for a hundred.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from sqlalchemy import Column, Index, Integer, String, Table, Text, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store import METADATA, UtcTime

from .dialogue.actions import Action
from .dialogue.call import DECODE, Call
from .dialogue.events import CallArrived, Event

log = structlog.get_logger(__name__)

FUNNEL = """event LIKE '{"type":"IdentityGiven"%' OR event LIKE '{"type":"NumberRefused"%'
 OR event LIKE '{"type":"PinChecked"%' OR actions LIKE '%"purpose":"identity"%'"""
"""SQL: the turns on a call's way to authentication (see ``desk.kpi3``). Index and query have it letter for letter."""

TURNS = Table(
    "turns",
    METADATA,
    Column("call", String(64), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("engine", String(64), nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("actions", Text, nullable=False),
)
Index("turns_of_funnel", TURNS.c.call, sqlite_where=text(FUNNEL), postgresql_where=text(FUNNEL))
CALLS = Table(
    "calls",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("caller", String(32)),
    Column("dialled", String(16), nullable=False),
    Column("arrived", UtcTime, nullable=False),
    Column("ended", String(64)),
    Column("ended_at", UtcTime),
    Index("calls_by_caller", "caller", "arrived"),
    Index("calls_by_arrival", "arrived"),
)

STALL = 1.0
"""Seconds a call waits for its commit; past it the call goes on in memory, unrecoverable."""
STALLED = 0.1
"""Seconds it waits after a stall, until a turn is written again: nobody waits for a broken disk at each turn."""
BACKLOG = 5_000
"""Turns kept while the database does not answer; past it the oldest promise is broken and counted."""


class Fenced(Exception):
    """Another engine has written this turn: this one must perform nothing and touch the call no more."""


@dataclass
class _Write:
    call: Call
    event: Event
    actions: tuple[Action, ...]
    at: datetime
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(frozen=True)
class Turn:
    """One row of the journal, decoded."""

    call: str
    turn: int
    at: datetime
    engine: str
    event: Event
    state: Call
    actions: tuple[Action, ...]


EVENT = msgspec.json.Decoder(Event)
ACTIONS = msgspec.json.Decoder(tuple[Action, ...])


def _known(write: _Write) -> dict[str, object]:
    call = write.call
    return {"id": call.id, "caller": call.caller, "dialled": call.dialled, "arrived": write.at}


class Journal:
    """Journal of one engine, called ``engine`` in its rows. ``alarm(kind, text)`` is told of stalls."""

    def __init__(
        self,
        database: AsyncEngine,
        engine: str,
        *,
        stall: float = STALL,
        alarm: Callable[[str, str], None] | None = None,
    ) -> None:
        self._database, self._engine, self._stall = database, engine, stall
        self._alarm = alarm or (lambda kind, text: None)
        self._queue: asyncio.Queue[_Write] = asyncio.Queue(BACKLOG)
        self._writer: asyncio.Task[None] | None = None
        self._stalled = False

    async def start(self) -> None:
        self._writer = asyncio.create_task(self._write_forever(), name="journal")

    async def close(self) -> None:
        """Write what is queued (for at most two seconds) and stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), 2)
        if self._writer:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer

    async def commit(self, call: Call, event: Event, actions: tuple[Action, ...]) -> bool:
        """Make a turn durable. True: it is; False: the journal stalls and the call is unrecoverable from here on.

        Raises ``Fenced`` when another engine has written this turn.
        """
        write = _Write(call, event, actions, datetime.now(UTC))
        try:
            self._queue.put_nowait(write)
            wait = min(self._stall, STALLED) if self._stalled else self._stall
            await asyncio.wait_for(asyncio.shield(write.done), wait)
        except (TimeoutError, asyncio.QueueFull, SQLAlchemyError, OSError):
            self._stalled = True
            write.done.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._alarm("journal-stalled", "the journal does not take turns in time: calls go on in memory")
            return False
        return True

    async def _write_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < 200:
                batch.append(self._queue.get_nowait())
            try:
                await self._write(batch)
                self._stalled = False
            except (SQLAlchemyError, OSError) as error:
                cause = getattr(error, "orig", None) or error
                log.error("journal write failed", error=type(cause).__name__, rows=len(batch))
                for write in batch:
                    if not write.done.done():
                        write.done.set_exception(error)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _write(self, batch: list[_Write]) -> None:
        try:
            async with self._database.begin() as connection:
                await self._insert(connection, *batch)
        except IntegrityError:
            for write in batch:
                await self._write_alone(write)
            return
        for write in batch:
            if not write.done.done():
                write.done.set_result(None)

    async def _write_alone(self, write: _Write) -> None:
        try:
            async with self._database.begin() as connection:
                await self._insert(connection, write)
        except IntegrityError:
            if not write.done.done():
                write.done.set_exception(Fenced(write.call.id, write.call.turn))
        else:
            if not write.done.done():
                write.done.set_result(None)

    async def _insert(self, connection: AsyncConnection, *batch: _Write) -> None:
        """In few statements: each is a way to the database and back, and the others wait until the last is done."""
        await connection.execute(insert(TURNS), [self._row(write) for write in batch])
        arrived = [write for write in batch if isinstance(write.event, CallArrived)]
        if arrived:
            await connection.execute(insert(CALLS), [_known(write) for write in arrived])
        for write in batch:
            if write.call.ended is not None:
                ended = {"ended": write.call.ended[:64], "ended_at": write.at}
                await connection.execute(update(CALLS).where(CALLS.c.id == write.call.id).values(**ended))

    def _row(self, write: _Write) -> dict[str, object]:
        return {
            "call": write.call.id,
            "turn": write.call.turn,
            "at": write.at,
            "engine": self._engine,
            "event": msgspec.json.encode(write.event).decode(),
            "state": msgspec.json.encode(write.call).decode(),
            "actions": msgspec.json.encode(write.actions).decode(),
        }

    async def close_lost(self, before: datetime) -> int:
        """Mark calls that arrived ``before`` and never ended as lost: nobody was there to see their end. How many."""
        lost = update(CALLS).where(CALLS.c.ended.is_(None), CALLS.c.arrived < before)
        async with self._database.begin() as connection:
            done = await connection.execute(lost.values(ended="lost", ended_at=datetime.now(UTC)))
        return int(done.rowcount)

    async def latest(self, call: str) -> Call | None:
        """The last snapshot of a call; None when the journal does not know it."""
        query = select(TURNS.c.state).where(TURNS.c.call == call).order_by(TURNS.c.turn.desc()).limit(1)
        async with self._database.connect() as connection:
            state = (await connection.execute(query)).scalar_one_or_none()
        return None if state is None else DECODE(state)

    async def said_for(self, call: str) -> float:
        """Seconds since the last turn of a call was written; 0.0 when the journal does not know it."""
        query = select(TURNS.c.at).where(TURNS.c.call == call).order_by(TURNS.c.turn.desc()).limit(1)
        async with self._database.connect() as connection:
            at: datetime | None = (await connection.execute(query)).scalar_one_or_none()
        return 0.0 if at is None else (datetime.now(UTC) - at).total_seconds()

    async def note_end(self, call: str, ended: str) -> bool:
        """Mark a call as ended that no engine saw the end of; False when it has ended already, or is not known."""
        missed = update(CALLS).where(CALLS.c.id == call, CALLS.c.ended.is_(None))
        async with self._database.begin() as connection:
            done = await connection.execute(missed.values(ended=ended, ended_at=datetime.now(UTC)))
        return bool(done.rowcount)

    async def turns(self, call: str) -> list[Turn]:
        """All turns of a call, in order."""
        query = select(TURNS).where(TURNS.c.call == call).order_by(TURNS.c.turn)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Turn(r.call, r.turn, r.at, r.engine, EVENT.decode(r.event), DECODE(r.state), ACTIONS.decode(r.actions))
            for r in rows
        ]

    async def broken_off(self, caller: str, *, but: str, within: timedelta) -> Call | None:
        """The last call from ``caller`` other than ``but`` that the caller or the network cut off ``within`` this
        time, after a topic or a queue was known and before anybody served it."""
        since = datetime.now(UTC) - within
        query = (
            select(CALLS.c.id, CALLS.c.ended)
            .where(CALLS.c.caller == caller, CALLS.c.id != but, CALLS.c.ended_at > since)
            .order_by(CALLS.c.ended_at.desc())
            .limit(1)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None or not row.ended.startswith("hung up"):
            return None
        last = await self.latest(row.id)
        return last if last is not None and (last.topic or last.queue) and not last.served else None
