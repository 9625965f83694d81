"""TelePin: all that the rest of Infolinia may ask of this room.

Digits come in as ``Secret``, what goes out is free of secrets. Nothing here raises for a fault of the world (database,
e-US): without a durable counter or without a verdict the outcome is ``unavailable``.
"""

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from .eus import EusError, EusGarbled, EusMismatch, EusPrincipal, Verification, new_match_key, token
from .identity import Fault, Identity, Kind, judge
from .keys import PIN_DIGITS
from .policy import Policy, Scope
from .secret import Secret
from .throttle import Reserved, Throttle
from .vault import Vault

log = structlog.get_logger(__name__)

WARSAW = ZoneInfo("Europe/Warsaw")
VALIDITY = timedelta(minutes=30)
STORE_BUDGET = 1.0
"""Seconds that one step in the database may take before the check goes on without it."""
VERDICT_WAIT = 3.0
"""Seconds to wait for the verdict of a check that another engine is making."""
ALARM_REST = 60.0
MANDATE_BUDGET = 1.0
"""Seconds to learn whether a mandate still holds: a caller waits for a person, or a consultant for the page."""

Verdict = Literal["ok", "refused", "throttled", "unavailable"]
Alarm = Callable[[str, Mapping[str, str]], None]
STORE_FAULTS = (SQLAlchemyError, TimeoutError, OSError)


class Sealed(msgspec.Struct, frozen=True):
    """A sound number, kept in the vault under ``ref`` until the call ends."""

    ref: str
    kind: Kind


class Taxpayer(msgspec.Struct, frozen=True):
    """``ref`` is opaque (e-US and the CRM resolve it); ``label`` may be spoken to the authenticated caller."""

    ref: str
    label: str


class Principal(msgspec.Struct, frozen=True):
    """Somebody the person may act for now, by general proxy (``ppo``) or organisation account (``uko``)."""

    ref: str
    label: str
    basis: Literal["ppo", "uko"]


class Outcome(msgspec.Struct, frozen=True):
    """How a check ended. ``at`` and ``until`` are ISO 8601 with the offset of Warsaw; ``until`` (when authentication
    lapses), ``person``, ``office`` and ``principals`` are set only when the verdict is ``ok``."""

    verdict: Verdict
    at: str
    until: str = ""
    person: Taxpayer | None = None
    office: str | None = None
    principals: tuple[Principal, ...] = ()


class _Matches(msgspec.Struct, frozen=True):
    """The principals' numbers as e-US disguised them for one request."""

    match_key: str
    tokens: dict[str, tuple[str, ...]]


class Verifier(Protocol):
    """Who says whether a telePIN is right and a mandate holds: ``telepin.eus.EusClient``. Raises ``EusError``."""

    async def verify(
        self, *, request: str, kind: Kind, number: Secret, pin: Secret, match_key: str, leave: int
    ) -> Verification: ...

    async def acts(self, *, request: str, verification: str, principal: str) -> bool: ...


@dataclass(frozen=True)
class _Question:
    check: str
    call: str
    number: Secret
    identity: Identity
    pin: Secret
    caller: str | None
    trunk: str


class TelePin:
    """Authentication by PESEL or NIP and telePIN. One per engine process; engines share the database and the key.

    ``now`` is the wall clock, aware. How long a check takes may tell what was wrong: whoever tells a refusal to the
    caller does so at a fixed time (``ivr.phones.authentication.refusal_onset``).
    """

    def __init__(
        self,
        database: AsyncEngine,
        key: bytes,
        verifier: Verifier,
        *,
        policy: Policy | None = None,
        validity: timedelta = VALIDITY,
        store_budget: float = STORE_BUDGET,
        alarm: Alarm | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._vault = Vault(database, key)
        self._throttle = Throttle(database, key, policy)
        self._verifier = verifier
        self._validity, self._now = validity, now
        self._store_budget = store_budget
        self._alarm = alarm
        self._alarmed: dict[str, float] = {}
        self._unsaved: dict[str, tuple[str, Secret]] = {}
        self._checks: dict[str, asyncio.Task[Outcome]] = {}

    async def start(self) -> None:
        """Remove what earlier calls and crashes left behind beyond its time."""
        with suppress(*STORE_FAULTS):
            await self._vault.expire(self._now())
            await self._throttle.expire(self._now())

    async def close(self) -> None:
        """Let checks under way reach their verdict."""
        await asyncio.gather(*self._checks.values(), return_exceptions=True)

    async def seal(self, call: str, digits: Secret) -> Sealed | Fault:
        """Judge a number and keep it for ``call``. With the database away it is kept in this process alone."""
        identity = judge(digits, self._today())
        if isinstance(identity, Fault):
            return identity
        ref = self._vault.new_ref()
        saving = self._vault.put(ref, call, digits.reveal().encode(), self._now())
        if await self._stored("seal", saving) is None:
            self._unsaved[ref] = (call, Secret(digits.reveal()))
        return Sealed(ref, identity.kind)

    async def check(
        self, *, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str
    ) -> Outcome:
        """Check ``pin`` (six digits, else ValueError) for the number sealed under ``identity``. Once per ``check`` id,
        however often and wherever it is asked: asked again, the verdict on record. A hang-up does not stop it."""
        if len(pin) != PIN_DIGITS or not pin.reveal().isdigit():
            raise ValueError("a telePIN has six digits")
        running = self._checks.get(check)
        if running is None:
            # A copy, for whoever asks may go away and wipe theirs.
            own = Secret(pin.reveal())
            running = asyncio.create_task(self._wiping(check, call, identity, own, caller, trunk))
            self._checks[check] = running
            running.add_done_callback(lambda _: self._checks.pop(check, None))
        return await asyncio.shield(running)

    async def recall(self, check: str) -> Outcome | None:
        """The verdict of ``check`` if one was reached, by whichever engine."""
        found = await self._on_record(check)
        return found if isinstance(found, Outcome) else None

    async def match_principal(self, call: str, digits: Secret, refs: Sequence[str]) -> str | None:
        """Which of ``refs`` has this number; None when none of them, whether or not such a taxpayer exists."""
        found = await self._stored("match", self._vault.get(_matches_ref(call), call))
        if not isinstance(found, bytes) or not digits.reveal().isdigit():
            return None
        matches = msgspec.json.decode(found, type=_Matches)
        wanted = token(matches.match_key, digits)
        # No early end: the time taken does not tell where in the list a match is.
        hits = [ref for ref in refs for known in matches.tokens.get(ref, ()) if hmac.compare_digest(known, wanted)]
        return hits[0] if hits else None

    async def acts(self, check: str, principal: str) -> bool | None:
        """Whether the person of the positive ``check`` may act for ``principal`` now; None when nobody can say."""
        return await still_acts(self._verifier, check, principal)

    async def forget(self, call: str) -> None:
        """The call is over: its digits, verdicts and principals go. What the limits need stays, as keyed hashes."""
        for ref in [ref for ref, (owner, _) in self._unsaved.items() if owner == call]:
            self._unsaved.pop(ref)[1].wipe()
        await self._stored("forget", self._vault.forget(call))

    async def _wiping(
        self, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str
    ) -> Outcome:
        try:
            return await self._once(check, call, identity, pin, caller, trunk)
        finally:
            pin.wipe()

    async def _once(self, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str) -> Outcome:
        earlier = await self._on_record(check)
        if earlier is None:
            return self._outcome("unavailable")
        if isinstance(earlier, Outcome):
            return earlier
        number = await self._number(identity, call)
        known = judge(number, self._today()) if number is not None else None
        if number is None or not isinstance(known, Identity):
            log.warning("telepin_identity_gone", call=call, check=check)
            return self._outcome("unavailable")
        question = _Question(check, call, number, known, pin, caller, trunk)
        try:
            async with asyncio.timeout(self._store_budget):
                reserved = await self._throttle.reserve(
                    check=check, call=call, identity=number, pin=pin, caller=caller, trunk=trunk, now=self._now()
                )
        except IntegrityError:
            return await self._await_verdict(check)
        except STORE_FAULTS as error:
            self._store_failed("reserve", error)
            return self._outcome("unavailable")
        if reserved.exhausted is not None:
            return await self._throttled(question, reserved.exhausted)
        # Reserved only now, the check may have been made and settled elsewhere since it was looked for above.
        earlier = await self._on_record(check)
        if earlier is None:
            return self._outcome("unavailable")
        if isinstance(earlier, Outcome):
            await self._stored("refund", self._throttle.refund(check))
            return earlier
        return await self._verify(question, reserved)

    async def _verify(self, question: _Question, reserved: Reserved) -> Outcome:
        key = new_match_key()
        try:
            answer = await self._verifier.verify(
                request=question.check,
                kind=question.identity.kind,
                number=question.number,
                pin=question.pin,
                match_key=key,
                leave=reserved.leave,
            )
        except EusError as error:
            log.warning("eus_no_verdict", call=question.call, check=question.check, reason=error.reason)
            if isinstance(error, EusMismatch):
                self._raise_alarm("eus-other-person", check=question.check)
            elif isinstance(error, EusGarbled):
                self._raise_alarm("eus-answer", check=question.check, reason=error.reason)
            outcome = self._outcome("unavailable")
            if await self._record(question, outcome):
                await self._stored("refund", self._throttle.refund(question.check))
            return outcome
        if answer.verdict == "ok" and question.identity.minor(self._today()):
            self._raise_alarm("eus-minor", check=question.check)
            answer = answer.model_copy(update={"verdict": "refused"})
        if answer.verdict != "ok":
            outcome = self._outcome("refused")
            await self._record(question, outcome)
            return outcome
        return await self._accept(question, answer, key)

    async def _accept(self, question: _Question, answer: Verification, key: str) -> Outcome:
        assert answer.person is not None
        today, now = self._today(), self._now()
        valid = [one for one in answer.principals if one.valid_from <= today <= (one.valid_to or today)]
        outcome = Outcome(
            "ok",
            _iso(now),
            _iso(now + self._validity),
            Taxpayer(answer.person.ref, answer.person.label),
            answer.office,
            _told_apart(valid),
        )
        matches = msgspec.json.encode(_Matches(key, {one.ref: one.numbers for one in valid}))
        await self._stored("matches", self._vault.put(_matches_ref(question.call), question.call, matches, now))
        if await self._record(question, outcome):
            settled = self._throttle.succeed(
                check=question.check, identity=question.number, caller=question.caller, now=now
            )
            await self._stored("succeed", settled)
        return outcome

    async def _throttled(self, question: _Question, scope: Scope) -> Outcome:
        log.warning("telepin_throttled", call=question.call, check=question.check, scope=scope)
        if scope != "call":
            self._raise_alarm("telepin-throttled", scope=scope)
        outcome = self._outcome("throttled")
        await self._record(question, outcome)
        return outcome

    async def _record(self, question: _Question, outcome: Outcome) -> bool:
        """Whether the verdict is on record. It must be before its attempt is given back, or a second engine asked
        for the same check might find neither."""
        text = msgspec.json.encode(outcome)
        saving = self._vault.put(_verdict_ref(question.check), question.call, text, self._now())
        return await self._stored("record", saving) is not None

    async def _await_verdict(self, check: str) -> Outcome:
        deadline = time.monotonic() + VERDICT_WAIT
        while time.monotonic() < deadline:
            found = await self.recall(check)
            if found is not None:
                return found
            await asyncio.sleep(0.05)
        return self._outcome("unavailable")

    async def _on_record(self, check: str) -> Outcome | Literal[True] | None:
        """The verdict, True when there is none, None when the database does not say."""
        found = await self._stored("recall", self._vault.get(_verdict_ref(check)))
        return msgspec.json.decode(found, type=Outcome) if isinstance(found, bytes) else found

    async def _number(self, ref: str, call: str) -> Secret | None:
        owner, held = self._unsaved.get(ref, ("", None))
        if held is not None and owner == call:
            return held
        found = await self._stored("open", self._vault.get(ref, call))
        return Secret(found.decode("ascii")) if isinstance(found, bytes) else None

    async def _stored(self, step: str, work: Awaitable[bytes | None]) -> bytes | Literal[True] | None:
        """What the database gave, True when it only had to take; None when it gave nothing or failed."""
        try:
            async with asyncio.timeout(self._store_budget):
                found = await work
        except STORE_FAULTS as error:
            self._store_failed(step, error)
            return None
        return True if found is None else found

    def _store_failed(self, step: str, error: BaseException) -> None:
        # The error's own text quotes statements and their parameters.
        log.error("telepin_store_failed", step=step, error=type(error).__name__)
        self._raise_alarm("telepin-store", step=step)

    def _raise_alarm(self, name: str, **details: str) -> None:
        now = time.monotonic()
        if self._alarm is not None and now >= self._alarmed.get(name, now):
            self._alarmed[name] = now + ALARM_REST
            self._alarm(name, details)

    def _outcome(self, verdict: Verdict) -> Outcome:
        return Outcome(verdict, _iso(self._now()))

    def _today(self) -> date:
        return self._now().astimezone(WARSAW).date()


async def still_acts(verifier: Verifier, check: str, principal: str) -> bool | None:
    """Whether the person of the positive ``check`` may act for ``principal`` now; None when e-US does not say."""
    try:
        async with asyncio.timeout(MANDATE_BUDGET):
            return await verifier.acts(request=f"{check}:{uuid4()}", verification=check, principal=principal)
    except TimeoutError:
        reason = "too slow"
    except EusError as error:
        reason = error.reason
    log.warning("eus_mandate_not_confirmed", check=check, reason=reason)
    return None


def _told_apart(valid: Sequence[EusPrincipal]) -> tuple[Principal, ...]:
    """The principals, those who share a name with what tells them apart. Neither case nor spaces make another name."""
    names = [" ".join(one.label.split()) for one in valid]
    same = Counter(name.casefold() for name in names)
    return tuple(
        Principal(one.ref, f"{name}, {one.place}" if one.place and same[name.casefold()] > 1 else name, one.basis)
        for one, name in zip(valid, names, strict=True)
    )


def _verdict_ref(check: str) -> str:
    return f"verdict:{check}"


def _matches_ref(call: str) -> str:
    return f"principals:{call}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(WARSAW).isoformat(timespec="seconds")
