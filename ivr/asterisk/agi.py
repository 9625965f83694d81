"""AGI as bytes: a codec that opens no socket (sans-IO). Speaks for the engine; the peer is Asterisk's ``res_agi``.

The constitution:

1. The peer opens with a header, ``name: value`` lines up to an empty line, that names its ``agi_network_script``.
2. Then we ask and the peer answers, strictly in turn: one command under way, one reply to it.
3. A reply is one line ``200 result=…``, ``510 …``, ``511 …`` or ``520 …``; or the lines from ``520-`` to the one ending
   in ``520 End of proper usage.``; or a 200 whose value in parentheses holds line feeds. ``100 …`` announces a reply.
4. ``HANGUP`` may come at any time, between a command and its reply too. It is news, never a reply.
5. The stream may end anywhere. While a reply is awaited that is how a call ends; within a header it is a fault.
6. Lines are UTF-8, or else Latin-1, each by itself. A header or a reply holds at most 64 KiB in all.

The law, as a table; what it does not name is the peer's fault and raises ``AgiError(fault="peer")``, after which the
state is BROKEN and the connection of no use:

======= ========= ======= ======= ======= ======= ======= ======= =======
state   variable  blank   100     reply   520-    open    close   HANGUP
======= ========= ======= ======= ======= ======= ======= ======= =======
HEADER  HEADER    READY
READY                                                             READY
BUSY                      BUSY    READY   USAGE   VALUE           BUSY
USAGE   (every line is text)                              READY
VALUE   (every line is text)                              READY
======= ========= ======= ======= ======= ======= ======= ======= =======

What *we* get wrong (a second command while one is under way, a line feed in an argument) raises
``AgiError(fault="ours")`` before a byte is sent and leaves the state as it was. Errors and ``repr`` never quote what
was sent or received: it may be a key of a PIN.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

MAX_BYTES = 65536
MAX_COMMAND_BYTES = 2046
_FORBIDDEN = re.compile(r"[\r\n\0]")
_PLAIN = re.compile(r"[^\s\"\\]+")
_REPLY = re.compile(r"(\d{3})(?: result=(\S*))?(?: \((.*)\))?(.*)", re.DOTALL)
_OPEN_VALUE = re.compile(r"200 result=\S* \((?!.*\)( endpos=.*)?$)")
_USUAL_REPLY = re.compile(rb"200 result=([-\w*#]*)(?: \(([^()\r\n\0]*)\))?\n", re.ASCII)
_ENDPOS = re.compile(r"\bendpos=(\d+)")
_USAGE_END = "520 End of proper usage."

Fault = Literal["peer", "ours"]


class AgiError(Exception):
    """The protocol was broken: by the ``peer``, or by us (``ours``: a bug, or a command that Asterisk refused)."""

    def __init__(self, what: str, *, fault: Fault = "peer") -> None:
        super().__init__(what)
        self.fault = fault


class AgiHungUp(Exception):
    """The call is over: nothing can be asked of it any more."""


class State(enum.IntEnum):
    HEADER = enum.auto()
    READY = enum.auto()
    BUSY = enum.auto()
    USAGE = enum.auto()
    VALUE = enum.auto()
    CLOSED = enum.auto()
    BROKEN = enum.auto()


class Kind(enum.IntEnum):
    """What a line is, in the state it came in."""

    VARIABLE = enum.auto()
    BLANK = enum.auto()
    TRYING = enum.auto()
    REPLY = enum.auto()
    USAGE = enum.auto()
    OPEN = enum.auto()
    TEXT = enum.auto()
    LAST = enum.auto()
    HANGUP = enum.auto()
    UNKNOWN = enum.auto()


LAW: dict[tuple[State, Kind], State] = {
    (State.HEADER, Kind.VARIABLE): State.HEADER,
    (State.HEADER, Kind.BLANK): State.READY,
    (State.READY, Kind.HANGUP): State.READY,
    (State.BUSY, Kind.TRYING): State.BUSY,
    (State.BUSY, Kind.REPLY): State.READY,
    (State.BUSY, Kind.USAGE): State.USAGE,
    (State.BUSY, Kind.OPEN): State.VALUE,
    (State.BUSY, Kind.HANGUP): State.BUSY,
    (State.USAGE, Kind.TEXT): State.USAGE,
    (State.USAGE, Kind.LAST): State.READY,
    (State.VALUE, Kind.TEXT): State.VALUE,
    (State.VALUE, Kind.LAST): State.READY,
}


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What Asterisk asks for: ``AGI(agi://host:port/why,arg,arg)``. ``variables``: the whole header, less ``agi_``."""

    why: str
    args: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)

    @property
    def channel(self) -> str:
        return self.variables.get("channel", "")

    @property
    def uniqueid(self) -> str:
        return self.variables.get("uniqueid", "")

    @property
    def extension(self) -> str:
        return self.variables.get("extension", "")

    @property
    def caller(self) -> str | None:
        """The caller's number as Asterisk has it; None when withheld."""
        number = self.variables.get("callerid", "")
        return None if number in ("", "unknown") else number


class AgiReply(msgspec.Struct, frozen=True):
    """A reply. ``result`` is the word after ``result=`` (digits keyed, ``-1`` for failure), ``data`` what stood in
    parentheses, ``endpos`` a sample count, ``text`` all of it. Only ``code`` is shown by ``repr``."""

    code: int
    result: str = ""
    data: str | None = None
    endpos: int | None = None
    text: str = ""

    def __repr__(self) -> str:
        return f"AgiReply(code={self.code})"

    @property
    def failed(self) -> bool:
        """``result=-1``: the application failed or the caller is gone; CHANNEL STATUS tells which."""
        return self.result == "-1"

    @property
    def timed_out(self) -> bool:
        return self.data == "timeout"


@dataclass(frozen=True, slots=True)
class HangUp:
    """Asterisk's news that the caller is gone; commands that do not need a live channel still work."""


Event = AgiRequest | AgiReply | HangUp


class Codec:
    """One AGI conversation's bytes, both ways."""

    def __init__(self) -> None:
        self.state = State.HEADER
        self._buffer = bytearray()
        self._scanned = 0
        self._held = 0
        self._lines: list[str] = []

    def send(self, line: str, *args: str) -> bytes:
        """The bytes of a command: ``line`` as it stands, ``args`` quoted where needed. Raises ``AgiError``."""
        if self.state is not State.READY:
            raise AgiError(f"a command cannot be sent while {self.state.name}", fault="ours")
        data = encode(line, *args)
        self.state = State.BUSY
        return data

    def receive(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes; it may be cut anywhere. Raises ``AgiError`` for a peer that errs."""
        if self.state is State.BUSY and not self._buffer and (reply := self._usual(data)) is not None:
            return [reply]
        if self.state in (State.CLOSED, State.BROKEN):
            return []
        events: list[Event] = []
        self._buffer += data
        at = 0
        while (end := self._buffer.find(b"\n", max(at, self._scanned))) >= 0:
            event = self._line(bytes(self._buffer[at:end]))
            at = end + 1
            if event is not None:
                events.append(event)
        del self._buffer[:at]
        self._scanned = len(self._buffer)
        if self._scanned > MAX_BYTES:
            raise self._broken(f"a line of more than {MAX_BYTES} bytes")
        return events

    def receive_eof(self) -> None:
        """The stream ended. Raises ``AgiError`` when it did so within the header, where no call has begun."""
        if self.state is State.HEADER:
            raise self._broken("the connection ended within the header")
        if self.state is not State.BROKEN:
            self.state = State.CLOSED

    def _usual(self, data: bytes) -> AgiReply | None:
        """A short cut through the law, BUSY -> READY: one whole 200 of one line, which is what nearly always comes."""
        match = _USUAL_REPLY.fullmatch(data)
        if match is None or self._held + len(data) > MAX_BYTES:
            return None
        self.state, self._held = State.READY, 0
        result, value = match.groups()
        return AgiReply(200, result.decode(), None if value is None else _text(value), None, _text(data[:-1]))

    def _line(self, raw: bytes) -> Event | None:
        self._held += len(raw)
        if self._held > MAX_BYTES:
            raise self._broken(f"a header or reply of more than {MAX_BYTES} bytes")
        if 0 in raw:
            raise self._broken("a line with a NUL byte")
        line = _text(raw)
        kind = _kind(self.state, line)
        after = LAW.get((self.state, kind))
        if after is None:
            raise self._broken(f"a line of {len(raw)} bytes ({kind.name}) that has no place while {self.state.name}")
        before, self.state = self.state, after
        if kind is Kind.HANGUP:
            self._held -= len(raw)
            return HangUp()
        if kind is Kind.TRYING:
            return None
        self._lines.append(line)
        if after is not State.READY:
            return None
        lines, self._lines, self._held = self._lines, [], 0
        return self._request(lines) if before is State.HEADER else _reply(lines)

    def _request(self, lines: list[str]) -> AgiRequest:
        pairs = (line.partition(":") for line in lines[:-1])
        variables = {name.removeprefix("agi_"): value.removeprefix(" ") for name, _, value in pairs}
        if "network_script" not in variables:
            raise self._broken("a header without agi_network_script")
        args: list[str] = []
        while (arg := variables.get(f"arg_{len(args) + 1}")) is not None:
            args.append(arg)
        return AgiRequest(variables["network_script"].partition("?")[0], tuple(args), variables)

    def _broken(self, what: str) -> AgiError:
        self.state = State.BROKEN
        self._buffer.clear()
        self._lines.clear()
        return AgiError(f"the peer sent {what}" if what[0] == "a" else what)


def encode(line: str, *args: str) -> bytes:
    """A command line: ``line`` as it stands, then every argument as one word to ``res_agi``'s parser.

    Raises ``AgiError(fault="ours")`` for CR, LF or NUL (a second command could be smuggled in), for an empty command
    and for more than ``MAX_COMMAND_BYTES``, which ``res_agi`` would cut in two.
    """
    text = " ".join((line, *map(quote, args))) if args else line
    if not line or line.isspace():
        raise AgiError("an empty command", fault="ours")
    if _FORBIDDEN.search(text):
        raise AgiError(f"CR, LF or NUL in a command ({verb(line)})", fault="ours")
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_COMMAND_BYTES:
        raise AgiError(f"a command of {len(data)} bytes ({verb(line)}); {MAX_COMMAND_BYTES} is the most", fault="ours")
    return data + b"\n"


def quote(arg: str) -> str:
    """``arg`` as one word of a command line."""
    if _PLAIN.fullmatch(arg):
        return arg
    return '"' + arg.replace("\\", "\\\\").replace('"', '\\"') + '"'


def verb(line: str) -> str:
    """The part of a command that is safe to log: its leading words in capitals."""
    words = line.split()
    return " ".join(word for word in words[:2] if word.isalpha() and word.isupper()) or "?"


def _text(raw: bytes) -> str:
    raw = raw.removesuffix(b"\r")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _kind(state: State, line: str) -> Kind:
    if state is State.USAGE:
        return Kind.LAST if line.endswith(_USAGE_END) else Kind.TEXT
    if state is State.VALUE:
        return Kind.LAST if line.endswith(")") else Kind.TEXT
    if not line:
        return Kind.BLANK
    if line == "HANGUP":
        return Kind.HANGUP
    if state is State.HEADER:
        return Kind.VARIABLE if line.startswith("agi_") and ":" in line else Kind.UNKNOWN
    return _reply_kind(line)


def _reply_kind(line: str) -> Kind:
    if not line[:3].isascii() or not line[:3].isdigit() or line[3:4] not in (" ", "-"):
        return Kind.UNKNOWN
    if line[3] == "-":
        return Kind.USAGE
    if line.startswith("100"):
        return Kind.TRYING
    return Kind.OPEN if _OPEN_VALUE.match(line) else Kind.REPLY


def _reply(lines: list[str]) -> AgiReply:
    text = "\n".join(lines)
    if text[3] == "-":
        return AgiReply(int(text[:3]), text=text)
    match = _REPLY.match(text)
    assert match is not None
    code, result, data, rest = match.groups()
    endpos = _ENDPOS.search(rest)
    return AgiReply(int(code), result or "", data, int(endpos[1]) if endpos else None, text)
