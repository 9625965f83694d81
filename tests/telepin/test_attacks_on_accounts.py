"""Attacks by telephone on an account of an e-US that blocks after three wrong telePINs in a row."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from telepin_fakes import KEY, Clock

from infolinia.stubs.eus.accounts import FORGETS, Accounts
from infolinia.stubs.eus.server import build
from telepin.eus import EusClient
from telepin.secret import Secret
from telepin.service import TelePin

pytestmark = pytest.mark.anyio
PESEL, NIP, RIGHT = "92861810621", "9993000026", "371968"
HOME, AWAY = "+48000000001", "+48999999999"
DAYS, TRIES = 4, 7


class Telephone:
    """Calls with one try each; ``state`` is the account as e-US has it."""

    def __init__(self, telepin: TelePin, accounts: Accounts) -> None:
        self._telepin, self._accounts, self.calls = telepin, accounts, 0

    async def tries(self, number: str, pin: str, caller: str | None) -> str:
        self.calls += 1
        call = f"call-{self.calls}"
        sealed = await self._telepin.seal(call, Secret(number))
        outcome = await self._telepin.check(
            check=f"{call}:1", call=call, identity=sealed.ref, pin=Secret(pin), caller=caller, trunk="t"
        )
        await self._telepin.forget(call)
        return outcome.verdict

    async def attacked(self, number: str, caller: str | None = "") -> None:
        """One wrong try, from ever new telephones unless ``caller`` says from which."""
        await self.tries(number, f"{self.calls:06}", f"+4870{self.calls:07}" if caller == "" else caller)

    def state(self) -> tuple[str, int]:
        return next((one.status, one.failed) for one in self._accounts.states() if one.caller.id == "dz-06")


@pytest.fixture(params=[FORGETS, None], ids=["forgets-in-a-day", "never-forgets"])
async def phone(
    request: pytest.FixtureRequest, database: AsyncEngine, clock: Clock, tmp_path: Path, seeded: Path
) -> AsyncIterator[Telephone]:
    path = tmp_path / "accounts.db"
    path.write_bytes(seeded.read_bytes())
    accounts = Accounts(path, forgets=request.param, clock=lambda: clock().timestamp())
    client = EusClient("http://eus", transport=httpx2.ASGITransport(build(accounts)), budget=20)
    yield Telephone(TelePin(database, KEY, client, store_budget=20, now=clock), accounts)
    await client.close()
    accounts.close()


@pytest.mark.parametrize(
    "which", [lambda n: PESEL, lambda n: NIP, lambda n: (PESEL, NIP)[n % 2]], ids=["pesel", "nip", "both"]
)
async def test_strangers_block_no_account_and_its_owner_is_served_at_home(
    phone: Telephone, clock: Clock, which: Callable[[int], str]
) -> None:
    assert await phone.tries(PESEL, RIGHT, HOME) == "ok"
    assert await phone.tries(NIP, RIGHT, HOME) == "ok"
    for _ in range(DAYS):
        for n in range(TRIES):
            await phone.attacked(which(n))
        assert phone.state() == ("active", 2)
        clock.forward(days=1, seconds=1)
    for number in (PESEL, NIP):
        assert await phone.tries(number, RIGHT, HOME) == "ok"
    assert phone.state() == ("active", 0)
    assert await phone.tries(PESEL, RIGHT, AWAY) == "ok"


async def test_withheld_numbers_block_no_account(phone: Telephone, clock: Clock) -> None:
    for n in range(2 * TRIES):
        await phone.attacked((PESEL, NIP)[n % 2], caller=None)
        clock.forward(hours=7)
    assert phone.state()[0] == "active"


async def test_an_owner_who_never_called_before_may_err_once(phone: Telephone) -> None:
    assert [await phone.tries(PESEL, pin, AWAY) for pin in ("000000", RIGHT)] == ["refused", "ok"]
    assert phone.state() == ("active", 0)


async def test_an_owner_at_home_may_err_twice_and_once_more_than_an_attack_left(phone: Telephone) -> None:
    assert await phone.tries(PESEL, RIGHT, HOME) == "ok"
    assert [await phone.tries(PESEL, pin, HOME) for pin in ("000000", "111111", RIGHT)] == ["refused"] * 2 + ["ok"]
    for _ in range(TRIES):
        await phone.attacked(PESEL)
    assert await phone.tries(PESEL, RIGHT, HOME) == "ok"


async def test_an_owner_elsewhere_is_served_a_day_after_an_attack(phone: Telephone, clock: Clock) -> None:
    for n in range(TRIES):
        await phone.attacked((PESEL, NIP)[n % 2])
    assert phone.state() == ("active", 2)
    clock.forward(days=1, seconds=1)
    assert await phone.tries(PESEL, RIGHT, AWAY) == "ok"
