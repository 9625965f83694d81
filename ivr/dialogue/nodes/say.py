"""``say``: speak and go on."""

from typing import ClassVar, Literal

from ..actions import Say
from ..call import Call
from ..node import Node, Prompts, Target, Turn, go
from ..plan import Plan


class SayNode(Node):
    """Speaks its lines and goes to ``next``. Keys pressed meanwhile are kept for the next question."""

    EXAMPLE: ClassVar[str] = """
    node: say
    lines: [powitanie, automat]
    next: koniec
    """

    node: Literal["say"]
    lines: Prompts
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        return go(call, self.next, Say(lines=plan.lines(*self.lines)))
