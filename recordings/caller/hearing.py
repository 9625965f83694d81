"""What a telephone hears: the stream's quality (RFC 3550), where somebody speaks, and the sound itself. No sockets.

Times are seconds of the caller's clock. Speech is a matter of loudness alone: what the hotline plays is clean, so no
voice model is needed to tell a prompt from a pause.
"""

from dataclasses import asdict, dataclass, field

from recordings.caller.rtp import KEYS, Packet, parse_report
from recordings.caller.sdp import EVENTS, PCMA
from recordings.caller.track import Track
from voicebot.audio import RATE, alaw_decode, level, seconds

VOICE_DB = -45.0
ONSET = 0.06
"""Sound shorter than this is a click, not speech."""
MERGE = 0.3
"""A pause shorter than this lies within one stretch of speech."""
_REANCHOR = 0.3


@dataclass
class Segment:
    """A stretch of speech: start and end, and its loudest 20 ms in dB of full scale."""

    start: float
    end: float
    level: float


@dataclass
class Quality:
    """Statistics of the stream heard: counts of packets, times in seconds; ``jitter`` after RFC 3550 § 6.4.1."""

    received: int = 0
    lost: int = 0
    duplicates: int = 0
    reordered: int = 0
    jitter: float = 0.0
    max_gap: float = 0.0

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


@dataclass
class _Stream:
    """One synchronisation source: what has come of it and how its timestamps lie on our clock."""

    ssrc: int
    first: int
    highest: int
    anchor: float
    stamp: int
    transit: float = 0.0
    seen: set[int] = field(default_factory=set)


class Hearing:
    """Feed it every packet that arrives; ask it what was said and when."""

    def __init__(self, start: float, *, audio: int = PCMA, events: int | None = EVENTS) -> None:
        self.audio, self.events = audio, events
        self.quality = Quality()
        self.segments: list[Segment] = []
        self.keys: list[str] = []
        self.track = Track(start)
        self._stream: _Stream | None = None
        self._lost_before = 0
        self._arrived: float | None = None
        self._onset: tuple[float, float] | None = None
        self._last_event: tuple[int, int] | None = None

    def feed(self, packet: Packet, now: float) -> None:
        """Take one packet that arrived at ``now``. Payloads that were not agreed are counted and left unheard."""
        stream = self._count(packet, now)
        if stream is None:
            return
        if packet.payload == self.audio and packet.body:
            pcm = alaw_decode(packet.body)
            at = self._place(stream, packet.timestamp, now)
            self.track.put(at, pcm)
            self._listen(at, pcm)
        elif packet.payload == self.events:
            self._key(packet)

    def interrupted(self) -> None:
        """The stream was stopped on purpose (hold): what did not come meanwhile is neither lost nor a gap."""
        self._stream = self._arrived = None
        self._lost_before = self.quality.lost

    @property
    def last_voice(self) -> float | None:
        """When speech was last heard, None if never."""
        return self.segments[-1].end if self.segments else None

    def quiet_for(self, now: float) -> float:
        """Seconds since speech was last heard; endless if it never was."""
        return now - self.last_voice if self.last_voice is not None else float("inf")

    def spoken_since(self, moment: float) -> bool:
        """Whether speech was heard after ``moment``."""
        return self.last_voice is not None and self.last_voice > moment

    def _count(self, packet: Packet, now: float) -> _Stream | None:
        self.quality.received += 1
        if self._arrived is not None:
            self.quality.max_gap = max(self.quality.max_gap, now - self._arrived)
        self._arrived = now
        stream = self._stream
        if stream is None or stream.ssrc != packet.ssrc:
            self._lost_before = self.quality.lost
            stream = _Stream(packet.ssrc, packet.sequence, packet.sequence - 1, now, packet.timestamp)
            stream.transit = now - packet.timestamp / RATE
            self._stream = stream
        ahead = (packet.sequence - stream.highest + 0x8000 & 0xFFFF) - 0x8000
        extended = stream.highest + ahead
        if extended in stream.seen:
            self.quality.duplicates += 1
            return None
        stream.seen.add(extended)
        if ahead <= 0:
            self.quality.reordered += 1
        stream.highest = max(stream.highest, extended)
        self.quality.lost = self._lost_before + max(0, stream.highest - stream.first + 1 - len(stream.seen))
        if packet.payload == self.audio:
            transit = now - packet.timestamp / RATE
            self.quality.jitter += (min(abs(transit - stream.transit), 1.0) - self.quality.jitter) / 16
            stream.transit = transit
        return stream

    def _place(self, stream: _Stream, stamp: int, now: float) -> float:
        """Where on our clock a frame belongs: by its timestamp, or by its arrival where the two have parted."""
        at = stream.anchor + ((stamp - stream.stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000) / RATE
        if abs(at - now) > _REANCHOR:
            stream.anchor, stream.stamp = now, stamp
            return now
        return at

    def _listen(self, at: float, pcm: bytes) -> None:
        loud, end = level(pcm), at + seconds(pcm)
        if loud < VOICE_DB:
            self._onset = None
            return
        last = self.segments[-1] if self.segments else None
        if last is not None and at - last.end < MERGE:
            last.end, last.level = max(last.end, end), max(last.level, loud)
            return
        carried = self._onset is not None and at - self._onset[1] < ONSET
        self._onset = (self._onset[0] if self._onset is not None and carried else at, end)
        if end - self._onset[0] >= ONSET - 1e-9:
            self.segments.append(Segment(self._onset[0], end, loud))

    def _key(self, packet: Packet) -> None:
        report = parse_report(packet.body)
        if report is None or report.code >= len(KEYS):
            return
        event = (packet.ssrc, packet.timestamp)
        if event != self._last_event:
            self._last_event = event
            self.keys.append(KEYS[report.code])
