"""Keeps floods out of the logs: of what strangers can cause as often as they like, the first line is written, then a
count every ten seconds for as long as it goes on."""

import threading
from collections.abc import Callable
from typing import Any

import structlog

FLOODS = frozenset({"agi.dropped", "agi.full", "media.refused", "media.full", "media.stuck"})
"""Events that one bad peer can cause by the thousand."""
WINDOW = 10.0
"""Seconds between two counts."""

Later = Callable[[float, Callable[[], None]], None]


def on_a_timer(seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` on a thread of its own after ``seconds``."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


class Floods:
    """A structlog processor. The count is a line of the same event with ``more`` and ``seconds``."""

    def __init__(self, later: Later = on_a_timer) -> None:
        self._later = later
        self._lock = threading.Lock()
        self._counted: dict[str, int] = {}

    def __call__(self, logger: Any, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event = line.get("event")
        if event not in FLOODS or "more" in line:
            return line
        with self._lock:
            if event in self._counted:
                self._counted[event] += 1
                raise structlog.DropEvent
            self._counted[event] = 0
        self._later(WINDOW, lambda: self._tell(event))
        return line

    def _tell(self, event: str) -> None:
        """The window is over: tell what came in it and open the next, or be ready for a first line again."""
        with self._lock:
            count = self._counted.pop(event)
            if count:
                self._counted[event] = 0
        if count:
            structlog.get_logger(__name__).warning(event, more=count, seconds=WINDOW)
            self._later(WINDOW, lambda: self._tell(event))
