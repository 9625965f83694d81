"""Messages that the database does not take: sent to the CRM from memory at once, and kept when it takes them again.

A consultant has the caller on the line now; a full disk must not leave their screen empty. The body is the same bytes
that the outbox will send later under the same key, so the CRM sees one message. What is here when the desk dies is
lost.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from .message import Message
from .outbox import Outbox
from .webhook import Envelope, Send, render

log = structlog.get_logger(__name__)

UNKEPT = Gauge("infolinia_crm_unkept", "messages that the database has not taken yet")

LIMIT = 5_000
"""Messages held; past it the oldest is given up, with an alarm."""
KEEP_LIMIT = 1.5
"""Seconds that a message may take to be written down."""
TRIES = 3
PAUSE = 0.5
"""Tries from memory and the seconds between them; what is not delivered then waits for the outbox."""


class Unkept:
    """Keeps the order of each call. ``run`` beside the desk."""

    def __init__(
        self,
        outbox: Outbox,
        send: Send,
        alarm: Callable[[str, str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._outbox, self._send, self._alarm, self._sleep = outbox, send, alarm, sleep
        self._waiting: dict[str, deque[Message]] = {}
        self._sequence: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def holds(self, call: str) -> bool:
        """Whether messages of ``call`` wait here: those behind them must wait too."""
        return call in self._waiting

    async def add(self, message: Message) -> None:
        """Hold ``message``, behind those of its call, and send it now."""
        if len(self) >= LIMIT:
            self._give_up_oldest()
        call = message.call
        self._waiting.setdefault(call, deque()).append(message)
        UNKEPT.set(len(self))
        if call not in self._sequence:
            self._sequence[call] = await self._outbox.last_sequence(call)
        self._sequence[call] += 1
        envelope = Envelope(
            id=message.key,
            call=call,
            sequence=self._sequence[call],
            kind=message.kind,
            ring=message.ring,
            agent=message.agent,
            queue=message.queue,
            at=message.at,
            data=msgspec.Raw(render(message)),
        )
        await self._deliver(message.key, msgspec.json.encode(envelope))

    async def run(self, kept: Callable[[], None]) -> None:
        """Put what waits into the outbox, each call in order, whenever the database takes it; ``kept`` is told."""
        while True:
            await self._sleep(1.0)
            if self._waiting and await self._keep():
                kept()

    async def _keep(self) -> int:
        count = 0
        for call, waiting in list(self._waiting.items()):
            while waiting:
                try:
                    async with asyncio.timeout(KEEP_LIMIT):
                        await self._outbox.put(waiting[0])
                except (SQLAlchemyError, OSError):
                    return count
                waiting.popleft()
                count += 1
            del self._waiting[call]
            self._sequence.pop(call, None)
        UNKEPT.set(len(self))
        log.info("database_back", messages=count)
        return count

    async def _deliver(self, key: str, body: bytes) -> None:
        for attempt in range(TRIES):
            if attempt:
                await self._sleep(PAUSE)
            answer = await self._send(key, body, False)
            if answer.outcome != "retry":
                break
        log.warning("sent_from_memory", key=key, answer=answer.reason)

    def _give_up_oldest(self) -> None:
        call = next(iter(self._waiting))
        del self._waiting[call]
        self._sequence.pop(call, None)
        self._alarm(
            "popup-lost", f"desk: {LIMIT} messages wait for the database; those of the oldest call are given up"
        )
