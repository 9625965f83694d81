"""The phone of a real call: actions become AGI commands and sound, answers become events.

The engine plays, collects keys and listens in one AudioSocket session from answer to hand-off. When the media breaks
while the call lives, Asterisk plays the prompts itself (``ivr.phones.degraded``).
"""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import structlog

from telepin.identity import Fault
from telepin.keys import Choice, Number, Person, Pin, Skip, choice, number, pin
from telepin.secret import Secret
from voicebot.listen import Question
from voicebot.media import MediaServer, MediaSession
from voicebot.playback import Playback
from voicebot.understand import YES_NO_PHRASES

from ..asterisk.agi import AgiError, AgiHungUp, AgiReply
from ..asterisk.fastagi import AgiChannel
from ..dialogue.actions import (
    Action,
    Answer,
    Ask,
    AskDigits,
    AskPin,
    CheckPin,
    Enqueue,
    HangUp,
    Line,
    LookUp,
    RecallCheck,
    Say,
    Transfer,
)
from ..dialogue.call import Call
from ..dialogue.events import (
    Event,
    HumanAsked,
    HungUp,
    Keyed,
    LookedUp,
    MediaLost,
    NothingHeard,
    NumberRefused,
    PinChecked,
    PinGiven,
    PinRefused,
    Skipped,
)
from .authentication import Authentication, Authority
from .conversation import Conversation, Hearing, MediaGone, Prompts
from .degraded import AskedByAsterisk
from .meaning import Meaning

log = structlog.get_logger(__name__)

MEDIA_SECONDS = 3.0
"""How long Asterisk may take to open the media connection (its own connect limit is 2 s)."""
MAX_ASIDES = 4
"""How many utterances that are no command are passed over while a number is awaited."""
STATUS_LIVE = ("6", "4")
"""What ``CHANNEL STATUS`` says of a caller who is there: up, or not picked up yet."""


class World(Protocol):
    """What must be true now: hours and closures, calls broken off, queues."""

    async def look_up(self, call: Call, what: str, args: dict[str, str]) -> LookedUp: ...


class Recorder(Protocol):
    """Keeps calls (see ``recordings.keeping``)."""

    def wants(self, call: str) -> bool: ...

    def told(self, call: str) -> bool: ...

    def begin(self, call: str, media: MediaSession, announcement: Playback | None) -> None: ...

    def drop(self, call: str) -> None: ...


@dataclass(frozen=True)
class Parts:
    """All that a phone of this engine shares with its other phones."""

    media: MediaServer
    media_address: str
    prompts: Prompts
    listener: Hearing
    authority: Authority
    meaning: Meaning
    world: World
    spool: Callable[[str, bytes], str]
    """Writes a prompt where Asterisk can play it; returns its name for STREAM FILE."""
    waiting: tuple[Line, ...] = ()
    """What is said while an answer takes long."""
    recorder: Recorder | None = None
    announcement: tuple[Line, ...] = ()
    """What callers hear before their call is kept; without it none is."""


class AsteriskPhone:
    """One AGI conversation and its media session."""

    def __init__(self, channel: AgiChannel, parts: Parts) -> None:
        self._channel, self._parts = channel, parts
        self._auth = Authentication(parts.authority)
        self._talk: Conversation | None = None
        self._exec: asyncio.Task[AgiReply] | None = None
        self._slow = self._recorded = False
        self._pin: Secret | None = None
        self._pin_keyed = 0.0

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        """Carry out a turn. A hang-up or broken media at any point becomes its event."""
        event: Event | None = None
        self._slow = call.slow
        if self._talk is not None:
            self._talk.slow = call.slow
        try:
            for action in actions:
                event = await self._perform(call, action)
        except MediaGone:
            return await self._after_media()
        except AgiHungUp:
            return HungUp()
        return event

    async def close(self) -> None:
        """Drop what the phone still holds: digits and the media session."""
        self._pin = None
        if self._talk is not None:
            self._talk.close()
        if self._exec is not None:
            self._exec.cancel()

    async def _perform(self, call: Call, action: Action) -> Event | None:
        match action:
            case Answer():
                if call.media:
                    await self._conversation(answering=True)  # in one: between AGI commands Asterisk drops keys
                else:
                    await self._channel.command("ANSWER")
            case Say():
                await self._say(call, action)
            case Ask():
                return await self._ask(call, action)
            case AskDigits():
                return await self._ask_digits(call, action)
            case AskPin():
                return await self._ask_pin(call, action)
            case CheckPin():
                return await self._check(call, action)
            case RecallCheck():
                return await self._auth.recall(action.check)
            case LookUp():
                return await self._parts.world.look_up(call, action.what, action.args)
            case Enqueue() | Transfer() | HangUp():
                await self._hand_off(call, action)
        return None

    async def _conversation(self, answering: bool = False) -> Conversation:
        """The media session, opened on first need; ``answering``: and the call picked up."""
        if self._talk is None:
            session = uuid.uuid4()
            expected = self._parts.media.expect(session)
            self._exec = asyncio.create_task(self._open(str(session), answering))
            waits: list[asyncio.Future[Any]] = [expected, self._exec]
            await asyncio.wait(waits, timeout=MEDIA_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not expected.done():
                expected.cancel()
                log.warning("media did not open", call=self._channel.request.args[:1])
                raise MediaGone
            parts = self._parts
            self._talk = Conversation(expected.result(), parts.prompts, parts.listener, parts.waiting)
            self._talk.slow = self._slow
        return self._talk

    async def _open(self, session: str, answering: bool) -> AgiReply:
        """Have Asterisk open the media; returns when it has ended."""
        if answering:
            reply = await self._channel.gosub("infolinia-media", session, self._parts.media_address)
            if not reply.failed:
                return reply
            log.warning("Asterisk runs an older dialplan", mend="infolinia restart")
            await self._channel.command("ANSWER")
        return await self._channel.execute("TryExec", f"AudioSocket({session},{self._parts.media_address})")

    async def _after_media(self) -> Event:
        """The media ended under us: the channel's status tells a hang-up from a breakdown."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None
        try:
            if self._exec is not None:
                with suppress(AgiError):
                    await asyncio.wait_for(asyncio.shield(self._exec), 3)
                self._exec = None
            reply = await asyncio.wait_for(self._channel.command("CHANNEL STATUS"), 2)
        except (AgiHungUp, AgiError, TimeoutError):
            return HungUp()
        if self._channel.hung_up.is_set() or reply.result not in STATUS_LIVE:
            return HungUp()
        return MediaLost()

    async def _say(self, call: Call, say: Say) -> None:
        if call.media:
            talk = await self._conversation()
            await self._record(call, talk)
            await (talk.say_firmly if say.firm else talk.say)(say.lines, say.heard)
        else:
            await self._plain.say(say.lines, say.firm)

    async def _record(self, call: Call, talk: Conversation) -> None:
        """Begin to keep the call where its office wants that. The caller is told first; who presses a key instead of
        hearing it is not kept."""
        recorder = self._parts.recorder
        if recorder is None or self._recorded or not recorder.wants(call.id):
            return
        self._recorded = True
        if recorder.told(call.id):
            recorder.begin(call.id, talk.media, None)
            return
        announcement = await talk.say(self._parts.announcement) if self._parts.announcement else None
        if announcement is None:
            recorder.drop(call.id)
        else:
            recorder.begin(call.id, talk.media, announcement)

    @cached_property
    def _plain(self) -> AskedByAsterisk:
        return AskedByAsterisk(self._channel, self._parts.prompts, self._parts.spool)

    async def _ask(self, call: Call, ask: Ask) -> Event:
        if not call.media:
            return await self._plain.ask(ask)
        talk = await self._conversation()
        talk.deaf = False
        await talk.say(ask.lines)
        hears = ask.grammar is not None and self._hears
        by_key = self._menu_key(talk, ask, None if hears else ask.patience)
        with talk.callers_turn():
            return await talk.race(by_key, self._answer_by_word(talk, ask) if hears else None) or NothingHeard()

    async def _menu_key(self, talk: Conversation, ask: Ask, patience: float | None) -> Event:
        return key_event(await talk.keys(choice(frozenset(ask.choices), ask.question == "principal"), patience))

    @property
    def _hears(self) -> bool:
        """Whether an ear is there, or may join while the question is open."""
        return self._parts.listener.available or self._parts.listener.warming

    async def _answer_by_word(self, talk: Conversation, ask: Ask) -> Event | None:
        if not await talk.ear_joins(ask.patience):
            return None
        phrases = tuple(phrase for words in ask.words.values() for phrase in words)
        if ask.grammar == "yes-no":
            phrases = YES_NO_PHRASES
        question = Question(ask.grammar or "choice", phrases, ask.patience, talk.slow)
        utterance = await talk.listen(question)
        return None if utterance is None else self._parts.meaning.of(ask, utterance)

    async def _ask_digits(self, call: Call, ask: AskDigits) -> Event:
        talk = await self._conversation()
        talk.deaf = False
        await talk.say(ask.lines)
        hears = self._hears
        by_key = self._keyed_number(talk, call, ask, None if hears else ask.patience)
        with talk.callers_turn():
            by_word = self._command_by_word(talk, ask.patience) if hears else None
            return await talk.race(by_key, by_word) or NothingHeard()

    async def _keyed_number(self, talk: Conversation, call: Call, ask: AskDigits, patience: float | None) -> Event:
        answer = await talk.keys(number(), patience)
        if not isinstance(answer, Number):
            return key_event(answer)
        if ask.purpose == "identity":
            return await self._auth.identity(call.id, answer.digits)
        refs = tuple(party.ref for party in call.auth.principals) if call.auth else ()
        return await self._auth.principal(call.id, answer.digits, refs)

    async def _command_by_word(self, talk: Conversation, patience: float) -> Event | None:
        """While a number is awaited only commands and spoken numbers are heard; other talk in the room is not."""
        if not await talk.ear_joins(patience):
            return None
        for _ in range(MAX_ASIDES):
            utterance = await talk.listen(Question("matter", patience=patience, slow=talk.slow))
            if utterance is None:
                return None
            heard = self._parts.meaning.of_command(utterance)
            if heard.spoke_number or heard.readings:
                return heard
        return None

    async def _ask_pin(self, call: Call, ask: AskPin) -> Event:
        talk = await self._conversation()
        talk.deaf = True
        await talk.say(ask.lines)
        with talk.callers_turn():
            answer = await talk.keys(pin(), ask.patience)
        if isinstance(answer, Pin):
            self._pin, self._pin_keyed = answer.digits, talk.last_key
            talk.checking(talk.last_key)
            return PinGiven()
        if isinstance(answer, Fault):
            return PinRefused()
        return key_event(answer)

    async def _check(self, call: Call, action: CheckPin) -> Event:
        secret, self._pin = self._pin, None
        if secret is None:
            return await self._auth.recall(action.check)
        event = await self._auth.check(action.check, call.id, action.identity, secret, call.caller, call.trunk)
        if self._talk is not None:
            self._talk.deaf = False
            if isinstance(event, PinChecked) and event.verdict in ("refused", "throttled"):
                self._talk.refuse(self._pin_keyed)
        return event

    async def _hand_off(self, call: Call, action: Enqueue | Transfer | HangUp) -> None:
        if self._talk is not None:
            await self._talk.finish()
            self._talk = None
        if self._exec is not None:
            await self._exec
            self._exec = None
        match action:
            case Enqueue():
                following = f"queue,{action.queue},{action.priority},{action.timeout}"
            case Transfer():
                following = f"transfer,{action.target}"
            case HangUp():
                following = "hangup"
        await self._channel.set_variable("IVR_NEXT", following)


def key_event(answer: object) -> Event:
    """The event of a key answer that carries no digits of an identity."""
    match answer:
        case None:
            return NothingHeard()
        case Choice():
            return Keyed(keys=answer.key)
        case Person():
            return HumanAsked(by="key")
        case Skip():
            return Skipped()
        case Fault() if answer.fault in ("length", "checksum", "date", "pause"):
            return NumberRefused(fault=answer.fault)
    return Keyed(keys="?")
