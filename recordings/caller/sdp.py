"""Session descriptions (RFC 4566) as far as a plain telephone needs them: one audio stream, PCMA and telephone-event.

Offer and answer follow RFC 3264. The text of the other side is read with suspicion: ``SdpError`` says what is wrong.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

PCMA = 8
EVENTS = 101
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class SdpError(ValueError):
    """A description that cannot be used for an A-law call."""


@dataclass(frozen=True)
class AudioEnd:
    """Where and how one side wants its audio: payload numbers as *it* wants to receive them."""

    address: str
    port: int
    audio: int = PCMA
    events: int | None = EVENTS
    ptime: float = 0.02
    direction: str = "sendrecv"

    @property
    def listens(self) -> bool:
        """False while this side is on hold for us: nothing may be sent to it (RFC 3264 § 8.4)."""
        return self.direction in ("sendrecv", "recvonly") and not ipaddress.ip_address(self.address).is_unspecified


@dataclass
class _Media:
    kind: str
    port: int
    protocol: str
    formats: list[str]
    lines: list[tuple[str, str]] = field(default_factory=list)


def read_sdp(text: str) -> AudioEnd:
    """The first usable audio stream of ``text``. Raises ``SdpError``."""
    session, media = _sections(text)
    chosen = next((part for part in media if _usable(part)), None)
    if chosen is None:
        raise SdpError("no audio stream over RTP/AVP with a port other than 0")
    address = _address(chosen.lines) or _address(session)
    if address is None:
        raise SdpError("no connection address (c=) for the audio stream")
    names = _names(chosen)
    audio = next((number for number, name in names if name == "pcma/8000"), None)
    if audio is None:
        raise SdpError("no A-law (PCMA/8000) among " + (", ".join(name for _, name in names) or "no formats"))
    return AudioEnd(
        address=address,
        port=chosen.port,
        audio=audio,
        events=next((number for number, name in names if name == "telephone-event/8000"), None),
        ptime=_ptime(chosen.lines),
        direction=_direction(chosen.lines) or _direction(session) or "sendrecv",
    )


def write_sdp(end: AudioEnd, *, session: int, version: int = 1) -> str:
    """The description of our side. ``version`` grows with every change within a call (RFC 3264 § 8)."""
    return _head(end.address, session, version) + _our_media(end)


def answer_sdp(offer: str, end: AudioEnd, *, session: int, version: int = 1) -> tuple[str, AudioEnd]:
    """Our answer to ``offer`` and what the offer asks of us. Raises ``SdpError`` where it offers nothing usable.

    Every stream offered gets its line in the answer, those not taken with port 0 (RFC 3264 § 6).
    """
    theirs = read_sdp(offer)
    ours = AudioEnd(end.address, end.port, theirs.audio, theirs.events, direction=_MIRROR[theirs.direction])
    text, taken = _head(end.address, session, version), False
    for part in _sections(offer)[1]:
        if not taken and _usable(part):
            text, taken = text + _our_media(ours), True
        else:
            text += f"m={part.kind} 0 {part.protocol} {' '.join(part.formats) or '0'}\r\n"
    return text, theirs


def _head(address: str, session: int, version: int) -> str:
    family = f"IN IP{ipaddress.ip_address(address).version} {address}"
    return f"v=0\r\no=- {session} {version} {family}\r\ns=-\r\nc={family}\r\nt=0 0\r\n"


def _our_media(end: AudioEnd) -> str:
    events = f" {end.events}" if end.events is not None else ""
    lines = [f"m=audio {end.port} RTP/AVP {end.audio}{events}", f"a=rtpmap:{end.audio} PCMA/8000"]
    if end.events is not None:
        lines += [f"a=rtpmap:{end.events} telephone-event/8000", f"a=fmtp:{end.events} 0-16"]
    lines += [f"a=ptime:{round(end.ptime * 1000)}", f"a={end.direction}"]
    return "".join(line + "\r\n" for line in lines)


def _sections(text: str) -> tuple[list[tuple[str, str]], list[_Media]]:
    session: list[tuple[str, str]] = []
    media: list[_Media] = []
    for line in text.splitlines():
        kind, equals, value = line.strip().partition("=")
        if not equals or len(kind) != 1:
            continue
        if kind == "m":
            media.append(_media(value))
        else:
            (media[-1].lines if media else session).append((kind, value.strip()))
    return session, media


def _media(value: str) -> _Media:
    kind, port, protocol, *formats = [*value.split(), "", "", ""][: max(3, len(value.split()))]
    number = port.partition("/")[0]
    if not (number.isascii() and number.isdigit()) or int(number) > 65535:
        raise SdpError(f"m= line with port {port[:20]!r}; a port is a number up to 65535")
    return _Media(kind.lower(), int(number), protocol, formats)


def _usable(part: _Media) -> bool:
    return part.kind == "audio" and part.port > 0 and part.protocol.upper() in ("RTP/AVP", "RTP/AVPF")


def _names(part: _Media) -> list[tuple[int, str]]:
    """Payload number and ``name/rate`` of every format, in the order of preference."""
    mapped: dict[str, str] = {str(PCMA): "pcma/8000"}
    for value in _attributes(part.lines, "rtpmap"):
        number, _, encoding = value.partition(" ")
        mapped[number] = "/".join(encoding.strip().lower().split("/")[:2])
    return [(int(n), mapped.get(n, n)) for n in part.formats if n.isascii() and n.isdigit() and int(n) < 128]


def _attributes(lines: list[tuple[str, str]], name: str) -> Iterator[str]:
    return (value[len(name) + 1 :] for kind, value in lines if kind == "a" and value.lower().startswith(name + ":"))


def _address(lines: list[tuple[str, str]]) -> str | None:
    for kind, value in lines:
        parts = value.split()
        if kind == "c" and len(parts) >= 3:
            address = parts[2].partition("/")[0]
            try:
                return str(ipaddress.ip_address(address))
            except ValueError:
                raise SdpError(f"c= line with {address[:60]!r}; only a numeric address is understood") from None
    return None


def _ptime(lines: list[tuple[str, str]]) -> float:
    for value in _attributes(lines, "ptime"):
        if value.strip().isascii() and value.strip().isdigit() and 10 <= int(value) <= 200:
            return int(value) / 1000
    return 0.02


def _direction(lines: list[tuple[str, str]]) -> str | None:
    return next((value.lower() for kind, value in lines if kind == "a" and value.lower() in _DIRECTIONS), None)
