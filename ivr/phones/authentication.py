"""The room of secrets as the phone sees it: its answers become events of the dialogue, without a digit."""

import math
from typing import Protocol

from telepin.identity import Fault
from telepin.secret import Secret
from telepin.service import Outcome, Sealed

from ..dialogue.events import Event, IdentityGiven, NumberRefused, Party, PinChecked, PrincipalFound

REFUSAL_AFTER = 3.0
"""Seconds from the last key of a telePIN to the first sound of its refusal, whatever was wrong. Longer than the check
(2 s at most with e-US) and the 1 s that an entry without ``#`` waits for a seventh digit."""
REFUSAL_STEP = 1.0
"""A refusal that comes later than that begins a whole number of these later."""


def refusal_onset(keyed: float, now: float) -> float:
    """When a refusal that is ready at ``now`` may begin, the last key having come at ``keyed``: heard at one time after
    it, it tells nothing of what was wrong, nor of how long that took to find out."""
    late = max(0.0, now - keyed - REFUSAL_AFTER)
    return keyed + REFUSAL_AFTER + math.ceil(late / REFUSAL_STEP) * REFUSAL_STEP


class Authority(Protocol):
    """What ``telepin.service.TelePin`` offers to a phone."""

    async def seal(self, call: str, digits: Secret) -> Sealed | Fault: ...
    async def check(
        self, *, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str
    ) -> Outcome: ...
    async def recall(self, check: str) -> Outcome | None: ...
    async def match_principal(self, call: str, digits: Secret, refs: "tuple[str, ...]") -> str | None: ...
    async def forget(self, call: str) -> None: ...


class Authentication:
    """Carries one call's number entries and checks to ``telepin``."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def identity(self, call: str, digits: Secret) -> Event:
        sealed = await self._authority.seal(call, digits)
        if isinstance(sealed, Sealed):
            return IdentityGiven(ref=sealed.ref, kind=sealed.kind)
        return NumberRefused(fault="length" if sealed.fault == "key" else sealed.fault)

    async def principal(self, call: str, digits: Secret, refs: tuple[str, ...]) -> Event:
        return PrincipalFound(ref=await self._authority.match_principal(call, digits, refs))

    async def check(self, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str) -> Event:
        outcome = await self._authority.check(
            check=check, call=call, identity=identity, pin=pin, caller=caller, trunk=trunk
        )
        return checked(check, outcome)

    async def recall(self, check: str) -> Event:
        outcome = await self._authority.recall(check)
        return PinChecked(check=check, verdict="lost") if outcome is None else checked(check, outcome)


def checked(check: str, outcome: Outcome) -> PinChecked:
    """The event of an outcome; a person only with a positive verdict."""
    if outcome.verdict != "ok" or outcome.person is None:
        verdict = "unavailable" if outcome.verdict == "ok" else outcome.verdict
        return PinChecked(check=check, verdict=verdict)
    return PinChecked(
        check=check,
        verdict="ok",
        at=outcome.at,
        until=outcome.until,
        person=Party(ref=outcome.person.ref, label=outcome.person.label),
        office=outcome.office,
        principals=tuple(Party(ref=p.ref, label=p.label, basis=p.basis) for p in outcome.principals),
    )
