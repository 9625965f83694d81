"""Who calls in the demo: a fictitious caller of the e-US stub, and how they answer what the hotline asks."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from ruamel.yaml import YAML

from ivr.dialogue.call import Call
from ivr.dialogue.events import Event, NumberRefused, PinChecked
from ivr.dialogue.plan import NATIONAL, Plan
from ivr.phones.authentication import REFUSAL_AFTER
from recordings.caller.people import People, UnknownPerson

CALLERS = Path(__file__).parent / "stubs" / "eus" / "callers.yaml"
OTHER_NUMBER = {"dz-23": "224605995", "dz-25": "801055055"}
"""Callers who dial another number than their own office's."""
SHARED_PHONE = {"dz-28": "+48000000288", "dz-29": "+48000000288"}
"""Husband and wife with one telephone."""
WITHHELD = {"dz-07"}
BY_NIP = {"dz-06", "dz-07"}
"""Callers who key their NIP instead of the PESEL."""
MATTER = "chcę zapytać o podatek od kupna samochodu"


@dataclass(frozen=True)
class Reply:
    """What the caller does now: says MATTER, or presses ``keys`` ``after`` seconds. ``told`` is that in Polish, without
    a digit of a number or a telePIN."""

    told: str
    keys: SecretStr | None = None
    after: float = 1.2


class DemoCaller:
    """The fictitious caller ``person``. Raises ``UnknownPerson`` with those there are."""

    def __init__(self, person: str) -> None:
        data = YAML(typ="safe").load(CALLERS.read_text(encoding="utf-8"))
        known = {entry["id"]: entry for entry in data["callers"]}
        if person not in known:
            raise UnknownPerson(f"nie ma dzwoniącego „{person}”; są: {', '.join(known)}")
        self.person, self._entry = person, known[person]
        self.name = str(self._entry["name"])
        self.number = None if person in WITHHELD else SHARED_PHONE.get(person, f"+48{int(person[3:]):09d}")
        self._people = People.load(CALLERS)
        self._parties = {party["id"]: party for party in data["parties"]}

    def dialled(self, plan: Plan) -> str:
        """The number that they call: their own office's, where it has one."""
        office = plan.offices.get(self._entry["office"] or "")
        numbers = (office and office.numbers) or plan.offices[NATIONAL].numbers
        return OTHER_NUMBER.get(self.person, numbers[0])

    @property
    def proves_identity(self) -> bool:
        """Whether e-US knows a telePIN of theirs that may be used."""
        return bool(self._entry["status"] == "active" and self._entry["telepin"])

    def principal(self, today: date) -> str | None:
        """The name of the first whom they may act for on ``today``; the demo's caller calls on that one's behalf."""
        party = self._first_principal(today)
        return party and str(party["name"])

    def _first_principal(self, today: date) -> Any:
        for right in self._entry["principals"]:
            if right["from"] <= today.isoformat() <= (right["to"] or "9999"):
                return self._parties[right["party"]]
        return None

    def reply(self, call: Call, event: Event, today: date) -> Reply | None:
        """Their answer to the question that ``call`` now awaits; None where there is none for a caller to answer.
        ``event`` is what led to it."""
        awaits = call.awaits
        if "PinGiven" in awaits:
            return self._pin(event)
        if "IdentityGiven" in awaits:
            if isinstance(event, NumberRefused) and call.tries > 1:
                return Reply("krzyżyk: dalej bez numeru", SecretStr("#"), 2.5)
            return Reply(f"{'NIP' if self.person in BY_NIP else 'PESEL'} i krzyżyk", self._identity(), 2.5)
        if "PrincipalFound" in awaits:
            return self._principal_number(today)
        return self._choice(call) if "Keyed" in awaits else None

    def _identity(self) -> SecretStr:
        kind = self._people.keys("nip" if self.person in BY_NIP else "pesel", self.person)
        return SecretStr(kind.get_secret_value() + "#")

    def _pin(self, event: Event) -> Reply:
        if isinstance(event, PinChecked) and event.verdict != "lost":
            # A refusal begins seconds after the last key; what is pressed before it is nobody's answer.
            return Reply("krzyżyk: dalej bez telePIN", SecretStr("#"), REFUSAL_AFTER + 1)
        if self._entry["telepin"] is None:
            return Reply("krzyżyk: nie ma telePIN", SecretStr("#"))
        return Reply("telePIN i krzyżyk", SecretStr(self._people.keys("pin", self.person).get_secret_value() + "#"))

    def _principal_number(self, today: date) -> Reply:
        party = self._first_principal(today)
        if party is None:
            return Reply("krzyżyk: we własnej sprawie", SecretStr("#"))
        kind = "nip" if party["nip"] else "pesel"
        return Reply(f"{kind.upper()} mocodawcy i krzyżyk", SecretStr(f"{party[kind]}#"), 2.5)

    def _choice(self, call: Call) -> Reply:
        """A key of a menu, by the node of the shipped dialplan that asks."""
        if call.node == "sprawa" and call.step == "open":
            return Reply(MATTER)
        key = {"sprawa": "3" if call.step == "keys" else "1", "izba": "6"}.get(call.node, "2")
        return Reply(f"klawisz {key}", SecretStr(key), 4.0)
