"""The hotline: what an engine does with each AGI request. One session a request, one phone a session.

A call comes here when it arrives, when another engine left it (``resume``), and when the dialplan gives it back after
a queue or a transfer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .asterisk.agi import AgiError, AgiHungUp
from .asterisk.fastagi import AgiChannel
from .calendar import WARSAW
from .dialogue.actions import Action
from .dialogue.call import Call
from .dialogue.events import CallArrived, Event, HungUp, QueueEnded, Resumed, TransferEnded
from .dialogue.plan import Plan
from .journal import Fenced, Journal
from .phones.asterisk import AsteriskPhone, Parts
from .session import Session

log = structlog.get_logger(__name__)

UNNOTICED = 4.0
"""Seconds for which an engine may have been dead or hung before another is asked to go on."""
UNWRITTEN = 2_000
"""Calls kept in memory when the journal does not take turns; past it the oldest is forgotten."""
QUEUE_OUTCOMES = ("served", "timeout", "full", "joinempty", "leaveempty", "unavailable")
TurnHook = Callable[[Call, Event, tuple[Action, ...]], None]


@dataclass(frozen=True)
class Edition:
    """A version of the dialplans with all that its calls need; ``plan.version`` names it in the journal."""

    plan: Plan
    parts: Parts


class Editions(Protocol):
    """The versions that an engine serves."""

    @property
    def live(self) -> Edition:
        """What a call gets that arrives now."""

    async def of(self, id_: str) -> Edition:
        """What a call gets that began with version ``id_``; the live one when that is not to be had."""


@dataclass(frozen=True)
class Only:
    """One edition for every call, as a replay has it."""

    live: Edition

    async def of(self, id_: str) -> Edition:
        return self.live


class Hotline:
    """Serves the calls of one engine: each with the version of the dialplans with which it began."""

    def __init__(
        self,
        engine: str,
        editions: Editions,
        journal: Journal,
        hears: Callable[[], bool],
        on_turn: TurnHook | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(WARSAW),
    ) -> None:
        self.engine, self._editions, self._journal = engine, editions, journal
        self._hears = hears
        self._on_turn = on_turn
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._unwritten: dict[str, Call] = {}

    @property
    def calls(self) -> int:
        """How many calls are with this engine now."""
        return len(self._under_way)

    async def handle(self, channel: AgiChannel) -> None:
        """Serve one AGI request to its end."""
        request = channel.request
        call_id = request.args[0] if request.args else ""
        if not _is_call_id(call_id):
            log.error("AGI request without a call id", why=request.why)
            return
        task = asyncio.current_task()
        assert task is not None
        self._under_way[call_id] = task
        try:
            await self._take(channel, call_id)
        except Fenced:
            log.warning("another engine has this call", call=call_id)
        except (AgiHungUp, AgiError) as error:
            log.info("the channel is gone", call=call_id, error=type(error).__name__)
        finally:
            self._under_way.pop(call_id, None)

    async def _take(self, channel: AgiChannel, call_id: str) -> None:
        known = await self._latest(call_id)
        edition = await self._editions.of(known.plan) if known is not None else self._editions.live
        phone = AsteriskPhone(channel, edition.parts)
        try:
            call = await self._serve(channel, phone, call_id, known, edition)
            if call is not None and call.ended is not None:
                await edition.parts.authority.forget(call_id)
        finally:
            await phone.close()

    async def _serve(
        self, channel: AgiChannel, phone: AsteriskPhone, call_id: str, known: Call | None, edition: Edition
    ) -> Call | None:
        said, model = await self._said_for(known, channel.request.why), edition.parts.meaning.model
        event = self._event(channel, known, said, model)
        if event is None:
            if known is None and _talked(channel):
                await channel.set_variable("IVR_NEXT", "hangup")
            log.warning("nothing to do for this request", call=call_id, why=channel.request.why)
            return None
        if isinstance(event, Resumed) and known is not None:
            log.info("call taken over", call=call_id, engine=self.engine, node=known.node, turn=known.turn)
        if known is not None and known.ended is not None:
            await channel.set_variable("IVR_NEXT", "hangup")
            return known
        there = phone if channel.request.why != "hung-up" else _NobodyThere()
        session = Session(edition.plan, self._journal, there, self._on_turn)
        call = await session.run(known or Call(id=call_id), event)
        if channel.hung_up.is_set() and call.ended is None:
            call = await session.run(call, HungUp())
        self._keep(call, session.durable)
        return call

    def _keep(self, call: Call, durable: bool) -> None:
        """Remember a call that the journal does not have as it is, until it ends."""
        self._unwritten.pop(call.id, None)
        if not durable and call.ended is None:
            self._unwritten[call.id] = call
            if len(self._unwritten) > UNWRITTEN:
                del self._unwritten[next(iter(self._unwritten))]

    def _event(self, channel: AgiChannel, known: Call | None, said: float, model: str) -> Event | None:
        why, args = channel.request.why, (*channel.request.args, "", "", "", "", "")
        if why == "hung-up":
            return _left(known, args[4])
        if known is None and _talked(channel):
            return None
        if known is None or why == "arrive":
            at = self._clock().isoformat(timespec="seconds")
            return CallArrived(
                dialled=args[1],
                caller=args[2] or None,
                at=at,
                trunk=args[3] or "trunk",
                hears=self._hears(),
                model=model,
            )
        detail = tuple(args[4].split("/"))
        if why == "resume":
            return self._resumed(known, detail, said)
        return _ended(known, why, detail) if why in ("queue-ended", "transfer-ended") else None

    def _resumed(self, known: Call, detail: tuple[str, ...], said: float) -> Event:
        """The engine asked before died. If it had not yet written down how a queue or transfer ended, that is the news;
        ``detail`` then holds what it was told: ``queue-ended/<queue>/<outcome>/<waited>``."""
        what = detail[0]
        if what == "queue-ended" and "QueueEnded" in known.awaits and detail[1:2] == known.queues_tried[-1:]:
            return _ended(known, what, detail[2:])
        if what == "transfer-ended" and "TransferEnded" in known.awaits:
            return _ended(known, what, detail[1:])
        return Resumed(engine=self.engine, said=said)

    async def _said_for(self, known: Call | None, why: str) -> float:
        """How long the engine before certainly spoke after its last turn."""
        if known is None or why != "resume":
            return 0.0
        try:
            return round(max(0.0, await self._journal.said_for(known.id) - UNNOTICED), 1)
        except SQLAlchemyError:
            return 0.0

    async def _latest(self, call_id: str) -> Call | None:
        kept = self._unwritten.get(call_id)
        try:
            written = await self._journal.latest(call_id)
        except SQLAlchemyError as error:
            log.error("the journal cannot be read", call=call_id, error=type(error).__name__)
            return kept
        return written if kept is None or (written is not None and written.turn > kept.turn) else kept

    async def drain(self, seconds: float) -> None:
        """Let the calls under way come to their hand-off for at most ``seconds``; then leave the rest to the other
        engine, which goes on at the same node."""
        if self._under_way:
            await asyncio.wait(set(self._under_way.values()), timeout=seconds)
        for task in list(self._under_way.values()):
            task.cancel()


class _NobodyThere:
    """The phone of a caller who has hung up."""

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        return None


def _talked(channel: AgiChannel) -> bool:
    """Whether the dialplan says that a consultant (or whom the call was transferred to) has talked to the caller."""
    detail = (*channel.request.args, "", "", "", "", "")[4].split("/")
    return "served" in detail or "answered" in detail


def _ended(known: Call, what: str, detail: tuple[str, ...]) -> Event:
    """How a queue (``outcome``, ``waited``) or a transfer (``outcome``) ended."""
    outcome, waited = (*detail, "", "")[:2]
    if what == "transfer-ended":
        return TransferEnded(outcome="answered" if outcome == "answered" else "failed")
    judged = outcome if outcome in QUEUE_OUTCOMES else "unavailable"
    seconds = float(waited) if waited.isdigit() else 0.0
    return QueueEnded(key=known.queue_key or "", outcome=judged, waited=seconds)  # type: ignore[arg-type]


def _left(known: Call | None, detail: str) -> Event | None:
    """The caller hung up while the dialplan had the call; ``detail`` is ``served`` after a talk."""
    if known is None:
        return None
    if detail == "served" and "QueueEnded" in known.awaits:
        return QueueEnded(key=known.queue_key or "", outcome="served")
    return HungUp()


def _is_call_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
