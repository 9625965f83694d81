"""Rehearsals with this installation's parts: the fictitious callers and the recogniser of topics."""

import asyncio
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
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
from ivr.rehearsal import Expect, Outcome, Stage, load, rehearse
from voicebot.topics.recogniser import TopicRecogniser, ensure_model

UNLIKE = "próba się nie zgadza"
HEAD = "# Próba: rozmowa i jej oczekiwany przebieg. Uruchamia ją infolinia check; opis: docs/simulator.md.\n"


def stage_of(
    plan: Plan, settings: Settings, say: Callable[[str], None] = lambda text: None, root: Path | None = None
) -> Stage:
    """What rehearsals need. The recogniser that ``root`` teaches (else that of the edited folder) is loaded, and
    trained with a word to ``say``, when first asked for."""
    known = people()

    teaches = root if root is not None and taught(root) else settings.dialplans

    @lru_cache(maxsize=1)
    def topics() -> TopicRecogniser:
        return TopicRecogniser.load(ensure_model(teaches, settings.var / "topics", say))

    return Stage(plan, known, lambda now: InProcessAuthority(known, now), topics)


@lru_cache(maxsize=1)
def people() -> People:
    """The fictitious callers, read once."""
    return People()


def run_all(
    plan: Plan,
    settings: Settings,
    root: Path,
    say: Callable[[str], None] = lambda text: None,
    shown: Path | None = None,
) -> tuple[int, list[Fault]]:
    """Rehearse every file of ``root/tests``: how many there were, and every fault and mismatch. ``shown`` is the folder
    that the author knows, when ``root`` is a copy of it."""
    stage = stage_of(plan, settings, say, root)
    paths = sorted((root / "tests").glob("*.yaml"))
    known = shown or root
    return len(paths), [fault for path in paths for fault in _run(stage, path, root, known, settings)]


def taught(root: Path) -> bool:
    """Whether ``root`` teaches a recogniser; one that does not is judged by the recogniser that there is."""
    return (root / "topics" / "phrases").is_dir()


def option(folder: Path, settings: Settings) -> str:
    """What a command needs besides to look into ``folder``."""
    return "" if folder.resolve() == settings.dialplans.resolve() else f" --folder {shlex.quote(str(folder))}"


def _run(stage: Stage, path: Path, root: Path, shown: Path, settings: Settings) -> Iterator[Fault]:
    rehearsal, source, faults = load(path, root)
    yield from faults
    if rehearsal is not None:
        outcome = asyncio.run(rehearse(stage, rehearsal))
        yield from mismatches(outcome, source, shown / path.relative_to(root), option(shown, settings))


def mismatches(outcome: Outcome, source: Source, path: Path, options: str = "") -> Iterator[Fault]:
    """What went otherwise than expected, where it is expected. ``path`` is the rehearsal's own."""
    command = f"infolinia simulate --script {shlex.quote(str(path))}{options} --update"
    for found in outcome.mismatches:
        step = ("steps", found.step)
        place = step if not found.field else (*step, "expect", found.field)
        hint = f"jeśli tak ma teraz być, próbę poprawi: {command}"
        yield source.fault(place, f"{UNLIKE}: {found.message}", hint)


def tell_mismatches(outcome: Outcome, source: Source, console: Console, path: Path, options: str = "") -> bool:
    """Tell what went otherwise; True when nothing did."""
    found = list(mismatches(outcome, source, path, options))
    for fault in found:
        console.print(str(fault))
    if not found:
        console.print("Rozmowa przebiegła zgodnie z próbą.")
    return not found


def saved(
    title: str, arrived: CallArrived, at: str, steps: list[dict[str, Any]], closures: Mapping[str, str] | None = None
) -> str:
    """The text of a rehearsal file."""
    data: dict[str, Any] = {"version": 1, "title": title, "number": arrived.dialled, "at": at, "caller": arrived.caller}
    if not arrived.hears:
        data["hears"] = False
    if closures:
        data["closures"] = dict(closures)
    return HEAD + _yaml({**data, "steps": steps})


def updated(text: str, outcome: Outcome) -> str | None:
    """The rehearsal ``text`` with what went otherwise expected as it went, all else as it stands; None when its steps
    themselves no longer fit the call."""
    if any(found.field not in Expect.model_fields for found in outcome.mismatches):
        return None
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(text)
    for found in outcome.mismatches:
        expect = data["steps"][found.step]["expect"]
        now = _as_it_went(found.field, expect[found.field], outcome, found.step)
        if now:
            expect[found.field] = now
        else:
            del expect[found.field]
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def proven(text: str, stage: Stage) -> tuple[str, tuple[str, ...]]:
    """The rehearsal ``text`` that was just saved, played again: with what it then comes to expected of it, and what
    still goes otherwise."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "proba.yaml"
        for _ in range(2):
            path.write_text(text, encoding="utf-8")
            rehearsal, _source, faults = load(path, path.parent)
            if rehearsal is None:
                return text, tuple(map(str, faults))
            outcome = asyncio.run(rehearse(stage, rehearsal))
            if not outcome.mismatches:
                return text, ()
            text = updated(text, outcome) or text
    return text, tuple(found.message for found in outcome.mismatches)


def same_call(one: str, other: str) -> bool:
    """Whether two rehearsals come to the same call: the same steps, each at the same node, queue and end."""
    ways = [
        [[step.get("expect", {}).get(name) for name in ("node", "queue", "ended")] for step in data["steps"]]
        for data in map(YAML(typ="safe", pure=True).load, (one, other))
    ]
    return ways[0] == ways[1]


def _as_it_went(name: str, expected: Any, outcome: Outcome, step: int) -> Any:
    """What to expect in the field ``name`` instead; None: nothing."""
    reached = outcome.reached[step]
    if name == "queue":
        return reached.queue
    if name not in ("prompts", "said", "not_said"):
        return getattr(reached.call, name)
    pieces = [expected] if isinstance(expected, str) else list(expected)
    wrong = [found.message for found in outcome.mismatches if (found.step, found.field) == (step, name)]
    kept = [piece for piece in pieces if not any(f"`{piece}`" in told or f"„{piece}”" in told for told in wrong)]
    if name == "prompts" and not kept:
        return reached.said[-1] if reached.said else None
    return kept if len(kept) > 1 else kept[0] if kept else None


def keep_scripts(violations: Sequence[Violation], folder: Path) -> list[Path]:
    """Write the calls that show ``violations`` into ``folder``, under the names of their properties; where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: Counter[str] = Counter()
    paths = []
    for violation in violations:
        taken[violation.property] += 1
        path = folder / f"{violation.property}-{taken[violation.property]}.yaml"
        path.write_text(_yaml(violation.script), encoding="utf-8")
        paths.append(path)
    return paths


def _yaml(data: Any) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.default_flow_style, yaml.allow_unicode = 110, False, True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.representer.ignore_aliases = lambda node: True
    text = StringIO()
    yaml.dump(data, text)
    return text.getvalue()
