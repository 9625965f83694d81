"""The phone of a call without a telephone: what the caller does comes as acts, what they hear goes out as text.

The simulator's terminal and the calls in ``dialplans/tests`` stand on it. Keys go through the same buffer as on a real
call, under a clock of the phone's own; words get their meaning as on a real call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from telepin.identity import Fault
from telepin.keys import Answer, Form, KeyBuffer, Number, Pin, choice, number, pin
from telepin.secret import Secret
from voicebot.listen import Utterance

from ..dialogue.actions import (
    Action,
    Ask,
    AskDigits,
    AskPin,
    CheckPin,
    Enqueue,
    LookUp,
    RecallCheck,
    Transfer,
)
from ..dialogue.call import Call
from ..dialogue.events import (
    Candidate,
    Event,
    Heard,
    HungUp,
    LookedUp,
    MediaLost,
    NothingHeard,
    PinChecked,
    PinGiven,
    PinRefused,
    QueueEnded,
    QueueOutcome,
    Resumed,
    TransferEnded,
    Verdict,
)
from .asterisk import key_event
from .authentication import Authentication, Authority
from .meaning import Meaning

_UNTAUGHT = Meaning(lambda: None)
"""Reads answers to closed questions; knows no topics."""
BEFORE_KEYS, BETWEEN_KEYS, AFTER_KEYS = 1.5, 0.2, 10.0
"""Seconds of the phone's own clock. Who types a line has heard the question: its first key is no bounce of the last."""


@dataclass(frozen=True)
class Keys:
    """Keys pressed one after another; held as a secret, since nobody knows what a caller keys."""

    keys: Secret


@dataclass(frozen=True)
class Words:
    """Something said. ``topic``: what it is recognised as, instead of asking the recogniser."""

    text: str
    topic: str | None = None
    confidence: float = 0.95


@dataclass(frozen=True)
class Silence:
    """The caller does nothing until the question's time is over."""


@dataclass(frozen=True)
class Leaves:
    """The caller hangs up."""


@dataclass(frozen=True)
class LosesMedia:
    """The engine's media session breaks."""


@dataclass(frozen=True)
class Resumes:
    """Another engine takes the call over."""


@dataclass(frozen=True)
class Queue:
    """How the queue, or a transfer, ends."""

    outcome: QueueOutcome = "served"


@dataclass(frozen=True)
class Judgement:
    """The verdict of the next telePIN check, whatever is keyed."""

    verdict: Verdict


Act = Keys | Words | Silence | Leaves | LosesMedia | Resumes | Queue | Judgement


class Caller(Protocol):
    """Who is on the other end. ``next`` is asked at every wait; ``wait`` tells what for. None: hangs up."""

    async def next(self, call: Call, wait: Action) -> Act | None: ...


class World(Protocol):
    """What must be true now."""

    async def look_up(self, call: Call, what: str, args: dict[str, str]) -> LookedUp: ...


class TerminalPhone:
    """One call. ``tell`` is given every action as it is performed."""

    def __init__(
        self,
        caller: Caller,
        world: World,
        authority: Authority,
        meaning: Meaning,
        tell: Callable[[Action], None] = lambda action: None,
    ) -> None:
        self._caller, self._world, self._meaning, self._tell = caller, world, meaning, tell
        self._auth = Authentication(authority)
        self._keys = KeyBuffer()
        self._at = 0.0
        self._pin: Secret | None = None
        self._verdict: Verdict | None = None

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        """Carry out a turn; None once the call is over."""
        event: Event | None = None
        for action in actions:
            self._tell(action)
            event = await self._perform(call, action)
        return event

    async def _perform(self, call: Call, action: Action) -> Event | None:
        match action:
            case Ask():
                return await self._asked(
                    call, action, choice(frozenset(action.choices), action.question == "principal")
                )
            case AskDigits():
                return await self._asked(call, action, number())
            case AskPin():
                return await self._asked(call, action, pin())
            case CheckPin():
                return await self._check(call, action)
            case RecallCheck():
                return await self._auth.recall(action.check)
            case LookUp():
                return await self._world.look_up(call, action.what, action.args)
            case Enqueue() | Transfer():
                return await self._handed_over(call, action)
        return None

    async def _asked(self, call: Call, ask: Ask | AskDigits | AskPin, form: Form) -> Event:
        """The answer to a question: keys typed ahead first, then what the caller does."""
        self._keys.expect(form, self._at)
        while True:
            self._at += BETWEEN_KEYS
            if (answer := self._keys.poll(self._at)) is not None:
                return await self._keyed(call, ask, answer)
            act = await self._act(call, ask)
            if isinstance(act, Keys):
                self._at += BEFORE_KEYS
                self._press(act.keys)
                if (answer := self._keys.poll(self._at)) is not None:
                    return await self._keyed(call, ask, answer)
                self._at += AFTER_KEYS
                if (answer := self._keys.poll(self._at)) is not None:
                    return await self._keyed(call, ask, answer)
                return NothingHeard()
            if isinstance(act, Words) and not isinstance(ask, AskPin) and call.hears:
                heard = self._heard(ask, act)
                if heard is not None:
                    return heard
                continue
            if (event := _news(act)) is not None:
                return event
            return NothingHeard()

    async def _act(self, call: Call, wait: Action) -> Act:
        """What the caller does next; a chosen verdict is kept for the check and is nothing they do."""
        while isinstance(act := await self._caller.next(call, wait), Judgement):
            self._verdict = act.verdict
        return Leaves() if act is None else act

    def _press(self, keys: Secret) -> None:
        for key in keys.reveal():
            self._at += BETWEEN_KEYS
            self._keys.press(key, self._at)

    async def _keyed(self, call: Call, ask: Ask | AskDigits | AskPin, answer: Answer) -> Event:
        if isinstance(ask, AskDigits) and isinstance(answer, Number):
            if ask.purpose == "identity":
                return await self._auth.identity(call.id, answer.digits)
            refs = tuple(party.ref for party in call.auth.principals) if call.auth else ()
            return await self._auth.principal(call.id, answer.digits, refs)
        if isinstance(ask, AskPin) and isinstance(answer, Pin):
            self._pin = answer.digits
            return PinGiven()
        if isinstance(ask, AskPin) and isinstance(answer, Fault):
            return PinRefused()
        return key_event(answer)

    def _heard(self, ask: Ask | AskDigits, words: Words) -> Heard | None:
        """What was said; None for talk that a number entry passes over."""
        if isinstance(ask, AskDigits):
            command = self._meaning.of_command(Utterance(words.text, 0.9))
            return command if command.spoke_number or command.readings else None
        if words.topic is None:
            return self._meaning.of(ask, Utterance(words.text, 0.9))
        heard = _UNTAUGHT.of(ask, Utterance(words.text, 0.9))
        if heard.readings:
            return heard
        return Heard(text=heard.text, confidence=0.9, readings=(Candidate(words.topic, words.confidence),))

    async def _check(self, call: Call, action: CheckPin) -> Event:
        secret, self._pin = self._pin, None
        verdict, self._verdict = self._verdict, None
        if verdict not in (None, "ok"):
            return PinChecked(check=action.check, verdict=verdict or "unavailable")
        if secret is None:
            return await self._auth.recall(action.check)
        return await self._auth.check(action.check, call.id, action.identity, secret, call.caller, call.trunk)

    async def _handed_over(self, call: Call, action: Enqueue | Transfer) -> Event:
        act = await self._act(call, action)
        if (event := _news(act)) is not None:
            return event
        outcome = act.outcome if isinstance(act, Queue) else "served"
        if isinstance(action, Enqueue):
            return QueueEnded(key=action.key, outcome=outcome)
        return TransferEnded(outcome="answered" if outcome == "served" else "failed")


def _news(act: Any) -> Event | None:
    """What may happen whatever is waited for."""
    match act:
        case Leaves():
            return HungUp()
        case LosesMedia():
            return MediaLost()
        case Resumes():
            return Resumed(engine="2")
    return None
