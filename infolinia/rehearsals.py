"""Rehearsals with this installation's parts: the fictitious callers and the recogniser of topics."""

import asyncio
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML

from infolinia.settings import Settings
from infolinia.stubs.eus.in_process import InProcessAuthority, People
from ivr.dialogue.events import CallArrived
from ivr.dialogue.plan import Plan
from ivr.dialplan import Fault
from ivr.dialplan.source import Source
from ivr.proof import Violation
from ivr.rehearsal import Outcome, Stage, load, rehearse
from voicebot.topics.recogniser import TopicRecogniser, ensure_model

HEAD = "# Próba: rozmowa i jej oczekiwany przebieg. Uruchamia ją infolinia check; opis: docs/simulator.md.\n"


def stage_of(
    plan: Plan, settings: Settings, say: Callable[[str], None] = lambda text: None, root: Path | None = None
) -> Stage:
    """What rehearsals need. The recogniser of the topics in ``root`` (None: those edited) is loaded, and trained with a
    word to ``say``, when first asked for."""
    known = people()

    @lru_cache(maxsize=1)
    def topics() -> TopicRecogniser:
        return TopicRecogniser.load(ensure_model(root or settings.dialplans, settings.var / "topics", say))

    return Stage(plan, known, lambda now: InProcessAuthority(known, now), topics)


@lru_cache(maxsize=1)
def people() -> People:
    """The fictitious callers, read once."""
    return People()


def run_all(
    plan: Plan, settings: Settings, root: Path, say: Callable[[str], None] = lambda text: None
) -> tuple[int, list[Fault]]:
    """Rehearse every file of ``root/tests``: how many there were, and every fault and mismatch."""
    taught = (root / "topics" / "phrases").is_dir()  # a copy without them is judged by the recogniser that there is
    stage = stage_of(plan, settings, say, root if taught else None)
    paths = sorted((root / "tests").glob("*.yaml"))
    return len(paths), [fault for path in paths for fault in _run(stage, path, root)]


def _run(stage: Stage, path: Path, root: Path) -> Iterator[Fault]:
    rehearsal, source, faults = load(path, root)
    yield from faults
    if rehearsal is not None:
        yield from mismatches(asyncio.run(rehearse(stage, rehearsal)), source)


def mismatches(outcome: Outcome, source: Source) -> Iterator[Fault]:
    """What went otherwise than expected, where it is expected."""
    for found in outcome.mismatches:
        step = ("steps", found.step)
        path = step if not found.field else (*step, "expect", found.field)
        yield source.fault(path, f"próba się nie zgadza: {found.message}", "proszę poprawić próbę albo dialplan")


def tell_mismatches(outcome: Outcome, source: Source, console: Console) -> bool:
    """Tell what went otherwise; True when nothing did."""
    found = list(mismatches(outcome, source))
    for fault in found:
        console.print(str(fault))
    if not found:
        console.print("Rozmowa przebiegła zgodnie z próbą.")
    return not found


def saved(title: str, arrived: CallArrived, at: str, steps: list[dict[str, Any]]) -> str:
    """The text of a rehearsal file."""
    data: dict[str, Any] = {"version": 1, "title": title, "number": arrived.dialled, "at": at, "caller": arrived.caller}
    if not arrived.hears:
        data["hears"] = False
    return HEAD + _yaml({**data, "steps": steps})


def keep_script(violation: Violation, folder: Path) -> Path:
    """Write the call that shows ``violation`` into ``folder``, under the name of its property; where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = len(list(folder.glob(f"{violation.property}-*.yaml")))
    path = folder / f"{violation.property}-{taken + 1}.yaml"
    path.write_text(_yaml(violation.script), encoding="utf-8")
    return path


def _yaml(data: Any) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.default_flow_style, yaml.allow_unicode = 110, False, True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.representer.ignore_aliases = lambda node: True
    text = StringIO()
    yaml.dump(data, text)
    return text.getvalue()
