"""Counts and sealed texts in PostgreSQL, as several machines would share them."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from telepin_fakes import KEY, Clock, Verifier
from test_throttle import HOME, OWNER, RACE, Attempts

from store import METADATA, create_tables, open_database
from telepin.secret import Secret
from telepin.service import Sealed, TelePin
from telepin.throttle import ATTEMPTS, Throttle
from telepin.vault import SEALED

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[AsyncEngine]:
    engine = open_database(postgres)
    await create_tables(engine)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.drop_all)
    await engine.dispose()


async def count(database: AsyncEngine, table: object) -> int:
    async with database.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())  # type: ignore[arg-type]


async def test_several_processes_share_one_count(postgres: str, database: AsyncEngine) -> None:
    def attack() -> Counter[str]:
        racers = [
            subprocess.Popen([sys.executable, "-c", RACE, postgres, name], stdout=subprocess.PIPE, text=True)
            for name in "abc"
        ]
        results = Counter(word for racer in racers for word in racer.communicate(timeout=60)[0].split())
        assert [racer.returncode for racer in racers] == [0, 0, 0]
        return results

    assert await asyncio.to_thread(attack) == {"reached": 2, "identity": 28}


async def test_mistakes_are_forgiven_given_back_and_forgotten(database: AsyncEngine, clock: Clock) -> None:
    tries = Attempts(Throttle(database, KEY), clock)
    assert await tries.wrong(OWNER, HOME)
    assert await tries.right(OWNER, HOME)
    assert await count(database, ATTEMPTS) == 0
    assert [await tries.wrong(OWNER, "+48111111111") for _ in range(3)] == [True, True, False]
    assert await tries.wrong(OWNER, HOME), "the familiar caller has tries of their own"
    await tries.throttle.refund(f"check-{tries.count}")
    assert await count(database, ATTEMPTS) == 2
    clock.forward(days=366)
    await tries.throttle.expire(clock())
    assert await count(database, ATTEMPTS) == 0


async def test_a_check_is_made_recalled_and_forgotten(postgres: str, database: AsyncEngine, clock: Clock) -> None:
    verifier = Verifier()
    telepin = TelePin(database, KEY, verifier, store_budget=20, now=clock)
    sealed = await telepin.seal("c", Secret(OWNER))
    assert isinstance(sealed, Sealed)
    asked = {"check": "c:1", "call": "c", "identity": sealed.ref, "caller": HOME, "trunk": "t"}
    first = await telepin.check(pin=Secret("482915"), **asked)  # type: ignore[arg-type]
    assert first.verdict == "ok"
    other_engine = open_database(postgres)
    other = TelePin(other_engine, KEY, verifier, store_budget=20, now=clock)
    assert await other.recall("c:1") == first
    assert await other.check(pin=Secret("482915"), **asked) == first  # type: ignore[arg-type]
    assert len(verifier.asked) == 1
    await other.forget("c")
    await other_engine.dispose()
    assert await count(database, SEALED) == 0
    assert await telepin.recall("c:1") is None
