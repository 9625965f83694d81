"""Random mutations of the shipped dialplans: each is refused with a place, or is a plan that calls can go through."""

import random
from pathlib import Path

import pytest

from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived
from ivr.dialogue.machine import step
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from ivr.dialplan import examine
from ivr.dialplan.yaml12 import read
from tests.ivr.dialplan.broken_plans import copy_shipped

SEEDS = range(10)
EACH = 20
CALLS = sorted((Path(__file__).parents[2] / "calls").glob("*.yaml"))


def mutate(text: str, chance: random.Random) -> str:
    """``text`` with one random change, of the kinds that typing and merging make."""
    lines = text.split("\n")
    n = chance.randrange(len(lines))
    words = [word for line in lines for word in line.split()]
    match chance.randrange(10):
        case 0:
            del lines[n]
        case 1:
            lines.insert(n, lines[chance.randrange(len(lines))])
        case 2:
            lines[n] = " " * chance.randrange(9) + lines[n].lstrip()
        case 3:
            other = chance.randrange(len(lines))
            lines[n], lines[other] = lines[other], lines[n]
        case 4:
            parts = lines[n].split(" ")
            parts[chance.randrange(len(parts))] = chance.choice(words)
            lines[n] = " ".join(parts)
        case 5:
            at = chance.randrange(len(lines[n]) + 1)
            lines[n] = lines[n][:at] + chance.choice("{}[]:,-\"'#&*!|>%@\t\\0aą\x00 ") + lines[n][at:]
        case 6:
            at = chance.randrange(len(lines[n]) + 1)
            lines[n] = lines[n][:at] + lines[n][at + 1 :]
        case 7:
            del lines[n:]
        case 8:
            lines[n] = "".join(chance.choice("0123456789") if sign.isdigit() else sign for sign in lines[n])
        case 9:
            del lines[n : n + chance.randrange(8)]
    return "\n".join(lines)


def try_out(plan: Plan) -> None:
    """Calls arrive on every number, and go on as recorded calls did."""
    for number in (*plan.numbers, "000000000"):
        arrived = CallArrived(dialled=number, caller="+48000000001", at="2026-04-21T10:00:00+02:00")
        assert step(plan, Call(id="c"), arrived)[1]
    for path in CALLS[::6]:
        play(plan, read(path.read_bytes()).data)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mutation_is_refused_with_a_place_or_is_a_plan(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    root = copy_shipped(tmp_path)
    paths = sorted(root.rglob("*.yaml"))
    heavy = [root / "hotline.yaml", root / "prompts.yaml", root / "queues.yaml"] * 6
    accepted = refused = 0
    for _ in range(EACH):
        path = chance.choice([*paths, *heavy])
        text = path.read_text(encoding="utf-8")
        path.write_text(mutate(text, chance), encoding="utf-8")
        examined = examine(root)
        assert (examined.plan is None) == bool(examined.faults)
        for fault in examined.faults:
            lines = (
                (root / fault.file).read_text(encoding="utf-8").split("\n") if (root / fault.file).exists() else [""]
            )
            assert 1 <= fault.line <= len(lines) + 1
            assert fault.column >= 1
            assert fault.message
        if examined.plan is not None:
            try_out(examined.plan)
            accepted += 1
        else:
            refused += 1
        path.write_text(text, encoding="utf-8")
    assert accepted
    assert refused
