"""What a caller and a consultant feel, on a running stack (`infolinia up --phones 0`).

    .venv/bin/python tools/bench_hotline.py feel [--calls 10]      key to reaction, pick-up to pop-up
    .venv/bin/python tools/bench_hotline.py kill [--calls 5]       kill to resumed prompt

Every figure is taken at the caller's ear (RTP that arrived) or at the CRM's door. Bounded in calls and time.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import select

from infolinia.background import Background
from infolinia.demo_caller import CALLERS
from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.dialogue.events import Resumed
from ivr.journal import CALLS, Journal
from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.live import LiveCall
from recordings.caller.people import People
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine
from store import open_database

NUMBER = "224605992"
PAUSE = 2.0
"""Seconds of silence after which a question has been said: longer than any pause in one."""
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
        self.people = People.load(CALLERS)
        self.line = SipLine(("127.0.0.1", settings.port("sip")))

    async def call(self, caller: str | None = None) -> tuple[LiveCall, str]:
        """A call that is up, and its id. Unless told, the number is withheld: nobody is offered to go on with an
        earlier call. With other calls about, only a ``caller`` of one's own is told from them."""
        began = datetime.now(UTC)
        live = LiveCall(await self.line.dial(Dial(NUMBER, caller)))
        query = (
            select(CALLS.c.id)
            .where(CALLS.c.arrived >= began, CALLS.c.caller.is_(caller))
            .order_by(CALLS.c.arrived.desc())
            .limit(1)
        )
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
        for number in range(calls):
            live, call_id = await self.call()
            await self.awaited(call_id, "IdentityGiven")
            await live.wait_speech()
            await asyncio.sleep(0.7 + 0.13 * (number % 10))  # not always the same syllable: its loudness decides
            stops.append(await self.key_to_silence(live, "8"))
            await live.keys("*")
            pressed = await live.keys(self.people.keys("pesel", "dz-01").get_secret_value() + "#")
            prompts.append(await live.wait_speech() - pressed[-1].sent)
            await live.keys(self.people.keys("pin", "dz-01").get_secret_value() + "#")
            await self.awaited(call_id, "Keyed")
            await live.keys("0")
            pages.append(await self._pick_up_to_page(phone, call_id))
            live.hang_up()
            await asyncio.sleep(1.0)
        await self.line.stop()
        found = {"key_to_silence": stops, "hash_to_next_prompt": prompts, "pick_up_to_page": pages}
        return {name: spread(values) for name, values in found.items()}

    async def key_to_silence(self, live: LiveCall, key: str) -> float:
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
        """The engine of a call is killed at the question for the telePIN; how soon does the caller hear it again?"""
        gaps = []
        for _ in range(calls):
            live, call_id = await self.call()
            await self.awaited(call_id, "IdentityGiven")
            await live.keys(self.people.keys("pesel", "dz-01").get_secret_value() + "#")
            await self.awaited(call_id, "PinGiven")
            await live.wait_silence(PAUSE, 60)
            engine = (await self.journal.turns(call_id))[-1].engine
            live.mark = asyncio.get_running_loop().time()
            os.kill(child_pid(self.settings, engine), signal.SIGKILL)
            gaps.append(await live.wait_speech(15) - live.mark)
            assert isinstance((await self.journal.turns(call_id))[-1].event, Resumed), "asked again for another reason"
            live.hang_up()
            Stack(self.settings)._wait_for_engines()
        await self.line.stop()
        return {"kill_to_resumed_prompt": {**spread(gaps), "each_ms": [round(gap * 1000) for gap in gaps]}}


def used(pid: int) -> float:
    """Processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def child_pid(settings: Settings, name: str) -> int:
    """The process of ``engine-0`` or of the ``desk`` of this stack: a child of its supervisor."""
    supervisor, words = Background(settings.var, "serve").pid(), set(name.encode().split(b"-"))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = set((process / "cmdline").read_bytes().split(b"\0"))
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == supervisor and words <= arguments:
            return int(process.name)
    raise SystemExit(f"{name} does not run: infolinia up")


async def measure(options: argparse.Namespace) -> Figures:
    bench = Bench(Settings(hours="open"))
    await bench.line.start()
    try:
        if options.what == "feel":
            return await bench.feel(min(options.calls, 50))
        return await bench.kill(min(options.calls, 20))
    finally:
        await bench.database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("feel", "kill"))
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(options))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
