"""A journal that is forgotten with its call."""

from datetime import timedelta

from ..dialogue.actions import Action
from ..dialogue.call import Call
from ..dialogue.events import Event
from ..journal import Fenced, Journal


class MemoryJournal(Journal):
    """Keeps the turns of rehearsed calls in memory and fences like the real one. ``earlier`` is a call that broke off
    before."""

    def __init__(self, earlier: Call | None = None) -> None:
        self._calls: dict[str, Call] = {}
        self._earlier = earlier

    async def start(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def commit(self, call: Call, event: Event, actions: tuple[Action, ...]) -> bool:
        before = self._calls.get(call.id)
        if before is not None and before.turn >= call.turn:
            raise Fenced(call.id, call.turn)
        self._calls[call.id] = call
        return True

    async def latest(self, call: str) -> Call | None:
        return self._calls.get(call)

    async def broken_off(self, caller: str, *, but: str, within: timedelta) -> Call | None:
        return self._earlier
