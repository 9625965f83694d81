"""What the test phones need of a SIP library, whichever it is; ``recordings.caller.sip_line`` fills it in."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import SecretStr

from recordings.caller.media import AudioPort

ANONYMOUS = "sip:anonymous@anonymous.invalid"
"""The From of a caller who withholds the number (RFC 3323 § 4.1.1.3)."""
_NUMBER = re.compile(r"[A-Za-z0-9+*#_.-]{1,64}")


class Refused(Exception):
    """The call was not answered: SIP status ``code`` and ``reason`` (408: nobody answered in time)."""

    def __init__(self, code: int, reason: str, cause: int | None = None) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code, self.reason, self.cause = code, reason, cause


@dataclass(frozen=True)
class Ending:
    """How a call came to its end: ``us`` or ``them`` hung up, ``refused`` with a status, ``cancelled`` while ringing.

    ``cause`` is the Q.850 cause of the Reason header, where one was sent (RFC 3326).
    """

    by: Literal["us", "them", "refused", "cancelled"]
    code: int = 200
    reason: str = ""
    cause: int | None = None


@dataclass(frozen=True)
class Dial:
    """Whom to call and as whom. ``to`` and ``caller`` are numbers or names; ``caller`` None: withheld (RFC 3323).

    ``asserted`` is the number that the operator vouches for (P-Asserted-Identity, RFC 3325).
    """

    to: str
    caller: str | None = "+48000000001"
    asserted: str | None = None
    display: str | None = None
    user: str | None = None
    password: SecretStr | None = None
    ring: float = 30.0
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("to", self.to), ("caller", self.caller), ("asserted", self.asserted)):
            if value is not None and not _NUMBER.fullmatch(value):
                raise ValueError(f"{name}: {value[:40]!r} to nie jest numer ani nazwa; bez spacji i kresek")
        for value in (self.display or "", *self.headers, *self.headers.values()):
            if any(letter in value for letter in '\r\n"'):
                raise ValueError("a display name or header holds a quotation mark or a line break")

    def identity_headers(self, host: str) -> dict[str, str]:
        """Privacy and P-Asserted-Identity as this caller sends them, and the headers asked for."""
        found = dict(self.headers)
        if self.caller is None:
            found["Privacy"] = "id"
        if self.asserted is not None:
            found["P-Asserted-Identity"] = f"<sip:{self.asserted}@{host}>"
        return found


class Leg(Protocol):
    """One answered call."""

    call_id: str
    media: AudioPort
    ended: asyncio.Future[Ending]
    renegotiated: int
    """How often the other side changed the session (re-INVITE) and was answered."""

    def hang_up(self) -> None:
        """End the call; ``ended`` says so at once."""

    async def hold(self) -> None:
        """Put the other side on hold. Raises ``Refused`` where it does not agree."""

    async def resume(self) -> None:
        """Take the other side off hold."""


class Incoming(Protocol):
    """A call that rings at our phone. ``gone`` is done when the caller gives up before it was answered."""

    call_id: str
    caller: str
    gone: asyncio.Future[Ending]

    def ring(self) -> None:
        """Say that the phone rings."""

    async def answer(self) -> Leg:
        """Pick up. Raises ``Refused`` when the offer cannot be used (it has been refused with 488)."""

    def reject(self, code: int = 486) -> None:
        """Refuse, as busy unless told otherwise."""


class Line(Protocol):
    """A telephone line: one SIP address on which calls go out and come in."""

    on_incoming: Callable[[Incoming], None] | None

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Hang up what is still up, unregister, close."""

    async def dial(self, dial: Dial) -> Leg:
        """Call and wait for an answer. Raises ``Refused``; cancelled, it withdraws the call."""

    async def register(self, user: str, password: SecretStr, expires: int = 120) -> None:
        """Register as ``user`` and keep it so. Raises ``Refused``."""


def cause_of(header: str | None) -> int | None:
    """The Q.850 cause in a Reason header, None where there is none or it is 0 (Asterisk's word for unknown)."""
    found = re.search(r"Q\.850\s*;[^,]*?cause=(\d{1,3})", header or "", re.IGNORECASE)
    return (int(found[1]) or None) if found else None
