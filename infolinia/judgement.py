"""Is a folder of dialplans fit to go live: its files, its rehearsed calls, the proof. ``check`` and ``deploy`` ask it.

The proof is not made again for a plan that differs in words only from one that the same program has proved.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from infolinia.rehearsals import keep_script, run_all
from infolinia.settings import Settings
from ivr import proof
from ivr.dialogue.plan import Plan
from ivr.dialplan import Examined, Fault, examine, guess, program

Say = Callable[[str], None]


@dataclass(frozen=True)
class Judgement:
    """What was found. ``proof``: ``states``, ``seconds``, ``properties`` (name to whether it holds); None when it was
    not asked for or there is no plan. ``rehearsals``: how many calls were rehearsed."""

    examined: Examined
    faults: list[Fault]
    proof: dict[str, Any] | None
    rehearsals: int

    @property
    def plan(self) -> Plan | None:
        """The plan, when nothing keeps it from going live."""
        return None if self.faults else self.examined.plan


def judge(root: Path, settings: Settings, *, prove: bool = True, say: Say = lambda text: None) -> Judgement:
    """All faults of the dialplans in ``root``; nothing is changed there. ``say`` is told, in Polish, what is begun."""
    examined = examine(root)
    plan = examined.plan
    if plan is None:
        return Judgement(examined, list(examined.faults), None, 0)
    if unlearnt := _unlearnt(plan, root):
        return Judgement(examined, unlearnt, None, 0)
    proven, violations = _prove(examined, plan, settings.var / "proof", say) if prove else (None, [])
    say("Próby rozmów")
    rehearsed, unlike = run_all(plan, settings, root, say)
    return Judgement(examined, [*violations, *unlike], proven, rehearsed)


def _unlearnt(plan: Plan, root: Path) -> list[Fault]:
    """Topics that callers cannot name, since nothing teaches the recogniser how they do, and phrases of no topic. A
    copy without any phrases is judged by the recogniser that there is."""
    folder = root / "topics" / "phrases"
    if not folder.is_dir():
        return []
    taught = {path.stem for path in folder.glob("*.yaml")}
    add = "proszę dodać ten plik, na przykład `phrases: [jak złożyć korektę]`"
    missing = [
        Fault(f"topics/phrases/{topic}.yaml", 1, 1, f"brakuje fraz tematu `{topic}`", add)
        for topic in plan.topics
        if topic not in taught
    ]
    return missing + [
        Fault(f"topics/phrases/{topic}.yaml", 1, 1, f"nie ma tematu `{topic}`", guess(topic, plan.topics))
        for topic in sorted(taught - set(plan.topics))
    ]


def _prove(examined: Examined, plan: Plan, folder: Path, say: Say) -> tuple[dict[str, Any], list[Fault]]:
    """What the proof says, and what it found as faults of the nodes concerned. The calls that show them are left in
    ``folder``, those of an earlier proof removed."""
    for old in folder.glob("*.yaml"):
        old.unlink()
    kept = folder / "proved" / f"{proof.likeness(plan)}-{_program()}.json"
    if (known := _known(kept, plan)) is not None:
        return known, []
    say("Dowód, że żadna rozmowa się nie zgubi")
    found = proof.prove(plan)
    broken = {violation.property for violation in found.violations}
    faults = [
        examined.fault_of(violation.node, violation.message, f"pokazuje to infolinia simulate --script {path}")
        for violation in found.violations
        for path in (keep_script(violation, folder),)
    ]
    holds = {name: name not in broken for name in found.properties}
    told = {"states": found.states, "seconds": round(found.seconds, 3), "properties": holds}
    if not faults and found.bounds is not None:
        _keep(kept, _Proved(told, found.bounds, proof.letters(plan)))
    return told, faults


@dataclass(frozen=True)
class _Proved:
    """What was told of a plan without faults, how long its calls can be, and how long its texts were."""

    told: dict[str, Any]
    bounds: proof.Bounds
    letters: dict[str, int]


def _keep(kept: Path, proved: _Proved) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    part.write_bytes(msgspec.json.encode(proved))
    part.replace(kept)


def _known(kept: Path, plan: Plan) -> dict[str, Any] | None:
    """What was told of a plan that differs from this one in words only, unless these could make calls too long."""
    try:
        proved = msgspec.json.decode(kept.read_bytes(), type=_Proved)
    except (OSError, msgspec.MsgspecError):
        return None
    factor = proof.grown(proved.letters, proof.letters(plan))
    return proved.told if proof.still_holds(proved.bounds, proof.LIMITS, factor) else None


@cache
def _program() -> str:
    """Digest of the code that the proof walks, and of the proof."""
    total = hashlib.sha256(program().encode())
    for path in sorted(Path(proof.__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
