"""Random mutations of the shipped dialplans: how many are refused, and whether an accepted one can lose a caller.

.venv/bin/python tools/bench_mutations.py [--mutations 1000] [--calls 1000000] [--processes 2] [--json FILE]

Each mutation is one change of the kinds that typing and merging make: a line lost, doubled, moved, indented otherwise;
a word, sign or digit exchanged; the end of a file cut off. It is judged as `infolinia deploy` does, but for rehearsed
calls, which refuse whatever is said otherwise: by its files and the proof. A plan that differs from a proved one in
words only counts as proved; every 25th such is proved all the same, and must hold. Then random calls go through the
accepted plans, as many through each. Lost is a caller when the call never ends, fails, waits for nothing, or is cut
without a word.
"""

import argparse
import json
import shutil
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ivr.dialogue.actions import HangUp, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import Event, HungUp
from ivr.dialogue.machine import is_hand_off, step
from ivr.dialogue.plan import Plan
from ivr.dialplan import examine, files_of
from ivr.proof import LIMITS, grown, letters, likeness, prove, still_holds
from ivr.proof.abstraction import Abstraction
from ivr.proof.outcomes import Outcomes
from ivr.proof.stroll import DISTURBED, DISTURBING, MAX_TURNS

DIALPLANS = Path(__file__).resolve().parent.parent / "dialplans"
HEAVY = ("hotline.yaml", "prompts.yaml", "queues.yaml")
"""What steers calls is mutated as often as all the other files together."""
CHECKED_ALL_THE_SAME = 25
QUITS = 0.01


@dataclass
class Judged:
    """What became of one mutation: ``by`` what refused it, or the text of the ``file`` when nothing did."""

    by: str
    file: str
    text: str = ""
    words_only: bool = False


@dataclass
class Walked:
    """Random calls through one plan: how they ended, and those lost."""

    ends: Counter[str] = field(default_factory=Counter)
    turns: int = 0
    lost: list[str] = field(default_factory=list)


def mutate(text: str, chance: Random) -> str:
    """``text`` with one change."""
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
            lines[n] = lines[n][:at] + chance.choice("{}[]:,-\"'#&*!|>%@\t0aą ") + lines[n][at:]
        case 6:
            at = chance.randrange(len(lines[n]) + 1)
            lines[n] = lines[n][:at] + lines[n][at + 1 :]
        case 7:
            del lines[n:]
        case 8:
            lines[n] = "".join(chance.choice("0123456789") if sign.isdigit() else sign for sign in lines[n])
        case 9:
            del lines[n : n + 1 + chance.randrange(7)]
    return "\n".join(lines)


def copied(folder: Path) -> Path:
    for name in files_of(DIALPLANS):
        if not name.startswith(("tests/", "topics/phrases/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DIALPLANS / name, folder / name)
    return folder


def judge(seed: int) -> Judged:
    """One mutation, judged."""
    chance = Random(seed)
    with TemporaryDirectory() as folder:
        root = copied(Path(folder))
        names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.yaml"))
        name = chance.choice(HEAVY if chance.random() < 0.5 else names)
        before = (root / name).read_text(encoding="utf-8")
        after = mutate(before, chance)
        while after == before:
            after = mutate(before, chance)
        (root / name).write_text(after, encoding="utf-8")
        plan = examine(root).plan
        if plan is None:
            return Judged("files", name)
        same = _proved_alike(plan)
        if (not same or seed % CHECKED_ALL_THE_SAME == 0) and not prove(plan).ok:
            return Judged("proof although only words differ" if same else "proof", name)
        return Judged("", name, after, same)


def _proved_alike(plan: Plan) -> bool:
    alike, bounds, known = _shipped()
    return likeness(plan) == alike and still_holds(bounds, LIMITS, grown(known, letters(plan)))


@cache
def _shipped():  # type: ignore[no-untyped-def]
    plan = examine(DIALPLANS).plan
    assert plan is not None
    found = prove(plan)
    assert found.ok
    return likeness(plan), found.bounds, letters(plan)


def walk(file: str, text: str, calls: int, seed: int) -> Walked:
    """``calls`` random calls through the shipped dialplans with ``file`` as mutated."""
    with TemporaryDirectory() as folder:
        root = copied(Path(folder))
        (root / file).write_text(text, encoding="utf-8")
        plan = examine(root).plan
    assert plan is not None
    outcomes, chance, found = Outcomes(Abstraction(plan)), Random(seed), Walked()
    arrivals = tuple(outcomes.arrivals())
    for _ in range(calls):
        _call(plan, outcomes, arrivals, chance, found)
    return found


def _call(plan: Plan, outcomes: Outcomes, arrivals: tuple[Event, ...], chance: Random, found: Walked) -> None:
    call, event = Call(id="script"), chance.choice(arrivals)
    for _ in range(MAX_TURNS):
        found.turns += 1
        try:
            moved, actions = step(plan, call, event)
        except Exception as error:
            found.lost.append(f"{type(error).__name__} at {call.node}: {error}")
            return
        call = moved if moved.turn > call.turn else call
        if call.ended is not None:
            by_machine = bool(actions) and isinstance(actions[-1], HangUp)
            said = any(isinstance(action, Say) and action.lines for action in actions)
            if by_machine and not said and not call.served:
                found.lost.append(f"cut without a word at {call.node}: {call.ended}")
            found.ends[call.ended.partition(" by ")[0]] += 1
            return
        if not call.awaits or (actions and not is_hand_off(actions[-1]) and not call.pending):
            found.lost.append(f"waits for nothing at {call.node}")
            return
        event = _next(outcomes, call, chance)
    found.lost.append(f"never ends: {call.node}")


def _next(outcomes: Outcomes, call: Call, chance: Random) -> Event:
    if chance.random() < QUITS:
        return HungUp()
    if chance.random() < DISTURBED:
        return chance.choice(DISTURBING)
    return chance.choice(list(outcomes.answers(chance.choice(call.awaits), call)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    begun = time.monotonic()
    with ProcessPoolExecutor(wanted.processes) as pool:
        judged = []
        for done, one in enumerate(pool.map(judge, range(wanted.mutations), chunksize=4), start=1):
            judged.append(one)
            if done % 50 == 0:
                print(f"  judged {done} of {wanted.mutations} in {time.monotonic() - begun:.0f} s", flush=True)
        accepted = [one for one in judged if not one.by]
        refused = Counter(one.by for one in judged if one.by)
        print(f"mutations: {len(judged)}; refused by {dict(refused)}; accepted {len(accepted)}", end=", ")
        print(f"{sum(one.words_only for one in accepted)} of them differ in words only")
        begun = time.monotonic()
        ends: Counter[str] = Counter()
        turns, lost = 0, list[str]()
        each = -(-wanted.calls // max(1, len(accepted)))
        walks = [(one.file, one.text, each, seed) for seed, one in enumerate(accepted)]
        for done, found in enumerate(pool.map(_walk, walks), start=1):
            ends += found.ends
            turns += found.turns
            lost += [f"{walks[done - 1][0]}: {what}" for what in found.lost]
            if done % 25 == 0:
                print(f"  walked {done} of {len(walks)} plans in {time.monotonic() - begun:.0f} s", flush=True)
    calls = sum(ends.values()) + len(lost)
    print(f"random calls: {calls} with {turns} turns in {time.monotonic() - begun:.0f} s, {each} a plan")
    print(f"ends: {dict(ends.most_common())}; lost: {len(lost)}")
    for what in lost[:10]:
        print(what[:400])
    if wanted.json:
        figures = {"mutations": len(judged), "refused": dict(refused), "accepted": len(accepted), "calls": calls}
        wanted.json.write_text(json.dumps({**figures, "turns": turns, "lost": len(lost)}))


def _walk(wanted: tuple[str, str, int, int]) -> Walked:
    return walk(*wanted)


if __name__ == "__main__":
    main()
