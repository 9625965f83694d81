"""``hangup``: say goodbye and end the call."""

from typing import ClassVar, Literal

from ..actions import Action, HangUp, Say
from ..call import Call
from ..node import Node, Prompt, Turn
from ..plan import Plan


class HangupNode(Node):
    """Speaks its lines, if any, and hangs up. ``reason`` is what the journal and the reports call this end."""

    EXAMPLE: ClassVar[str] = """
    node: hangup
    lines: [do-widzenia]
    reason: finished
    """

    node: Literal["hangup"]
    lines: tuple[Prompt, ...] = ()
    reason: str = "finished"

    def enter(self, plan: Plan, call: Call) -> Turn:
        spoken: tuple[Action, ...] = (Say(lines=plan.lines(*self.lines)),) if self.lines else ()
        return Turn(call, (*spoken, HangUp(reason=self.reason)))
