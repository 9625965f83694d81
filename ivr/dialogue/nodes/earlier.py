"""``earlier``: offer a caller who was cut off to go on where the call broke."""

from typing import ClassVar, Literal

from pydantic import Field

from ..actions import Ask, LookUp
from ..call import Call
from ..events import Candidate, Event, Heard, Keyed, LookedUp
from ..node import Node, Prompt, Prompts, Target, Turn, best, change, go, retry, wait
from ..plan import Plan

KEYS = {"1": "yes", "2": "no"}


class EarlierNode(Node):
    """Looks for a call from the same number that broke off minutes ago and offers to take its matter up again.

    Only the matter and the office return, never the authentication: a caller number proves nothing. The offer does
    not name the matter, since somebody else may be holding the telephone. Each prompt in ``again`` is one more try
    after an answer that was not understood or is less sure than ``accept``; silence, and the last of them, mean no.
    """

    EXAMPLE: ClassVar[str] = """
    node: earlier
    lines: [powrot]
    found: koniec
    next: koniec
    """

    node: Literal["earlier"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    accept: float = Field(0.5, gt=0, le=1)
    found: Target
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.caller is None:
            return go(call, self.next)
        return wait(call, LookUp(what="earlier", args={"caller": call.caller}), awaits=(LookedUp.__name__,))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if isinstance(event, LookedUp):
            matter = _matter(plan, event)
            if matter is None:
                return go(call, self.next)
            office = event.found.get("office")
            offices = (Candidate(str(office), 1.0),) if office in plan.offices else ()
            return self._ask(plan, change(call, step=matter, offered=offices))
        match self._reading(event):
            case "yes":
                office = call.office or (call.offered[0].id if call.offered else None)
                back = change(call, office=office, offered=())
                if call.step in plan.topics:
                    return go(change(back, topic=call.step, confidence=1.0), self.found)
                return go(change(back, queue=call.step), self.found)
            case "" if call.tries < len(self.again):
                return self._ask(plan, change(call, tries=call.tries + 1))
        return go(change(call, offered=()), self.next)

    def _reading(self, event: Event) -> str:
        """``yes``, ``no`` (silence too), or nothing when the answer was not understood well enough."""
        if isinstance(event, Keyed):
            return KEYS.get(event.keys, "")
        if isinstance(event, Heard):
            reading = best(event)
            return reading.id if reading.id in KEYS.values() and reading.confidence >= self.accept else ""
        return "no"

    def _ask(self, plan: Plan, call: Call) -> Turn:
        ask = Ask(
            question="earlier",
            lines=plan.lines(*retry(self.lines, self.again, call.tries)),
            choices=KEYS,
            grammar="yes-no",
            patience=5.0,
        )
        return wait(call, ask, awaits=("Heard", "Keyed", "NothingHeard", "HumanAsked"))


def _matter(plan: Plan, event: LookedUp) -> str | None:
    """The topic of the call that broke off, or the thematic queue that was chosen by keys; None when neither."""
    for name, known in (("topic", plan.topics), ("queue", plan.queues)):
        found = event.found.get(name)
        if event.ok and isinstance(found, str) and found in known:
            return found
    return None
