"""The pop-up board: which consultant sees what, decided from queue events alone. Pure; time is an argument.

1. A ringing telephone gets one card. A card is always followed by ``session`` or ``withdrawn``.
2. A picked-up telephone gets one session, whatever was missed before it. A session is always followed by ``ended``.
3. An event heard twice, late, or learned again from a snapshot says nothing new.
4. A snapshot closes only what was open before it was asked for.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from .message import Kind
from .queue_events import Leg, QueueEvent

State = Literal["ringing", "connected", "withdrawn", "ended"]


class Popup(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell the CRM about ``leg``; seconds in ``waited`` and ``talked``."""

    kind: Kind
    leg: Leg
    reason: str = ""
    waited: float | None = None
    talked: float | None = None


class _Seen(msgspec.Struct):
    leg: Leg
    state: State
    since: float
    leaving: float | None = None


class Board:
    """``grace``: seconds a card outlives its caller's leaving the queue (AgentConnect comes after QueueCallerLeave);
    ``remember``: seconds a closed leg is kept to recognise its late events."""

    def __init__(self, *, grace: float = 2.0, remember: float = 600.0) -> None:
        self._grace = grace
        self._remember = remember
        self._seen: dict[tuple[str, str], _Seen] = {}

    def restore(self, ringing: Iterable[Leg], connected: Iterable[Leg], now: float) -> None:
        """Take up what an earlier process left open; a snapshot then tells what became of it."""
        for state, legs in (("ringing", ringing), ("connected", connected)):
            for leg in legs:
                self._seen[leg.call, leg.leg] = _Seen(leg, "ringing" if state == "ringing" else "connected", now)

    def apply(self, event: QueueEvent, now: float) -> list[Popup]:
        """What follows from ``event``, in the order to be told."""
        match event.name:
            case "AgentCalled" if event.leg:
                return self._ring(event.leg, now)
            case "AgentRingNoAnswer" if event.leg:
                return self._withdraw([self._seen.get((event.leg.call, event.leg.leg))], "no-answer", now)
            case "AgentConnect" if event.leg:
                return self._connect(event.leg, event.waited, now)
            case "AgentComplete" if event.leg:
                missed = self._connect(event.leg, event.waited, now)
                return missed + self._end(event.leg, event.reason or "hangup", event.waited, event.talked, now)
            case "QueueCallerAbandon":
                return self._withdraw(self._of(event.call), "abandoned", now)
            case "QueueCallerLeave":
                for seen in self._of(event.call):
                    if seen.leg.queue == event.queue:
                        seen.leaving = now
            case "Hangup":
                return self._hung_up(event.uniqueid, now)
        return []

    def tick(self, now: float) -> list[Popup]:
        """Call about once a second: withdraws cards whose caller has left the queue, forgets closed legs."""
        for key in [key for key, seen in self._seen.items() if self._forgettable(seen, now)]:
            del self._seen[key]
        left = [s for s in self._seen.values() if s.leaving is not None and now - s.leaving >= self._grace]
        return self._withdraw(left, "cancelled", now)

    def resync(self, snapshot: Iterable[tuple[Leg, bool]], asked_at: float, now: float) -> list[Popup]:
        """Make up for missed events: ``snapshot`` holds the legs alive now and whether each is connected."""
        told: list[Popup] = []
        alive = set()
        for leg, connected in snapshot:
            alive.add((leg.call, leg.leg))
            told += self._connect(leg, None, now) if connected else self._ring(leg, now)
        gone = [seen for key, seen in self._seen.items() if key not in alive and seen.since < asked_at]
        told += self._withdraw(gone, "lost", now)
        for seen in gone:
            told += self._end(seen.leg, "lost", None, None, now)
        return told

    def talked(self, call: str) -> bool:
        """Whether a consultant has picked up for ``call``, as far as it is remembered."""
        return any(seen.state in ("connected", "ended") for seen in self._of(call))

    def _ring(self, leg: Leg, now: float) -> list[Popup]:
        if self._known(leg):
            return []
        self._seen[leg.call, leg.leg] = _Seen(leg, "ringing", now)
        return [Popup(kind="card", leg=leg)]

    def _connect(self, leg: Leg, waited: float | None, now: float) -> list[Popup]:
        seen = self._known(leg)
        if seen and seen.state in ("connected", "ended"):
            return []
        self._seen[leg.call, leg.leg] = _Seen(leg, "connected", now)
        others = [other for other in self._of(leg.call) if other.leg.leg != leg.leg]
        return [
            Popup(kind="session", leg=leg, waited=waited),
            *self._withdraw(others, "answered-elsewhere", now),
        ]

    def _end(self, leg: Leg, reason: str, waited: float | None, talked: float | None, now: float) -> list[Popup]:
        seen = self._seen.get((leg.call, leg.leg))
        if seen is None or seen.state != "connected":
            return []
        seen.state, seen.since = "ended", now
        return [Popup(kind="ended", leg=seen.leg, reason=reason, waited=waited, talked=talked)]

    def _withdraw(self, which: Iterable[_Seen | None], reason: str, now: float) -> list[Popup]:
        told = []
        for seen in which:
            if seen and seen.state == "ringing":
                seen.state, seen.since, seen.leaving = "withdrawn", now, None
                told.append(Popup(kind="withdrawn", leg=seen.leg, reason=reason))
        return told

    def _hung_up(self, uniqueid: str, now: float) -> list[Popup]:
        """The caller's leg ends all; a consultant's leg that ends while it rings was cancelled. AgentComplete comes
        before the caller's Hangup but after the consultant's, so only the caller's closes a session."""
        told: list[Popup] = []
        for seen in list(self._seen.values()):
            if seen.leg.caller_leg == uniqueid:
                told += self._withdraw([seen], "abandoned", now)
                told += self._end(seen.leg, "hangup", None, None, now)
            elif seen.leg.leg == uniqueid:
                told += self._withdraw([seen], "cancelled", now)
        return told

    def _known(self, leg: Leg) -> _Seen | None:
        """A restored leg does not know its caller's uniqueid until an event or snapshot names it."""
        seen = self._seen.get((leg.call, leg.leg))
        if seen and not seen.leg.caller_leg:
            seen.leg = leg
        return seen

    def _of(self, call: str) -> list[_Seen]:
        return [seen for (owner, _), seen in self._seen.items() if owner == call]

    def _forgettable(self, seen: _Seen, now: float) -> bool:
        return seen.state in ("withdrawn", "ended") and now - seen.since > self._remember
