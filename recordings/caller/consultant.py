"""A consultant's phone that works by itself: registers, rings, picks up, talks, hangs up; or does not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import structlog
from pydantic import SecretStr

from recordings.caller.live import LiveCall
from recordings.caller.result import End, Heard
from recordings.caller.sip import Incoming, Line, Refused
from voicebot.audio import RATE, pcm_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Behaviour:
    """What the phone does with a call.

    It picks up ``answer_after`` seconds after the first ring (None: never, so the queue moves on), or refuses with the
    SIP status ``reject``. It plays ``greeting`` (8 kHz 16-bit sound) once and hangs up after ``talk`` seconds (None:
    the caller does).
    """

    answer_after: float | None = 1.0
    talk: float | None = None
    reject: int | None = None
    greeting: bytes = b""
    record_to: Path | None = None


@dataclass(frozen=True)
class Served:
    """One call that rang. Times in seconds; ``answered_after`` is None when it was not answered."""

    caller: str
    rang: datetime
    end: End
    answered_after: float | None = None
    talked: float = 0.0
    heard: tuple[Heard, ...] = ()
    keys_heard: str = ""
    recording: Path | None = None


class ConsultantPhone:
    """One registered phone on ``line``, a call at a time (busy to a second).

    ``served`` grows with every call and ``on_served`` is told; ``on_event`` gets ``registered``, ``rings``,
    ``answered``, ``over`` and the name, number or end that belongs to it.
    """

    def __init__(self, line: Line, behaviour: Behaviour, on_event: Callable[[str, str], None] | None = None) -> None:
        self.line, self.behaviour = line, behaviour
        self.served: list[Served] = []
        self.on_served: Callable[[Served], None] | None = None
        self._tell = on_event or (lambda what, detail: None)
        self._calls: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        line.on_incoming = self._rings

    async def register(self, user: str, password: SecretStr) -> None:
        """Be reachable as ``user``. Raises ``Refused`` (401, 403: wrong name or password)."""
        await self.line.register(user, password)
        self._tell("registered", user)

    async def wait_served(self, calls: int) -> None:
        """Wait until so many calls have come to their end."""
        while len(self.served) < calls:
            self._more.clear()
            await self._more.wait()

    def _rings(self, incoming: Incoming) -> None:
        if self._calls:
            incoming.reject(486)
            return
        task = asyncio.get_running_loop().create_task(self._serve(incoming))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _serve(self, incoming: Incoming) -> None:
        rang = datetime.now(UTC)
        self._tell("rings", incoming.caller)
        served = await self._pick_up(incoming, rang)
        self.served.append(served)
        self._more.set()
        self._tell("over", served.end.by)
        if self.on_served is not None:
            self.on_served(served)

    async def _pick_up(self, incoming: Incoming, rang: datetime) -> Served:
        behaviour = self.behaviour
        if behaviour.reject is not None:
            incoming.reject(behaviour.reject)
        else:
            incoming.ring()
            await asyncio.wait({incoming.gone}, timeout=behaviour.answer_after)
        if incoming.gone.done():
            ending = incoming.gone.result()
            return Served(incoming.caller, rang, End(by=ending.by, code=ending.code, cause=ending.cause))
        try:
            call = LiveCall(await incoming.answer())
        except Refused as refusal:
            return Served(incoming.caller, rang, End(by="refused", code=refusal.code, reason=refusal.reason))
        return await self._talk(call, incoming, rang)

    async def _talk(self, call: LiveCall, incoming: Incoming, rang: datetime) -> Served:
        answered_after = (datetime.now(UTC) - rang).total_seconds()
        self._tell("answered", incoming.caller)
        media, loop = call.leg.media, asyncio.get_running_loop()
        if self.behaviour.greeting:
            media.say(self.behaviour.greeting)
        try:
            await asyncio.wait({call.leg.ended}, timeout=self.behaviour.talk)
        finally:
            call.hang_up()
        ending, zero = call.leg.ended.result(), call.answered
        recording = await self._record(call, rang)
        return Served(
            incoming.caller,
            rang,
            End(by=ending.by, code=ending.code, cause=ending.cause),
            answered_after,
            round(loop.time() - zero, 3),
            tuple(Heard(start=s.start - zero, end=s.end - zero, level=s.level) for s in media.hearing.segments),
            "".join(media.hearing.keys),
            recording,
        )

    async def _record(self, call: LiveCall, rang: datetime) -> Path | None:
        if self.behaviour.record_to is None:
            return None
        path = self.behaviour.record_to / f"{rang:%Y%m%dT%H%M%S.%f}.wav"
        await asyncio.to_thread(call.record, path)
        return path


def soft_tone(duration: float = 1.0, frequency: float = 440.0, level: float = 0.1) -> bytes:
    """``duration`` seconds of a tone with soft edges, ``level`` 0..1 of full scale: a greeting where there is none."""
    time = np.arange(round(duration * RATE)) / RATE
    edge = np.minimum(1.0, np.minimum(time, duration - time) / 0.02)
    return pcm_of((np.sin(2 * np.pi * frequency * time) * edge * level * 32767).astype(np.int16))
