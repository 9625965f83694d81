"""Loads a dialplan folder into a ``Plan``, or says all that is wrong with it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..dialogue.plan import Local, Plan
from .checks import check
from .cut_off import cut_off
from .draft import FILES, FOLDERS, Draft
from .source import Fault, Source
from .speech import SPEECH


class PlanError(Exception):
    """The dialplan's author is at fault: ``faults`` lists every one, in Polish."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Examined:
    """What a folder holds: ``plan`` is None exactly when there are faults. Warnings do not keep a plan from going
    live."""

    plan: Plan | None
    faults: list[Fault]
    warnings: list[Fault]
    flow: Source | None = None

    def fault_of(self, node: str, message: str, hint: str = "") -> Fault:
        """A fault of a node of the national flow, found later than the files were read."""
        if self.flow is None:
            return Fault("hotline.yaml", 1, 1, message, hint)
        return self.flow.fault(("nodes", node), message, hint, key=True)


def examine(root: Path, version: str | None = None) -> Examined:
    """All that can be said of the dialplans in folder ``root``. Raises nothing for what an author may write. The plan
    is called ``version``; None: by its content."""
    draft = Draft(root)
    halves = cut_off(draft)
    found, warnings = check(draft, date.today().isoformat())
    faults = sorted({*draft.faults, *halves, *found})
    plan = None if faults else _plan(draft, version or draft.version)
    return Examined(plan, faults, sorted({*draft.warnings, *warnings}), draft.flow)


def files_of(root: Path) -> list[str]:
    """Names (relative) of all that belongs to the dialplans in ``root``: what calls, the recogniser, rehearsals and
    studio recordings need. Only regular files that lie inside ``root``."""
    found = [root / name for name in FILES]
    for folder in (*FOLDERS, "tests"):
        found += (root / folder).rglob("*.yaml")
    found += (root / "recordings").glob("*.wav")
    inside = root.resolve()
    return sorted(
        path.relative_to(root).as_posix()
        for path in found
        if path.is_file()
        and path.resolve().is_relative_to(inside)
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )


def load_plan(root: Path, version: str | None = None) -> Plan:
    """The plan in folder ``root``, called ``version`` (None: by its content). Raises ``PlanError`` with all faults
    found."""
    examined = examine(root, version)
    if examined.plan is None:
        raise PlanError(examined.faults)
    return examined.plan


def _plan(draft: Draft, version: str) -> Plan:
    return Plan(
        version=version,
        start=draft.heads["start"],
        person=draft.heads["person"],
        end=draft.heads.get("end"),
        nodes={id_: piece.value for id_, piece in draft.nodes.items()},
        prompts={id_: piece.value for id_, piece in draft.prompts.items()},
        variables={name: piece.value for name, piece in draft.variables.items()},
        offices={piece.value.id: piece.value for piece in draft.offices},
        queues={piece.value.id: piece.value for piece in draft.queues},
        topics={piece.value.id: piece.value for piece in draft.topics},
        local={
            office: Local(
                nodes={id_: piece.value for id_, piece in local.nodes.items()},
                prompts={id_: piece.value for id_, piece in local.prompts.items()},
                variables={name: piece.value for name, piece in local.variables.items()},
            )
            for office, local in draft.local.items()
        },
        speech=SPEECH,
        manners=draft.manners.value if draft.manners else None,
    )
