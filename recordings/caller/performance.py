"""Performing a call script: place the call, do its steps, tell what came of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import structlog
from pydantic import SecretStr

from recordings.caller.live import Impatient, LiveCall
from recordings.caller.media import CallOver
from recordings.caller.people import People
from recordings.caller.result import CallResult, End, Heard, KeySent, Note
from recordings.caller.script import (
    ExpectMedia,
    HangUp,
    Hold,
    Keys,
    NumberOf,
    Pause,
    Say,
    Script,
    Step,
    Timed,
    WaitFor,
    WaitHangup,
    WaitSilence,
    WaitSpeech,
    verb_of,
)
from recordings.caller.sip import Dial, Ending, Leg, Refused
from voicebot.audio import AudioError

log = structlog.get_logger(__name__)

Condition = Callable[[], Awaitable[object]]
"""What a ``wait_for`` step waits for: called once, awaited until it returns."""


def dial_of(script: Script, user: str | None = None, password: SecretStr | None = None) -> Dial:
    """The call that ``script`` places. Raises ``ValueError`` when it does not say whom to call."""
    if script.to is None:
        raise ValueError("scenariusz nie mówi, dokąd dzwonić; dopisz „to:” albo podaj numer")
    caller = None if script.withheld else script.caller
    return Dial(script.to, caller, script.asserted, user=user, password=password, ring=script.ring_s)


class Dials(Protocol):
    """The part of a line (``recordings.caller.sip.Line``) that a call needs."""

    async def dial(self, dial: Dial) -> Leg: ...


async def place_call(
    line: Dials,
    script: Script,
    *,
    people: People | None = None,
    conditions: Mapping[str, Condition] | None = None,
    record: Path | None = None,
    on_note: Callable[[Note], None] | None = None,
    user: str | None = None,
    password: SecretStr | None = None,
) -> CallResult:
    """Place the call of ``script`` on ``line`` and perform its steps; then hang up, whatever happened.

    A step that cannot be done, a refused call and a call that ends too early are told in the result. ``record`` names
    the stereo WAV file to write. Raises ``ValueError`` for a script without a number or with unknown people or
    conditions, before anybody is called.
    """
    dial = dial_of(script, user, password)
    performance = Performance(script, people or People(), conditions or {}, on_note)
    performance.check()
    result = CallResult(
        script=script.name, to=dial.to, caller=dial.caller, started=datetime.now(UTC), end=End(by="us", code=200)
    )
    begun = time.monotonic()
    try:
        leg = await line.dial(dial)
    except Refused as refusal:
        result.end = End(by="refused", code=refusal.code, reason=refusal.reason, cause=refusal.cause)
        result.failure = f"połączenie nieodebrane: {refusal}"
        return result
    result.answered_after = round(time.monotonic() - begun, 4)
    call = LiveCall(leg, settle=script.settle_s)
    try:
        result.failure = await performance.run(call)
    finally:
        call.hang_up()
        performance.note(call, "over", leg.ended.result().by)
        _tell(result, call, await leg.ended, performance.notes)
        if record is not None:
            await asyncio.to_thread(call.record, record)
            result.recording = record
    return result


class Performance:
    """The steps of one script, done one after another."""

    def __init__(
        self,
        script: Script,
        people: People,
        conditions: Mapping[str, Condition],
        on_note: Callable[[Note], None] | None = None,
    ) -> None:
        self.script, self.people, self.conditions = script, people, conditions
        self.notes: list[Note] = []
        self._on_note = on_note

    def check(self) -> None:
        """Everything the steps name is there. Raises ``ValueError``."""
        for step in self.script.steps:
            if isinstance(step, Keys) and isinstance(step.keys, NumberOf):
                self.people.keys(*step.keys.wanted)
            if isinstance(step, WaitFor) and step.wait_for not in self.conditions:
                raise ValueError(f"krok czeka na „{step.wait_for}”, a nikt nie powiedział, co to jest")

    async def run(self, call: LiveCall) -> str | None:
        """Do all steps; what went wrong, None if nothing."""
        self.note(call, "answered", "")
        try:
            async with asyncio.timeout(self.script.max_s):
                for number, step in enumerate(self.script.steps, 1):
                    trouble = await self._attempt(call, number, step)
                    if trouble is not None:
                        self.note(call, "failed", trouble)
                        return trouble
        except TimeoutError:
            return f"rozmowa trwała dłużej niż {self.script.max_s:g} s"
        return None

    async def _attempt(self, call: LiveCall, number: int, step: Step) -> str | None:
        where = f"krok {number} ({verb_of(step)})"
        doing = asyncio.ensure_future(self._do(call, step))
        try:
            either: set[asyncio.Future[Any]] = {doing, call.leg.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done() and isinstance(step, WaitHangup):
                await doing
            if not doing.done():
                raise CallOver
            doing.result()
        except (CallOver, Impatient, Refused, AudioError, ValueError) as error:
            return f"{where}: {error}"
        finally:
            doing.cancel()
        return None

    async def _do(self, call: LiveCall, step: Step) -> None:
        patience = self.script.patience_s if step.timeout_s is None else step.timeout_s
        at = await call.moment(step.after_s, step.prompt_s, patience) if isinstance(step, Timed) else None
        if call.leg.ended.done() and not isinstance(step, WaitHangup | HangUp):
            raise CallOver
        match step:
            case Keys():
                digits = self._digits(step.keys)
                self.note(call, "keys", f"[{len(digits.get_secret_value())} keys]")
                await call.keys(digits, at, step.key_s, step.gap_s)
            case Say():
                self.note(call, "say", step.say.name)
                await call.say(step.say)
            case Pause():
                await asyncio.sleep(step.pause)
            case WaitSpeech():
                await call.wait_speech(patience)
                self.note(call, "speech", "")
            case WaitSilence():
                await call.wait_silence(step.wait_silence, patience)
                self.note(call, "silence", f"{step.wait_silence:g} s")
            case WaitFor():
                await self._condition(call, step.wait_for, patience)
            case WaitHangup():
                await call.wait_hangup(patience)
            case ExpectMedia():
                await call.expect_media(step.packets, step.expect_media)
                self.note(call, "media", f"{step.packets} packets")
            case Hold():
                self.note(call, "hold", f"{step.hold:g} s")
                await call.hold(step.hold)
            case HangUp():
                self.note(call, "hangup", "")
                call.hang_up()

    def _digits(self, keys: SecretStr | NumberOf) -> SecretStr:
        if isinstance(keys, SecretStr):
            return keys
        return SecretStr(self.people.keys(*keys.wanted).get_secret_value() + keys.then)

    async def _condition(self, call: LiveCall, name: str, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self.conditions[name]()
        except TimeoutError:
            raise Impatient(f"„{name}” nie nastąpiło przez {patience:g} s") from None
        self.note(call, "condition", name)

    def note(self, call: LiveCall, what: str, detail: str) -> None:
        """Write down what happened now."""
        note = Note(at=round(asyncio.get_running_loop().time() - call.answered, 4), what=what, detail=detail)
        self.notes.append(note)
        log.info("test call", what=what, detail=detail, at=note.at)
        if self._on_note is not None:
            self._on_note(note)


def _tell(result: CallResult, call: LiveCall, ending: Ending, notes: list[Note]) -> None:
    zero, media = call.answered, call.leg.media
    result.call_id = call.leg.call_id
    result.duration = round(asyncio.get_running_loop().time() - zero, 3)
    result.end = End(by=ending.by, code=ending.code, reason=ending.reason, cause=ending.cause)
    result.notes = notes
    result.heard = [
        Heard(start=round(s.start - zero, 3), end=round(s.end - zero, 3), level=round(s.level, 1))
        for s in media.hearing.segments
    ]
    result.keys = [
        KeySent(asked=round(p.asked - zero, 5), sent=round(p.sent - zero, 5))
        for p in call.presses
        if p.sent is not None
    ]
    result.keys_heard = "".join(media.hearing.keys)
    result.received = media.hearing.quality.as_json()
    result.pacing = media.pacing.as_json()
    result.renegotiated = call.leg.renegotiated
