"""The e-US client: "is this the telePIN of that person?" and "may they still act for that principal?", each within a
time budget.

The contract is ``docs/contracts/eus.openapi.yaml``. What an answer is about is proven, not believed: each request
carries a random ``match_key``, and the answer names its subject by HMAC-SHA-256(match_key, number). Principals are
named in the same way, so that no third person's number ever reaches this side.
"""

import asyncio
import hmac
import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import httpx2
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .identity import Kind
from .secret import Secret

log = structlog.get_logger(__name__)

PATH = "/v1/telepin/verifications"
MANDATES = "/v1/telepin/mandates"
BUDGET = 2.0
"""Seconds for the whole question, connecting and repeating included."""
RETRIES = (0.1, 0.3)
"""Seconds before a further attempt to connect."""
ANSWER_BYTES = 3 << 20
"""The longest answer, by the contract. The longest possible one (PRINCIPALS, each Polish letter escaped) is shorter."""
PRINCIPALS = 1000

Office = Literal[
    "dolnoslaskie",
    "kujawsko-pomorskie",
    "lubelskie",
    "lubuskie",
    "lodzkie",
    "malopolskie",
    "mazowieckie",
    "opolskie",
    "podkarpackie",
    "podlaskie",
    "pomorskie",
    "slaskie",
    "swietokrzyskie",
    "warminsko-mazurskie",
    "wielkopolskie",
    "zachodniopomorskie",
]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Ref = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class _Answer(BaseModel):
    # hide_input_in_errors: a garbled answer may hold anything, and errors are logged.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


A = TypeVar("A", bound=_Answer)


class EusPerson(_Answer):
    """Who was verified; ``label`` may be spoken to the caller."""

    ref: Ref
    label: Label


class EusPrincipal(_Answer):
    """Somebody the person may act for: general proxy (``ppo``) or organisation account (``uko``). Days inclusive.
    ``place`` is said where two share their ``label``."""

    ref: Ref
    label: Label
    basis: Literal["ppo", "uko"]
    valid_from: date
    valid_to: date | None
    numbers: Annotated[tuple[Token, ...], Field(min_length=1, max_length=2)]
    place: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class Verification(_Answer):
    """The answer of e-US. Whatever was wrong is one ``refused`` without any particulars."""

    request_id: str
    verdict: Literal["ok", "refused"]
    subject: Token
    person: EusPerson | None
    office: Office | None
    principals: Annotated[tuple[EusPrincipal, ...], Field(max_length=PRINCIPALS)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.verdict == "ok" and self.person is None:
            raise ValueError("verdict ok without a person")
        if self.verdict == "refused" and (self.person or self.office or self.principals):
            raise ValueError("verdict refused with particulars")
        return self


class Mandate(_Answer):
    """Whether the person of a verification may act for ``principal`` at this moment."""

    request_id: str
    principal: str
    holds: bool


class EusError(Exception):
    """No verdict. ``reason`` is one of our own words and never quotes the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"e-US gave no verdict: {reason}")
        self.reason = reason


class EusGarbled(EusError):
    """An answer that is too long or against the contract: e-US is there, and wrong about one question at least."""


class EusMismatch(EusGarbled):
    """An answer about another question or another person."""


def new_match_key() -> str:
    """A random key, 64 hexadecimal digits, for one request."""
    return secrets.token_hex(32)


def token(match_key: str, number: Secret) -> str:
    """How e-US names the holder of ``number`` in the answer to a request with this ``match_key``."""
    return hmac.new(bytes.fromhex(match_key), number.reveal().encode(), "sha256").hexdigest()


def tls_context(authority: Path, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer that trusts only ``authority``; with ``certificate`` and ``key``, mutual TLS."""
    context = ssl.create_default_context(cafile=str(authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(str(certificate), str(key) if key else None)
    return context


class Breaker:
    """Stops asking after ``failures`` in a row; after ``rest`` seconds lets one question through to try.

    Failures ``about`` one and the same subject count once in a row: what is wrong with one person's answer must not
    stop the questions about all others, however often that person tries."""

    def __init__(self, failures: int = 5, rest: float = 15.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._rest, self._clock = failures, rest, clock
        self._failed = 0
        self._about: set[str] = set()
        self._rests_until = 0.0

    def admits(self) -> bool:
        """Whether a question may go out now. A probe takes the place of all others until it is answered."""
        if self._failed < self._limit:
            return True
        if self._clock() < self._rests_until:
            return False
        self._rests_until = self._clock() + self._rest
        return True

    def succeeded(self) -> None:
        self._failed = 0
        self._about.clear()

    def failed(self, about: str | None = None) -> None:
        """``about`` names the subject, disguised, where the fault may be the subject's alone."""
        if about is not None and about in self._about and self._failed < self._limit:
            return
        self._about |= {about} if about is not None else set()
        self._failed += 1
        if self._failed >= self._limit:
            self._rests_until = self._clock() + self._rest


class EusClient:
    """Asks e-US over HTTP. Repeats only while connecting failed, when nothing of the question has left."""

    def __init__(
        self,
        url: str,
        *,
        tls: ssl.SSLContext | None = None,
        budget: float = BUDGET,
        breaker: Breaker | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        # trust_env off: neither proxies nor certificates may come from the environment.
        self._http = httpx2.AsyncClient(
            base_url=url, verify=tls or True, timeout=budget, trust_env=False, transport=transport
        )
        self._budget = budget
        self._disguise = new_match_key()
        # Each question has its own: an e-US that cannot tell mandates still checks telePINs.
        self._breakers = {PATH: breaker or Breaker(), MANDATES: Breaker()}

    async def verify(
        self, *, request: str, kind: Kind, number: Secret, pin: Secret, match_key: str, leave: int
    ) -> Verification:
        """The verdict on ``pin`` for the holder of ``number``; ``EusError`` when there is none in time,
        ``EusMismatch`` when the answer is about somebody else. A wrong telePIN after which the account would bear fewer
        than ``leave`` further ones is refused and not counted."""
        question: dict[str, str | int] = {
            "request_id": request,
            "kind": kind,
            "number": number.reveal(),
            "telepin": pin.reveal(),
            "match_key": match_key,
            "leave": leave,
        }
        subject = token(match_key, number)

        def ours(answer: Verification) -> bool:
            return answer.request_id == request and hmac.compare_digest(answer.subject, subject)

        about = token(self._disguise, number)
        return await self._within_budget(PATH, question, Verification, ours, about)

    async def acts(self, *, request: str, verification: str, principal: str) -> bool:
        """Whether the person whom ``verification`` (the request of a positive check) was about may act for
        ``principal`` now; ``EusError`` when that cannot be learnt in time."""
        question: dict[str, str | int] = {"request_id": request, "verification": verification, "principal": principal}

        def ours(answer: Mandate) -> bool:
            return (answer.request_id, answer.principal) == (request, principal)

        return (await self._within_budget(MANDATES, question, Mandate, ours, verification)).holds

    async def _within_budget(
        self, path: str, question: Mapping[str, str | int], form: type[A], ours: Callable[[A], bool], about: str
    ) -> A:
        breaker = self._breakers[path]
        if not breaker.admits():
            raise EusError("circuit open")
        try:
            async with asyncio.timeout(self._budget):
                answer = await self._ask(path, question, form)
            if not ours(answer):
                raise EusMismatch("answer about another person or request")
        except TimeoutError:
            breaker.failed()
            raise EusError("too slow") from None
        except EusGarbled:
            breaker.failed(about)
            raise
        except EusError:
            breaker.failed()
            raise
        breaker.succeeded()
        return answer

    async def _ask(self, path: str, question: Mapping[str, str | int], form: type[A]) -> A:
        for pause in (*RETRIES, None):
            try:
                return await self._post(path, question, form)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if pause is not None:
                    await asyncio.sleep(pause)
            except httpx2.HTTPError as error:
                raise EusError(f"transport: {type(error).__name__}") from None
        raise EusError("unreachable")

    async def _post(self, path: str, question: Mapping[str, str | int], form: type[A]) -> A:
        headers = {"content-type": "application/json", "accept": "application/json"}
        received = bytearray()
        async with self._http.stream("POST", path, content=json.dumps(question).encode(), headers=headers) as response:
            if response.status_code != 200:
                raise EusError(f"status {response.status_code}")
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > ANSWER_BYTES:
                    raise EusGarbled("answer too long")
        try:
            return form.model_validate_json(bytes(received))
        except ValidationError as error:
            log.warning("eus_answer_invalid", faults=error.error_count())
            raise EusGarbled("answer against the contract") from None

    async def close(self) -> None:
        await self._http.aclose()
