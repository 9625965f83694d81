"""When a refused telePIN is heard at the caller's ear, on a running stack: six things wrong with an account, and one
that e-US does not check for a stranger.

    infolinia up --phones 0 && .venv/bin/python tools/bench_refusals.py [--rounds 2]

Every second round keys the telePIN without ``#``. Times are from the end of the last key to the first sound of the
refusal. Calls that the limits refuse are counted apart, as ``throttled``; a fresh stack bears two rounds a day.
"""

import argparse
import asyncio
import json
import statistics
from collections import defaultdict
from hashlib import sha256
from itertools import count
from pathlib import Path

from bench_hotline import Bench, Figures
from pydantic import SecretStr

from infolinia.demo_caller import CALLERS
from infolinia.settings import Settings
from ivr.dialogue.events import PinChecked
from recordings.caller.live import LiveCall
from recordings.caller.people import People
from voicebot.audio import BYTES_PER_SECOND

UNKNOWN = SecretStr("85833099915")
"""A sound PESEL of nobody."""
KINDS = {
    "wrong": ("dz-14", "dz-28", "dz-29"),
    "not counted": ("dz-13",) * 3,
    "blocked": ("dz-08", "dz-09", "dz-08"),
    "inactive": ("dz-10", "dz-11", "dz-10"),
    "unset": ("dz-12",) * 3,
    "unknown": (None,) * 3,
    "minor": ("dz-26",) * 3,
}
OWN_PIN = {"blocked", "inactive"}
"""Kinds of account whose right telePIN is keyed."""
COMPARED = 3.0
"""Seconds of the refusal that are compared."""
_numbers = count(48_000_700_001)


async def refused(bench: Bench, people: People, kind: str, number: int) -> tuple[str, float, bytes]:
    """One call: verdict, seconds from the last key's end to the refusal, and how it began."""
    person = KINDS[kind][number % 3]
    live, call = await bench.call(f"+{next(_numbers)}")
    try:
        await bench.awaited(call, "IdentityGiven")
        await live.wait_speech()
        identity = UNKNOWN if person is None else people.keys("pesel", person)
        await live.keys(SecretStr(identity.get_secret_value() + "#"))
        await bench.awaited(call, "PinGiven")
        await live.wait_speech()
        pin = people.keys("pin", person) if kind in OWN_PIN and person else SecretStr(f"31{next(_numbers) % 10_000:04}")
        pressed = await live.keys(SecretStr(pin.get_secret_value() + "#"[number % 2 :]))
        assert pressed[-1].sent is not None
        last = pressed[-1].sent + pressed[-1].duration
        onset = await first_sound(live, last + 2.0)
        await asyncio.sleep(max(0.0, onset + COMPARED + 0.5 - asyncio.get_running_loop().time()))
        verdict = next(t.event.verdict for t in await bench.journal.turns(call) if isinstance(t.event, PinChecked))
        return verdict, onset - last, heard(live, onset)
    finally:
        live.hang_up()


async def first_sound(live: LiveCall, after: float) -> float:
    """When the stretch of speech began that is the first one after ``after``."""
    hearing = live.leg.media.hearing
    async with asyncio.timeout(15):
        while not (starts := [one.start for one in hearing.segments if one.start > after]):
            await live.leg.media.heard()
    return starts[0]


def heard(live: LiveCall, onset: float) -> bytes:
    track = live.leg.media.hearing.track
    begin = round((onset - track.start) * BYTES_PER_SECOND / 2) * 2
    return sha256(bytes(track.pcm[begin : begin + int(COMPARED * BYTES_PER_SECOND)])).digest()


async def measure(rounds: int) -> Figures:
    bench, people = Bench(Settings(hours="open")), People.load(CALLERS)
    await bench.line.start()
    onsets: dict[str, list[float]] = defaultdict(list)
    sounds: dict[str, set[bytes]] = defaultdict(set)
    try:
        for number in range(rounds):
            for kind in KINDS:
                verdict, onset, sound = await refused(bench, people, kind, number)
                onsets[kind if verdict == "refused" else verdict].append(onset)
                sounds[verdict].add(sound)
    finally:
        await bench.line.stop()
        await bench.database.dispose()
    refusals = [onset for kind in KINDS for onset in onsets[kind]]
    return {
        "calls": len(refusals),
        "spread_ms": round((max(refusals) - min(refusals)) * 1000, 1),
        "onset_ms": {kind: [round(one * 1000) for one in values] for kind, values in onsets.items()},
        "median_ms": round(statistics.median(refusals) * 1000),
        "same_audio": len(sounds["refused"]) == 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measure(min(options.rounds, 5)))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
