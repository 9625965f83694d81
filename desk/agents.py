"""Who serves which queue. The database is the truth; Asterisk is made to agree with it at every connection, so that
membership survives a restart, a crash and a new installation of Asterisk.

Members set in ``queues.conf`` (static) are never touched; a dynamic member that the database does not know is removed.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import structlog
from rapidfuzz import process
from sqlalchemy import Boolean, Column, ColumnElement, String, Table, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from store import METADATA, UtcTime

from .switchboard import Reply, Switchboard

log = structlog.get_logger(__name__)

MEMBERS = Table(
    "desk_members",
    METADATA,
    Column("agent", String(64), primary_key=True),
    Column("queue", String(80), primary_key=True),
    Column("name", String(80), nullable=False, default=""),
    Column("paused", Boolean, nullable=False, default=False),
    Column("reason", String(80), nullable=False, default=""),
    Column("since", UtcTime, nullable=False),
)

_AGENT = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")
_PLAIN = re.compile(r"^[^\x00-\x1f\x7f,;|\"]{0,80}$")

DEVICE_STATES = {
    "0": "nieznany",
    "1": "wolny",
    "2": "rozmawia",
    "3": "zajęty",
    "4": "błędny",
    "5": "niedostępny",
    "6": "dzwoni",
    "7": "dzwoni i rozmawia",
    "8": "zawieszona rozmowa",
}


class AgentError(ValueError):
    """The request cannot be carried out; the text (Polish) says what is wrong and the mend."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One consultant in one queue. ``live``: the telephone's state as Asterisk sees it; None when it is not asked or
    the member is not there."""

    agent: str
    queue: str
    name: str = ""
    paused: bool = False
    reason: str = ""
    live: str | None = None


class _Seated(msgspec.Struct, frozen=True):
    """A member as Asterisk has it."""

    queue: str
    interface: str
    paused: bool
    dynamic: bool
    state: str


def interface(agent: str) -> str:
    """``konsultant1`` -> ``PJSIP/konsultant1``."""
    return f"PJSIP/{agent}"


def check_agent(agent: str) -> str:
    """The agent's id as given, or with ``PJSIP/`` taken off. Raises AgentError."""
    plain = agent.removeprefix("PJSIP/")
    if not _AGENT.match(plain):
        raise AgentError(f"„{agent}” nie jest nazwą konsultanta: małe litery, cyfry, kropka i łącznik, np. konsultant1")
    return plain


def choose_queues(patterns: Iterable[str], known: Collection[str]) -> list[str]:
    """The queues that ``patterns`` name (``*`` and ``?`` are wildcards), in order, once each. Raises AgentError with
    the nearest names for a pattern that names none."""
    chosen: dict[str, None] = {}
    for pattern in patterns:
        found = [queue for queue in sorted(known) if fnmatchcase(queue, pattern)]
        if not found:
            raise AgentError(_unknown_queue(pattern, known))
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _unknown_queue(pattern: str, known: Collection[str]) -> str:
    if not known:
        return f"Nie ma kolejki „{pattern}”: Asterisk nie ma żadnych kolejek"
    near = [name for name, _, _ in process.extract(pattern, sorted(known), limit=3, score_cutoff=50)]
    return f"Nie ma kolejki „{pattern}”." + (f" Podobne: {', '.join(near)}" if near else "")


class Agents:
    """``timeout`` bounds each question to Asterisk, in seconds."""

    def __init__(
        self,
        switchboard: Switchboard,
        database: AsyncEngine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        timeout: float = 5.0,
    ) -> None:
        self._switchboard = switchboard
        self._database = database
        self._clock = clock
        self._timeout = timeout
        self._insert = postgresql.insert if database.dialect.name == "postgresql" else sqlite.insert

    async def add(self, agent: str, patterns: Sequence[str], name: str = "") -> list[str]:
        """Seat ``agent`` in every queue that ``patterns`` name; returns them. Seating twice renames."""
        agent = check_agent(agent)
        if not _PLAIN.match(name):
            raise AgentError("Imię: najwyżej 80 znaków, bez przecinków, średników, cudzysłowów i znaków sterujących")
        queues = choose_queues(patterns, await self.queues())
        rows = [{"agent": agent, "queue": queue, "name": name, "since": self._clock()} for queue in queues]
        insert = self._insert(MEMBERS).values(paused=False, reason="")
        kept = insert.on_conflict_do_update(index_elements=["agent", "queue"], set_={"name": insert.excluded.name})
        async with self._database.begin() as connection:
            await connection.execute(kept, rows)
        for queue in queues:
            await self._seat(Member(agent=agent, queue=queue, name=name))
        return queues

    async def pause(self, agent: str, patterns: Sequence[str] = (), reason: str = "") -> list[str]:
        """No new calls for ``agent`` in these queues (all of the agent's when none is named); returns them."""
        if not _PLAIN.match(reason):
            raise AgentError("Powód przerwy: najwyżej 80 znaków, bez przecinków, średników, cudzysłowów")
        return await self._set_paused(agent, patterns, True, reason)

    async def unpause(self, agent: str, patterns: Sequence[str] = ()) -> list[str]:
        """Calls again; returns the queues."""
        return await self._set_paused(agent, patterns, False, "")

    async def remove(self, agent: str, patterns: Sequence[str] = ()) -> list[str]:
        """Take ``agent`` out of these queues (all of the agent's when none is named); returns them. A call under way
        is not cut."""
        agent, queues = await self._own(agent, patterns)
        async with self._database.begin() as connection:
            await connection.execute(delete(MEMBERS).where(_rows(agent, queues)))
        for queue in queues:
            await self._ask("QueueRemove", Queue=queue, Interface=interface(agent))
        return queues

    async def stored(self) -> list[Member]:
        """Who should serve what, by the database."""
        return await stored_members(self._database)

    async def listed(self) -> list[Member]:
        """The same with the telephones' states as Asterisk sees them now."""
        seats = {(seat.interface, seat.queue): seat for seat in (await self._status())[1]}
        listed = []
        for member in await self.stored():
            seat = seats.get((interface(member.agent), member.queue))
            live = DEVICE_STATES.get(seat.state, seat.state) if seat else None
            listed.append(msgspec.structs.replace(member, live=live))
        return listed

    async def queues(self) -> set[str]:
        """The queues that Asterisk has."""
        return (await self._status())[0]

    async def apply(self) -> None:
        """Make Asterisk agree with the database. Called at every connection to it."""
        queues, seats = await self._status()
        wanted = {(interface(member.agent), member.queue): member for member in await self.stored()}
        seated = {(seat.interface, seat.queue): seat for seat in seats}
        for key, member in wanted.items():
            seat = seated.get(key)
            if seat is None and member.queue not in queues:
                log.warning("queue_gone", agent=member.agent, queue=member.queue)
            elif seat is None:
                await self._seat(member)
            elif seat.paused != member.paused:
                await self._pause_seat(member)
        for key, seat in seated.items():
            if key not in wanted and seat.dynamic:
                log.warning("stray_member_removed", interface=seat.interface, queue=seat.queue)
                await self._ask("QueueRemove", Queue=seat.queue, Interface=seat.interface)

    async def _set_paused(self, agent: str, patterns: Sequence[str], paused: bool, reason: str) -> list[str]:
        agent, queues = await self._own(agent, patterns)
        change = update(MEMBERS).where(_rows(agent, queues)).values(paused=paused, reason=reason)
        async with self._database.begin() as connection:
            await connection.execute(change)
        for queue in queues:
            await self._pause_seat(Member(agent=agent, queue=queue, paused=paused, reason=reason))
        return queues

    async def _own(self, agent: str, patterns: Sequence[str]) -> tuple[str, list[str]]:
        """The agent's id and those of the agent's own queues that ``patterns`` name."""
        agent = check_agent(agent)
        members = await self.stored()
        own = [member.queue for member in members if member.agent == agent]
        if not own:
            others = sorted({member.agent for member in members})
            near = [name for name, _, _ in process.extract(agent, others, limit=3, score_cutoff=50)]
            hint = f" Podobni: {', '.join(near)}" if near else " Dodaj: infolinia agent add"
            raise AgentError(f"Konsultant „{agent}” nie obsługuje żadnej kolejki.{hint}")
        return agent, choose_queues(patterns, own) if patterns else own

    async def _seat(self, member: Member) -> None:
        headers = {"Queue": member.queue, "Interface": interface(member.agent), "Paused": _flag(member.paused)}
        if member.name:
            headers["MemberName"] = member.name
        reply = await self._ask("QueueAdd", **headers)
        if not reply.ok and "already there" not in reply.message.lower():
            raise AgentError(f"Asterisk nie dodał {member.agent} do {member.queue}: {reply.message}")

    async def _pause_seat(self, member: Member) -> None:
        headers = {"Queue": member.queue, "Interface": interface(member.agent), "Paused": _flag(member.paused)}
        if member.reason:
            headers["Reason"] = member.reason
        reply = await self._ask("QueuePause", **headers)
        if not reply.ok:
            log.warning("pause_not_taken", agent=member.agent, queue=member.queue, answer=reply.message)

    async def _status(self) -> tuple[set[str], list[_Seated]]:
        events = [_lower(event) for event in (await self._ask("QueueStatus")).events]
        queues = {event["queue"] for event in events if event.get("event") == "QueueParams"}
        seats = [
            _Seated(
                queue=event["queue"],
                interface=event.get("location", ""),
                paused=event.get("paused") == "1",
                dynamic=event.get("membership") == "dynamic",
                state=event.get("status", ""),
            )
            for event in events
            if event.get("event") == "QueueMember"
        ]
        return queues - {"default"}, seats

    async def _ask(self, name: str, **headers: str) -> Reply:
        async with asyncio.timeout(self._timeout):
            return await self._switchboard.action(name, **headers)


async def stored_members(database: AsyncEngine) -> list[Member]:
    """Who should serve what, by the database."""
    async with database.connect() as connection:
        rows = await connection.execute(select(MEMBERS).order_by(MEMBERS.c.agent, MEMBERS.c.queue))
        return [
            Member(agent=row.agent, queue=row.queue, name=row.name, paused=row.paused, reason=row.reason)
            for row in rows
        ]


def _rows(agent: str, queues: Sequence[str]) -> ColumnElement[bool]:
    return and_(MEMBERS.c.agent == agent, MEMBERS.c.queue.in_(queues))


def _lower(event: Mapping[str, Any]) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in event.items()}


def _flag(value: bool) -> str:
    return "true" if value else "false"
