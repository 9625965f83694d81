"""What the engine and a recogniser process say to each other: msgpack after a four-byte big-endian length."""

import struct
from typing import BinaryIO

import msgspec

from .ear import Question, Utterance

_LENGTH = struct.Struct(">I")
MAX_MESSAGE = 4 << 20


class Begin(msgspec.Struct, tag=True, frozen=True):
    stream: int
    question: Question


class Sound(msgspec.Struct, tag=True, frozen=True):
    stream: int
    pcm: bytes


class End(msgspec.Struct, tag=True, frozen=True):
    stream: int


class Drop(msgspec.Struct, tag=True, frozen=True):
    stream: int


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The model is loaded and warm."""


class Partial(msgspec.Struct, tag=True, frozen=True):
    stream: int
    text: str


class Final(msgspec.Struct, tag=True, frozen=True):
    stream: int
    utterance: Utterance


class Fault(msgspec.Struct, tag=True, frozen=True):
    """The recogniser failed on ``stream`` (None: it cannot start at all)."""

    stream: int | None
    reason: str


Order = Begin | Sound | End | Drop
Report = Ready | Partial | Final | Fault
_encode = msgspec.msgpack.Encoder().encode
_order = msgspec.msgpack.Decoder[Order](Order)
_report = msgspec.msgpack.Decoder[Report](Report)


def pack(message: Order | Report) -> bytes:
    """One message with its length in front."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


def decode_order(body: bytes) -> Order:
    """Raises ``ValueError`` for what is none."""
    order: Order = _order.decode(body)
    return order


def decode_report(body: bytes) -> Report:
    """Raises ``ValueError`` for what is none."""
    report: Report = _report.decode(body)
    return report


def length(header: bytes) -> int:
    """The length of the message behind a four-byte header. Raises ``ValueError`` when it is not believable."""
    size = int(_LENGTH.unpack(header)[0])
    if size > MAX_MESSAGE:
        raise ValueError(f"a message of {size} bytes is not from a recogniser")
    return size


def read(stream: BinaryIO) -> bytes | None:
    """The next message of a blocking stream; None at its end."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    body = stream.read(length(header))
    return body or None
