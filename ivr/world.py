"""What must be true now: opening hours and closures, and calls that broke off. Answers to ``LookUp``.

An emergency closure is read at the time of the question, so that it bites in calls under way.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .calendar import WARSAW, opening
from .closures import Closures, ClosuresError
from .dialogue.call import Call
from .dialogue.events import LookedUp
from .dialogue.plan import NATIONAL, Plan
from .dialogue.tiers import principal
from .journal import Journal

log = structlog.get_logger(__name__)

BROKEN_OFF = timedelta(minutes=10)
"""How long after a call broke off its caller is offered to go on."""

Always = Literal["plan", "open", "closed"]
Acts = Callable[[str, str], Awaitable[bool | None]]
"""Check and principal -> whether that person may act for that principal now; None when nobody can say."""
QueueNews = Callable[[str], Awaitable[Mapping[str, int | float]]]
"""Asterisk's queue -> ``waiting`` (number in line), ``longest`` (seconds the first has waited), as far as known."""


class World:
    """Answers look-ups for one engine. ``plan`` tells the plan in force now: a change of hours bites in calls that
    began with an older one, as a closure does. ``hours`` other than ``plan`` holds every office open or closed (demo,
    tests); ``queues`` tells how a queue stands; without it only whether its office is open is known. ``acts`` tells
    whether a mandate still holds: asked along with hours and queues, which stand before every hand-off to a person."""

    def __init__(
        self,
        plan: Callable[[], Plan],
        journal: Journal,
        closures: Closures,
        hours: Always = "plan",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        queues: QueueNews | None = None,
        acts: Acts | None = None,
    ) -> None:
        self._plan, self._journal, self._closures = plan, journal, closures
        self._hours, self._clock, self._queues, self._acts = hours, clock, queues, acts

    async def look_up(self, call: Call, what: str, args: dict[str, str]) -> LookedUp:
        """The answer to ``what``; ``ok`` False when it cannot be known now."""
        if what == "hours":
            return await self._with_mandate(call, self._opening(args["office"]))
        if what == "earlier":
            return await self._earlier(call, args["caller"])
        if what == "queue":
            return await self._with_mandate(call, await self._queue(args["queue"], args["office"]))
        return LookedUp(what=what, ok=False)

    def _opening(self, office_id: str) -> LookedUp:
        offices = self._plan().offices
        office = offices.get(office_id) or offices[NATIONAL]
        found = opening(office, self._clock(), self._closure(office.id))
        is_open = found.open if self._hours == "plan" else self._hours == "open" and found.closure is None
        told: dict[str, str | bool | int | float | None] = {
            "open": is_open,
            "hours": found.hours,
            "closure": found.closure,
            "at": self._now(),
        }
        return LookedUp(what="hours", ok=True, found=told)

    async def _with_mandate(self, call: Call, told: LookedUp) -> LookedUp:
        """``told`` and whether the caller may still act for the principal chosen."""
        party = principal(call, self._now())
        if party is None or self._acts is None or call.auth is None:
            return told
        acts = await self._acts(call.auth.check, party.ref) if call.auth.check else None
        return LookedUp(what=told.what, ok=told.ok, found={**told.found, "at": self._now(), "acts": acts})

    def _now(self) -> str:
        return self._clock().astimezone(WARSAW).isoformat(timespec="seconds")

    def _closure(self, office: str) -> str | None:
        try:
            return self._closures.of(office, self._clock())
        except ClosuresError as error:
            log.error("emergency closures cannot be read", error=str(error))
            return None

    async def _queue(self, queue: str, office: str) -> LookedUp:
        is_open = self._opening(office).found["open"]
        news = await self._queues(queue) if self._queues is not None else {}
        return LookedUp(what="queue", ok=True, found={"open": is_open, "at": self._now(), **news})

    async def _earlier(self, call: Call, caller: str) -> LookedUp:
        try:
            broken = await self._journal.broken_off(caller, but=call.id, within=BROKEN_OFF)
        except SQLAlchemyError as error:
            log.error("earlier calls cannot be read", error=type(error).__name__)
            return LookedUp(what="earlier", ok=False)
        found = {} if broken is None else {"topic": broken.topic, "office": broken.office, "queue": broken.queue}
        return LookedUp(what="earlier", ok=True, found=dict(found))
