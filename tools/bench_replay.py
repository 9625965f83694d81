"""Replays of recordings/calls: journals a second, audio against real time, verdicts, and several runs compared.

.venv/bin/python tools/bench_replay.py [--depths journal audio call] [--runs 10] [--all] [--fresh] [--json FILE]

Journals and audio must give the same output byte for byte in every run, real calls the same verdicts; else the exit
code is 1. Real calls are a smoke set of six; ``--all`` places all that a hotline can be set up for (half an hour a
run). ``--fresh`` listens to all sound again (about two seconds of a core an utterance) instead of remembering it.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from infolinia import replays
from infolinia.replay_calls import replay_calls
from infolinia.settings import ROOT, Settings
from ivr.dialplan import load_plan
from recordings.fixture import journal_file
from recordings.fixture.folder import find
from recordings.replay.compare import parting, word_for_word
from recordings.replay.core_call import CALL, play
from recordings.replay.run import run
from recordings.replay.verdict import Result, as_json

CALLS = ROOT / "recordings" / "calls"
SMOKE = ("auth-jednym-ciagiem", "auth-nip", "czlowiek-zero", "og-mikrorachunek", "pcc-termin", "rozlacza-przy-telepin")
"""Keys and speech, short calls."""


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
    digests, times, verdicts = set(), [], []
    for number in range(runs):
        results, took, digest = one_run(depth, settings, jobs, fresh and number == 0)
        digests.add(digest)
        times.append(took)
        verdicts.append({one.name: one.verdict for one in results})
        print(f"{depth}, run {number + 1} of {runs}: {took:.1f} s, {digest[:12]}", flush=True)
    counts = {name: value for name, value in as_json(results).items() if name != "fixtures"}
    found = {"calls": len(results), **spread(times), **counts, "runs": runs}
    found |= {"different_outputs": len(digests), "different_verdicts": differing(verdicts)}
    if depth == "audio":
        real = sum(max((moment.until or moment.at for moment in one.timeline), default=0.0) for one in results)
        found |= {"real_time_s": round(real), "times_real_time": round(real / min(times), 1), "jobs": jobs}
    return found


def bench_calls(settings: Settings, paths: list[Path], runs: int, jobs: int) -> dict[str, Any]:
    """``runs`` times the calls of ``paths``, one run after the other as lines become free, to one hotline a scene."""
    began, told = time.perf_counter(), 0

    def done(result: Result) -> bool:
        nonlocal told
        told += 1
        why = f": {result.why}" if result.verdict in ("fail", "refuse") else ""
        print(f"call, {told} of {runs * len(paths)}: {result.name} {result.verdict}{why}", flush=True)
        return True

    results = replay_calls(settings, paths * runs, jobs, print, done)
    verdicts: list[dict[str, str]] = [{} for _ in range(runs)]
    for one in results:
        next(run_ for run_ in verdicts if one.name not in run_)[one.name] = one.verdict
    counts = Counter(one.verdict for one in results)
    took = round(time.perf_counter() - began, 1)
    found = {"calls": len(paths), "runs": runs, "placed": len(results), "seconds": took, "jobs": jobs, **counts}
    return found | {"different_verdicts": differing(verdicts), "by_call": by_call(verdicts)}


def differing(verdicts: list[dict[str, str]]) -> list[str]:
    """The calls whose verdict was not the same in every run."""
    return sorted(name for name in verdicts[0] if len({run_.get(name) for run_ in verdicts}) > 1)


def by_call(verdicts: list[dict[str, str]]) -> dict[str, dict[str, int]]:
    return {name: dict(Counter(run_.get(name, "-") for run_ in verdicts)) for name in sorted(verdicts[0])}


def spread(times: list[float]) -> dict[str, float]:
    first, least, median, most = times[0], min(times), statistics.median(times), max(times)
    return {
        "first_s": round(first, 1),
        "least_s": round(least, 1),
        "median_s": round(median, 1),
        "most_s": round(most, 1),
    }


def table(found: dict[str, Any]) -> str:
    """One line a depth, and what was not the same every time."""
    lines = [f"{'depth':<8} {'calls':>5} {'runs':>4} {'outputs':>7}  {'time of a run':<22} verdicts"]
    for depth in ("journal", "audio", "call"):
        if (one := found.get(depth)) is None:
            continue
        counts = ", ".join(f"{one[name]} {name}" for name in ("pass", "known", "fail", "refuse") if one.get(name))
        took = f"{one['least_s']}-{one['most_s']} s" if "least_s" in one else f"{one['seconds']} s all runs"
        outputs = one.get("different_outputs", "-")
        lines.append(f"{depth:<8} {one['calls']:>5} {one['runs']:>4} {outputs:>7}  {took:<22} {counts}")
        if one["different_verdicts"]:
            lines.append(f"         NOT THE SAME EVERY TIME: {', '.join(one['different_verdicts'])}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depths", nargs="+", choices=["journal", "audio", "call"], default=["journal", "audio"])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--all", action="store_true", help="at depth call: all calls, not the smoke set")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--lines", type=int, default=6, help="real calls at once")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings, found = Settings(), dict[str, Any]()
    if "journal" in options.depths:
        found["core"] = journals_per_second(settings, options.seconds)
    for depth in options.depths:
        if depth == "call":
            paths = list(find([CALLS])) if options.all else [CALLS / name for name in SMOKE]
            found[depth] = bench_calls(settings, paths, options.runs, options.lines)
        else:
            found[depth] = bench(depth, settings, options.runs, options.jobs, options.fresh)
    if options.json:
        options.json.write_text(json.dumps(found))
    print(json.dumps(found, indent=1))
    print(table(found))
    return int(any(one.get("different_outputs", 1) > 1 or one.get("different_verdicts") for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
