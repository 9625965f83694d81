"""An event loop on a virtual clock: nobody waits, every run takes the same steps in the same order."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class StoodStill(RuntimeError):
    """Everything waits for something that never comes."""


class _NoWaiting(selectors.DefaultSelector):
    """Instead of waiting, moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StoodStill("nothing is due and nothing can come")
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0 and jumps to the next timer when nothing is left to do now. There is no real input or
    output on it: all that a replay needs is in memory."""

    def __init__(self) -> None:
        self._clock = _NoWaiting()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """``main`` to its end, on a clock of its own. Raises ``StoodStill``."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
