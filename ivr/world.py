"""What must be true now: opening hours and closures, and calls that broke off. Answers to ``LookUp``.

An emergency closure is read at the time of the question, so that it bites in calls under way.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .calendar import opening
from .dialogue.call import Call
from .dialogue.events import LookedUp
from .dialogue.plan import NATIONAL, Plan
from .journal import Journal

log = structlog.get_logger(__name__)

BROKEN_OFF = timedelta(minutes=10)
"""How long after a call broke off its caller is offered to go on."""

Always = Literal["plan", "open", "closed"]


class World:
    """Answers look-ups for one engine. ``hours`` other than ``plan`` holds every office open or closed (demo, tests);
    ``closures`` is a JSON file that maps an office id, or ``*``, to the text of its emergency closure."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        closures: Path,
        hours: Always = "plan",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan, self._journal, self._closures = plan, journal, closures
        self._hours, self._clock = hours, clock

    async def look_up(self, call: Call, what: str, args: dict[str, str]) -> LookedUp:
        """The answer to ``what``; ``ok`` False when it cannot be known now."""
        if what == "hours":
            return self._opening(args["office"])
        if what == "earlier":
            return await self._earlier(call, args["caller"])
        return LookedUp(what=what, ok=False)

    def _opening(self, office_id: str) -> LookedUp:
        office = self._plan.offices.get(office_id) or self._plan.offices[NATIONAL]
        found = opening(office, self._clock(), self._closure(office.id))
        is_open = found.open if self._hours == "plan" else self._hours == "open" and found.closure is None
        return LookedUp(what="hours", ok=True, found={"open": is_open, "hours": found.hours, "closure": found.closure})

    def _closure(self, office: str) -> str | None:
        try:
            closures = json.loads(self._closures.read_text(encoding="utf-8"))
            text = closures.get(office) or closures.get("*")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError) as error:
            log.error("emergency closures cannot be read", file=str(self._closures), error=type(error).__name__)
            return None
        return str(text) if text else None

    async def _earlier(self, call: Call, caller: str) -> LookedUp:
        try:
            broken = await self._journal.broken_off(caller, but=call.id, within=BROKEN_OFF)
        except SQLAlchemyError as error:
            log.error("earlier calls cannot be read", error=type(error).__name__)
            return LookedUp(what="earlier", ok=False)
        found = {} if broken is None else {"topic": broken.topic, "office": broken.office}
        return LookedUp(what="earlier", ok=True, found=dict(found))
