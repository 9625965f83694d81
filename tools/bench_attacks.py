"""Attacks on the telePIN through engines that are killed all the time. Prints one JSON object.

    .venv/bin/python tools/bench_attacks.py [--kills 10] [--days 30]

e-US is the stub, which blocks an account after three wrong telePINs in a row and never forgets one. Two engines
(processes of their own on one database) check whatever the attack brings; one of them is killed every few checks,
mostly between the count and the verdict, and another takes its place. Told for each attack: how many tries were made,
how many of them reached e-US, what became of the owner's account there, and what the rightful owner meets with the
right telePIN, from another telephone and then from the usual one.

``patient``: the same attack on one person, by PESEL, NIP or both, every day for ``--days`` days of virtual time,
against an e-US that forgets wrong telePINs after a day and one that never does; the owner calls from the usual
telephone once a week. Told: how many tries were made and reached e-US, on how many days the account was blocked (0 is
what must be), and what the owner met.
"""

import argparse
import asyncio
import json
import logging
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import structlog
import uvicorn
from fastapi import Request, Response

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from infolinia.stubs.eus.accounts import FORGETS, Accounts  # noqa: E402
from infolinia.stubs.eus.server import PATH, Fault, build  # noqa: E402
from store import create_tables, open_database  # noqa: E402
from telepin.eus import Breaker, EusClient  # noqa: E402
from telepin.secret import Secret  # noqa: E402
from telepin.service import Outcome, Sealed, TelePin  # noqa: E402

OWNER, OWNER_NIP, RIGHT = "92861810621", "9993000026", "371968"
HOME, AWAY = "+48000000001", "+48999999999"
KEY = b"a key for benches, of 32 bytes !!"
ENGINES = 2
TRIES_A_DAY = 20
CHECKS_A_LIFE = (3, 12)
"""An engine is killed after a number of checks between these."""


class Eus:
    """The stub, served over HTTP from a thread; counts the questions, and thinks a moment about each."""

    def __init__(self, folder: Path, *, forgets: float | None = None, clock: Callable[[], float] = time.time) -> None:
        self.accounts = Accounts(folder / "accounts.db", forgets=forgets, clock=clock)
        self.app, self.asked = build(self.accounts), 0

        @self.app.middleware("http")
        async def _count(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
            self.asked += request.url.path == PATH
            return await proceed(request)

    @contextmanager
    def served(self) -> Iterator[str]:
        self.app.state.fault = Fault(mode="slow", delay=0.05)
        server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.05)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()

    def account(self) -> str:
        """What became of the owner's account, and how many wrong telePINs it has seen in a row."""
        state = next(one for one in self.accounts.states() if one.caller.pesel == OWNER)
        return f"{state.status}, {state.failed} wrong"


def pesel(chance: Random) -> str:
    """A sound PESEL of the years 1885 to 1894: of nobody alive."""
    body = (
        f"{chance.randrange(85, 95)}{chance.randrange(81, 93)}{chance.randrange(1, 29):02}{chance.randrange(10**4):04}"
    )
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return body + str(-sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10)


def number(chance: Random) -> str:
    return f"+48{chance.randrange(10**9):09}"


ATTACKS = {
    "one_pin_many_people": lambda chance: (pesel(chance), number(chance), "123456"),
    "many_numbers_one_person": lambda chance: (OWNER, number(chance), f"{chance.randrange(10**6):06}"),
    "many_numbers_one_person_by_nip": lambda chance: (OWNER_NIP, number(chance), f"{chance.randrange(10**6):06}"),
    "many_numbers_one_person_by_both": lambda chance: (
        chance.choice((OWNER, OWNER_NIP)),
        number(chance),
        f"{chance.randrange(10**6):06}",
    ),
    "one_number_many_people": lambda chance: (pesel(chance), HOME, f"{chance.randrange(10**6):06}"),
    "withheld": lambda chance: (pesel(chance), None, f"{chance.randrange(10**6):06}"),
}


async def check(telepin: TelePin, name: str, who: str, caller: str | None, pin: str) -> Outcome:
    sealed = await telepin.seal(name, Secret(who))
    assert isinstance(sealed, Sealed)
    return await telepin.check(
        check=f"{name}:1", call=name, identity=sealed.ref, pin=Secret(pin), caller=caller, trunk="t"
    )


def client(eus: str) -> EusClient:
    return EusClient(eus, budget=20, breaker=Breaker(failures=10**9))


async def engine(folder: Path, eus: str, attack: str, seed: int) -> None:
    """Check what the attack brings until killed; a line for every try begun."""
    telepin, chance = TelePin(open_database(url(folder)), KEY, client(eus), store_budget=20), Random(seed)
    for count in range(10**6):
        print("try", flush=True)
        await check(telepin, f"{seed}-{count}", *ATTACKS[attack](chance))


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/bench.db"


def attacked(folder: Path, eus: str, attack: str, kills: int) -> int:
    """Let engines die ``kills`` times under the attack; how many tries were begun."""
    chance, tries, seeds = Random(attack), 0, iter(range(10**6))

    def start() -> subprocess.Popen[str]:
        known = ["--engine", attack, "--folder", str(folder), "--eus", eus, "--seed", str(next(seeds))]
        return subprocess.Popen([sys.executable, __file__, *known], stdout=subprocess.PIPE, text=True)

    living = [start() for _ in range(ENGINES)]
    for _ in range(kills):
        victim = living.pop(0)
        assert victim.stdout is not None
        checks = chance.randrange(*CHECKS_A_LIFE)
        for _ in range(checks):
            victim.stdout.readline()
        time.sleep(chance.random() * 0.05)
        victim.send_signal(signal.SIGKILL)
        living.append(start())
        tries += checks + len(victim.stdout.read().splitlines())
        victim.wait()
    for one in living:
        one.kill()
        one.wait()
    return tries


async def owner_meets(folder: Path, eus: str, prepare: bool) -> dict[str, str]:
    """What the owner hears: before the attack (``prepare``: becomes familiar at home), or after it."""
    database, asking = open_database(url(folder)), client(eus)
    await create_tables(database)
    telepin = TelePin(database, KEY, asking, store_budget=20)
    stamp, met = datetime.now(UTC).timestamp(), {}
    for place, caller in (("at_home", HOME),) if prepare else (("elsewhere", AWAY), ("at_home", HOME)):
        for which, who in (("", OWNER), ("_by_nip", OWNER_NIP)):
            outcome = await check(telepin, f"owner-{place}{which}-{stamp}", who, caller, RIGHT)
            met[place + which] = str(outcome.verdict)
    await asking.close()
    await database.dispose()
    return met


def measure(kills: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attack in ATTACKS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            stub = Eus(folder)
            with stub.served() as eus:
                asyncio.run(owner_meets(folder, eus, prepare=True))
                before = stub.asked
                tries = attacked(folder, eus, attack, kills)
                found[attack] = {
                    "kills": kills,
                    "tries_at_least": tries,
                    "reached_e_us": stub.asked - before,
                    "account": stub.account(),
                    "owner": asyncio.run(owner_meets(folder, eus, prepare=False)),
                }
            stub.accounts.close()
        print(attack, found[attack], file=sys.stderr)
    return found


async def patient(numbers: tuple[str, ...], forgets: float | None, days: int) -> dict[str, Any]:
    """One attack day after day, in virtual time."""
    now, chance = datetime(2026, 4, 15, 9, tzinfo=UTC), Random(days)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stub = Eus(folder, forgets=forgets, clock=lambda: now.timestamp())
        database = open_database(url(folder))
        await create_tables(database)
        asking = EusClient("http://eus", transport=httpx2.ASGITransport(stub.app), budget=20)
        telepin = TelePin(database, KEY, asking, store_budget=20, now=lambda: now)
        met: Counter[str] = Counter()
        reached = blocked = count = 0

        async def tried(who: str, caller: str, pin: str) -> str:
            nonlocal count
            count += 1
            outcome = await check(telepin, f"{count}", who, caller, pin)
            await telepin.forget(f"{count}")
            return str(outcome.verdict)

        for who in numbers:
            await tried(who, HOME, RIGHT)
        for day in range(days):
            before = stub.asked
            for n in range(TRIES_A_DAY):
                await tried(numbers[n % len(numbers)], number(chance), f"{chance.randrange(10**6):06}")
                now += timedelta(minutes=20)
            reached += stub.asked - before
            blocked += stub.account().startswith("blocked")
            met[f"elsewhere: {await tried(numbers[0], AWAY, RIGHT)}"] += 1
            if day % 7 == 6:
                for who in numbers:
                    met[f"at home: {await tried(who, HOME, RIGHT)}"] += 1
            now = now.replace(hour=9, minute=0) + timedelta(days=1)
        account = stub.account()
        await asking.close()
        await database.dispose()
        stub.accounts.close()
    return {
        "tries": days * TRIES_A_DAY,
        "reached_e_us": reached,
        "days_blocked": blocked,
        "account": account,
        "owner": dict(met),
    }


def through_days(days: int) -> dict[str, Any]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = {}
    for which, numbers in (("pesel", (OWNER,)), ("nip", (OWNER_NIP,)), ("both", (OWNER, OWNER_NIP))):
        for memory, forgets in (("forgets_in_a_day", FORGETS), ("never_forgets", None)):
            found[f"{which}_{memory}"] = asyncio.run(patient(numbers, forgets, days))
            print(which, memory, found[f"{which}_{memory}"], file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--json", type=Path)
    for internal in ("--engine", "--folder", "--eus", "--seed"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        asyncio.run(engine(Path(options.folder), options.eus, options.engine, int(options.seed)))
        return
    found = {"killed": measure(min(options.kills, 100)), "patient": through_days(min(options.days, 365))}
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
