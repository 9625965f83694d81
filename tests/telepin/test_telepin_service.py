"""The room as the rest of Infolinia sees it: seal, check, recall, match, forget, also when the world fails."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from telepin_fakes import KEY, TODAY, Clock, Verifier

from store import open_database
from telepin.eus import EusClient, EusError, EusGarbled, EusMismatch, EusPrincipal
from telepin.identity import Fault
from telepin.secret import Secret
from telepin.service import Outcome, Sealed, TelePin, _told_apart

pytestmark = pytest.mark.anyio
HOME = "+48000000001"


class Desk:
    """A TelePin and the calls it serves, each check with a new id."""

    def __init__(self, database: AsyncEngine, verifier: Any, clock: Clock, store_budget: float = 20.0) -> None:
        self.alarms: list[str] = []
        self.telepin = TelePin(
            database,
            KEY,
            verifier,
            store_budget=store_budget,
            alarm=lambda name, _: self.alarms.append(name),
            now=clock,
        )
        self.checks = 0

    async def sealed(self, number: str, call: str = "call-1") -> str:
        sealed = await self.telepin.seal(call, Secret(number))
        assert isinstance(sealed, Sealed)
        return sealed.ref

    async def check(self, number: str, pin: str, call: str = "", caller: str | None = HOME, check: str = "") -> Outcome:
        self.checks += 1
        call = call or f"call-{self.checks}"
        ref = await self.sealed(number, call)
        return await self.telepin.check(
            check=check or f"{call}:{self.checks}", call=call, identity=ref, pin=Secret(pin), caller=caller, trunk="t"
        )


@pytest.fixture
def verifier() -> Verifier:
    return Verifier()


@pytest.fixture
def desk(database: AsyncEngine, verifier: Verifier, clock: Clock) -> Desk:
    return Desk(database, verifier, clock)


@pytest.fixture
async def live(database: AsyncEngine, wire: Any, clock: Clock) -> AsyncIterator[Desk]:
    """On the e-US stub."""
    client = EusClient("http://eus.test", transport=wire, budget=20)
    yield Desk(database, client, clock)
    await client.close()


async def test_seal_judges_before_anybody_is_asked(desk):
    assert await desk.telepin.seal("c", Secret("85831410111")) == Fault("checksum")
    assert await desk.telepin.seal("c", Secret("01620312720")) == Fault("date")
    assert (await desk.telepin.seal("c", Secret("9993000026"))).kind == "nip"
    assert (await desk.telepin.seal("c", Secret("85831410110"))).kind == "pesel"


async def test_the_right_telepin(live):
    outcome = await live.check("85831410110", "482915")
    assert outcome.verdict == "ok"
    assert (outcome.person.ref, outcome.person.label, outcome.office) == ("dz-01", "Adam Testowy", "podlaskie")
    assert (outcome.at, outcome.until) == ("2026-04-15T11:30:00+02:00", "2026-04-15T12:00:00+02:00")


@pytest.mark.parametrize(
    ("number", "pin"),
    [
        ("85831410110", "482916"),
        ("89872110820", "264813"),
        ("90882711028", "145629"),
        ("87843011222", "123456"),
        ("85833099915", "123456"),
        ("14251700112", "111111"),
    ],
    ids=["wrong", "blocked", "inactive", "unset", "unknown", "minor"],
)
async def test_whatever_is_wrong_is_one_refusal(live, number, pin):
    outcome = await live.check(number, pin)
    assert outcome == Outcome("refused", "2026-04-15T11:30:00+02:00")
    assert live.alarms == []


async def test_a_minor_is_refused_even_when_e_us_says_ok(desk, verifier):
    assert (await desk.check("14251700112", "482915")).verdict == "refused"
    assert desk.alarms == ["eus-minor"]


@pytest.mark.parametrize(
    ("number", "pin", "principals"),
    [
        ("91830811425", "463170", []),
        ("92892911515", "817594", [("moc-beta", "ppo")]),
        ("86852311822", "274956", []),
        ("90811512227", "416079", []),
        ("87862612112", "095843", [("moc-epsilon", "ppo"), ("org-brzoza", "uko")]),
    ],
    ids=["ppo-0", "ppo-1", "ppo-expired", "uko-revoked", "ppo-and-uko"],
)
async def test_only_principals_valid_today(live, number, pin, principals):
    outcome = await live.check(number, pin)
    assert outcome.verdict == "ok"
    assert [(one.ref, one.basis) for one in outcome.principals] == principals


async def test_a_mandate_holds_on_its_last_day(live, clock):
    clock.forward(days=-471, hours=13)
    assert clock().date().isoformat() == "2024-12-30"
    clock.forward(days=1)
    assert [one.ref for one in (await live.check("86852311822", "274956")).principals] == ["moc-delta"]
    clock.forward(days=1)
    assert (await live.check("86852311822", "274956")).principals == ()


async def test_a_principal_is_found_by_number_and_only_ones_own(live):
    outcome = await live.check("93871711715", "609431", call="c")
    refs = [one.ref for one in outcome.principals]

    async def match(number: str, call: str = "c", among: list[str] = refs) -> str | None:
        return await live.telepin.match_principal(call, Secret(number), among)

    assert await match("9991000134") == "org-klon"
    assert await match("92870390226") == await match("9992000024") == "moc-beta"
    assert await match("9991000476") is None
    assert await match("9991000134", among=["moc-beta"]) is None
    assert await match("9991000134", call="other") is None
    await live.telepin.forget("c")
    assert await match("9991000134") is None


async def test_whether_a_mandate_still_holds(live, accounts, wire):
    await live.check("92892911515", "817594", call="c", check="c:1")
    assert await live.telepin.acts("c:1", "moc-beta") is True
    assert await live.telepin.acts("c:1", "moc-alfa") is False
    accounts.withdraw("dz-15", "moc-beta")
    assert await live.telepin.acts("c:1", "moc-beta") is False
    assert await live.telepin.acts("c:9", "moc-beta") is None
    async with httpx2.AsyncClient(transport=wire, base_url="http://eus.test") as switch:
        await switch.post("/_faults", json={"mode": "other-person"})
    assert await live.telepin.acts("c:1", "moc-beta") is None


async def test_two_wrong_and_one_right_then_the_count_starts_anew(live):
    assert (await live.check("85831410110", "482915")).verdict == "ok"
    for _ in range(3):
        assert [(await live.check("85831410110", "000000")).verdict for _ in range(2)] == ["refused"] * 2
        assert (await live.check("85831410110", "482915")).verdict == "ok"


async def test_throttled_calls_do_not_reach_the_verifier(desk, verifier):
    verdicts = [(await desk.check("85831410110", "000000", caller=f"+48{n:09}")).verdict for n in range(6)]
    assert verdicts == ["refused"] * 2 + ["throttled"] * 4
    assert len(verifier.asked) == 2
    assert desk.alarms == ["telepin-throttled"]


async def test_failures_of_e_us_cost_nothing(desk, verifier):
    verifier.fault = lambda: EusError("too slow")
    assert [(await desk.check("85831410110", "482915")).verdict for _ in range(15)] == ["unavailable"] * 15
    verifier.fault = None
    assert (await desk.check("85831410110", "482915")).verdict == "ok"


async def test_an_answer_about_another_person_is_refused_and_alarmed(desk, verifier):
    verifier.fault = lambda: EusMismatch("another person")
    outcome = await desk.check("85831410110", "482915")
    assert (outcome.verdict, outcome.person) == ("unavailable", None)
    assert desk.alarms == ["eus-other-person"]


def test_principals_of_one_name_are_told_apart():
    def one(ref: str, label: str, place: str | None) -> EusPrincipal:
        return EusPrincipal(
            ref=ref, label=label, basis="ppo", valid_from=TODAY, valid_to=None, numbers=("0" * 64,), place=place
        )

    told = _told_apart([one("a", "Jan Testowy", "Opole"), one("b", "JAN  TESTOWY ", "Łódź"), one("c", "Beta", "Opole")])
    assert [party.label for party in told] == ["Jan Testowy, Opole", "JAN TESTOWY, Łódź", "Beta"]


async def test_a_garbled_answer_is_alarmed(desk, verifier):
    verifier.fault = lambda: EusGarbled("answer too long")
    assert (await desk.check("85831410110", "482915")).verdict == "unavailable"
    assert desk.alarms == ["eus-answer"]


async def test_one_check_is_made_once(desk, verifier):
    verifier.gate = asyncio.Event()
    ref = await desk.sealed("85831410110")
    asked = {"check": "call-1:1", "call": "call-1", "identity": ref, "caller": HOME, "trunk": "t"}
    both = [asyncio.create_task(desk.telepin.check(pin=Secret(pin), **asked)) for pin in ("482915", "000000")]
    await asyncio.sleep(0.1)
    verifier.gate.set()
    first, second = await asyncio.gather(*both)
    assert first == second == await desk.telepin.check(pin=Secret("000000"), **asked)
    assert verifier.asked == ["call-1:1"]


async def test_two_engines_asked_for_one_check_make_it_once(desk, verifier, database_url, clock):
    verifier.gate = asyncio.Event()
    other_database = open_database(database_url)
    other = Desk(other_database, verifier, clock)
    ref = await desk.sealed("85831410110")
    asked = {"check": "call-1:1", "call": "call-1", "identity": ref, "caller": HOME, "trunk": "t"}
    tasks = [asyncio.create_task(one.telepin.check(pin=Secret("482915"), **asked)) for one in (desk, other)]
    await asyncio.sleep(0.3)
    verifier.gate.set()
    first, second = await asyncio.gather(*tasks)
    assert first == second
    assert first.verdict == "ok"
    assert len(verifier.asked) == 1
    assert await other.telepin.recall("call-1:1") == first
    await other_database.dispose()


async def test_a_hang_up_does_not_stop_a_check(desk, verifier):
    verifier.gate = asyncio.Event()
    ref = await desk.sealed("85831410110")
    pin = Secret("482915")
    waiting = asyncio.create_task(
        desk.telepin.check(check="c:1", call="call-1", identity=ref, pin=pin, caller=HOME, trunk="t")
    )
    await asyncio.sleep(0.1)
    waiting.cancel()
    pin.wipe()
    verifier.gate.set()
    await desk.telepin.close()
    assert (await desk.telepin.recall("c:1")).verdict == "ok"


async def test_after_forget_nothing_can_be_opened(desk, database, tmp_path):
    ref = await desk.sealed("85831410110", "call-1")
    other = await desk.sealed("87890210223", "call-2")
    await desk.check("85831410110", "482915", call="call-1", check="k")
    await desk.telepin.forget("call-1")
    assert await desk.telepin.recall("k") is None
    asked = {"call": "call-1", "pin": Secret("482915"), "caller": HOME, "trunk": "t"}
    assert (await desk.telepin.check(check="k2", identity=ref, **asked)).verdict == "unavailable"
    assert (await desk.telepin.check(check="k3", identity=other, **asked)).verdict == "unavailable"
    asked["call"] = "call-2"
    assert (await desk.telepin.check(check="k4", identity=other, **asked)).verdict == "ok"


async def test_a_start_removes_what_a_crash_left(desk, clock, database):
    await desk.check("85831410110", "482915", check="k")
    clock.forward(hours=25)
    await desk.telepin.start()
    assert await desk.telepin.recall("k") is None


async def test_nothing_plain_is_on_disk_or_in_the_log(live, tmp_path, database_url):
    with structlog.testing.capture_logs() as logs:
        await live.check("92861810621", "371969", call="c")
        await live.check("9993000026", "371968", call="c")
        await live.check("93871711715", "609431", call="d")
        await live.telepin.match_principal("d", Secret("9991000134"), ["org-klon"])
    disk = b"".join(path.read_bytes() for path in tmp_path.glob("telepin.db*"))
    secrets = ("92861810621", "371969", "9993000026", "371968", "93871711715", "609431", "9991000134", "000000006")
    assert [secret for secret in secrets if secret.encode() in disk or secret in str(logs)] == []
    assert b"Felicja" not in disk
    # The search itself finds what is there.
    assert b"telepin_attempts" in disk


async def test_a_row_passed_off_for_another_does_not_open(desk, database, tmp_path):
    first, second = await desk.sealed("85831410110", "call-1"), await desk.sealed("87890210223", "call-2")
    with sqlite3.connect(tmp_path / "telepin.db") as rows:
        rows.execute(
            "UPDATE telepin_sealed SET sealed = (SELECT sealed FROM telepin_sealed WHERE ref = ?) WHERE ref = ?",
            (second, first),
        )
    asked = {"call": "call-1", "pin": Secret("482915"), "caller": HOME, "trunk": "t"}
    assert (await desk.telepin.check(check="k", identity=first, **asked)).verdict == "unavailable"


async def test_without_a_durable_counter_no_check(database, database_url, clock, verifier, tmp_path):
    impatient = open_database(database_url, busy_timeout=0.1)
    desk = Desk(impatient, verifier, clock)
    ref = await desk.sealed("85831410110")
    blocker = sqlite3.connect(tmp_path / "telepin.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    asked = {"call": "call-1", "identity": ref, "pin": Secret("482915"), "caller": HOME, "trunk": "t"}
    outcome = await desk.telepin.check(check="k", **asked)
    unsaved = await desk.sealed("87890210223", "call-2")
    asked |= {"call": "call-2", "identity": unsaved}
    assert (await desk.telepin.check(check="k2", **asked)).verdict == outcome.verdict == "unavailable"
    assert verifier.asked == []
    assert "telepin-store" in desk.alarms
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (await desk.telepin.check(check="k3", **asked)).verdict == "ok"
    await desk.telepin.forget("call-2")
    assert (await desk.telepin.check(check="k4", **asked)).verdict == "unavailable"
    await impatient.dispose()


async def test_no_database_at_all(tmp_path, verifier, clock):
    gone = open_database(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    desk = Desk(gone, verifier, clock)
    await desk.telepin.start()
    assert (await desk.check("85831410110", "482915")).verdict == "unavailable"
    assert await desk.telepin.recall("k") is None
    await desk.telepin.forget("call-1")
    assert verifier.asked == []
    # The driver's threads report their failure to this loop; let them before it closes.
    await asyncio.sleep(0.2)
    await gone.dispose()


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345#"])
async def test_only_six_digits_are_an_attempt(desk, verifier, pin):
    with pytest.raises(ValueError, match="six digits"):
        await desk.check("85831410110", pin)
    assert verifier.asked == []


KILLED = """
import asyncio, os, signal, sys
from store import open_database
from telepin.secret import Secret
from telepin.service import TelePin

class Deadly:
    async def verify(self, **_):
        os.kill(os.getpid(), signal.SIGKILL)

async def main(url, number):
    telepin = TelePin(open_database(url), b"not a real key, only for tests !", Deadly(), store_budget=20)
    sealed = await telepin.seal("call-" + number, Secret("85831410110"))
    await telepin.check(check="check-" + number, call="call-" + number, identity=sealed.ref, pin=Secret("482915"),
                        caller="+48" + number * 9, trunk="t")

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_killing_engines_buys_no_tries(database_url, database, verifier):
    def killed(number: int) -> int:
        return subprocess.run([sys.executable, "-c", KILLED, database_url, str(number)], timeout=60).returncode

    assert [await asyncio.to_thread(killed, n) for n in range(2)] == [-signal.SIGKILL] * 2
    assert await asyncio.to_thread(killed, 2) == 0
    telepin = TelePin(database, KEY, verifier, store_budget=20)
    assert await telepin.recall("check-0") is None
    sealed = await telepin.seal("call-9", Secret("85831410110"))
    outcome = await telepin.check(
        check="check-9", call="call-9", identity=sealed.ref, pin=Secret("482915"), caller="+48999999999", trunk="t"
    )
    assert outcome.verdict == "throttled"
    assert verifier.asked == []


async def test_a_short_key_is_refused(database, verifier):
    with pytest.raises(ValueError, match="at least 32"):
        TelePin(database, b"short", verifier)
