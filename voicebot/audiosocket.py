"""AudioSocket as bytes: a codec that opens no socket (sans-IO).

A frame is one byte of kind, two of length (big-endian) and the payload. The constitution:

1. The peer (Asterisk) first says which session this is: one UUID frame. Nothing comes before it, no second one after.
2. Then come sound, keys and errors in any order and any length, until a terminate frame or the end of the stream.
3. A kind nobody knows, and a key that is none, is skipped and counted: the framing holds, and Asterisk may learn more.
4. After the end nothing counts any more.

The law, as a table; what it does not name is the peer's fault and raises ``AudioSocketError``:

========== =========== ========== ============ ========== ==========
state      UUID        sound      key          error      terminate
========== =========== ========== ============ ========== ==========
HELLO      -> TALKING  error      error        -> ENDED   -> ENDED
TALKING    error       TALKING    TALKING      -> ENDED   -> ENDED
ENDED      ENDED       ENDED      ENDED        ENDED      ENDED
========== =========== ========== ============ ========== ==========

Frames as documented in Asterisk's ``res_audiosocket.h``; keys (kind 0x03) since Asterisk 22.4.
"""

import enum
import uuid
from dataclasses import dataclass

TERMINATE, IDENTITY, KEY, ERROR = 0x00, 0x01, 0x03, 0xFF
SOUND_RATES = {
    0x10: 8000,
    0x11: 12000,
    0x12: 16000,
    0x13: 24000,
    0x14: 32000,
    0x15: 44100,
    0x16: 48000,
    0x17: 96000,
    0x18: 192000,
}
KEYS = frozenset("0123456789*#ABCD")
HEADER_BYTES = 3
MAX_PAYLOAD = 65535


class AudioSocketError(Exception):
    """The peer broke the protocol. Never quotes what was sent: it may be a secret key."""


class State(enum.Enum):
    HELLO = enum.auto()
    TALKING = enum.auto()
    ENDED = enum.auto()


@dataclass(frozen=True, slots=True)
class Identified:
    """Which session this connection is."""

    session: uuid.UUID


@dataclass(frozen=True, slots=True)
class Sound:
    """16-bit signed little-endian mono of ``rate`` Hz, of whole samples, of any length."""

    rate: int
    pcm: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A key was pressed: one of ``KEYS``. Not shown by ``repr``: it may belong to a PIN."""

    key: str

    def __repr__(self) -> str:
        return "Key(…)"


@dataclass(frozen=True, slots=True)
class Failed:
    """The peer reports an error (1: hung up, 2: bad frame, 4: out of memory; 0: none given)."""

    code: int


@dataclass(frozen=True, slots=True)
class Terminated:
    """The peer said that it ends the session."""


Event = Identified | Sound | Key | Failed | Terminated

LAW: dict[tuple[State, type[Event]], State] = {
    (State.HELLO, Identified): State.TALKING,
    (State.HELLO, Failed): State.ENDED,
    (State.HELLO, Terminated): State.ENDED,
    (State.TALKING, Sound): State.TALKING,
    (State.TALKING, Key): State.TALKING,
    (State.TALKING, Failed): State.ENDED,
    (State.TALKING, Terminated): State.ENDED,
}


class Codec:
    """One connection's incoming bytes. ``ignored`` counts the frames that meant nothing."""

    def __init__(self) -> None:
        self.state = State.HELLO
        self.ignored = 0
        self._buffer = bytearray()

    def receive(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes; it may be cut anywhere. Holds at most one frame (64 KiB) and ``data``.

        Raises ``AudioSocketError`` when the peer breaks the law; the connection is of no use after that.
        """
        events: list[Event] = []
        if self.state is State.ENDED:
            return events
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= HEADER_BYTES:
            kind = self._buffer[at]
            end = at + HEADER_BYTES + int.from_bytes(self._buffer[at + 1 : at + HEADER_BYTES], "big")
            if len(self._buffer) < end:
                break
            event = self._decode(kind, bytes(self._buffer[at + HEADER_BYTES : end]))
            at = end
            if event is not None:
                events.append(event)
                if self._move(event) is State.ENDED:
                    at = len(self._buffer)
        del self._buffer[:at]
        return events

    def receive_eof(self) -> bool:
        """The stream ended. True when it ended between two frames, False when one was cut through."""
        self.state = State.ENDED
        return not self._buffer

    def _move(self, event: Event) -> State:
        after = LAW.get((self.state, type(event)))
        if after is None:
            was, self.state = self.state, State.ENDED
            self._buffer.clear()
            raise AudioSocketError(f"the peer sent {type(event).__name__} while {was.name}")
        self.state = after
        return after

    def _decode(self, kind: int, payload: bytes) -> Event | None:
        if kind in SOUND_RATES:
            return Sound(SOUND_RATES[kind], payload[: len(payload) & ~1])
        if kind == KEY and len(payload) == 1 and chr(payload[0]) in KEYS:
            return Key(chr(payload[0]))
        if kind == IDENTITY:
            return Identified(self._identity(payload))
        if kind == ERROR:
            return Failed(payload[0] if payload else 0)
        if kind == TERMINATE:
            return Terminated()
        self.ignored += 1
        return None

    def _identity(self, payload: bytes) -> uuid.UUID:
        if len(payload) != 16:
            self.state = State.ENDED
            self._buffer.clear()
            raise AudioSocketError(f"the peer sent a session UUID of {len(payload)} bytes instead of 16")
        return uuid.UUID(bytes=payload)


def encode(kind: int, payload: bytes = b"") -> bytes:
    """One frame. Raises ``ValueError`` for a payload over 65,535 bytes."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"an AudioSocket frame holds at most {MAX_PAYLOAD} bytes, not {len(payload)}")
    return bytes((kind,)) + len(payload).to_bytes(2, "big") + payload


def identity(session: uuid.UUID) -> bytes:
    """The frame that opens a connection (what Asterisk sends)."""
    return encode(IDENTITY, session.bytes)


def sound(pcm: bytes) -> bytes:
    """A frame of 8 kHz sound."""
    return encode(0x10, pcm)
