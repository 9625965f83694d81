"""``transfer``: hand the call to an internal extension of the dialplan."""

from typing import ClassVar, Literal

from pydantic import Field

from ..actions import Say, Transfer
from ..call import Call
from ..events import Event, TransferEnded
from ..node import Node, Prompts, Target, Turn, change, go, wait
from ..plan import Plan


class TransferNode(Node):
    """Announces and transfers to ``target``, an extension of the dialplan's ``transfers`` context. When the far end
    hung up after talking, the call goes to ``next``; when it could not be reached, to ``otherwise``."""

    EXAMPLE: ClassVar[str] = """
    node: transfer
    lines: [lacze]
    target: centrala
    next: koniec
    otherwise: koniec
    """

    node: Literal["transfer"]
    lines: Prompts
    target: str = Field(pattern=r"^[a-z0-9-]+$")
    next: Target
    otherwise: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        return wait(
            call, Say(lines=plan.lines(*self.lines)), Transfer(target=self.target), awaits=(TransferEnded.__name__,)
        )

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if isinstance(event, TransferEnded) and event.outcome == "answered":
            return go(change(call, served=True), self.next)
        return go(call, self.otherwise)
