"""The CRM webhook: envelope, signature and one request.

``X-Infolinia-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of "<t>.<body>">``; several ``v1`` may stand side by side
while a secret is changed. ``Idempotency-Key`` is the message's key. The body of a message is the same bytes in every
attempt; that it comes too late to be of use is said in a header.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Literal

import httpx2
import msgspec

from .message import Kind, Message, allowed_numbers
from .privacy import refuse_personal_numbers

SIGNATURE = "X-Infolinia-Signature"
LATE = "X-Infolinia-Late"
KEY = "Idempotency-Key"
TOLERANCE = 300.0
REQUEST_LIMIT = 5.0


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON body. ``sequence`` counts the messages of a call from 1; ``data`` depends on ``kind``."""

    id: str
    call: str
    sequence: int
    kind: Kind
    ring: str
    agent: str
    queue: str
    at: str
    data: msgspec.Raw


class SignatureError(ValueError):
    """The request was not signed by us, or too long ago."""


class Answer(msgspec.Struct, frozen=True):
    """``delivered``, ``retry`` or ``refused`` (for good), and a short reason without personal data."""

    outcome: Literal["delivered", "retry", "refused"]
    reason: str


Send = Callable[[str, bytes, bool], Awaitable[Answer]]


def render(message: Message) -> bytes:
    """``message.data`` as JSON. Raises :class:`desk.privacy.PersonalNumberFound`; the caller's telephone may stand."""
    refuse_personal_numbers(msgspec.to_builtins(message.data), allowed=allowed_numbers(message))
    return msgspec.json.encode(message.data)


def sign(secret: bytes, body: bytes, at: int) -> str:
    """The value of the signature header; ``at`` in seconds since 1970."""
    return f"t={at},v1={_mac(secret, body, at)}"


def verify(secret: bytes, header: str, body: bytes, now: float, tolerance: float = TOLERANCE) -> None:
    """Raise :class:`SignatureError` unless ``header`` signs ``body`` within ``tolerance`` seconds of ``now``."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdigit()]
    if len(times) != 1 or len(times[0]) > 12:
        raise SignatureError("signature header: want t=<unix time>,v1=<hex>")
    at = int(times[0])
    if abs(now - at) > tolerance:
        raise SignatureError(
            f"signed {abs(now - at):.0f} s away from now, more than {tolerance:.0f} s: check the clocks"
        )
    wanted = _mac(secret, body, at).encode()
    if not any(hmac.compare_digest(wanted, value.encode()) for name, _, value in parts if name == "v1"):
        raise SignatureError("signature does not match: the two sides hold different secrets, or the body was changed")


def _mac(secret: bytes, body: bytes, at: int) -> str:
    return hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


class Webhook:
    """POSTs to ``url``; one request takes at most ``limit`` seconds in all. Redirects are not followed."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        url: str,
        secret: bytes,
        clock: Callable[[], float],
        limit: float = REQUEST_LIMIT,
    ) -> None:
        self._client = client
        self._url = url
        self._secret = secret
        self._clock = clock
        self._limit = limit

    async def send(self, key: str, body: bytes, late: bool) -> Answer:
        """One attempt. Never raises for what the CRM or the network does."""
        headers = {
            "Content-Type": "application/json",
            KEY: key,
            SIGNATURE: sign(self._secret, body, int(self._clock())),
        }
        if late:
            headers[LATE] = "true"
        try:
            async with asyncio.timeout(self._limit):
                response = await self._client.post(self._url, content=body, headers=headers, follow_redirects=False)
        except TimeoutError:
            return Answer("retry", f"no answer in {self._limit:g} s")
        except httpx2.HTTPError as error:
            return Answer("retry", type(error).__name__)
        return judge(response.status_code)


def judge(status: int) -> Answer:
    """What an HTTP status means: 409 is a duplicate and so a success; other 4xx but 408 and 429 will never do."""
    if 200 <= status < 300 or status == 409:
        return Answer("delivered", f"HTTP {status}")
    if 400 <= status < 500 and status not in (408, 429):
        return Answer("refused", f"HTTP {status}")
    return Answer("retry", f"HTTP {status}")
