"""Attacks on the telePIN through engines that are killed all the time. Prints one JSON object.

    .venv/bin/python tools/bench_attacks.py [--kills 10]

Two engines (processes of their own on one database) check whatever the attack brings; one of them is killed every few
checks, mostly between the count and the verdict, and another takes its place. Told for each attack: how many tries were
made, how many of them reached e-US, and whether the rightful owner still does, from the usual telephone and another.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from store import create_tables, open_database  # noqa: E402
from telepin.eus import EusPerson, Verification, token  # noqa: E402
from telepin.identity import Kind  # noqa: E402
from telepin.secret import Secret  # noqa: E402
from telepin.service import Outcome, Sealed, TelePin  # noqa: E402

OWNER, HOME, RIGHT = "85831410110", "+48000000001", "482915"
KEY = b"a key for benches, of 32 bytes !!"
ENGINES = 2
CHECKS_A_LIFE = (3, 12)
"""An engine is killed after a number of checks between these."""


class Eus:
    """Notes durably that it was asked, thinks for a moment, and knows the owner alone."""

    def __init__(self, notes: Path) -> None:
        self._notes = os.open(notes, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    async def verify(self, *, request: str, kind: Kind, number: Secret, pin: Secret, match_key: str) -> Verification:
        os.write(self._notes, b".")
        await asyncio.sleep(0.05)
        right = (number.reveal(), pin.reveal()) == (OWNER, RIGHT)
        return Verification(
            request_id=request,
            verdict="ok" if right else "refused",
            subject=token(match_key, number),
            person=EusPerson(ref="owner", label="Adam Testowy") if right else None,
            office=None,
            principals=(),
        )

    async def acts(self, *, request: str, verification: str, principal: str) -> bool:
        return False


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
    "one_number_many_people": lambda chance: (pesel(chance), HOME, f"{chance.randrange(10**6):06}"),
    "withheld": lambda chance: (pesel(chance), None, f"{chance.randrange(10**6):06}"),
}


async def check(telepin: TelePin, name: str, who: str, caller: str | None, pin: str) -> Outcome:
    sealed = await telepin.seal(name, Secret(who))
    assert isinstance(sealed, Sealed)
    return await telepin.check(
        check=f"{name}:1", call=name, identity=sealed.ref, pin=Secret(pin), caller=caller, trunk="t"
    )


async def engine(folder: Path, attack: str, seed: int) -> None:
    """Check what the attack brings until killed; a line for every try begun."""
    telepin, chance = TelePin(open_database(url(folder)), KEY, Eus(folder / "asked"), store_budget=20), Random(seed)
    for count in range(10**6):
        print("try", flush=True)
        await check(telepin, f"{seed}-{count}", *ATTACKS[attack](chance))


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/bench.db"


def attacked(folder: Path, attack: str, kills: int) -> int:
    """Let engines die ``kills`` times under the attack; how many tries were begun."""
    chance, tries, seeds = Random(attack), 0, iter(range(10**6))

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--engine", attack, "--folder", str(folder), "--seed", str(next(seeds))]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

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


async def owner_meets(folder: Path, prepare: bool) -> dict[str, str]:
    """What the owner hears: before the attack (``prepare``: becomes familiar at home), or after it."""
    database = open_database(url(folder))
    await create_tables(database)
    telepin = TelePin(database, KEY, Eus(folder / "owner"), store_budget=20)
    stamp = datetime.now(UTC).timestamp()
    met = {"at_home": (await check(telepin, f"owner-home-{stamp}", OWNER, HOME, RIGHT)).verdict}
    if not prepare:
        met["elsewhere"] = (await check(telepin, f"owner-{stamp}", OWNER, "+48999999999", RIGHT)).verdict
    await database.dispose()
    return {name: str(verdict) for name, verdict in met.items()}


def measure(kills: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attack in ATTACKS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            asyncio.run(owner_meets(folder, prepare=True))
            tries = attacked(folder, attack, kills)
            asked = folder / "asked"
            found[attack] = {
                "kills": kills,
                "tries_at_least": tries,
                "reached_e_us": asked.stat().st_size if asked.exists() else 0,
                "owner": asyncio.run(owner_meets(folder, prepare=False)),
            }
        print(attack, found[attack], file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--json", type=Path)
    for internal in ("--engine", "--folder", "--seed"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        asyncio.run(engine(Path(options.folder), options.engine, int(options.seed)))
        return
    found = measure(min(options.kills, 100))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
