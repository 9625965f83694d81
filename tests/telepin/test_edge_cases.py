"""The edge cases of authentication, key by key, on key buffer, service and e-US stub together.

Ids are those of the catalogue of test callers. Where it and the rules of the house differ, the rules stand
(``docs/telepin.md``). What is said and not keyed is tried in rehearsed calls in ``dialplans/tests``.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from telepin_fakes import KEY

from infolinia.rehearsals import stage_of
from infolinia.settings import ROOT, Settings
from ivr.dialplan import load_plan
from ivr.rehearsal import load, rehearse
from telepin.eus import EusClient
from telepin.identity import Fault
from telepin.keys import Form, KeyBuffer, Number, Person, Pin, Skip, number, pin
from telepin.secret import Secret
from telepin.service import Sealed, TelePin
from tests.fakes.taught import share_recogniser

pytestmark = pytest.mark.anyio
GAP, TRIES = 0.1, 3


class Caller:
    """A call that asks for number and telePIN, three times each, and writes down how that went."""

    def __init__(self, telepin: TelePin, phone: str | None) -> None:
        self.telepin, self.phone = telepin, phone
        self.buffer, self.now, self.trail = KeyBuffer(), 0.0, []
        self.identity, self.outcome = "", None
        self.left, self.checks = TRIES, 0
        self.form: Form | None = None

    async def act(self, keys: str, after: float) -> None:
        """Key ``keys`` so long after the open question, or before it where negative; then wait for what comes."""
        if after < 0:
            self._type(keys)
            return
        self._ask(self.form or number())
        self.now += after
        self._type(keys)
        await self._settle()

    def _type(self, keys: str) -> None:
        for key in keys:
            self.now += GAP
            self.buffer.press(key, self.now)

    def _ask(self, form: Form | None) -> None:
        if form is not None and form != self.form:
            self.left = TRIES
        self.form = form
        if form is not None:
            self.buffer.expect(form, self.now)

    async def _settle(self) -> None:
        while self.form is not None:
            answer = self.buffer.poll(self.now)
            if answer is not None:
                await self._answered(answer)
            elif (deadline := self.buffer.next_deadline()) is not None:
                self.now = max(self.now, deadline)
            else:
                return

    async def _answered(self, answer: Any) -> None:
        match answer:
            case Number(digits=digits):
                sealed = await self.telepin.seal("call", digits)
                if isinstance(sealed, Sealed):
                    self.identity = sealed.ref
                    self.trail.append(sealed.kind)
                    self._ask(pin())
                else:
                    self._refused(sealed)
            case Pin(digits=digits):
                self.checks += 1
                self.outcome = await self.telepin.check(
                    check=f"call:{self.checks}",
                    call="call",
                    identity=self.identity,
                    pin=digits,
                    caller=self.phone,
                    trunk="t",
                )
                self.trail.append(self.outcome.verdict)
                self._ask(pin() if self.outcome.verdict == "refused" and self.checks < TRIES else None)
            case Skip() | Person():
                self.trail.append(type(answer).__name__.lower())
                self._ask(None)
            case Fault():
                self._refused(answer)

    def _refused(self, fault: Fault) -> None:
        self.trail.append(fault.fault)
        self.left -= 1
        again = self.form if self.left else None
        self.form = again
        if again is not None:
            self.buffer.expect(again, self.now)


@pytest.fixture
async def telepin(database, wire, clock):
    client = EusClient("http://eus.test", transport=wire, budget=20)
    yield TelePin(database, KEY, client, store_budget=20, now=clock)
    await client.close()


CASES: list[tuple[str, Sequence[tuple[str, float]], list[str], str | None]] = [
    ("auth-01-poprawne", [("85831410110#", 0.5), ("482915#", 0.5)], ["pesel", "ok"], "dz-01"),
    ("auth-02-bez-krzyzyka", [("87890210223", 0.5), ("730164", 0.5)], ["pesel", "ok"], "dz-02"),
    ("auth-03-nip", [("9993000026#", 0.5), ("371968#", 0.5)], ["nip", "ok"], "dz-06"),
    ("auth-03-nip-bez-krzyzyka", [("9993000026", 0.5), ("371968#", 0.5)], ["nip", "ok"], "dz-06"),
    ("auth-04-zla-suma-pesel", [("85831410111#", 0.5)], ["checksum"], None),
    ("auth-05-zla-suma-nip", [("9993000027#", 0.5)], ["checksum"], None),
    ("auth-06-nip-za-krotki", [("999300002#", 0.5)], ["length"], None),
    ("auth-07-pesel-za-dlugi", [("858314101107#", 0.5)], ["length"], None),
    ("auth-07-nadmiar-i-pin", [("858314101107482915#", 0.5)], ["length"], None),
    ("auth-08-data-niemozliwa", [("90023112347#", 0.5)], ["date"], None),
    ("auth-09-maloletni", [("14251700112#", 0.5), ("111111#", 0.5)], ["pesel", "refused"], None),
    ("auth-10-data-przyszla", [("01620312720#", 0.5)], ["date"], None),
    ("auth-11-stulecia", [("88822910510#", 0.5), ("947205#", 0.5)], ["pesel", "ok"], "dz-05"),
    ("auth-13-timeout-srodek", [("858314", 0.5), ("10110#", 2.0)], ["pause", "length"], None),
    ("auth-14-gwiazdka-kasuje", [("8503*85831410110#", 0.5), ("482915#", 0.5)], ["pesel", "ok"], "dz-01"),
    ("auth-15-sam-krzyzyk", [("#", 0.5)], ["skip"], None),
    ("auth-16-wczesne-cyfry", [("87890210223#", -2.0), ("730164#", -1.0), ("", 0.5)], ["pesel", "ok"], "dz-02"),
    ("auth-17-wszystko-naraz", [("87890210223#730164#", 0.2)], ["pesel", "ok"], "dz-02"),
    (
        "auth-18-raz-zly-pin",
        [("85831410110#", 0.5), ("482916#", 0.5), ("482915#", 0.5)],
        ["pesel", "refused", "ok"],
        "dz-01",
    ),
    (
        "auth-19-trzy-zle",
        [("87890210223#", 0.5), ("000000#", 0.5), ("111111#", 0.5), ("222222#", 0.5)],
        ["pesel", "refused", "refused", "throttled"],
        None,
    ),
    (
        "auth-20-trzy-zle-dwie-rozmowy",
        [("85811911312#", 0.5), ("333333#", 0.5), ("920485#", 0.5)],
        ["pesel", "refused", "ok"],
        "dz-13",
    ),
    ("auth-21-zablokowany-dobry", [("89872110820#", 0.5), ("264813#", 0.5)], ["pesel", "refused"], None),
    ("auth-22-nieaktywny", [("90882711028#", 0.5), ("145629#", 0.5)], ["pesel", "refused"], None),
    ("auth-23-nieustawiony", [("87843011222#", 0.5), ("123456#", 0.5)], ["pesel", "refused"], None),
    ("auth-24-nieznany-pesel", [("85833099915#", 0.5), ("123456#", 0.5)], ["pesel", "refused"], None),
    ("auth-25-zero-na-poczatku", [("90923110311#", 0.5), ("059271#", 0.5)], ["pesel", "ok"], "dz-03"),
    (
        "auth-26-pin-piec-cyfr",
        [("85831410110#", 0.5), ("48291#", 0.5), ("482915#", 0.5)],
        ["pesel", "length", "ok"],
        "dz-01",
    ),
    ("osoba-przy-numerze", [("8503**", 0.5)], ["person"], None),
    ("osoba-przy-pinie", [("85831410110#", 0.5), ("**", 0.5)], ["pesel", "person"], None),
    ("trzy-bledne-numery", [("1#", 0.5), ("2#", 0.5), ("3#", 0.5)], ["length"] * 3, None),
]


@pytest.mark.parametrize(("inputs", "trail", "person"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_authentication(telepin, inputs, trail, person):
    caller = Caller(telepin, "+48000000001")
    for keys, after in inputs:
        await caller.act(keys, after)
    assert caller.trail == trail
    assert (caller.outcome.person.ref if caller.outcome and caller.outcome.person else None) == person


async def test_auth_37_a_withheld_number(telepin):
    caller = Caller(telepin, None)
    await caller.act("9993000138#806452#", 0.5)
    assert caller.outcome.person.ref == "dz-07"


async def test_auth_38_one_telephone_two_people(telepin):
    for keys, person in (("88891312815#872016#", "dz-28"), ("89891312928#145097#", "dz-29")):
        caller = Caller(telepin, "+48000000288")
        await caller.act(keys, 0.5)
        assert caller.outcome.person.ref == person
        await telepin.forget("call")


@pytest.mark.parametrize("mode", ["slow", "down", "garbage", "other-person"])
async def test_auth_39_without_e_us_no_try_is_lost(telepin, wire, accounts, mode):
    async with httpx2.AsyncClient(transport=wire, base_url="http://eus.test") as switch:
        await switch.post("/_faults", json={"mode": mode, "delay": 60})
    telepin._verifier._budget = 0.5
    caller = Caller(telepin, "+48000000001")
    await caller.act("85831410110#482915#", 0.5)
    assert caller.trail == ["pesel", "unavailable"]
    assert accounts.states()[0].failed == 0


PRINCIPALS: list[tuple[str, str, str, str | None]] = [
    ("auth-29-ppo-5", "93871711715#609431#", "9991000134", "org-klon"),
    ("auth-30-ppo-obcy", "93871711715#609431#", "9991000476", None),
    ("auth-32-uko", "94900412023#761302#", "9991000683", "org-sosna"),
    ("auth-33-uko-odebrane", "90811512227#416079#", "9991000571", None),
    ("auth-31-ppo-wygasle", "86852311822#274956#", "94913090421", None),
]


@pytest.mark.parametrize(
    ("keys", "principal", "found"), [case[1:] for case in PRINCIPALS], ids=[case[0] for case in PRINCIPALS]
)
async def test_principals(telepin, keys, principal, found):
    caller = Caller(telepin, "+48000000001")
    await caller.act(keys, 0.5)
    refs = [one.ref for one in caller.outcome.principals]
    assert await telepin.match_principal("call", Secret(principal), refs) == found


REHEARSED = {
    "auth-12-timeout-start": "cisza",
    "auth-27-ppo-0": "bez-mocodawcow",
    "auth-28-ppo-1": "jeden-mocodawca",
    "auth-34-pesel-glosem": "numer-glosem",
    "auth-35-telepin-glosem": "telepin-glosem",
    "auth-36-rezygnacja": "nie-mam-telepinu",
    "auth-40-rozlaczenie": "rozlaczenie",
}
"""Cases of silence, speech and hanging up, and the calls in ``dialplans/tests`` that rehearse them."""


@pytest.mark.parametrize(("case", "name"), REHEARSED.items(), ids=REHEARSED)
async def test_a_case_that_is_not_keyed(case: str, name: str, tmp_path: Path) -> None:
    path = ROOT / "dialplans" / "tests" / f"{name}.yaml"
    rehearsal, _, faults = load(path, path.parent)
    assert rehearsal is not None, faults
    share_recogniser(tmp_path)
    stage = stage_of(load_plan(ROOT / "dialplans"), Settings(var=tmp_path))
    outcome = await rehearse(stage, rehearsal)
    assert outcome.mismatches == []
    assert case in path.read_text(encoding="utf-8"), "the file says which case it is"


def test_all_forty_cases_of_the_catalogue_are_tried() -> None:
    tests = [name.removeprefix("test_") for name in globals() if name.startswith("test_auth_")]
    names = [*(case[0] for case in CASES), *(case[0] for case in PRINCIPALS), *REHEARSED, *tests]
    tried = {int(found[1]) for name in names if (found := re.match(r"auth[-_](\d\d)[-_]\w", name))}
    assert tried == set(range(1, 41))
