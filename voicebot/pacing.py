"""The clock of all outgoing sound: one timer for every session of an engine.

Asterisk does not pace what it gets over AudioSocket, so a frame has to leave every 20 ms, on absolute deadlines: a
late turn does not move the next one. Sessions are spread over slots of 2 ms, so that a hundred of them are not served
in one burst. After a stall each session is served once and the lost time is skipped: a backlog would be heard as
lasting delay.
"""

import asyncio
from collections.abc import Callable

from .audio import FRAME_SECONDS

SLOTS = 10
STEP = FRAME_SECONDS / SLOTS
CATCH_UP = 2 * SLOTS

Beat = Callable[[], None]


class Wheel:
    """Calls every beat once per 20 ms from the running loop's clock. Sleeps when nobody is on it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: list[dict[Beat, None]] = [{} for _ in range(SLOTS)]
        self._origin = loop.time()
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None
        self.skipped = 0

    def add(self, beat: Beat) -> None:
        min(self._slots, key=len)[beat] = None
        if self._timer is None:
            self._next = self._due() + 1
            self._arm()

    def remove(self, beat: Beat) -> None:
        for slot in self._slots:
            slot.pop(beat, None)

    def __len__(self) -> int:
        return sum(map(len, self._slots))

    def _due(self) -> int:
        return int((self._loop.time() - self._origin) / STEP)

    def _arm(self) -> None:
        for tick in range(self._next, self._next + SLOTS):
            if self._slots[tick % SLOTS]:
                self._next = tick
                self._timer = self._loop.call_at(self._origin + tick * STEP, self._turn)
                return
        self._timer = None

    def _turn(self) -> None:
        due = max(self._due(), self._next)
        if due - self._next >= CATCH_UP:
            self.skipped += 1
            self._next = due - SLOTS + 1
        for tick in range(self._next, due + 1):
            for beat in tuple(self._slots[tick % SLOTS]):
                beat()
        self._next = due + 1
        self._arm()
