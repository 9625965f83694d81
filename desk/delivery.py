"""The courier: takes rows from the outbox to the CRM, calls side by side, each call in order, until all are there."""

import asyncio
import os
import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import SQLAlchemyError

from .outbox import Claim, Outbox
from .webhook import Answer, Send

log = structlog.get_logger(__name__)

DELIVERIES = Counter("infolinia_crm_deliveries_total", "CRM webhook attempts by outcome", ["outcome"])
WAITING = Gauge("infolinia_crm_outbox_waiting", "messages not delivered to the CRM yet")
PARKED = Gauge("infolinia_crm_outbox_parked", "messages the CRM refused for good")
DELAY = Histogram("infolinia_crm_delay_seconds", "message kept to message delivered")

FIRST_RETRY = 0.5
LONGEST_RETRY = 30.0
FRESH = 300.0
FRESH_RETRY = 2.0
"""Seconds: a message younger than ``FRESH`` may be about a caller on the line, so pauses are short: ``FRESH_RETRY``."""
HASTEN_EVERY = 10.0
"""Seconds between two occasions at which a CRM that answers again is given all that waits."""


def backoff(attempts: int, chance: float, age: float) -> float:
    """Seconds to the next try after ``attempts`` failed ones of a message ``age`` seconds old: doubling, capped, the
    upper half by ``chance`` 0..1."""
    cap = FRESH_RETRY if age < FRESH else LONGEST_RETRY
    whole = min(cap, FIRST_RETRY * 2.0 ** min(attempts - 1, 16))
    return whole * (0.5 + 0.5 * chance)


class Courier:
    """``hands`` requests at a time. A message is given up (parked, with an alarm) after ``give_up`` of trying."""

    def __init__(
        self,
        outbox: Outbox,
        send: Send,
        alarm: Callable[[str, str], None],
        *,
        hands: int = 8,
        poll: float = 0.5,
        give_up: timedelta = timedelta(days=7),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._send = send
        self._alarm = alarm
        self._hands = hands
        self._poll = poll
        self._give_up = give_up
        self._clock = clock
        self._chance = chance
        self._news = asyncio.Event()
        self._claims = 0
        self._failing = False
        self._hastened: datetime | None = None
        self._name = f"{socket.gethostname()[:20]}-{os.getpid()}-{random.randrange(16**8):08x}"  # noqa: S311

    def wake(self) -> None:
        """Something new is in the outbox."""
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        free = asyncio.Semaphore(self._hands)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure())
            while True:
                await free.acquire()
                self._news.clear()  # before the claim: what comes after it wakes us
                claim, worker = await self._claim()
                if claim is None:
                    free.release()
                    await self._wait()
                    continue
                group.create_task(self._deliver(claim, worker)).add_done_callback(lambda _: free.release())

    async def deliver_one(self) -> bool:
        """Claim and try one row; False when none is due."""
        claim, worker = await self._claim()
        if claim is not None:
            await self._deliver(claim, worker)
        return claim is not None

    async def _claim(self) -> tuple[Claim | None, str]:
        """A name of its own for each claim: a row whose lease lapsed here may be claimed again here."""
        self._claims += 1
        worker = f"{self._name}-{self._claims}"
        try:
            return await self._outbox.claim(worker), worker
        except SQLAlchemyError as error:
            self._alarm("outbox-database", f"outbox: {type(error).__name__}; trying again")
            return None, worker

    async def _deliver(self, claim: Claim, worker: str) -> None:
        answer = await self._send(claim.key, claim.body, claim.late)
        DELIVERIES.labels(answer.outcome).inc()
        try:
            await self._record(claim, worker, answer)
        except SQLAlchemyError as error:  # the lease lapses and the row is tried again
            self._alarm("outbox-database", f"outbox: {type(error).__name__}; trying again")

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _record(self, claim: Claim, worker: str, answer: Answer) -> None:
        if answer.outcome == "delivered":
            await self._outbox.delivered(claim, worker, answer.reason)
            DELAY.observe(max(0.0, (self._clock() - claim.created_at).total_seconds()))
            await self._hasten()
            self.wake()
        elif answer.outcome == "refused" or self._clock() - claim.created_at > self._give_up:
            await self._outbox.park(claim, worker, answer.reason)
            log.error("crm_refused", key=claim.key, attempts=claim.attempts, answer=answer.reason)
            self._alarm("crm-refused", f"CRM: {answer.reason}; a message of kind {claim.kind} was laid aside")
            self.wake()
        else:
            self._failing = True
            age = (self._clock() - claim.created_at).total_seconds()
            delay = backoff(claim.attempts, self._chance(), age)
            await self._outbox.retry(claim, worker, answer.reason, delay)
            log.warning(
                "crm_retry", key=claim.key, attempts=claim.attempts, answer=answer.reason, delay=round(delay, 1)
            )
            if claim.attempts == 5:
                self._alarm("crm-down", f"CRM: {answer.reason}; messages are kept and tried again")

    async def _hasten(self) -> None:
        """The CRM answers. If it did not before, what waits for its next try need not wait."""
        now = self._clock()
        if not self._failing or (self._hastened and abs(now - self._hastened) < timedelta(seconds=HASTEN_EVERY)):
            return
        self._failing, self._hastened = False, now
        await self._outbox.hasten()

    async def _measure(self) -> None:
        while True:
            try:
                backlog = await self._outbox.backlog()
                WAITING.set(backlog.waiting)
                PARKED.set(backlog.parked)
            except SQLAlchemyError as error:
                log.warning("outbox_not_measured", error=type(error).__name__)
            await asyncio.sleep(5.0)
