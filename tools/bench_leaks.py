"""Ten thousand fuzzed calls, some in processes that are killed, and a search for what they keyed and said in all that
was written. Prints one JSON object.

    .venv/bin/python tools/bench_leaks.py [--calls 10000] [--kills 20]
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fakes.fuzzed_calls import Canaries  # noqa: E402
from tests.fakes.leaks import Leak, Search  # noqa: E402

BATCH = 2_500
"""Calls of one process: the folder is searched after each."""


def run(folder: Path, calls: int, seed: int, kill_after: int | None) -> int:
    """How many calls came to their end before the process did, or was killed."""
    command = [sys.executable, "-m", "tests.fakes.fuzzed_calls", str(folder), str(calls), str(seed)]
    ended = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            ended += 1
            if ended == kill_after:
                process.kill()
    if process.returncode not in (0, -9):
        raise SystemExit(f"the fuzzed calls of seed {seed} ended with {process.returncode}")
    return ended


def planted(folder: Path, search: Search, canary: str) -> dict[str, bool]:
    """Whether a canary put into each of the sinks is found there: proof that the search looks where was written."""
    found = {}
    for sink in sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    ):
        if sink.suffix == ".db":
            with sqlite3.connect(sink) as database:
                database.execute("CREATE TABLE planted (text TEXT)")
                database.execute("INSERT INTO planted VALUES (?)", (f"said {canary} here",))
            database.close()
        else:
            with sink.open("a", encoding="utf-8") as file:
                file.write(f'\n{{"planted": "{canary}"}}\n')
        found[sink.name] = any(leak.file == sink.name for leak in search.folder(folder))
    return found


def measure(calls: int, kills: int) -> dict[str, Any]:
    """Kills and whole batches in turn on one folder: what a crash leaves is there for the next process, as in life."""
    search, chance, began = Search(Canaries.made(1).all), Random(1), time.monotonic()
    ended, killed, seed = 0, 0, 0
    leaks: set[Leak] = set()
    sinks: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        while ended < calls or killed < kills:
            seed += 1
            kill = killed < kills and (seed % 2 == 1 or ended >= calls)
            ended += run(folder, BATCH, seed, chance.randrange(1, 60) if kill else None)
            killed += kill
            leaks |= set(search.folder(folder))
            sinks = {path.name: path.stat().st_size for path in sorted(folder.rglob("*"))}
            print(f"{ended} calls, {killed} kills, {len(leaks)} leaks", file=sys.stderr)
        proof = planted(folder, search, Canaries.made(1).pins[0])
    return {
        "calls": ended,
        "kills": killed,
        "canaries": len(Canaries.made(1).all),
        "sinks_bytes": sinks,
        "planted_found": proof,
        "leaks": sorted(map(str, leaks)),
        "seconds": round(time.monotonic() - began),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(min(options.calls, 100_000), min(options.kills, 1_000))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))
    raise SystemExit(1 if found["leaks"] or not all(found["planted_found"].values()) else 0)


if __name__ == "__main__":
    main()
