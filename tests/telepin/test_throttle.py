"""Attempts: counted before they are made, given back when they should be, by all processes together."""

import asyncio
import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from telepin_fakes import KEY, Clock

from store import open_database
from telepin.policy import Policy, Rule
from telepin.secret import Secret
from telepin.throttle import ATTEMPTS, Throttle

pytestmark = pytest.mark.anyio
OWNER, HOME = "85831410110", "+48000000001"


class Attempts:
    """Attempts that all end wrong unless said otherwise, each with an id and a call of its own."""

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self.throttle, self.clock, self.count = throttle, clock, 0

    async def wrong(
        self, identity: str, caller: str | None, pin: str = "", trunk: str = "trunk", call: str = ""
    ) -> bool:
        """Whether the verifier would have been asked."""
        self.count += 1
        reserved = await self.throttle.reserve(
            check=f"check-{self.count}",
            call=call or f"call-{self.count}",
            identity=Secret(identity),
            pin=Secret(pin or f"{self.count * 7919 % 10**6:06}"),
            caller=caller,
            trunk=trunk,
            now=self.clock(),
        )
        return reserved.exhausted is None

    async def right(self, identity: str, caller: str | None) -> bool:
        if not await self.wrong(identity, caller):
            return False
        check = f"check-{self.count}"
        await self.throttle.succeed(check=check, identity=Secret(identity), caller=caller, now=self.clock())
        return True


@pytest.fixture
def tries(database: AsyncEngine, clock: Clock) -> Attempts:
    return Attempts(Throttle(database, KEY), clock)


def someone(n: int) -> str:
    return f"{90000000000 + n}"


async def test_many_numbers_on_one_person_are_stopped(tries):
    reached = [await tries.wrong(OWNER, f"+48{n:09}") for n in range(20)]
    assert sum(reached) == 2


async def test_one_number_on_many_people_is_stopped(tries):
    reached = [await tries.wrong(someone(n), HOME) for n in range(20)]
    assert sum(reached) == 7


async def test_one_pin_on_many_people_from_many_numbers_is_stopped(tries):
    reached = [await tries.wrong(someone(n), f"+48{n:09}", pin="123456") for n in range(40)]
    assert sum(reached) == 15


async def test_withheld_numbers_share_their_trunk(tries):
    reached = [await tries.wrong(someone(n), None, trunk="a") for n in range(30)]
    assert sum(reached) == 20
    assert await tries.wrong(someone(99), None, trunk="b")
    assert await tries.wrong(someone(98), HOME, trunk="a")


async def test_an_attack_of_ever_new_people_numbers_and_pins_meets_the_last_limit(database, clock):
    tries = Attempts(Throttle(database, KEY, Policy(rules=(Rule("everyone", 3600, 12, None),))), clock)
    await tries.right(OWNER, HOME)
    reached = [await tries.wrong(someone(n), f"+48{n:09}") for n in range(20)]
    assert sum(reached) == 12
    assert await tries.right(OWNER, HOME)


async def test_three_attempts_a_call(tries):
    assert [await tries.wrong(someone(n), None, call="one") for n in range(5)] == [True] * 3 + [False] * 2


async def test_a_familiar_owner_is_served_during_attacks_on_the_person_and_on_the_number(tries):
    assert await tries.right(OWNER, HOME)
    for n in range(20):
        await tries.wrong(OWNER, f"+48{n + 100:09}")
        await tries.wrong(someone(n), HOME)
    assert not await tries.right(OWNER, "+48000000777")
    assert await tries.wrong(OWNER, HOME)
    assert await tries.right(OWNER, HOME)


async def test_what_an_owner_meets_ends_with_the_day(tries, clock):
    for n in range(9):
        await tries.wrong(OWNER, f"+48{n:09}")
    assert not await tries.right(OWNER, "+48000000777")
    clock.forward(hours=24, seconds=1)
    assert await tries.right(OWNER, "+48000000777")


async def test_throttled_attempts_do_not_prolong_the_throttling(tries, clock):
    for _ in range(2):
        assert await tries.wrong(OWNER, "+48111111111")
    clock.forward(hours=23)
    for _ in range(10):
        assert not await tries.wrong(OWNER, "+48111111111")
    clock.forward(hours=1, seconds=1)
    assert await tries.right(OWNER, HOME)


async def test_success_forgives_the_own_mistakes_and_not_those_of_others(tries):
    assert await tries.wrong(OWNER, HOME)
    assert await tries.right(OWNER, HOME)
    assert [await tries.wrong(OWNER, HOME) for _ in range(2)] == [True] * 2
    assert await tries.right(OWNER, HOME)
    stranger = [await tries.wrong(OWNER, "+48999999999") for _ in range(2)]
    assert stranger == [True] * 2
    assert await tries.right(OWNER, HOME)
    assert not await tries.wrong(OWNER, "+48999999999")


async def test_an_own_account_does_not_buy_an_attacker_more_tries(tries):
    reached = 0
    for n in range(40):
        reached += await tries.wrong(someone(n), HOME)
        await tries.right(OWNER, HOME)
    assert reached == 7


async def test_an_accounting_office_calls_all_day(tries, clock):
    for n in range(200):
        who = someone(n % 12)
        if n % 9 == 0:
            assert await tries.wrong(who, HOME), n
        assert await tries.right(who, HOME), n
        clock.forward(minutes=2)


async def test_no_more_than_a_hundred_failures_in_a_row_however_slow(tries, clock):
    assert await tries.right(OWNER, HOME)
    strangers = familiar = 0
    for _ in range(60):
        strangers += sum([await tries.wrong(OWNER, f"+48{n + 100:09}") for n in range(5)])
        clock.forward(days=1, seconds=1)
    for _ in range(5):
        familiar += sum([await tries.wrong(OWNER, HOME) for _ in range(5)])
        clock.forward(days=1, seconds=1)
    assert (strangers, familiar) == (90, 10)


async def test_given_back_is_not_counted_and_one_check_is_one_attempt(tries, database):
    for n in range(10):
        assert await tries.wrong(OWNER, HOME)
        await tries.throttle.refund(f"check-{n + 1}")
    assert await tries.wrong(OWNER, HOME)
    tries.count -= 1
    with pytest.raises(IntegrityError):
        await tries.wrong(OWNER, HOME)


async def test_no_number_and_no_pin_is_in_the_table(tries, database):
    await tries.wrong(OWNER, HOME, pin="482915")
    async with database.connect() as connection:
        row = (await connection.execute(select(ATTEMPTS))).one()
    stored = " ".join(str(value) for value in row)
    assert OWNER not in stored
    assert HOME[1:] not in stored
    assert "482915" not in stored


async def test_old_rows_go(tries, clock, database):
    await tries.right(OWNER, HOME)
    await tries.wrong(OWNER, HOME)
    clock.forward(days=366)
    await tries.throttle.expire(clock())
    async with database.connect() as connection:
        for table in ("telepin_attempts", "telepin_familiar"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0


RACE = """
import asyncio, sys
from datetime import datetime, UTC
from store import open_database
from telepin.secret import Secret
from telepin.throttle import Throttle

async def main(url, name):
    database = open_database(url, busy_timeout=20)
    throttle = Throttle(database, b"not a real key, only for tests !")
    for n in range(10):
        reserved = await throttle.reserve(check=f"{name}-{n}", call=f"{name}-{n}", identity=Secret("85831410110"),
            pin=Secret(f"{n:06}"), caller=f"+48{name}{n}", trunk="t", now=datetime(2026, 4, 15, tzinfo=UTC))
        print(reserved.exhausted or "reached")
    await database.dispose()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_several_processes_share_one_count_and_a_restart_keeps_it(database_url, database):
    def attack(names: str) -> Counter[str]:
        racers = [
            subprocess.Popen([sys.executable, "-c", RACE, database_url, name], stdout=subprocess.PIPE, text=True)
            for name in names
        ]
        results = Counter(word for racer in racers for word in racer.communicate(timeout=60)[0].split())
        assert [racer.returncode for racer in racers] == [0] * len(racers)
        return results

    assert await asyncio.to_thread(attack, "abcd") == {"reached": 2, "identity": 38}
    assert await asyncio.to_thread(attack, "e") == {"identity": 10}


async def test_the_key_decides_who_is_who(database, database_url, clock):
    other = open_database(database_url)
    for _ in range(2):
        await Attempts(Throttle(database, KEY), clock).throttle.reserve(
            check=f"a{_}",
            call=f"a{_}",
            identity=Secret(OWNER),
            pin=Secret("000000"),
            caller=None,
            trunk="t",
            now=clock(),
        )
    assert not await Attempts(Throttle(other, KEY), clock).wrong(OWNER, HOME)
    assert await Attempts(Throttle(other, KEY[::-1]), clock).wrong(OWNER, HOME)
    await other.dispose()
    with pytest.raises(ValueError, match="at least 32"):
        Throttle(database, b"short")
