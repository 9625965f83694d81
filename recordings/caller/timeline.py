"""What a telephone sends, packet by packet, on absolute deadlines. Pure: time is an argument, in seconds of any clock.

Audio goes out every 20 ms from ``start`` on, silence where there is nothing to say, so the other side always hears a
stream. A key begins exactly when it was asked for, off that grid if need be: its reports replace the audio for as long
as it is down, and speech goes on behind it. RTP timestamps are the deadlines counted in samples, so a late process
sends late packets that still carry the right time.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from recordings.caller.rtp import KEYS, KeyReport, Packet
from recordings.caller.sdp import EVENTS, PCMA
from voicebot.audio import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, RATE, alaw_encode

SILENCE = b"\xd5" * FRAME_SAMPLES
KEY_SECONDS = 0.1
GAP_SECONDS = 0.1
MAX_LATE = 0.2
"""A process later than this skips audio instead of sending a burst that would become lasting delay."""
_ENDS = 3


@dataclass
class KeyPress:
    """One key: when it is to begin, when its first packet really left (None: not yet), how long it is held."""

    code: int = field(repr=False)
    asked: float
    duration: float
    sent: float | None = None

    @property
    def end(self) -> float:
        return self.asked + self.duration


@dataclass(frozen=True)
class Due:
    """A datagram and the moment it should leave; ``audio`` is its A-law, None for a key report."""

    at: float
    data: bytes = field(repr=False)
    audio: bytes | None = field(default=None, repr=False)
    press: KeyPress | None = None


class Timeline:
    """One outgoing RTP stream: audio payload ``audio``, telephone-event payload ``events`` (None: keys are refused)."""

    def __init__(
        self,
        start: float,
        *,
        ssrc: int,
        sequence: int = 0,
        timestamp: int = 0,
        audio: int = PCMA,
        events: int | None = EVENTS,
    ) -> None:
        self.start, self.audio, self.events = start, audio, events
        self.skipped = 0
        self._ssrc, self._sequence, self._timestamp = ssrc, sequence, timestamp
        self._slot = 0
        self._marker = True
        self._speech = bytearray()
        self._presses: deque[KeyPress] = deque()
        self._reports: deque[tuple[float, KeyReport, bool]] = deque()
        self._free_at = start

    @property
    def talking(self) -> bool:
        """Speech is still waiting to be sent."""
        return bool(self._speech)

    @property
    def pressing(self) -> bool:
        """Keys are still waiting or down."""
        return bool(self._presses)

    def say(self, pcm: bytes) -> None:
        """Queue 8 kHz 16-bit ``pcm`` behind what is being said; the last frame is filled up with silence."""
        self._speech += alaw_encode(pcm + bytes(-len(pcm) % FRAME_BYTES))

    def hush(self) -> None:
        """Forget the speech not yet sent."""
        self._speech.clear()

    def press(self, keys: str, at: float, duration: float = KEY_SECONDS, gap: float = GAP_SECONDS) -> list[KeyPress]:
        """Press ``keys`` one after another, the first at ``at`` or once earlier keys have been released for ``gap``.

        Raises ``ValueError`` for a key that telephones do not have, and when the other side takes no telephone events.
        """
        if self.events is None:
            raise ValueError("druga strona nie przyjmuje telephone-event/8000: klawiszy nie da się wysłać")
        if not keys or any(key not in KEYS for key in keys):
            raise ValueError("keys are 0–9, *, # and A–D, at least one")
        if not 0.04 <= duration <= 8 or gap < 0:
            raise ValueError("a key is held for 0.04 to 8 seconds, and the gap between keys is not negative")
        pressed = []
        for key in keys:
            press = KeyPress(KEYS.index(key), max(at, self._free_at), duration)
            self._free_at = press.end + gap
            pressed.append(press)
        if not self._presses:
            self._presses.extend(pressed)
            self._plan_reports()
        else:
            self._presses.extend(pressed)
        return pressed

    def next_deadline(self) -> float:
        """When the next packet is to leave."""
        slot = self._slot_time()
        return min(slot, self._reports[0][0]) if self._reports else slot

    def take(self, now: float, early: float = 0.0) -> Iterator[Due]:
        """Every packet due by ``now``, in order of its deadline; ``early``: how much before it one may leave."""
        while self.next_deadline() <= now + early:
            if self._reports and self._reports[0][0] <= self._slot_time():
                yield self._report(now)
            else:
                yield from self._frame(now)

    def _slot_time(self) -> float:
        return self.start + self._slot * FRAME_SECONDS

    def _stamp(self, at: float) -> int:
        return self._timestamp + round((at - self.start) * RATE)

    def _frame(self, now: float) -> Iterator[Due]:
        at = self._slot_time()
        self._slot += 1
        if self._presses and self._presses[0].asked <= at:
            return
        if now - at > MAX_LATE:
            self.skipped += 1
            self._marker = True
            return
        audio = bytes(self._speech[:FRAME_SAMPLES]) or SILENCE
        del self._speech[:FRAME_SAMPLES]
        packet = Packet(self.audio, self._next_sequence(), self._stamp(at), self._ssrc, audio, self._marker)
        self._marker = False
        yield Due(at, packet.pack(), audio)

    def _report(self, now: float) -> Due:
        at, report, first = self._reports.popleft()
        press = self._presses[0]
        if first:
            press.sent = now
        assert self.events is not None  # press() refuses keys otherwise
        stamp = self._stamp(press.asked)
        packet = Packet(self.events, self._next_sequence(), stamp, self._ssrc, report.pack(), first)
        if not self._reports:
            self._presses.popleft()
            self._plan_reports()
        return Due(at, packet.pack(), press=press)

    def _plan_reports(self) -> None:
        """RFC 4733 § 2.5: the event's own time in every packet, growing durations, the end three times."""
        if not self._presses:
            return
        press = self._presses[0]
        whole = round(press.duration * RATE)
        for n in range(math.ceil(whole / FRAME_SAMPLES)):
            so_far = min((n + 1) * FRAME_SAMPLES, whole)
            self._reports.append((press.asked + n * FRAME_SECONDS, KeyReport(press.code, so_far), n == 0))
        for _ in range(_ENDS):
            self._reports.append((press.end, KeyReport(press.code, whole, end=True), False))

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence
