"""Steps per second of processor time of the dialogue core on the shipped dialplan, bare and with the call's JSON round
trip. Processor time, so that a busy machine does not count against it.

.venv/bin/python tools/bench_core.py [--seconds 3] [--json FILE]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from ivr.dialogue.call import Call
from ivr.dialogue.events import Event
from ivr.dialogue.machine import round_trip, step
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan

ROOT = Path(__file__).resolve().parent.parent


def golden_events() -> list[list[Event]]:
    """The events of every golden call, decoded."""
    yaml = YAML(typ="safe", pure=True)
    scripts = [yaml.load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests/calls").glob("*.yaml"))]
    return [[msgspec.convert(turn["event"], Event) for turn in script["turns"]] for script in scripts]


def steps_per_second(plan: Plan, calls: list[list[Event]], seconds: float, through: Callable[[Call], Call]) -> float:
    steps, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        for events in calls:
            call = Call(id="script")
            for event in events:
                call, _ = step(plan, through(call), event)
            steps += len(events)
    return steps / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    plan, calls = load_plan(ROOT / "dialplans"), golden_events()
    found = {
        "bare": round(steps_per_second(plan, calls, options.seconds, lambda call: call)),
        "with_json_round_trip": round(steps_per_second(plan, calls, options.seconds, round_trip)),
    }
    print(f"steps per second, one core: {found['bare']}, with a JSON round trip each: {found['with_json_round_trip']}")
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
