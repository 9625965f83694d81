"""The day of a replayed call: its date and time as the loop's clock runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ivr.calendar import WARSAW


class Day:
    """Begins at the local time ``at`` (``YYYY-MM-DD HH:MM``) when ``clock`` shows 0."""

    def __init__(self, at: str, clock: Callable[[], float]) -> None:
        self._start = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=WARSAW)
        self._clock = clock

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._clock())

    def set(self, time: str) -> None:
        """From now on it is ``time`` (``HH:MM``)."""
        hour, minute = map(int, time.split(":"))
        wanted = self.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
        self._start += wanted - self.now()
