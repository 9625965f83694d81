"""``announcement``: what the office tells all its callers these days."""

from typing import ClassVar, Literal

from ..actions import Action, Say
from ..call import Call
from ..node import Node, Target, Turn, go
from ..plan import Plan


class AnnouncementNode(Node):
    """Speaks the announcements that the call's office has for the day of the call, if any, and goes to ``next``."""

    EXAMPLE: ClassVar[str] = """
    node: announcement
    next: koniec
    """

    node: Literal["announcement"]
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        lines = plan.announcements(call.arrived)
        spoken: tuple[Action, ...] = (Say(lines=lines),) if lines else ()
        return go(call, self.next, *spoken)
