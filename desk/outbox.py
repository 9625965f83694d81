"""The outbox: what the CRM must be told, durable before anyone is asked to deliver it.

Rows of one call are delivered strictly in their ``sequence``; a row is claimed with a lease, so that two workers (of
one process or of two) never deliver it at the same time, and a killed worker's row is taken up when its lease lapses.
A row refused for good is parked and no longer stands in the way of the rows after it.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from store import METADATA, UtcTime

from .message import Message
from .queue_events import Leg
from .webhook import Envelope, render

OUTBOX = Table(
    "desk_outbox",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("call", String(36), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("ring", String(36), nullable=False),
    Column("leg", String(64), nullable=False),
    Column("agent", String(80), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("at", String(40), nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", UtcTime, nullable=False),
    Column("lease_by", String(64)),
    Column("lease_until", UtcTime),
    Column("delivered_at", UtcTime),
    Column("parked_at", UtcTime),
    Column("answer", String(120)),
    UniqueConstraint("call", "sequence"),
    Index("ix_desk_outbox_due", "delivered_at", "parked_at", "next_try"),
)

LOOK_LIMIT = 1.0
"""Seconds that the number of a call's last message may take to be read."""
_CLOCK_SLACK = timedelta(seconds=90)
_VOID = {"card": ("session", "withdrawn"), "session": ("ended",)}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A row to deliver now: ``body`` is the same in every attempt; ``late`` when it can no longer be of use."""

    id: int
    key: str
    kind: str
    body: bytes
    attempts: int
    late: bool
    created_at: datetime


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows wait and are parked, and since when the oldest waits."""

    waiting: int
    parked: int
    oldest: datetime | None


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not delivered. ``parked``: laid aside; ``answer``: what the CRM said last."""

    call: str
    sequence: int
    kind: str
    agent: str
    created_at: datetime
    attempts: int
    next_try: datetime
    parked: bool
    answer: str


class Outbox:
    """``lease``: seconds a claimed row is left to its worker; longer than a request may take."""

    def __init__(
        self,
        database: AsyncEngine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        lease: float = 10.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease = timedelta(seconds=lease)
        dialect = database.dialect.name
        self._insert = postgresql.insert if dialect == "postgresql" else sqlite.insert

    async def put(self, message: Message) -> bool:
        """Keep ``message`` as the next of its call. False: its key is there already. Raises
        :class:`desk.privacy.PersonalNumberFound`, and SQLAlchemy's errors when the database does not take it."""
        data = render(message).decode()
        for _ in range(50):
            try:
                return await self._put(message, data)
            except IntegrityError:
                continue  # PostgreSQL: another writer of this call took the sequence number
        raise RuntimeError("no sequence number found for a message in 50 tries")

    async def _put(self, message: Message, data: str) -> bool:
        now = self._clock()
        values: dict[str, ColumnElement[object] | object] = {
            "key": message.key,
            "call": message.call,
            "kind": message.kind,
            "ring": message.ring,
            "leg": message.leg,
            "agent": message.agent,
            "queue": message.queue,
            "at": message.at,
            "data": data,
            "created_at": now,
            "attempts": 0,
            "next_try": now,
        }
        columns = OUTBOX.c
        row = select(
            (func.coalesce(func.max(columns.sequence), 0) + 1).label("sequence"),
            *(_literal(name, value) for name, value in values.items()),
        ).where(columns.call == message.call)
        insert = self._insert(OUTBOX).from_select(["sequence", *values], row)
        async with self._database.begin() as connection:
            done = await connection.execute(insert.on_conflict_do_nothing(index_elements=["key"]).returning(columns.id))
            return done.first() is not None

    async def last_sequence(self, call: str) -> int:
        """The number of the last message of ``call``; 0 when there is none, or the database does not tell."""
        query = select(func.coalesce(func.max(OUTBOX.c.sequence), 0)).where(OUTBOX.c.call == call)
        try:
            async with asyncio.timeout(LOOK_LIMIT), self._database.connect() as connection:
                return int((await connection.execute(query)).scalar_one())
        except (SQLAlchemyError, OSError):
            return 0

    async def claim(self, worker: str) -> Claim | None:
        """Take the next row that is due and first of its call, or None. Fresh rows come before retried ones."""
        now = self._clock()
        due = self._free(now)
        order = (OUTBOX.c.attempts, OUTBOX.c.next_try, OUTBOX.c.id)
        first = select(OUTBOX.c.id).where(due, ~_earlier_waiting()).order_by(*order).limit(1)
        async with self._database.connect() as connection:
            if (await connection.execute(first)).first() is None:
                return None  # without this look, each idle poll would take SQLite's write lock
        take = (
            update(OUTBOX)
            .where(OUTBOX.c.id == first.with_for_update(skip_locked=True).scalar_subquery(), due)
            .values(lease_by=worker, lease_until=now + self._lease, attempts=OUTBOX.c.attempts + 1)
            .returning(*OUTBOX.c)
        )
        async with self._database.begin() as connection:
            row = (await connection.execute(take)).mappings().first()
            if row is None:
                return None
            voiding = and_(OUTBOX.c.ring == row["ring"], OUTBOX.c.kind.in_(_VOID.get(row["kind"], ())))
            late = (await connection.execute(select(OUTBOX.c.id).where(voiding).limit(1))).first() is not None
        envelope = Envelope(
            id=row["key"],
            call=row["call"],
            sequence=row["sequence"],
            kind=row["kind"],
            ring=row["ring"],
            agent=row["agent"],
            queue=row["queue"],
            at=row["at"],
            data=msgspec.Raw(row["data"].encode()),
        )
        return Claim(
            id=row["id"],
            key=row["key"],
            kind=row["kind"],
            body=msgspec.json.encode(envelope),
            attempts=row["attempts"],
            late=late,
            created_at=row["created_at"],
        )

    async def delivered(self, claim: Claim, worker: str, answer: str) -> bool:
        """Close the row. False: the lease had lapsed and another worker has the row."""
        return await self._settle(claim, worker, delivered_at=self._clock(), answer=answer[:120])

    async def retry(self, claim: Claim, worker: str, answer: str, delay: float) -> bool:
        """Give the row back, to be tried again in ``delay`` seconds."""
        next_try = self._clock() + timedelta(seconds=delay)
        return await self._settle(claim, worker, next_try=next_try, answer=answer[:120])

    async def park(self, claim: Claim, worker: str, answer: str) -> bool:
        """Lay the row aside: it was refused for good, or has been tried for too long."""
        return await self._settle(claim, worker, parked_at=self._clock(), answer=answer[:120])

    async def hasten(self) -> int:
        """Try every waiting row now (the CRM has answered again); returns how many."""
        now = self._clock()
        again = update(OUTBOX).where(self._waiting(), OUTBOX.c.attempts > 0, OUTBOX.c.next_try > now)
        async with self._database.begin() as connection:
            return (await connection.execute(again.values(next_try=now))).rowcount

    async def pending(self, limit: int) -> list[Pending]:
        """What is not delivered, parked rows first, each in order of age."""
        columns = OUTBOX.c
        order = (columns.parked_at.is_(None), columns.created_at, columns.id)
        query = select(OUTBOX).where(columns.delivered_at.is_(None)).order_by(*order).limit(limit)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Pending(
                call=row.call,
                sequence=row.sequence,
                kind=row.kind,
                agent=row.agent,
                created_at=row.created_at,
                attempts=row.attempts,
                next_try=row.next_try,
                parked=row.parked_at is not None,
                answer=row.answer or "",
            )
            for row in rows
        ]

    async def release_parked(self) -> int:
        """Try every parked row again (after the CRM or the secret was mended); returns how many."""
        again = update(OUTBOX).where(OUTBOX.c.parked_at.is_not(None))
        fresh = again.values(parked_at=None, next_try=self._clock(), created_at=self._clock(), attempts=0)
        async with self._database.begin() as connection:
            return (await connection.execute(fresh)).rowcount

    async def backlog(self) -> Backlog:
        waiting = self._waiting()
        parked = select(func.count()).where(OUTBOX.c.parked_at.is_not(None)).scalar_subquery()
        async with self._database.connect() as connection:
            query = select(func.count(), func.min(OUTBOX.c.created_at, type_=UtcTime), parked).where(waiting)
            count, oldest, laid_aside = (await connection.execute(query)).one()
        return Backlog(waiting=count, parked=laid_aside or 0, oldest=oldest)

    async def open_legs(self, since: datetime) -> tuple[list[Leg], list[Leg]]:
        """Legs whose last word was a card, and whose last word was a session, told since ``since``."""
        kinds: dict[str, set[str]] = {}
        legs: dict[str, Leg] = {}
        columns = (OUTBOX.c.ring, OUTBOX.c.kind, OUTBOX.c.call, OUTBOX.c.leg, OUTBOX.c.agent, OUTBOX.c.queue)
        async with self._database.connect() as connection:
            for row in await connection.execute(select(*columns).where(OUTBOX.c.created_at >= since)):
                kinds.setdefault(row.ring, set()).add(row.kind)
                legs[row.ring] = Leg(call=row.call, leg=row.leg, agent=row.agent, queue=row.queue)
        ringing = [legs[ring] for ring, told in kinds.items() if told == {"card"}]
        connected = [legs[ring] for ring, told in kinds.items() if "session" in told and "ended" not in told]
        return ringing, connected

    async def purge(self, before: datetime) -> int:
        """Delete what was delivered before ``before``; returns how many rows."""
        async with self._database.begin() as connection:
            return (await connection.execute(delete(OUTBOX).where(OUTBOX.c.delivered_at < before))).rowcount

    def _waiting(self) -> ColumnElement[bool]:
        return and_(OUTBOX.c.delivered_at.is_(None), OUTBOX.c.parked_at.is_(None))

    def _free(self, now: datetime) -> ColumnElement[bool]:
        """Waiting, due and not leased. A time further ahead than we ever set was set before the clock went back."""
        columns = OUTBOX.c
        far = now + _CLOCK_SLACK
        return and_(
            self._waiting(),
            or_(columns.next_try <= now, columns.next_try > far),
            or_(columns.lease_until.is_(None), columns.lease_until <= now, columns.lease_until > far),
        )

    async def _settle(self, claim: Claim, worker: str, **values: object) -> bool:
        mine = update(OUTBOX).where(OUTBOX.c.id == claim.id, OUTBOX.c.lease_by == worker)
        async with self._database.begin() as connection:
            done = await connection.execute(mine.values(lease_by=None, lease_until=None, **values))
            return done.rowcount == 1


def _literal(name: str, value: object) -> ColumnElement[object]:
    return literal(value, OUTBOX.c[name].type).label(name)


def _earlier_waiting() -> ColumnElement[bool]:
    earlier = OUTBOX.alias("earlier")
    return (
        select(earlier.c.id)
        .where(
            earlier.c.call == OUTBOX.c.call,
            earlier.c.sequence < OUTBOX.c.sequence,
            earlier.c.delivered_at.is_(None),
            earlier.c.parked_at.is_(None),
        )
        .exists()
    )
