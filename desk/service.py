"""The desk process: queue events in, durable messages out, membership kept.

A handler only updates the board (no waiting); reading the journal and writing the outbox happen in one task per
message, in order within a call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from ivr.dialogue.call import Call
from ivr.dialogue.tiers import mandate_told, principal

from .agents import Agents
from .delivery import Courier
from .message import Card, Ended, Message, Names, Session, Withdrawn, card, ring_id, session, without_personal_numbers
from .outbox import Outbox
from .popup import Board, Popup
from .privacy import PersonalNumberFound
from .queue_events import read_channels, read_event
from .switchboard import Switchboard
from .unkept import KEEP_LIMIT, Unkept
from .webhook import render

log = structlog.get_logger(__name__)

POPUPS = Counter("infolinia_popups_total", "messages kept for the CRM, by kind", ["kind"])

WARSAW = ZoneInfo("Europe/Warsaw")
_JOURNAL_WAITS = (0.05, 0.15, 0.3)
"""Seconds between questions for a call that the journal does not have; a call that no engine saw is never there."""

ENGINES_FIRST = 5.0
"""Seconds after a caller's hang-up in which an engine may write it down itself."""

Acts = Callable[[str, str], Awaitable[bool | None]]
"""Check and principal -> whether that person may act for that principal now; None when nobody can say. Never raises."""


class SessionSource(Protocol):
    """Where the state of a call is read: ``ivr.journal.Journal``."""

    async def latest(self, call: str) -> Call | None: ...
    async def note_end(self, call: str, ended: str) -> bool: ...


class Desk:
    """Binds the manager connection to the outbox. ``ready`` is set once events can be heard: open the connection then,
    so that its ``on_connect`` finds us. ``acts``: whether a mandate still holds, asked when a consultant picks up;
    ``keep``: how long delivered messages stay in the database."""

    def __init__(
        self,
        switchboard: Switchboard,
        sessions: SessionSource,
        outbox: Outbox,
        courier: Courier,
        unkept: Unkept,
        agents: Agents,
        names: Names,
        alarm: Callable[[str, str], None],
        *,
        acts: Acts | None = None,
        keep: timedelta = timedelta(days=7),
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(WARSAW),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._outbox = outbox
        self._courier = courier
        self._unkept = unkept
        self._agents = agents
        self._names = names
        self._alarm = alarm
        self._acts = acts
        self._keep = keep
        self._monotonic = monotonic
        self._clock = clock
        self._sleep = sleep
        self.ready = asyncio.Event()
        self._board = Board()
        self._last_of_call: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._restore()
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._switchboard.on("*", self.heard)  # one subscription: order holds within one only
            self._switchboard.on_connect(self.connected)
            self.ready.set()
            group.create_task(self._courier.run())
            group.create_task(self._unkept.run(self._courier.wake))
            group.create_task(self._tick())
            group.create_task(self._purge())

    def heard(self, raw: Mapping[str, str]) -> None:
        """One event of Asterisk's manager."""
        event = read_event(raw)
        if event is None:
            return
        self._tell(self._board.apply(event, self._monotonic()))
        if event.name == "Hangup" and event.call and self._group is not None:
            self._group.create_task(self._note_end(event.call, self._board.talked(event.call)))

    async def _note_end(self, call: str, talked: bool) -> None:
        """The caller is gone. If no engine was there to see it, the journal learns it here: who was not served and
        calls again is offered to go on."""
        await self._sleep(ENGINES_FIRST)
        try:
            if await self._sessions.note_end(call, "served" if talked else "hung up by caller"):
                log.info("end_noted", call=call, talked=talked)
        except SQLAlchemyError as error:
            log.warning("end_not_noted", call=call, error=type(error).__name__)

    async def connected(self) -> None:
        """A (re)connection: learn what was missed, and seat the consultants again."""
        try:
            asked_at = self._monotonic()
            async with asyncio.timeout(5.0):
                reply = await self._switchboard.action("CoreShowChannels")
            if reply.ok:
                snapshot = read_channels(reply.events)
                self._tell(self._board.resync(snapshot, asked_at, self._monotonic()))
            else:
                self._alarm("ami-rights", f"AMI: CoreShowChannels: {reply.message}")
            await self._agents.apply()
        except Exception as error:  # isolation: the next connection tries again, events go on being heard
            log.exception("resync_failed")
            self._alarm("desk-resync", f"desk: {type(error).__name__} after connecting to Asterisk")

    async def settled(self) -> None:
        """Wait until every message decided so far is kept."""
        while self._last_of_call or len(self._unkept):
            await asyncio.wait([*self._last_of_call.values(), asyncio.ensure_future(asyncio.sleep(0.05))])

    async def _restore(self) -> None:
        ringing, connected = await self._outbox.open_legs(self._clock() - timedelta(hours=24))
        self._board.restore(ringing, connected, self._monotonic())

    def _tell(self, popups: list[Popup]) -> None:
        for popup in popups:
            if self._group is None:
                raise RuntimeError("events are heard only while the desk runs")
            call = popup.leg.call
            task = self._group.create_task(self._keep_in_order(popup, self._clock(), self._last_of_call.get(call)))
            self._last_of_call[call] = task
            task.add_done_callback(lambda done, call=call: self._forget(call, done))  # type: ignore[misc]

    def _forget(self, call: str, done: asyncio.Task[None]) -> None:
        if self._last_of_call.get(call) is done:
            del self._last_of_call[call]

    async def _keep_in_order(self, popup: Popup, at: datetime, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            message = await self._compose(popup, at)
            if await self._keep_message(self._fit_to_leave(message)):
                POPUPS.labels(popup.kind).inc()
                self._courier.wake()
        except Exception as error:  # isolation: one message must not take the desk down
            log.exception("popup_lost", kind=popup.kind, call=popup.leg.call)
            self._alarm("popup-lost", f"desk: {type(error).__name__} while a {popup.kind} was made")

    async def _compose(self, popup: Popup, at: datetime) -> Message:
        leg = popup.leg
        data: Card | Session | Withdrawn | Ended
        match popup.kind:
            case "card":
                data = card(await self._latest(leg.call, waits=()), leg, self._names, at)
            case "session":
                call = await self._with_mandate(await self._latest(leg.call, waits=_JOURNAL_WAITS), at)
                data, masked = session(call, leg, popup.waited, self._names, at)
                if masked:
                    self._alarm("unredacted", "a run of digits in what a caller said reached the desk; masked")
            case "withdrawn":
                data = Withdrawn(reason=popup.reason)
            case "ended":
                data = Ended(waited=popup.waited, talked=popup.talked, reason=popup.reason)
        return Message(
            kind=popup.kind,
            call=leg.call,
            ring=ring_id(leg.call, leg.leg),
            leg=leg.leg,
            agent=leg.agent,
            queue=leg.queue,
            at=at.isoformat(timespec="milliseconds"),
            data=data,
        )

    async def _with_mandate(self, call: Call | None, at: datetime) -> Call | None:
        """``call`` as its principal's mandate stands now: it may have been withdrawn while the caller waited."""
        party = principal(call, at.isoformat()) if call is not None else None
        if call is None or call.auth is None or party is None or self._acts is None:
            return call
        acts = await self._acts(call.auth.check, party.ref) if call.auth.check else None
        return mandate_told(call, acts, self._clock().isoformat(timespec="seconds"))

    async def _latest(self, call: str, waits: tuple[float, ...]) -> Call | None:
        """The call as the journal has it; None when it is not there after ``waits``, or the journal cannot be read."""
        for wait in (*waits, None):
            try:
                found = await self._sessions.latest(call)
            except SQLAlchemyError as error:
                log.warning("journal_not_read", call=call, error=type(error).__name__)
                found = None
            if found is not None or wait is None:
                break
            await self._sleep(wait)
        if found is None and waits:
            self._alarm("popup-incomplete", "desk: a consultant's page was sent without the journal of the call")
        return found

    def _fit_to_leave(self, message: Message) -> Message:
        try:
            render(message)
        except PersonalNumberFound as error:
            self._alarm("personal-number", f"desk: {error.field}: a PESEL or NIP was about to leave; taken out")
            return without_personal_numbers(message)
        return message

    async def _keep_message(self, message: Message) -> bool:
        """Write it to the outbox; if the database does not take it in time, it goes out from memory. False: it is there
        already."""
        if not self._unkept.holds(message.call):
            try:
                async with asyncio.timeout(KEEP_LIMIT):
                    return await self._outbox.put(message)
            except (SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
                text = "pages are sent from memory and lost if the desk dies"
                self._alarm("outbox-database", f"outbox: {type(error).__name__}; {text}")
        await self._unkept.add(message)
        return True

    async def _tick(self) -> None:
        while True:
            await self._sleep(0.5)
            self._tell(self._board.tick(self._monotonic()))

    async def _purge(self) -> None:
        while True:
            try:
                await self._outbox.purge(self._clock() - self._keep)
            except SQLAlchemyError as error:
                log.warning("outbox_not_purged", error=type(error).__name__)
            await self._sleep(3600.0)
