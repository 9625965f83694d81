"""What a closed question makes of a doubtful answer: take it, ask whether it was meant, or ask again in other words.

The question's node says from which confidence on (calibrated, 0..1): ``accept`` takes, ``doubt`` asks back if there is
a ``confirm`` prompt. What was denied is not asked back again.
"""

from typing import Protocol

from .actions import Ask
from .call import Call
from .events import Event, Heard, Keyed
from .node import NONE, Prompt, best
from .plan import Plan

CONFIRM, DENIED = "confirm", "not"


class Judging(Protocol):
    """A node with thresholds."""

    @property
    def accept(self) -> float: ...
    @property
    def doubt(self) -> float: ...
    @property
    def confirm(self) -> Prompt | None: ...


def asked_back(call: Call) -> str:
    """What the caller was asked to confirm; nothing when they were not."""
    words = call.step.split()
    return words[1] if len(words) > 1 and words[0] == CONFIRM else ""


def agreed(call: Call, event: Event) -> bool:
    """Whether ``event`` confirms what was asked back."""
    if isinstance(event, Keyed):
        return event.keys == "1"
    return isinstance(event, Heard) and best(event).id == "yes"


def denied(call: Call) -> str:
    """What the caller has said it is not."""
    words = call.step.split()
    return words[1] if len(words) > 1 and words[0] == DENIED else ""


def judge(node: Judging, call: Call, event: Heard) -> tuple[str, bool]:
    """The reading that counts, and whether it has to be confirmed first. NONE: not understood well enough."""
    reading = best(event)
    if reading.confidence >= node.accept:
        return reading.id, False
    if reading.confidence >= node.doubt and node.confirm is not None and reading.id != denied(call):
        return reading.id, True
    return NONE, False


def ask_back(plan: Plan, call: Call, prompt: Prompt, what: str, patience: float) -> Ask:
    """ "Czy dobrze rozumiem: {a}?" """
    return Ask(
        question=call.node,
        lines=(plan.line(prompt, a=what),),
        choices={"1": "yes", "2": "no"},
        grammar="yes-no",
        patience=patience,
    )
