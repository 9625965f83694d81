"""How many deliberate faults the calls of recordings/calls catch: each is put into a copy of the code and replayed.

.venv/bin/python tools/bench_mutants.py [--only WORD] [--depths journal] [--json FILE]

A fault (``tools/mutants.yaml``) is caught when a call that passes on the code as it is fails or is refused on the
mutant, at depth ``journal`` or, where that notices nothing, ``audio``. Takes some ten minutes on two cores. Exit code
1: the code as it is does not pass, or it no longer has the text that a fault replaces.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("infolinia", "recordings", "desk", "ivr", "voicebot", "telepin", "store", "dialplans", "asterisk-conf")
LONGEST = 900


def copied(folder: Path) -> Path:
    """The code and the calls in the empty ``folder``, with a ``var`` of its own that has this checkout's models."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
    (folder / "var").mkdir()
    for name in ("models", "prompts"):
        if (ROOT / "var" / name).is_dir():
            (folder / "var" / name).symlink_to(ROOT / "var" / name)
    for name in ("topics", "replay"):
        if (ROOT / "var" / name).is_dir():
            shutil.copytree(ROOT / "var" / name, folder / "var" / name)
    return folder


def python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": str(folder), "INFOLINIA_ROOT": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=LONGEST
    )


def taught(folder: Path) -> None:
    """A mutant of the topics' code keeps the model that the sound code was taught: its file's name is that of the
    code."""
    name = "from infolinia.settings import Settings as S; from pathlib import Path\n"
    name += "from voicebot.topics import recogniser as r; d = r.digest(S().dialplans)[:16]\n"
    name += "print(f'topics-{d}-{r._program()}.npz')"
    wanted = python(folder, "-c", name).stdout.strip()
    have = python(ROOT, "-c", name).stdout.strip()
    if wanted and have and not (folder / "var/topics" / wanted).exists():
        shutil.copy(ROOT / "var/topics" / have, folder / "var/topics" / wanted)


def replayed(folder: Path, depth: str) -> dict[str, str]:
    """Calls that did not pass, and why; a replay that breaks altogether is one too."""
    try:
        done = python(folder, "-m", "infolinia", "replay", f"--{depth}", "--json", "-x")
    except subprocess.TimeoutExpired:
        return {"infolinia replay": f"it does not end within {LONGEST} s"}
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return {"infolinia replay": (done.stderr or "no result")[-200:]}
    return {one["name"]: one["why"] for one in found["fixtures"] if one["verdict"] in ("fail", "refuse")}


def judged(folder: Path, mutant: dict[str, Any], depths: list[str]) -> dict[str, Any]:
    """Put ``mutant`` into ``folder``, replay, and take it out again."""
    path = folder / mutant["file"]
    sound = path.read_text(encoding="utf-8")
    row = {"room": mutant["room"], "what": mutant["what"]}
    if mutant["old"] not in sound:
        return {**row, "caught": "stale", "by": "", "why": f"{mutant['file']} no longer has the text"}
    path.write_text(sound.replace(mutant["old"], mutant["new"], 1), encoding="utf-8")
    try:
        taught(folder)
        for depth in depths:
            found = replayed(folder, depth)
            if found:
                name, why = next(iter(found.items()))
                return {**row, "caught": depth, "by": name, "why": why[:160]}
    finally:
        path.write_text(sound, encoding="utf-8")
    return {**row, "caught": "", "by": "", "why": ""}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="mutants whose room or text holds this")
    parser.add_argument("--depths", default="journal,audio", help="depths to replay at, with commas between them")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    mutants = YAML(typ="safe").load(ROOT / "tools/mutants.yaml")
    depths = options.depths.split(",")
    chosen = [mutant for mutant in mutants if options.only in mutant["room"] + " " + mutant["what"]]
    with tempfile.TemporaryDirectory() as place:
        folder = copied(Path(place))
        for depth in depths:
            if found := replayed(folder, depth):
                print(f"the code as it is does not pass at depth {depth}: {found}")
                return 1
        rows = []
        for mutant in chosen:
            began = time.perf_counter()
            rows.append(judged(folder, mutant, depths))
            row = rows[-1]
            took = time.perf_counter() - began
            print(f"{row['caught'] or 'MISSED':8} {row['room']:7} {row['what']} ({took:.0f} s) {row['by']}", flush=True)
            print(f"         {row['why']}", flush=True)
    caught = sum(row["caught"] in ("journal", "audio") for row in rows)
    print(f"caught {caught} of {len(rows)}")
    if options.json:
        options.json.write_text(json.dumps({"mutants": len(rows), "caught": caught, "rows": rows}, ensure_ascii=False))
    return int(any(row["caught"] == "stale" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
