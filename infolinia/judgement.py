"""Is a folder of dialplans fit to go live: its files, its rehearsed calls, the proof. ``check`` and ``deploy`` ask it.

The proof is not made again for a plan that differs in words only from one that the same program has proved.
"""

import hashlib
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from infolinia.rehearsals import UNLIKE, keep_scripts, option, run_all, taught
from infolinia.settings import Settings
from ivr import proof
from ivr.dialogue.plan import Plan
from ivr.dialplan import Examined, Fault, examine, guess, program
from voicebot.polish import plural
from voicebot.topics.catalogue import AREA_FILES, CatalogueError
from voicebot.topics.recogniser import ensure_model

Say = Callable[[str], None]
CALLS = 20
"""Plans whose counter-examples are kept."""


@dataclass(frozen=True)
class Judgement:
    """What was found. ``proof``: ``states``, ``seconds`` (of this run), ``properties`` (name to whether it
    holds), ``reused`` when a former proof holds for this plan too; None when it was
    not asked for or there is no plan. ``rehearsals``: how many calls were rehearsed; ``warnings`` keep nothing from
    going live."""

    examined: Examined
    faults: list[Fault]
    proof: dict[str, Any] | None
    rehearsals: int
    warnings: list[Fault] = field(default_factory=list)

    @property
    def plan(self) -> Plan | None:
        """The plan, when nothing keeps it from going live."""
        return None if self.faults else self.examined.plan


def judge(
    root: Path,
    settings: Settings,
    *,
    prove: bool = True,
    say: Say = lambda text: None,
    shown: Path | None = None,
) -> Judgement:
    """All faults of the dialplans in ``root``; nothing is changed there. ``say`` is told, in Polish, what is begun;
    ``shown`` is the folder that the author knows, when ``root`` is a copy of it."""
    examined = examine(root)
    plan, known = examined.plan, shown or root
    if plan is None:
        return Judgement(examined, list(examined.faults), None, 0, examined.warnings)
    if unlearnt := _unlearnt(plan, root):
        return Judgement(examined, unlearnt, None, 0, examined.warnings)
    warnings = [*examined.warnings, *_untaught(plan, root, settings)]
    if unlearnable := _teach(root, settings, say):
        return Judgement(examined, unlearnable, None, 0, warnings)
    proven, violations = _prove(examined, plan, settings, known, say) if prove else (None, [])
    say("Próby rozmów")
    rehearsed, unlike = run_all(plan, settings, root, say, known)
    return Judgement(examined, [*violations, *(_folded(unlike) if violations else unlike)], proven, rehearsed, warnings)


def _folded(unlike: list[Fault]) -> list[Fault]:
    """Beside what the proof found, rehearsals that go otherwise are told in a line: they mostly follow from it."""
    names = {fault.file for fault in unlike if fault.message.startswith(UNLIKE)}
    if not names:
        return unlike
    count = len(names)
    told = plural(count, "próba też się nie zgadza", "próby też się nie zgadzają", "prób też się nie zgadza")
    others = [fault for fault in unlike if not fault.message.startswith(UNLIKE)]
    return [*others, Fault("tests", 0, 0, f"{count} {told}", "proszę najpierw usunąć błędy z dowodu")]


def _untaught(plan: Plan, root: Path, settings: Settings) -> list[Fault]:
    """Topics that the recogniser which there is does not know, in a copy without phrases of its own."""
    if taught(root):
        return []
    known = {path.stem for path in (settings.dialplans / "topics" / "phrases").glob("*.yaml")}
    names = [f"`{topic}`" for topic in plan.topics if topic not in known]
    what = f"; nie zna on tematów: {', '.join(names)}" if names else ""
    message = f"bez topics/phrases tematy rozpoznaje model uczony w {settings.dialplans}{what}"
    return [Fault("topics", 0, 0, message, "wdrożyć można tylko folder z frazami")]


def _teach(root: Path, settings: Settings, say: Say) -> list[Fault]:
    """Teach the recogniser what ``root`` has, unless that is done: rehearsals and callers are then judged alike."""
    if not taught(root):
        return []
    try:
        ensure_model(root, settings.var / "topics", say)
    except CatalogueError as error:
        why = str(error).replace(f"{root}/", "")
        return [Fault("topics", 0, 0, f"rozpoznawania tematów nie da się nauczyć: {why}")]
    return []


def _unlearnt(plan: Plan, root: Path) -> list[Fault]:
    """Topics that callers cannot name, since nothing teaches the recogniser how they do, and phrases of no topic. A
    copy without any phrases is judged by the recogniser that there is."""
    folder = root / "topics" / "phrases"
    if not folder.is_dir():
        return []
    named = {path.stem for path in folder.glob("*.yaml")}
    add = "proszę dodać ten plik, na przykład `phrases: [jak złożyć korektę]`"
    missing = [
        Fault(f"topics/phrases/{topic}.yaml", 1, 1, f"brakuje fraz tematu `{topic}`", add)
        for topic in plan.topics
        if topic not in named
    ]
    strange = [
        Fault(f"topics/phrases/{topic}.yaml", 1, 1, f"nie ma tematu `{topic}`", guess(topic, plan.topics))
        for topic in sorted(named - set(plan.topics))
    ]
    return [*missing, *strange, *_files_missing(root / "topics")]


def _files_missing(folder: Path) -> Iterator[Fault]:
    """The recogniser reads certain files and no others."""
    needed = (*AREA_FILES, "lexicon", "out-of-scope")
    for name in needed:
        if not (folder / f"{name}.yaml").is_file():
            yield Fault(f"topics/{name}.yaml", 1, 1, "brakuje pliku", "bez niego nie można nauczyć rozpoznawania")
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in (*needed, "precedence") and not path.name.startswith("."):
            hint = f"proszę dopisać jego tematy do jednego z: {', '.join(f'{area}.yaml' for area in AREA_FILES)}"
            yield Fault(f"topics/{path.name}", 1, 1, "tego pliku rozpoznawanie tematów nie czyta", hint)


def _prove(
    examined: Examined, plan: Plan, settings: Settings, shown: Path, say: Say
) -> tuple[dict[str, Any], list[Fault]]:
    """What the proof says, and what it found as faults of the nodes concerned. The calls that show them are left in a
    folder named after the plan, so that another check takes nothing away; the oldest such folders are removed."""
    folder = settings.var / "proof"
    kept = folder / "proved" / f"{proof.likeness(plan)}-{_program()}.json"
    begun = time.monotonic()
    if (known := _known(kept, plan)) is not None:
        return {**known, "seconds": round(time.monotonic() - begun, 3), "reused": True}, []
    say("Dowód, że żadna rozmowa się nie zgubi")
    found = proof.prove(plan)
    broken = {violation.property for violation in found.violations}
    paths = keep_scripts(found.violations, folder / "calls" / plan.version[:8]) if found.violations else []
    _forget(folder / "calls")
    show, where = "pokazuje to infolinia simulate --script", option(shown, settings)
    faults = [
        examined.fault_of(violation.node, violation.message, f"{show} {shlex.quote(str(path))}{where}")
        for violation, path in zip(found.violations, paths, strict=True)
    ]
    holds = {name: name not in broken for name in found.properties}
    told = {"states": found.states, "seconds": round(found.seconds, 3), "properties": holds}
    if not faults and found.bounds is not None:
        _keep(kept, _Proved(told, found.bounds, proof.letters(plan)))
    return told, faults


def _forget(folder: Path) -> None:
    """Keep the ``CALLS`` newest folders of calls."""
    by_age = sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-CALLS]:
        shutil.rmtree(old, ignore_errors=True)


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
