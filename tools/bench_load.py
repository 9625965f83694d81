"""How many calls a running stack bears (`infolinia up --phones 0`), and what gives way first.

    .venv/bin/python tools/bench_load.py [--rates 10,20,30,40] [--at-once 100,200,300] [--json FILE]

Two series of SIPp calls, each call of which presses ``#`` once and must show it in the journal: ever more calls set up
per second (each lasts ten seconds), and ever more calls at once (set up at twenty per second, then held). Beside them
one caller of ours calls again and again: how long until it is answered, how soon a key silences the prompt, the longest
gap between two packets at its ear. What gives way is told by the processor time of each part, callers included, and by
the database: turns per second beside what its disk takes when one waits for another, and alarms of turns that it did
not take in time. A series ends at the first step that is not borne. Bounded: 100 calls a second, 800 at once.
"""

import argparse
import asyncio
import json
import os
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import bench_calls
import httpx2
from bench_hotline import NUMBER, Bench, Figures, child_pid, spread, used
from sqlalchemy import func, select

from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.install import ensure
from infolinia.background import Background
from infolinia.settings import Settings
from ivr.dialogue.call import Call
from ivr.dialogue.events import Skipped
from ivr.journal import CALLS, TURNS, Journal
from recordings.caller.live import Impatient
from recordings.caller.sip import Refused
from store import create_tables, open_database

MOST_RATE, MOST_AT_ONCE = 100, 800
RAMP, HOLD, RATE = 10, 10.0, 20
"""Seconds of ever new calls at a rate; seconds that the last call of a step is up; calls a second for calls at once."""
BEFORE_THE_END = 4.0
"""Seconds before its end at which each call presses its key."""
NUMBERS = count(602_100_001)
BORNE = 0.99
"""Share of the calls that must be answered, and of the keys that must be heard."""


class Load:
    def __init__(self, bench: Bench) -> None:
        self.bench, self.settings = bench, bench.settings

    async def rates(self, rates: list[int]) -> Figures:
        """Ever more calls a second."""
        return await self._until_too_much(
            [(f"{rate} calls/s", lambda rate=rate: self._step(rate, rate * RAMP, HOLD)) for rate in rates]
        )

    async def at_once(self, counts: list[int]) -> Figures:
        """Ever more calls at once: all of them are up when the last has been set up."""
        return await self._until_too_much(
            [(f"{n} at once", lambda n=n: self._step(RATE, n, n / RATE + HOLD)) for n in counts]
        )

    async def _until_too_much(self, steps: list[tuple[str, Callable[[], Awaitable[Figures]]]]) -> Figures:
        found: Figures = {}
        for name, step in steps:
            found[name] = await step()
            print(f"{name}: {json.dumps(found[name])}", flush=True)
            await asyncio.sleep(3)
            if not found[name]["borne"]:
                break
        return found

    async def _step(self, rate: int, calls: int, seconds: float) -> Figures:
        began, alarms, before, start = datetime.now(UTC), await self._alarms(), self._used(), time.monotonic()
        options = SimpleNamespace(
            rate=rate,
            calls=calls,
            seconds=seconds,
            keys="#",
            keys_after=seconds - BEFORE_THE_END,
            to=NUMBER,
            server=f"127.0.0.1:{self.settings.port('sip')}",
            limit=1000,
            pid=None,
        )
        prober = asyncio.create_task(self._probe())
        sipp = await asyncio.to_thread(bench_calls.load, options)
        prober.cancel()
        wall, after = time.monotonic() - start, self._used()
        async with self.bench.database.connect() as connection:
            turns = (await connection.execute(select(func.count()).where(TURNS.c.at >= began))).scalar_one()
            query = select(func.count()).where(TURNS.c.at >= began, TURNS.c.event.like(f'%"{Skipped.__name__}"%'))
            keyed = (await connection.execute(query)).scalar_one()
            known = (await connection.execute(select(func.count()).where(CALLS.c.arrived >= began))).scalar_one()
        done = sipp["answered_and_ended"]
        return {
            "calls": calls,
            "most_at_once": sipp["most_at_once"],
            "borne": done >= BORNE * calls and keyed >= BORNE * calls,
            "answered_and_ended": done,
            "keys_heard": keyed,
            "calls_in_the_journal": known,
            "invite_to_answer": sipp["invite_to_answer"],
            "retransmissions": sipp["retransmissions"],
            "cores": {name: round((after[name] - before[name]) / wall, 2) for name in after},
            "turns_per_second": round(turns / wall, 1),
            "turns_not_taken_in_time": await self._alarms() - alarms,
            "our_caller": self._probed(),
        }

    # One caller of ours beside

    async def _probe(self) -> None:
        """Call, wait for the question, press a key, hang up; again until cancelled."""
        self.answered: list[float] = []
        self.silenced: list[float] = []
        self.gaps: list[float] = []
        self.lost = 0
        loop = asyncio.get_running_loop()
        while True:
            dialled = loop.time()
            try:
                live, call_id = await self.bench.call(f"+48{next(NUMBERS)}")
            except Refused:
                self.lost += 1
                continue
            self.answered.append(live.answered - dialled)
            try:
                await asyncio.wait_for(self.bench.awaited(call_id, "IdentityGiven"), 10)
                await live.wait_speech(10)
                await asyncio.sleep(1.0)
                live.leg.media.hearing.quality.max_gap = 0.0
                await asyncio.sleep(2.0)
                self.gaps.append(live.leg.media.hearing.quality.max_gap)
                self.silenced.append(await self.bench.key_to_silence(live, "8"))
            except (TimeoutError, Impatient):
                self.lost += 1
            finally:
                live.hang_up()

    def _probed(self) -> Figures:
        shown = {"answered": self.answered, "key_to_silence": self.silenced, "longest_gap_of_2_s": self.gaps}
        return {**{name: spread(values) for name, values in shown.items() if values}, "lost": self.lost}

    # Who has what of the machine

    def _used(self) -> dict[str, float]:
        """Processor seconds so far, by part; the machine's are those of all processes, others' included."""
        asterisk = Asterisk(self.settings, ensure(self.settings)).pid or 0
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        busy = sum(map(int, fields)) - int(fields[3]) - int(fields[4])
        mine = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "asterisk": used(asterisk),
            "engines": sum(used(child_pid(self.settings, f"engine-{n}")) for n in range(self.settings.engines)),
            "desk and supervisor": used(Background(self.settings.var, "serve").pid() or 0)
            + used(child_pid(self.settings, "desk")),
            "callers (SIPp)": children(),
            "our caller": mine.ru_utime + mine.ru_stime,
            "machine": busy / os.sysconf("SC_CLK_TCK"),
        }

    async def _alarms(self) -> int:
        """Turns that the database did not take in time: alarms of all engines so far (of a kind one a minute)."""
        total = 0.0
        async with httpx2.AsyncClient(trust_env=False) as client:
            for number in range(self.settings.engines):
                text = (await client.get(f"http://127.0.0.1:{self.settings.port('metrics', number)}/metrics")).text
                lines = [line for line in text.split("\n") if line.startswith("infolinia_alarms_total{")]
                total += sum(float(line.rpartition(" ")[2]) for line in lines if "journal-stalled" in line)
        return round(total)


def children() -> float:
    """Processor seconds of the processes that this one started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


async def commits(folder: Path, many: int = 300) -> Figures:
    """Turns per second that a journal on the disk of ``folder`` takes, each waiting for the one before, and 50 calls at
    once."""
    with TemporaryDirectory(dir=folder) as name:
        database = open_database(f"sqlite+aiosqlite:///{name}/probe.db")
        await create_tables(database)
        journal = Journal(database, "probe", stall=30)
        await journal.start()

        async def call(id_: str, turns: int) -> None:
            for turn in range(turns):
                await journal.commit(Call(id=id_, turn=turn), Skipped(), ())

        start = time.monotonic()
        await call("alone", many)
        alone = many / (time.monotonic() - start)
        start = time.monotonic()
        await asyncio.gather(*(call(f"beside-{n}", many // 10) for n in range(50)))
        beside = 50 * (many // 10) / (time.monotonic() - start)
        await journal.close()
        await database.dispose()
    return {"one_after_another": round(alone), "fifty_calls_at_once": round(beside)}


async def measure(options: argparse.Namespace) -> Figures:
    bench = Bench(Settings(hours="open"))
    await bench.line.start()
    try:
        load = Load(bench)
        found: Figures = {"turns_per_second_of_the_database": await commits(bench.settings.var)}
        print(json.dumps(found), flush=True)
        found |= await load.rates([min(rate, MOST_RATE) for rate in options.rates])
        found |= await load.at_once([min(count, MOST_AT_ONCE) for count in options.at_once])
        return found
    finally:
        await bench.line.stop()
        await bench.database.dispose()


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=numbers, default=[10, 20, 30, 40], help="calls set up per second")
    parser.add_argument("--at-once", type=numbers, default=[100, 200, 300], help="calls at once")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: Any = asyncio.run(measure(options))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
