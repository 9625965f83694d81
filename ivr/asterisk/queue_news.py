"""How a queue stands now, asked of Asterisk when a caller is about to be sent there; many callers share one answer."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from .ami import Ami, AmiError

log = structlog.get_logger(__name__)

FRESH = 2.0
"""Seconds for which an answer is good."""
PATIENCE = 1.0
"""Seconds that a caller waits for it: then the queue counts as free."""

News = Mapping[str, int | float]


class QueueNews:
    """Asks ``ami``. ``monotonic`` is a clock in seconds (None: the loop's)."""

    def __init__(self, ami: Ami, monotonic: Callable[[], float] | None = None) -> None:
        self._ami, self._clock = ami, monotonic
        self._known: dict[str, tuple[float, News]] = {}
        self._asked: dict[str, asyncio.Task[News]] = {}

    async def __call__(self, queue: str) -> News:
        """``waiting`` (callers in line) and ``longest`` (seconds that the first has waited) of Asterisk's ``queue``;
        empty when they cannot be learnt now."""
        at, news = self._known.get(queue, (float("-inf"), {}))
        if self._now() - at < FRESH:
            return news
        task = self._asked.get(queue)
        if task is None:
            task = self._asked[queue] = asyncio.create_task(self._ask(queue))
            task.add_done_callback(lambda done: self._answered(queue, done))
        try:
            return await asyncio.wait_for(asyncio.shield(task), PATIENCE)
        except (AmiError, TimeoutError) as error:
            log.warning("a queue's figures cannot be learnt", queue=queue, error=type(error).__name__)
            return {}

    async def _ask(self, queue: str) -> News:
        reply = await self._ami.action("QueueSummary", Queue=queue)
        for event in reply.events:
            if event.get("Event") == "QueueSummary" and event.get("Queue") == queue:
                news = {"waiting": _number(event.get("Callers")), "longest": _number(event.get("LongestHoldTime"))}
                self._known[queue] = (self._now(), news)
                return news
        return {}

    def _answered(self, queue: str, done: asyncio.Task[News]) -> None:
        self._asked.pop(queue, None)
        if not done.cancelled():
            done.exception()  # whoever still waits gets it; after PATIENCE nobody does

    def _now(self) -> float:
        return asyncio.get_running_loop().time() if self._clock is None else self._clock()


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0
