"""RTP packets (RFC 3550) and the telephone events they carry (RFC 4733): bytes only, no sockets, no clock."""

import struct
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
"""The key of each event code 0–15 (RFC 4733 § 3.2)."""
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_END = 0x80


@dataclass(frozen=True)
class Packet:
    """One RTP packet; ``timestamp`` in samples, ``body`` without padding."""

    payload: int
    sequence: int
    timestamp: int
    ssrc: int
    body: bytes
    marker: bool = False

    def pack(self) -> bytes:
        """The datagram. Numbers are taken modulo the width of their field, as RTP counts."""
        kind = (0x80 if self.marker else 0) | self.payload
        return _HEADER.pack(0x80, kind, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc) + self.body


def parse_packet(data: bytes) -> Packet | None:
    """The packet in ``data``; None for what is not RTP: RTCP (payloads 72–76), STUN, cut or garbled datagrams."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2 or 72 <= data[1] & 0x7F <= 76:
        return None
    first, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        end -= data[-1] if data[-1] else end
    if start > end:
        return None
    return Packet(kind & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(kind & 0x80))


@dataclass(frozen=True)
class KeyReport:
    """One report on a key: how long it has been down, in samples, and whether this is its end."""

    code: int
    duration: int
    end: bool = False
    volume: int = 10

    def pack(self) -> bytes:
        return _EVENT.pack(self.code, (_END if self.end else 0) | self.volume, self.duration)


def parse_report(body: bytes) -> KeyReport | None:
    """The report in the body of a telephone-event packet; None when it is too short."""
    if len(body) < _EVENT.size:
        return None
    code, flags, duration = _EVENT.unpack_from(body)
    return KeyReport(code, duration, bool(flags & _END), flags & 0x3F)
