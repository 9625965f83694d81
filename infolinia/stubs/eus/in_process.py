"""The fictitious callers without a server: an authority for calls that are only rehearsed.

It knows the same people as the stub, bears as many wrong telePINs as the hotline bears of strangers (whoever is
rehearsed is one), and counts no more of them on an account than e-US is asked to for strangers; nothing it knows is
a secret.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from telepin.identity import Fault, judge
from telepin.policy import DAY, Policy
from telepin.secret import Secret
from telepin.service import Outcome, Principal, Sealed, Taxpayer

from .accounts import CALLERS, TRIES

VALID = timedelta(minutes=30)
BORNE = min(rule.limit for rule in Policy().rules if rule.scope == "identity" and rule.window == DAY)
LEAVE = Policy().leave


class People:
    """The callers' file: numbers and telePINs by a caller's id."""

    def __init__(self, file: Path = CALLERS) -> None:
        data = YAML(typ="safe").load(file)
        self.rows: dict[str, Mapping[str, Any]] = {row["id"]: row for row in data["callers"]}
        self.parties: dict[str, Mapping[str, Any]] = {row["id"]: row for row in data["parties"]}

    def number(self, kind: str, person: str) -> str:
        """The ``pesel``, ``nip`` or ``telepin`` of ``person``; of a party, its ``nip``. Raises ``KeyError``."""
        found = (self.rows.get(person) or self.parties[person])[kind]
        if not found:
            raise KeyError(person)
        return str(found)

    def holder(self, digits: str) -> Mapping[str, Any] | None:
        """The caller with this PESEL or NIP."""
        return next((row for row in self.rows.values() if digits in (row["pesel"], row["nip"])), None)

    def party(self, digits: str) -> Mapping[str, Any] | None:
        """The principal with this PESEL or NIP."""
        return next((row for row in self.parties.values() if digits in (row["pesel"], row["nip"])), None)


class InProcessAuthority:
    """What ``telepin.service.TelePin`` offers to a phone, for one rehearsed call at the moment ``now``."""

    def __init__(self, people: People, now: datetime) -> None:
        self._people, self._now = people, now
        self._sealed: dict[str, str] = {}
        self._failed: dict[str, int] = {}
        self._wrong: Counter[str] = Counter()
        self._verdicts: dict[str, Outcome] = {}

    async def seal(self, call: str, digits: Secret) -> Sealed | Fault:
        judged = judge(digits, self._now.date())
        if isinstance(judged, Fault):
            return judged
        ref = f"sealed-{len(self._sealed) + 1}"
        self._sealed[ref] = digits.reveal()
        return Sealed(ref, judged.kind)

    async def check(
        self, *, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str
    ) -> Outcome:
        if check not in self._verdicts:
            self._verdicts[check] = self._counted(self._sealed.get(identity, ""), pin)
        return self._verdicts[check]

    async def recall(self, check: str) -> Outcome | None:
        return self._verdicts.get(check)

    async def match_principal(self, call: str, digits: Secret, refs: Sequence[str]) -> str | None:
        known = {str(party["id"]): (party["pesel"], party["nip"]) for party in self._people.parties.values()}
        return next((ref for ref in refs if digits.reveal() in known.get(ref, ())), None)

    async def forget(self, call: str) -> None:
        self._sealed.clear()

    def _counted(self, number: str, pin: Secret) -> Outcome:
        if self._wrong[number] >= BORNE:
            return Outcome("throttled", self._now.isoformat(timespec="seconds"))
        outcome = self._judged(self._people.holder(number), pin)
        self._wrong[number] = 0 if outcome.verdict == "ok" else self._wrong[number] + 1
        return outcome

    def _judged(self, row: Mapping[str, Any] | None, pin: Secret) -> Outcome:
        at = self._now.isoformat(timespec="seconds")
        if row is None:
            return Outcome("refused", at)
        failed = self._failed.get(row["id"], row["failed"])
        if row["status"] != "active":
            return Outcome("refused", at)
        if pin.reveal() != row["telepin"]:
            self._failed[row["id"]] = min(failed + 1, TRIES - LEAVE)
            return Outcome("refused", at)
        self._failed[row["id"]] = 0
        until = (self._now + VALID).isoformat(timespec="seconds")
        person = Taxpayer(str(row["id"]), row["name"])
        return Outcome("ok", at, until, person, row["office"], self._principals(row))

    def _principals(self, row: Mapping[str, Any]) -> tuple[Principal, ...]:
        today = self._now.date().isoformat()
        return tuple(
            Principal(str(one["party"]), self._people.parties[one["party"]]["name"], one["basis"])
            for one in row["principals"]
            if str(one["from"]) <= today <= str(one["to"] or "9999")
        )
