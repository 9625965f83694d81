"""How long checking and proving take: the shipped dialplans with their 16 tax chambers, and a flow of 1,000 menus.

    .venv/bin/python tools/bench_plans.py [--menus 1000] [--json FILE]

The menus are a tree of three choices each between the greeting and the first question, all reachable, the last ones
leading on. Processor seconds of one core: the files are read once, as a command does.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from ivr.dialogue.plan import Plan
from ivr.dialplan import compile_plan, examine, files_of, read_compiled
from ivr.proof import letters, likeness, prove

DIALPLANS = Path(__file__).resolve().parent.parent / "dialplans"
NUMBERS = ("jeden", "dwa", "trzy")
T = TypeVar("T")


def timed(work: Callable[[], T], times: int = 1) -> tuple[float, T]:
    """Processor seconds of ``work``, the least of ``times``, and what it made."""
    least, made = float("inf"), None
    for _ in range(times):
        begun = time.process_time()
        made = work()
        least = min(least, time.process_time() - begun)
    assert made is not None
    return round(least, 3), made


def generated(folder: Path, menus: int) -> Path:
    """The shipped dialplans with a tree of ``menus``."""
    for name in files_of(DIALPLANS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DIALPLANS / name, folder / name)
    flow = folder / "hotline.yaml"
    text = flow.read_text(encoding="utf-8").replace("    next: powrot\n", "    next: wybor-0\n", 1)
    flow.write_text(text + "".join(_menu(n, menus) for n in range(menus)), encoding="utf-8")
    prompts = folder / "prompts.yaml"
    text = prompts.read_text(encoding="utf-8").rstrip("\n")
    asked = ", ".join(NUMBERS)
    text += f'\n  wybor: "Proszę wybrać: {asked}. Konsultant: zero."\n'
    text += f'  wybor-inaczej: "Nie zrozumiałem. Proszę wybrać: {asked}. Konsultant: zero."\n'
    prompts.write_text(text, encoding="utf-8")
    return folder


def _menu(n: int, menus: int) -> str:
    lines = [f"\n  wybor-{n}:", "    node: menu", "    lines: [wybor]", "    again: [wybor-inaczej]", "    choices:"]
    for at, word in enumerate(NUMBERS, start=1):
        child = len(NUMBERS) * n + at
        following = f"wybor-{child}" if child < menus else "powrot"
        lines.append(f'      - {{id: w{at}, key: "{at}", words: [{word}], next: {following}}}')
    return "\n".join([*lines, "    otherwise: powrot", ""])


def measured(root: Path) -> dict[str, Any]:
    check, examined = timed(lambda: examine(root))
    assert examined.plan is not None, "\n".join(map(str, examined.faults[:5]))
    plan: Plan = examined.plan
    proof, proved = timed(lambda: prove(plan))
    alike, _ = timed(lambda: (likeness(plan), letters(plan)), 3)
    reading, _ = timed(lambda: read_compiled(compile_plan(plan)), 3)
    return {
        "nodes": len(plan.nodes),
        "offices": len(plan.offices),
        "check_s": check,
        "proof_s": proof,
        "states": proved.states,
        "transitions": proved.transitions,
        "proved": proved.ok,
        "violations": [violation.message for violation in proved.violations][:3],
        "in_words_only_s": alike,
        "compile_and_read_s": reading,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--menus", type=int, default=1_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {"shipped": measured(DIALPLANS)}
    with TemporaryDirectory() as folder:
        found["generated"] = measured(generated(Path(folder), options.menus))
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
