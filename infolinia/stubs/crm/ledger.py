"""What the CRM has received: verified, once each, durable before it is acknowledged."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from desk.message import Card, Ended, Kind, Session, Withdrawn
from desk.webhook import Envelope

_DATA: dict[Kind, type[Card | Session | Withdrawn | Ended]] = {
    "card": Card,
    "session": Session,
    "withdrawn": Withdrawn,
    "ended": Ended,
}


class Refused(ValueError):
    """The request is not acceptable; ``status`` is the HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class NotKept(Refused):
    """The message is shown, but the disk did not take it: it is wanted again."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted message. ``late``: it was no longer of use when it was sent; ``out_of_order``: one with a higher
    sequence of its call came before it."""

    envelope: Envelope
    received: str
    late: bool = False
    out_of_order: bool = False

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.envelope.data)
        return found


class Ledger:
    """Kept in ``folder/events.jsonl``, one message a line; a last line torn by a crash was never acknowledged.

    A consultant has the caller on the line, so a message that the disk does not take is among ``events`` all the same;
    it is acknowledged once it is sent again and written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "events.jsonl"
        self.events: list[Received] = []
        self._keys: set[str] = set()
        self._highest: dict[str, int] = {}
        self._unwritten: dict[str, Received] = {}
        self._load()

    def accept(self, body: bytes, key: str, late: bool) -> Received | None:
        """Keep the message; None when it is there already. Raises Refused; NotKept where it is
        shown and yet not written."""
        try:
            envelope = msgspec.json.decode(body, type=Envelope)
            msgspec.json.decode(envelope.data, type=_DATA[envelope.kind])
        except msgspec.DecodeError as error:
            raise Refused(400, f"body is not a message of the contract: {error}") from None
        if key != envelope.id:
            raise Refused(400, "Idempotency-Key and the message's id differ")
        if key in self._keys:
            self._write(key)
            return None
        received = Received(
            envelope=envelope,
            received=datetime.now(ZoneInfo("Europe/Warsaw")).isoformat(timespec="milliseconds"),
            late=late,
            out_of_order=envelope.sequence <= self._highest.get(envelope.call, 0),
        )
        self._take(received)
        self._unwritten[key] = received
        self._write(key)
        return received

    def _take(self, received: Received) -> None:
        envelope = received.envelope
        self.events.append(received)
        self._keys.add(envelope.id)
        self._highest[envelope.call] = max(self._highest.get(envelope.call, 0), envelope.sequence)

    def _write(self, key: str) -> None:
        """Write the message ``key`` unless it is written. Raises NotKept."""
        if (received := self._unwritten.get(key)) is None:
            return
        try:
            self._append(received)
        except OSError as error:
            raise NotKept(507, f"shown, but not written: {error.strerror}; send it again") from None
        del self._unwritten[key]

    def _append(self, received: Received) -> None:
        with self._path.open("ab", buffering=0) as file:
            whole = file.tell()
            line = msgspec.json.encode(received) + b"\n"
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(whole)
                raise

    def _load(self) -> None:
        if not self._path.exists():
            return
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.truncate(self._path, len(whole))
        for line in whole.splitlines():
            self._take(msgspec.json.decode(line, type=Received))
