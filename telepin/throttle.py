"""Throttle: attempts counted durably, before the verifier is asked, across engines and restarts.

An attempt is a row; it is committed before e-US hears of it and removed on success and on e-US failure. Numbers are
kept only as keyed hashes (HMAC-SHA-256); of a wrong telePIN only which of ``BUCKETS`` classes it falls in, enough to
see one PIN tried on many people and too little to tell it (about a thousand PINs share a class).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Integer, String, Table, and_, delete, false, func, insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from store import METADATA, UtcTime

from .policy import DAY, Policy, Rule, Scope
from .secret import Secret
from .vault import derive

BUCKETS = 1024
_LOCK = 0x74656C65
"""PostgreSQL advisory lock of this table; SQLite has its one write lock."""

ATTEMPTS = Table(
    "telepin_attempts",
    METADATA,
    Column("check", String(128), primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("call", String(64), nullable=False, index=True),
    Column("identity", String(64), nullable=False, index=True),
    Column("caller", String(64), index=True),
    Column("trunk", String(64), index=True),
    Column("bucket", Integer, nullable=False, index=True),
)

FAMILIAR = Table(
    "telepin_familiar",
    METADATA,
    Column("pair", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
)


@dataclass(frozen=True)
class Reserved:
    """``exhausted``: the scope that bears no further attempt (then nothing was counted), or None. ``leave``: how many
    wrong telePINs e-US must still bear after this one."""

    exhausted: Scope | None
    leave: int


class Throttle:
    """Attempts by call, identity, caller number, trunk (for withheld numbers), PIN class and altogether.

    Every method is one transaction and lets ``SQLAlchemyError`` pass: no durable counter, no check.
    """

    def __init__(self, database: AsyncEngine, key: bytes, policy: Policy | None = None) -> None:
        self._database = database
        self._key = derive(key, "throttle")
        self.policy = policy or Policy()

    async def reserve(
        self, *, check: str, call: str, identity: Secret, pin: Secret, caller: str | None, trunk: str, now: datetime
    ) -> Reserved:
        """Count this attempt durably, unless a scope is exhausted.

        ``IntegrityError`` when the attempt of this ``check`` is already counted.
        """
        row = {
            "check": check,
            "at": now,
            "call": call,
            "identity": self._hashed("identity", identity.reveal()),
            "caller": self._hashed("caller", caller) if caller else None,
            "trunk": None if caller else trunk[:64],
            "bucket": int(self._hashed("pin", pin.reveal())[:8], 16) % BUCKETS,
        }
        async with self._database.connect() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            # Writing first takes SQLite's write lock: from here to the end no other process can count or write.
            await connection.execute(insert(ATTEMPTS).values(row))
            familiar = await self._is_familiar(connection, identity, caller, now)
            before = await self._count(connection, row, now)
            scope = self.policy.exhausted(before, familiar)
            if scope is None:
                await connection.commit()
            else:
                await connection.rollback()
        return Reserved(scope, self.policy.leaves(familiar))

    async def refund(self, check: str) -> None:
        """The verifier gave no verdict: the attempt was none."""
        async with self._database.begin() as connection:
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.check == check))

    async def succeed(self, *, check: str, identity: Secret, caller: str | None, now: datetime) -> None:
        """Take the attempt back and forgive this caller's own earlier mistakes on this identity, not those of others
        in the last day; the caller number is familiar from now on."""
        who = self._hashed("identity", identity.reveal())
        day_ago = now - timedelta(seconds=DAY)
        async with self._database.begin() as connection:
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.check == check))
            await connection.execute(delete(ATTEMPTS).where(and_(ATTEMPTS.c.identity == who, ATTEMPTS.c.at < day_ago)))
            if not caller:
                return
            same = and_(ATTEMPTS.c.identity == who, ATTEMPTS.c.caller == self._hashed("caller", caller))
            await connection.execute(delete(ATTEMPTS).where(same))
            pair = self._pair(identity, caller)
            await connection.execute(delete(FAMILIAR).where(FAMILIAR.c.pair == pair))
            await connection.execute(insert(FAMILIAR).values(pair=pair, at=now))

    async def expire(self, now: datetime) -> None:
        """Remove what matters to no rule any more."""
        async with self._database.begin() as connection:
            old = now - timedelta(seconds=self.policy.longest)
            await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at < old))
            unfamiliar = now - timedelta(seconds=self.policy.memory)
            await connection.execute(delete(FAMILIAR).where(FAMILIAR.c.at < unfamiliar))

    async def _is_familiar(
        self, connection: AsyncConnection, identity: Secret, caller: str | None, now: datetime
    ) -> bool:
        if not caller:
            return False
        since = now - timedelta(seconds=self.policy.memory)
        query = select(FAMILIAR.c.pair).where(
            and_(FAMILIAR.c.pair == self._pair(identity, caller), FAMILIAR.c.at >= since)
        )
        return (await connection.execute(query)).first() is not None

    async def _count(self, connection: AsyncConnection, row: dict[str, object], now: datetime) -> dict[Rule, int]:
        counts = []
        for rule in self.policy.rules:
            counted = and_(_within(rule.scope, row), ATTEMPTS.c.at > now - timedelta(seconds=rule.window))
            others = and_(counted, ATTEMPTS.c.check != row["check"])
            counts.append(select(func.count()).select_from(ATTEMPTS).where(others).scalar_subquery())
        result = (await connection.execute(select(*counts))).one()
        return dict(zip(self.policy.rules, (int(count) for count in result), strict=True))

    def _pair(self, identity: Secret, caller: str) -> str:
        return self._hashed("pair", f"{identity.reveal()} {caller}")

    def _hashed(self, purpose: str, value: str) -> str:
        return hmac.new(self._key, f"{purpose} {value}".encode(), "sha256").hexdigest()[:32]


def _within(scope: Scope, row: dict[str, object]) -> ColumnElement[bool]:
    match scope:
        case "everyone":
            return true()
        case "pin":
            return ATTEMPTS.c.bucket == row["bucket"]
        case _ if row[scope] is None:
            # A withheld number is nobody's number, not one that all who withhold share.
            return false()
        case _:
            return ATTEMPTS.c[scope] == row[scope]
