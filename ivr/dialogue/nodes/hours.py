"""``hours``: is the office open now?"""

from typing import Annotated, ClassVar, Literal

from ..actions import Line, LookUp, Say
from ..call import Call
from ..events import Event, LookedUp
from ..node import Node, Prompt, Says, Target, Turn, change, go, wait
from ..plan import NATIONAL, Plan


class HoursNode(Node):
    """Asks for the hours of the call's office at this moment (closures included) and branches.

    Answer: ``open`` (bool), ``hours`` (spoken, Polish), ``closure`` (text of an emergency closure, or absent).
    An office whose hours cannot be learnt counts as open: a person waiting in vain hears so from the queue, a caller
    turned away does not come back. When closed, a wish for a person is over (the machine may answer again) and
    ``announce`` is said with ``{hours}``; an emergency closure's own text replaces it.
    """

    EXAMPLE: ClassVar[str] = """
    node: hours
    announce: zamkniete
    open: koniec
    closed: koniec
    """

    node: Literal["hours"]
    announce: Annotated[Prompt, Says("hours")]
    open: Target
    closed: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        office = call.office or NATIONAL
        return wait(call, LookUp(what="hours", args={"office": office}), awaits=(LookedUp.__name__,))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        assert isinstance(event, LookedUp)
        if not event.ok or event.found.get("open", True):
            return go(change(call, open=True), self.open)
        closure = event.found.get("closure")
        line = plan.line(self.announce, hours=str(event.found.get("hours", "")))
        if closure:
            line = Line("closure", str(closure), True)
        return go(change(call, open=False, wants_human=False), self.closed, Say(lines=(line,)))
