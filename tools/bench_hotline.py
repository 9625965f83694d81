"""What a caller and a consultant feel, on a running stack (`infolinia up --phones 0`), and how many calls it bears.

    .venv/bin/python tools/bench_hotline.py feel [--calls 10]      key to reaction, pick-up to pop-up
    .venv/bin/python tools/bench_hotline.py kill [--calls 5]       kill to resumed prompt
    .venv/bin/python tools/bench_hotline.py load [--rates 5,10,20] calls set up, keys lost, processor time by part

Every figure is taken at the caller's ear (RTP that arrived) or at the CRM's door. Bounded in calls and time.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import func, select

from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.install import ensure
from infolinia.background import Background
from infolinia.demo_caller import DemoCaller
from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.journal import CALLS, TURNS, Journal
from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.live import LiveCall
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine
from store import open_database

NUMBER = "224605992"
Figures = dict[str, Any]


def spread(values: list[float]) -> Figures:
    """p50 and p95 of seconds, in milliseconds."""
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"n": len(ordered), "p50_ms": round(statistics.median(ordered) * 1000), "p95_ms": round(last * 1000)}


class Bench:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = open_database(settings.database_url)
        self.journal = Journal(self.database, "bench")
        self.line = SipLine(("127.0.0.1", settings.port("sip")))

    async def call(self, caller: str | None = None) -> tuple[LiveCall, str]:
        """A call that is up, and its id. Unless told, the number is withheld: nobody is offered to go on with an
        earlier call."""
        began = datetime.now(UTC)
        live = LiveCall(await self.line.dial(Dial(NUMBER, caller)))
        query = select(CALLS.c.id).where(CALLS.c.arrived >= began).order_by(CALLS.c.arrived.desc()).limit(1)
        while True:
            async with self.database.connect() as connection:
                found = (await connection.execute(query)).scalar_one_or_none()
            if found:
                return live, str(found)
            await asyncio.sleep(0.02)

    async def awaited(self, call_id: str, event: str) -> None:
        """Wait until the call waits for ``event``."""
        while (state := await self.journal.latest(call_id)) is None or event not in state.awaits:
            await asyncio.sleep(0.02)

    async def feel(self, calls: int) -> Figures:
        """Key to silence, last digit to the next prompt, menu key to what follows, pick-up to page."""
        stops, prompts, pages = [], [], []
        phone = await self._consultant()
        for _ in range(calls):
            live, call_id = await self.call()
            await self.awaited(call_id, "IdentityGiven")
            await live.wait_speech()
            await asyncio.sleep(1.0)
            stops.append(await self._key_to_silence(live, "8"))
            await live.keys("*")
            caller = DemoCaller("dz-01")
            pressed = await live.keys(caller.identity())
            prompts.append(await live.wait_speech() - pressed[-1].sent)
            await live.keys(caller.pin())
            await self.awaited(call_id, "Keyed")
            await live.keys("0")
            pages.append(await self._pick_up_to_page(phone, call_id))
            live.hang_up()
            await asyncio.sleep(1.0)
        await self.line.stop()
        found = {"key_to_silence": stops, "hash_to_next_prompt": prompts, "pick_up_to_page": pages}
        return {name: spread(values) for name, values in found.items()}

    async def _key_to_silence(self, live: LiveCall, key: str) -> float:
        (press,) = await live.keys(key)
        hearing = live.leg.media.hearing
        while hearing.quiet_for(asyncio.get_running_loop().time()) < 0.15:
            await asyncio.sleep(0.01)
        return max(hearing.segments[-1].end - press.sent, 0.0)

    async def _consultant(self) -> ConsultantPhone:
        Stack(self.settings).agents(["add", "konsultant1", "--queue", "*"])
        line = SipLine(("127.0.0.1", self.settings.port("sip")))
        await line.start()
        phone = ConsultantPhone(line, Behaviour(answer_after=0.3, greeting=soft_tone()), self._told)
        await phone.register("konsultant1", SecretStr(read_secret(self.settings, "sip-konsultant1").decode()))
        self.answered = asyncio.Event()
        return phone

    def _told(self, what: str, detail: str) -> None:
        if what == "answered":
            self.picked_up = time.monotonic()
            self.answered.set()

    async def _pick_up_to_page(self, phone: ConsultantPhone, call_id: str) -> float:
        async with httpx2.AsyncClient(base_url=self.settings.crm, trust_env=False) as client:
            await self.answered.wait()
            self.answered.clear()
            while True:
                popups = (await client.get("/api/popups", params={"call": call_id})).json()
                if any(popup["session"] for popup in popups):
                    return time.monotonic() - self.picked_up
                await asyncio.sleep(0.005)

    async def kill(self, calls: int) -> Figures:
        """The engine of a call is killed at a question; how soon does the caller hear it again?"""
        gaps = []
        for _ in range(calls):
            live, call_id = await self.call()
            await self.awaited(call_id, "IdentityGiven")
            await live.wait_silence(1.0, 60)
            engine = (await self.journal.turns(call_id))[-1].engine
            live.mark = asyncio.get_running_loop().time()
            os.kill(engine_pid(self.settings, engine), signal.SIGKILL)
            gaps.append(await live.wait_speech(15) - live.mark)
            live.hang_up()
            Stack(self.settings)._wait_for_engines()
        await self.line.stop()
        return {"kill_to_resumed_prompt": spread(gaps)}

    async def load(self, rates: list[int], seconds: float) -> Figures:
        """SIPp calls that press ``#`` once; every one must show it in the journal."""
        found: Figures = {}
        for rate in rates:
            calls = rate * 15
            began, before = datetime.now(UTC), self._processor_time()
            command = [sys.executable, "tools/bench_calls.py", "load", "--to", NUMBER, "--rate", str(rate)]
            command += ["--calls", str(calls), "--keys", "#", "--keys-after", "3", "--seconds", str(seconds)]
            command += ["--server", f"127.0.0.1:{self.settings.port('sip')}"]
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
            after, wall = self._processor_time(), (datetime.now(UTC) - began).total_seconds()
            sipp = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {"error": done.stderr[-400:]}
            skipped = select(func.count()).where(TURNS.c.at >= began, TURNS.c.event.like('%"Skipped"%'))
            async with self.database.connect() as connection:
                keyed = (await connection.execute(skipped)).scalar_one()
            share = {name: round((after[name] - before[name]) / wall, 2) for name in after}
            found[f"{rate} calls/s"] = {"calls": calls, "keys_heard": keyed, "cores": share, "sipp": sipp}
        return found

    def _processor_time(self) -> dict[str, float]:
        asterisk = Asterisk(self.settings, ensure(self.settings)).pid or 0
        engines = [engine_pid(self.settings, f"engine-{n}") for n in range(self.settings.engines)]
        return {"asterisk": used(asterisk), "engines": sum(map(used, engines))}


def used(pid: int) -> float:
    """Processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def engine_pid(settings: Settings, engine: str) -> int:
    """The process of ``engine-0`` of this stack: a child of its supervisor."""
    supervisor, number = Background(settings.var, "serve").pid(), engine.rpartition("-")[2]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == supervisor and b"engine" in arguments and number.encode() in arguments:
            return int(process.name)
    raise SystemExit(f"{engine} does not run: infolinia up")


async def measure(options: argparse.Namespace) -> Figures:
    bench = Bench(Settings(hours="open"))
    await bench.line.start()
    try:
        match options.what:
            case "feel":
                return await bench.feel(min(options.calls, 50))
            case "kill":
                return await bench.kill(min(options.calls, 20))
        rates = [min(int(rate), 100) for rate in options.rates.split(",")]
        return await bench.load(rates, options.seconds)
    finally:
        await bench.database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("feel", "kill", "load"))
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--rates", default="5,10,20")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a call under load")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(options))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
