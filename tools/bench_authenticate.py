"""How long authenticating takes: four kinds of caller in real calls, side by side, on a running stack.

    infolinia up --phones 0 && .venv/bin/python tools/bench_authenticate.py [--rounds 5]

``burst`` keys number and telePIN in one go, at once; ``brisk`` keys each a second after its question has begun;
``listener`` hears every question out; ``slow`` does too, needs 1.4 s a key, corrects the number with ``*`` and presses
no ``#``. All are authenticated. Times are from the answer, from the first key and from the last key to the verdict
in the journal.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from bench_hotline import Bench, Figures, spread
from pydantic import SecretStr

from infolinia.demo_caller import CALLERS
from infolinia.settings import Settings
from recordings.caller.live import LiveCall
from recordings.caller.people import People

PEOPLE = ("dz-01", "dz-02", "dz-03", "dz-04", "dz-05")


class Manner(NamedTuple):
    """``key`` and ``gap`` are seconds; ``slip`` is keyed before the number and cleared with ``*``."""

    hears_out: bool = False
    key: float = 0.1
    gap: float = 0.1
    slip: str = ""
    hash: str = "#"


MANNERS = {
    "burst": Manner(),
    "brisk": Manner(key=0.1, gap=0.2),
    "listener": Manner(True, 0.15, 0.35),
    "slow": Manner(True, 0.4, 1.0, slip="8583", hash=""),
}


class Times(NamedTuple):
    """Seconds to the verdict: from the answer, the first key, the last key."""

    answer: float
    first_key: float
    last_key: float


async def authenticate(bench: Bench, people: People, person: str, name: str, up: asyncio.Event) -> Times:
    """One call, from the answer to a positive verdict. Sets ``up`` once it is connected and known."""
    manner = MANNERS[name]
    live, call = await bench.call()
    up.set()
    try:
        number = people.keys("pesel", person).get_secret_value()
        pin = people.keys("pin", person).get_secret_value()
        if name == "burst":
            pressed = await live.keys(SecretStr(f"{number}#{pin}#"), None, manner.key, manner.gap)
            first = pressed[0].sent
        else:
            slip = f"{manner.slip}*" if manner.slip else ""
            await bench.awaited(call, "IdentityGiven")
            first = await keyed(live, manner, f"{slip}{number}{manner.hash}")
            await bench.awaited(call, "PinGiven")
            await keyed(live, manner, f"{pin}{manner.hash}")
        last = live.presses[-1].sent
        assert first is not None
        assert last is not None
        verdict = await authenticated(bench, call)
        return Times(verdict - live.answered, verdict - first, verdict - last - manner.key)
    finally:
        live.hang_up()


async def keyed(live: LiveCall, manner: Manner, keys: str) -> float:
    """Key an entry in this caller's manner; when its first key was sent."""
    if manner.hears_out:
        await live.wait_silence(live.settle, 60)
    else:
        await live.wait_speech()
        await asyncio.sleep(1.0)
    pressed = await live.keys(SecretStr(keys), None, manner.key, manner.gap)
    assert pressed[0].sent is not None
    return pressed[0].sent


async def authenticated(bench: Bench, call: str) -> float:
    """Wait for the positive verdict; the loop's time of it."""
    async with asyncio.timeout(20):
        while True:
            state = await bench.journal.latest(call)
            if state is not None and state.auth is not None:
                return asyncio.get_running_loop().time()
            await asyncio.sleep(0.02)


async def measure(rounds: int) -> Figures:
    bench, people = Bench(Settings(hours="open")), People.load(CALLERS)
    await bench.line.start()
    found: dict[str, list[Times]] = defaultdict(list)
    try:
        for number in range(rounds):
            calls = {}
            for place, name in enumerate(MANNERS):
                up = asyncio.Event()
                person = PEOPLE[(number + place) % len(PEOPLE)]
                calls[name] = asyncio.create_task(authenticate(bench, people, person, name, up))
                await up.wait()
            for name, call in calls.items():
                found[name].append(await call)
            print(f"{number + 1} of {rounds} rounds", file=sys.stderr)
            await asyncio.sleep(1)
    finally:
        await bench.line.stop()
        await bench.database.dispose()
    everybody = [times.answer for every in found.values() for times in every]
    figures: Figures = {
        name: {field: spread([getattr(times, field) for times in every]) for field in Times._fields}
        for name, every in found.items()
    }
    return figures | {"calls": len(everybody), "median_from_answer_s": round(statistics.median(everybody), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(min(options.rounds, 10)))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
