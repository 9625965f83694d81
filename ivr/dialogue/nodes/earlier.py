"""``earlier``: offer a caller who was cut off to go on where the call broke."""

from typing import ClassVar, Literal

from ..actions import Ask, LookUp
from ..call import Call
from ..events import Event, Heard, Keyed, LookedUp
from ..node import Node, Prompts, Target, Turn, best, change, go, wait
from ..plan import Plan


class EarlierNode(Node):
    """Looks for a call from the same number that broke off minutes ago and offers to take its matter up again.

    Only the matter and the office return, never the authentication: a caller number proves nothing. The offer does
    not name the matter, since somebody else may be holding the telephone.
    """

    EXAMPLE: ClassVar[str] = """
    node: earlier
    lines: [powrot]
    found: koniec
    next: koniec
    """

    node: Literal["earlier"]
    lines: Prompts
    found: Target
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.caller is None:
            return go(call, self.next)
        return wait(call, LookUp(what="earlier", args={"caller": call.caller}), awaits=(LookedUp.__name__,))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if isinstance(event, LookedUp):
            topic = event.found.get("topic")
            if not event.ok or not isinstance(topic, str) or topic not in plan.topics:
                return go(call, self.next)
            office = event.found.get("office")
            kept = change(call, step=topic, office=call.office or (str(office) if office in plan.offices else None))
            ask = Ask(
                question="earlier",
                lines=plan.lines(*self.lines),
                choices={"1": "yes", "2": "no"},
                grammar="yes-no",
                patience=5.0,
            )
            return wait(kept, ask, awaits=("Heard", "Keyed", "NothingHeard", "HumanAsked"))
        agreed = (isinstance(event, Keyed) and event.keys == "1") or (
            isinstance(event, Heard) and best(event).id == "yes"
        )
        if agreed:
            return go(change(call, topic=call.step, confidence=1.0), self.found)
        return go(call, self.next)
