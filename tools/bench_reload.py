"""How soon engines serve a new version of the dialplans with 100 calls under way, and whether any of them is disturbed.

    .venv/bin/python tools/bench_reload.py [--calls 100] [--json FILE]     on a running stack: infolinia up

The new version is deployed and rolled back beforehand; what is measured is the change itself. SIPp holds the calls, and
each presses ``#`` once after the change, which must be heard. A call is disturbed when, after the change, an engine
failed it, resumed it or lost its sound, or when its turns name two versions; what came before the change is told apart:
that is the load. Two more callers listen throughout: their longest gap between two packets is told for the ten seconds
before the change and for those about it. Afterwards the former version is live again. Bounded: at most 150 calls.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from sqlalchemy import select

from infolinia import deployment
from infolinia.settings import Settings
from ivr.dialogue.events import CallArrived, Failed, MediaLost, Resumed, Skipped
from ivr.journal import CALLS, Journal
from recordings.caller.live import LiveCall
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine
from store import open_database
from store.versions import Version

NUMBER = "224605992"
RATE, SECONDS, KEY_AFTER = 5, 60, 45
Figures = dict[str, Any]


def edited(settings: Settings, folder: Path) -> Path:
    """The dialplans with a closing of other words."""
    copy = folder / "dialplans"
    shutil.copytree(settings.dialplans, copy)
    prompts = copy / "prompts.yaml"
    text = prompts.read_text(encoding="utf-8")
    mark = f"Do widzenia i do usłyszenia. {datetime.now():%H %M %S}"
    lines = [f'  do-widzenia: "{mark}"' if line.startswith("  do-widzenia:") else line for line in text.split("\n")]
    prompts.write_text("\n".join(lines), encoding="utf-8")
    return copy


async def measure(settings: Settings, calls: int) -> Figures:
    database = open_database(settings.database_url)
    line = SipLine(("127.0.0.1", settings.port("sip")))
    await line.start()
    before = deployment.versions_of(settings).live()
    assert before is not None, "infolinia up first"
    with TemporaryDirectory() as folder:
        deployed = await asyncio.to_thread(deployment.deploy, settings, edited(settings, Path(folder)), by="bench")
        assert deployed.version is not None
    await asyncio.to_thread(deployment.roll_back, settings, str(before.number), by="bench")
    await asyncio.sleep(2)
    began = datetime.now(UTC)
    command = [sys.executable, "tools/bench_calls.py", "load", "--to", NUMBER, "--rate", str(RATE)]
    command += ["--calls", str(calls), "--keys", "#", "--keys-after", str(KEY_AFTER), "--seconds", str(SECONDS)]
    command += ["--server", f"127.0.0.1:{settings.port('sip')}"]
    load = asyncio.create_task(asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False))
    listeners = [LiveCall(await line.dial(Dial(NUMBER, None))) for _ in range(2)]
    await asyncio.sleep(calls / RATE + 2)
    _longest_gap(listeners)
    await asyncio.sleep(10)
    under_way = await _under_way(settings)
    gap_before = _longest_gap(listeners)
    watching = asyncio.create_task(_served(settings))
    await asyncio.to_thread(deployment.roll_back, settings, str(deployed.version.number), by="bench")
    reload, changed = await watching
    await asyncio.sleep(8)
    gap_about = _longest_gap(listeners)
    for listener in listeners:
        listener.hang_up()
    sipp = await load
    await asyncio.sleep(1)
    found = await _judged(Journal(database, "bench"), database, began, changed, before)
    await asyncio.to_thread(deployment.roll_back, settings, str(before.number), by="bench")
    await line.stop()
    await database.dispose()
    gaps = {"longest_gap_before_ms": gap_before, "longest_gap_about_ms": gap_about}
    told = json.loads(sipp.stdout) if sipp.stdout.strip().startswith("{") else {"error": sipp.stderr[-400:]}
    return {"calls_under_way": under_way, "pointer_to_served_ms": reload, **gaps, **found, "sipp": told}


def _longest_gap(listeners: list[LiveCall]) -> int:
    """Milliseconds; what was counted is forgotten."""
    longest = 0.0
    for listener in listeners:
        quality = listener.leg.media.hearing.quality
        longest = max(longest, quality.max_gap)
        quality.max_gap = 0.0
    return round(longest * 1000)


async def _under_way(settings: Settings) -> int:
    async with httpx2.AsyncClient(trust_env=False) as client:
        shown = [await _metrics(client, settings, number) for number in range(settings.engines)]
    lines = [line for text in shown for line in text.split("\n") if line.startswith("infolinia_calls ")]
    return round(sum(float(line.split()[1]) for line in lines))


async def _served(settings: Settings) -> tuple[int, datetime]:
    """Milliseconds from the change of the live version until every engine gives it to new calls, and when it was."""
    versions = deployment.versions_of(settings)
    stamp = versions.stamp()
    while versions.stamp() == stamp:
        await asyncio.sleep(0.005)
    changed, at = time.monotonic(), datetime.now(UTC)
    new = versions.live_id()
    waiting = set(range(settings.engines))
    async with httpx2.AsyncClient(trust_env=False) as client:
        while waiting:
            for number in sorted(waiting):
                if f'infolinia_plan{{version="{new}"}} 1.0' in await _metrics(client, settings, number):
                    waiting.discard(number)
            await asyncio.sleep(0.01)
    return round((time.monotonic() - changed) * 1000), at


async def _metrics(client: httpx2.AsyncClient, settings: Settings, number: int) -> str:
    return (await client.get(f"http://127.0.0.1:{settings.port('metrics', number)}/metrics")).text


async def _judged(journal: Journal, database: Any, began: datetime, changed: datetime, before: Version) -> Figures:
    """What the journal says of every call since ``began``."""
    query = select(CALLS.c.id).where(CALLS.c.arrived >= began)
    async with database.connect() as connection:
        ids = (await connection.execute(query)).scalars().all()
    disturbed = earlier = keyed = old = 0
    for id_ in ids:
        turns = await journal.turns(id_)
        plans = {turn.state.plan for turn in turns}
        old += plans == {before.id}
        keyed += any(isinstance(turn.event, Skipped) for turn in turns)
        broken = [turn.at for turn in turns if isinstance(turn.event, Failed | Resumed | MediaLost)]
        disturbed += (
            any(at >= changed for at in broken) or len(plans) != 1 or not isinstance(turns[0].event, CallArrived)
        )
        earlier += any(at < changed for at in broken)
    kept = {"with_the_version_they_began_with": old, "keys_heard": keyed}
    return {"calls": len(ids), **kept, "disturbed": disturbed, "disturbed_before_the_change": earlier}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(Settings(hours="open"), min(options.calls, 150)))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
