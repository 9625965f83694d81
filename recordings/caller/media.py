"""The live end of a telephone's audio: one UDP socket, packets sent on their deadlines, everything heard kept.

The deadlines are absolute, so lateness never adds up. ``asyncio`` counts whole milliseconds and fires late by up to
one; a packet may leave ``EARLY`` before its deadline, so that the error lies around nought.
"""

import asyncio
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recordings.caller.hearing import Hearing
from recordings.caller.rtp import parse_packet
from recordings.caller.sdp import EVENTS, PCMA, AudioEnd
from recordings.caller.timeline import GAP_SECONDS, KEY_SECONDS, KeyPress, Timeline
from recordings.caller.track import Track
from voicebot.audio import alaw_decode

EARLY = 0.0005
"""How much before its deadline a packet may leave, in seconds."""


class CallOver(Exception):
    """The call ended while something was still to be said, pressed or heard."""

    def __init__(self) -> None:
        super().__init__("rozmowa skończyła się wcześniej")


@dataclass
class Pacing:
    """How far from their deadlines audio packets left, in seconds: positive is late."""

    off: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        if not self.off:
            return {"sent": 0}
        far = np.abs(self.off)
        middle, high = np.quantile(far, (0.5, 0.99))
        return {
            "sent": len(self.off),
            "off_p50": round(float(middle), 5),
            "off_p99": round(float(high), 5),
            "off_max": round(float(far.max()), 5),
        }


class AudioPort(asyncio.DatagramProtocol):
    """RTP both ways for one call. ``open`` it, put ``here`` in the description, then ``aim`` it at the other side."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._socket: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sent = asyncio.Event()
        self._heard = asyncio.Event()
        self.there: AudioEnd | None = None
        self.holding = False
        self.timeline: Timeline | None = None
        self.hearing = Hearing(loop.time())
        self.said = Track(self.hearing.track.start)
        self.pacing = Pacing()

    @classmethod
    async def open(cls, address: str = "127.0.0.1") -> "AudioPort":
        """A port on ``address``, listening at once: early media is heard too."""
        loop = asyncio.get_running_loop()
        port = cls(loop)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        await loop.create_datagram_endpoint(lambda: port, local_addr=(address, 0), family=family)
        return port

    @property
    def here(self) -> AudioEnd:
        """Our side as a description says it."""
        assert self._socket is not None  # open() is the only way to a port
        address, port = self._socket.get_extra_info("sockname")[:2]
        return AudioEnd(address, port, PCMA, EVENTS)

    def aim(self, there: AudioEnd) -> None:
        """Send to ``there`` from now on; again after every renegotiation. The stream's clock and numbers go on."""
        self.there = there
        self.hearing.audio, self.hearing.events = there.audio, there.events
        if self.timeline is None:
            self.timeline = Timeline(
                self._loop.time(),
                ssrc=secrets.randbits(32),
                sequence=secrets.randbits(15),
                timestamp=secrets.randbits(32),
            )
            self._tick()
        self.timeline.audio, self.timeline.events = there.audio, there.events

    def say(self, pcm: bytes) -> None:
        """Queue speech; ``spoken`` waits for its end."""
        self._running().say(pcm)

    async def spoken(self) -> None:
        """Wait until all queued speech has left. Raises ``CallOver``."""
        while self._running().talking:
            await self._next(self._sent)

    async def press(
        self, keys: str, at: float | None = None, duration: float = KEY_SECONDS, gap: float = GAP_SECONDS
    ) -> list[KeyPress]:
        """Press ``keys`` from ``at`` on (loop time; None: now) and wait until the last has been released.

        Raises ``ValueError`` for bad keys and on hold, ``CallOver`` when the call ends before or meanwhile.
        """
        timeline = self._running()
        if not self.sending:
            raise ValueError("rozmowa jest zawieszona: klawiszy nie da się wysłać")
        pressed = timeline.press(keys, self._loop.time() if at is None else at, duration, gap)
        self._reschedule()
        while timeline.pressing:
            await self._next(self._sent)
        return pressed

    async def heard(self) -> None:
        """Wait for the next packet from the other side. Raises ``CallOver``."""
        await self._next(self._heard)

    async def _next(self, event: asyncio.Event) -> None:
        if self._socket is not None:
            event.clear()
            await event.wait()
        if self._socket is None:
            raise CallOver

    @property
    def sending(self) -> bool:
        """Packets may go out: aimed, and neither side on hold."""
        return self.there is not None and self.there.listens and not self.holding

    def close(self) -> None:
        """Stop sending and listening; who waits for speech, keys or packets gets ``CallOver``."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._sent.set()
        self._heard.set()

    def connection_made(self, transport: Any) -> None:
        self._socket = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        packet = parse_packet(data)
        if packet is not None:
            self.hearing.feed(packet, self._loop.time())
            self._heard.set()

    def _running(self) -> Timeline:
        if self.timeline is None:
            raise ValueError("the call has no audio yet: aim the port first")
        return self.timeline

    def _tick(self) -> None:
        if self._socket is None:
            return
        timeline = self._running()
        for due in timeline.take(self._loop.time(), EARLY):
            if self.sending and self.there is not None:
                self._socket.sendto(due.data, (self.there.address, self.there.port))
            if due.audio is not None:
                self.pacing.off.append(self._loop.time() - due.at)
                self.said.put(due.at, alaw_decode(due.audio))
        self._sent.set()
        self._reschedule()

    def _reschedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._running().next_deadline() - EARLY, self._tick)
