"""Loads a dialplan folder into a ``Plan``, or says all that is wrong with it."""

from dataclasses import dataclass
from pathlib import Path

from ..dialogue.plan import Local, Plan
from .checks import check
from .draft import Draft
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


def examine(root: Path) -> Examined:
    """All that can be said of the dialplans in folder ``root``. Raises nothing for what an author may write."""
    draft = Draft(root)
    found, warnings = check(draft)
    faults = sorted({*draft.faults, *found})
    plan = None if faults else _plan(draft)
    return Examined(plan, faults, sorted({*draft.warnings, *warnings}), draft.flow)


def load_plan(root: Path) -> Plan:
    """The plan in folder ``root``. Raises ``PlanError`` with all faults found."""
    examined = examine(root)
    if examined.plan is None:
        raise PlanError(examined.faults)
    return examined.plan


def _plan(draft: Draft) -> Plan:
    return Plan(
        version=draft.version,
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
