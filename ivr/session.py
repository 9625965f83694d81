"""The session: the loop that lets one phone and the dialogue core talk, one committed turn after another.

A caller is never an error. A bug ends in one place: here, and that one call goes to a person; if that fails too, the
phone is left without an instruction and the dialplan's own fallback takes the call.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from .dialogue.actions import Action, AskDigits, AskPin, CheckPin
from .dialogue.call import Call
from .dialogue.events import AuthenticationStopped, Event, Failed, PinChecked
from .dialogue.machine import guarded_step, step
from .dialogue.plan import Plan
from .journal import Fenced, Journal

log = structlog.get_logger(__name__)

MAX_FAILURES = 2
"""A call whose turns failed so often is left to the dialplan's fallback."""


class Phone(Protocol):
    """Whoever is on the other end."""

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        """Carry out ``actions`` in order and return the answer event; None once the call left our hands."""


class Session:
    """Runs calls of one phone. ``on_turn`` is told of every committed turn (the demo's live view, metrics)."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        phone: Phone,
        on_turn: Callable[[Call, Event, tuple[Action, ...]], None] | None = None,
    ) -> None:
        self._plan, self._journal, self._phone = plan, journal, phone
        self._on_turn = on_turn or (lambda call, event, actions: None)
        self._durable = True
        self._failures = 0

    @property
    def durable(self) -> bool:
        """Whether every turn was written down; if not, the call is known to this engine alone."""
        return self._durable

    async def run(self, call: Call, event: Event) -> Call:
        """Go on from ``call`` with ``event`` until the call ends or leaves our hands; the last state.

        Raises ``Fenced`` when another engine has taken the call over: nothing more may be done with it.
        """
        following: Event | None = event
        while following is not None and call.ended is None and self._failures <= MAX_FAILURES:
            moved, actions, event = self._step(call, following)
            if moved is call:
                log.warning("event does not fit the call", call=call.id, got=type(event).__name__, node=call.node)
                following = self._failed("unexpected event")
                continue
            if not await self._journal.commit(moved, event, actions):
                self._durable = False
            call = moved
            self._on_turn(call, event, actions)
            following = await self._perform(call, actions) if actions else None
        return call

    def _step(self, call: Call, event: Event) -> tuple[Call, tuple[Action, ...], Event]:
        moved, actions, error = guarded_step(self._plan, call, event)
        if error is None:
            return moved, actions, event
        log.error("the dialogue core failed", call=call.id, node=call.node, got=type(event).__name__, exc_info=error)
        failed = self._failed("core")
        return *step(self._plan, call, failed), failed

    async def _perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        refused = None if self._durable else _refusal(actions[-1])
        doable = actions[:-1] if refused else actions
        try:
            return (await self._phone.perform(call, doable) if doable else None) or refused
        except Fenced:
            raise
        except Exception:
            log.exception("a turn could not be performed", call=call.id, node=call.node)
            return self._failed("phone")

    def _failed(self, reason: str) -> Failed:
        self._failures += 1
        return Failed(reason=reason)


def _refusal(action: Action) -> Event | None:
    """Without a durable journal nobody is authenticated: a crash could lend one caller's proof to a replay."""
    if isinstance(action, AskDigits | AskPin):
        return AuthenticationStopped()
    if isinstance(action, CheckPin):
        return PinChecked(check=action.check, verdict="unavailable")
    return None
