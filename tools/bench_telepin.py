"""Bench of the telePIN room: key streams, attacks, and what one attempt costs. Prints one JSON object.

Run from the repository's root: python tools/bench_telepin.py [--streams 1000000] [--seed 1]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "telepin")]

from test_keys import play  # noqa: E402

from store import create_tables, open_database  # noqa: E402
from telepin.secret import Secret  # noqa: E402
from telepin.throttle import Throttle  # noqa: E402

Attempt = Callable[[str, str | None, str], Coroutine[Any, Any, bool]]


def streams(count: int, seed: int) -> dict[str, Any]:
    """Whole calls with random timing: how many gave anything but exactly what was keyed."""
    began, wrong, chance = time.perf_counter(), [], Random(seed)
    for number in range(count):
        call = chance.getrandbits(64)
        try:
            keyed, answers = play(Random(call))
        except AssertionError:
            keyed, answers = ["answer"], ["fault"]
        if keyed != answers:
            wrong.append(call)
        if number % 50_000 == 49_999:
            print(f"{number + 1} of {count} key streams, {len(wrong)} wrong", file=sys.stderr)
    seconds = time.perf_counter() - began
    return {"calls": count, "wrong": len(wrong), "seeds": wrong[:5], "us_per_call": round(seconds / count * 1e6)}


async def attacks(seed: int) -> dict[str, Any]:
    """How many of so many tries reach the verifier, and what the rightful owner meets meanwhile."""
    chance = Random(seed)
    owner, home = "85831410110", "+48000000001"

    def person() -> str:
        return f"{chance.randrange(10**10, 10**11)}"

    def pin() -> str:
        return f"{chance.randrange(10**6):06}"

    def phone() -> str:
        return f"+48{chance.randrange(10**9):09}"

    async def one_pin(attempt: Attempt) -> int:
        return sum([await attempt(person(), phone(), "123456") for _ in range(1000)])

    async def one_phone(attempt: Attempt) -> int:
        return sum([await attempt(person(), home, pin()) for _ in range(1000)])

    async def one_person(attempt: Attempt) -> int:
        return sum([await attempt(owner, phone(), pin()) for _ in range(1000)])

    async def withheld(attempt: Attempt) -> int:
        return sum([await attempt(person(), None, pin()) for _ in range(1000)])

    async def all_new(attempt: Attempt) -> int:
        return sum([await attempt(person(), phone(), pin()) for _ in range(1000)])

    found = {}
    for attack in (one_pin, one_phone, one_person, withheld, all_new):
        found[attack.__name__] = await _attacked(attack, owner, home)
    return found


async def _attacked(attack: Callable[[Attempt], Coroutine[Any, Any, int]], owner: str, home: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite+aiosqlite:///{folder}/bench.db")
        await create_tables(database)
        throttle = Throttle(database, b"a key for benches, of 32 bytes !!")
        now, count = datetime(2026, 4, 15, 9, tzinfo=UTC), 0

        async def attempt(identity: str, caller: str | None, pin: str) -> bool:
            nonlocal now, count
            now, count = now + timedelta(seconds=1), count + 1
            name = f"check-{count}"
            known = {"identity": Secret(identity), "caller": caller}
            held = await throttle.reserve(check=name, call=name, pin=Secret(pin), trunk="t", now=now, **known)
            return held.exhausted is None

        await attempt(owner, home, "482915")
        await throttle.succeed(check="check-1", identity=Secret(owner), caller=home, now=now)
        began, before = time.perf_counter(), count
        reached = await attack(attempt)
        each = (time.perf_counter() - began) / (count - before)
        at_home = await attempt(owner, home, "482915")
        await throttle.refund(f"check-{count}")
        elsewhere = await attempt(owner, "+48999999999", "482915")
        await database.dispose()
    return {
        "tries": count - before - 2,
        "reached": reached,
        "owner_at_usual_phone": "asked" if at_home else "throttled",
        "owner_elsewhere": "asked" if elsewhere else "throttled",
        "ms_per_try": round(each * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    found = {"attacks": asyncio.run(attacks(chosen.seed)), "streams": streams(chosen.streams, chosen.seed)}
    print(json.dumps(found, indent=2))
    if chosen.json:
        chosen.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
