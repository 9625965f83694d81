"""Replays of recordings/calls: journals a second, audio against real time, verdicts, and several runs byte for byte.

.venv/bin/python tools/bench_replay.py [--seconds 3] [--runs 10] [--audio-runs 3] [--fresh] [--json FILE]

``--fresh`` listens to all sound again (about two seconds of a core an utterance) instead of remembering it.
"""

import argparse
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from infolinia import replays
from infolinia.settings import ROOT, Settings
from ivr.dialplan import load_plan
from recordings.fixture import journal_file
from recordings.fixture.folder import find
from recordings.replay.compare import parting, word_for_word
from recordings.replay.core_call import CALL, play
from recordings.replay.run import run
from recordings.replay.verdict import Result, as_json

CALLS = ROOT / "recordings" / "calls"


def journals_per_second(settings: Settings, seconds: float) -> dict[str, float]:
    """From the bytes of journal files to today's turns compared, one core."""
    plan = load_plan(settings.dialplans)
    files = [(path / "journal.jsonl").read_bytes() for path in find([CALLS])]
    read = same = turns = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for data in files:
            recorded = journal_file.parse(data)
            played = play(plan, recorded, CALL)
            same += parting(recorded, played.turns, word_for_word) is None
            turns += len(played.turns)
            read += 1
    took = time.perf_counter() - began
    return {"journals_per_s": round(read / took), "turns_per_s": round(turns / took), "same": round(same / read, 3)}


def one_run(depth: str, settings: Settings, jobs: int, fresh: bool) -> tuple[list[Result], float, str]:
    """Results of all calls, seconds, and the digest of the JSON."""
    make = replays.by_journal if depth == "journal" else replays.by_audio
    options: tuple[Any, ...] = (settings,) if depth == "journal" else (settings, False, fresh)
    began = time.perf_counter()
    results = run(list(find([CALLS])), make, options, 1 if depth == "journal" else jobs, lambda result: True)
    took = time.perf_counter() - began
    text = json.dumps(as_json(results, details=True), ensure_ascii=False)
    return results, took, hashlib.sha256(text.encode()).hexdigest()


def bench(depth: str, settings: Settings, runs: int, jobs: int, fresh: bool) -> dict[str, Any]:
    digests, times = set(), []
    for number in range(runs):
        results, took, digest = one_run(depth, settings, jobs, fresh and number == 0)
        digests.add(digest)
        times.append(took)
        print(f"{depth}, run {number + 1}: {took:.1f} s", flush=True)
    counts = {name: value for name, value in as_json(results).items() if name != "fixtures"}
    found = {"calls": len(results), "first_s": round(times[0], 1), "last_s": round(times[-1], 1), **counts}
    found |= {"runs": runs, "different_outputs": len(digests)}
    if depth == "audio":
        real = sum(max((moment.until or moment.at for moment in one.timeline), default=0.0) for one in results)
        found |= {"real_time_s": round(real), "times_real_time": round(real / min(times), 1), "jobs": jobs}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--audio-runs", type=int, default=3, help="ten take some ten minutes on two busy cores")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = Settings()
    found: dict[str, Any] = {"core": journals_per_second(settings, options.seconds)}
    for depth, runs in (("journal", options.runs), ("audio", options.audio_runs)):
        found[depth] = bench(depth, settings, runs, options.jobs, options.fresh)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
