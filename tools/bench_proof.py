"""How fast the proof is, and random calls against it.

.venv/bin/python tools/bench_proof.py [--calls 100000] [--processes 2] [--json FILE]

Prints states proved per second, and for random calls through the shipped dialplans how they ended, whether any left
what the proof has walked, and whether any never ended: both must be 0.
"""

import argparse
import json
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random

from ivr.dialplan import load_plan
from ivr.proof import prove
from ivr.proof.outcomes import Outcomes
from ivr.proof.stroll import stroll
from ivr.proof.walk import Graph, Walk

DIALPLANS = Path(__file__).resolve().parent.parent / "dialplans"
_graphs: list[Graph] = []


def walks(seed: int, calls: int) -> tuple[Counter[str], int, list[str]]:
    """``calls`` random calls: their ends, their turns, and what left the graph."""
    graph = _graphs[0]
    chance, outcomes = Random(seed), Outcomes(graph.classes)
    ends: Counter[str] = Counter()
    turns, outside = 0, list[str]()
    for _ in range(calls):
        found = stroll(graph, outcomes, chance)
        ends[found.ended or "(never)"] += 1
        turns += found.turns
        if found.outside is not None:
            outside.append(found.outside)
    return ends, turns, outside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    plan = load_plan(DIALPLANS)
    proof = prove(plan)
    print(f"proof: {proof.states} states, {proof.transitions} transitions in {proof.seconds:.1f} s", end="; ")
    print(
        f"{proof.states / proof.seconds:.0f} states/s, {proof.transitions / proof.seconds:.0f} steps/s, ok {proof.ok}"
    )
    print(f"bounds: {proof.bounds}")
    _graphs.append(Walk(plan).run())
    begun = time.monotonic()
    ends: Counter[str] = Counter()
    turns, outside = 0, list[str]()
    share = wanted.calls // wanted.processes
    with ProcessPoolExecutor(wanted.processes, get_context("fork")) as pool:
        for found, walked, left in pool.map(walks, range(wanted.processes), [share] * wanted.processes):
            ends += found
            turns += walked
            outside += left
    print(f"random calls: {sum(ends.values())} with {turns} turns in {time.monotonic() - begun:.0f} s")
    print(f"ends: {dict(ends.most_common())}")
    print(f"left what was proved: {len(outside)}; never ended: {ends['(never)']}")
    for what in outside[:3]:
        print(what[:600])
    if wanted.json:
        figures = {
            "states": proof.states,
            "transitions": proof.transitions,
            "seconds": round(proof.seconds, 2),
            "ok": proof.ok,
            "random_calls": sum(ends.values()),
            "random_turns": turns,
            "left_the_proof": len(outside),
            "never_ended": ends["(never)"],
        }
        wanted.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
