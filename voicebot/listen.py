"""The listener: turn taking and an ear over one media session, for one question at a time."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from .audio import FRAME_SECONDS
from .ears.ear import Ear, Hearing, Question, Utterance
from .ears.keypad import KeypadOnly
from .turn import Decision, Timing, Turn
from .understand import CONTROL_PHRASES, Phrases, hesitates
from .voice_activity import VoiceActivity, voice_activity

__all__ = ["Listener", "Question", "Utterance"]

log = structlog.get_logger(__name__)

REAL_SPEECH = 0.6
"""Seconds of voice from which on something not understood was speech, not a noise."""


class Media(Protocol):
    """The part of a media session that a listener needs (see ``voicebot.media.MediaSession``)."""

    on_frame: Callable[[bytes, float], None] | None
    ended: asyncio.Future[str]


class Prompt(Protocol):
    """What is being said while we listen (see ``voicebot.playback.Playback``)."""

    @property
    def done(self) -> asyncio.Future[bool]: ...
    def stop(self) -> None: ...


class Listener:
    """Hears answers. One per engine: the ear is shared (and may be changed between answers), the state is that of a
    call to ``hear``. ``available`` is False where the hotline works by keypad only."""

    available: bool

    def __init__(
        self,
        ear: Ear,
        *,
        timing: Timing | None = None,
        activity: Callable[[], VoiceActivity] = voice_activity,
    ) -> None:
        self.ear, self.timing = ear, timing or Timing()
        self._activity = activity

    @property
    def ear(self) -> Ear:
        return self._ear

    @ear.setter
    def ear(self, ear: Ear) -> None:
        self._ear = ear
        self.available = not isinstance(ear, KeypadOnly)

    async def hear(self, media: Media, prompt: Prompt | None, question: Question) -> Utterance | None:
        """The caller's answer, or None when nobody began to speak within the question's patience after ``prompt`` or
        the session ended.

        Speech stops the prompt. Cancel it when keys answer. An utterance without text: somebody spoke and was not
        understood (or the ear had no answer in time).
        """
        if question.closed:
            question = Question(question.grammar, (*question.phrases, *CONTROL_PHRASES), question.patience)
        answer = _Answer(self, media, prompt, question)
        try:
            return await answer.result
        finally:
            answer.close()


class _Answer:
    """One call of ``hear``."""

    def __init__(self, listener: Listener, media: Media, prompt: Prompt | None, question: Question) -> None:
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Utterance | None] = self._loop.create_future()
        self._listener, self._media, self._prompt, self._question = listener, media, prompt, question
        self._phrases = Phrases(question.phrases)
        self._activity = listener._activity()
        playing = prompt is not None and not prompt.done.done()
        self._turn = Turn(question.patience, self._loop.time(), prompt=playing, timing=listener.timing)
        frames = round(listener.timing.lookback / FRAME_SECONDS) + listener.timing.window
        self._lookback: deque[bytes] = deque(maxlen=frames)
        self._hearing: Hearing | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._open()
        if prompt is not None and playing:
            prompt.done.add_done_callback(self._prompt_over)
        media.ended.add_done_callback(self._gone)
        media.on_frame = self._frame
        self._arm()

    def close(self) -> None:
        self._media.on_frame = None
        self._media.ended.remove_done_callback(self._gone)
        if self._prompt is not None:
            self._prompt.done.remove_done_callback(self._prompt_over)
        if self._timer is not None:
            self._timer.cancel()
        if self._reading is not None:
            self._reading.cancel()
        if self._hearing is not None:
            self._hearing.drop()
        if not self.result.done():
            self.result.cancel()

    def _open(self) -> None:
        """Have the ear ready before the caller speaks."""
        self._hearing = self._listener.ear.listen(self._question) if self._question.grammar is not None else None

    def _frame(self, frame: bytes, at: float) -> None:
        if self._hearing is None or self._reading is not None:
            self._act(self._turn.tick(at) if self._reading is None else None, at)
            return
        self._lookback.append(frame)
        if self._turn.speaking:
            self._hearing.feed(frame)
        partial = self._hearing.partial
        decision = self._turn.frame(
            self._activity.probability(frame),
            at,
            complete=self._phrases.complete(partial),
            hesitating=hesitates(partial),
        )
        self._act(decision, at)
        self._arm()

    def _act(self, decision: Decision | None, at: float) -> None:
        if decision is Decision.BEGAN and self._hearing is not None:
            self._hearing.feed(b"".join(self._lookback))
        elif decision is Decision.INTERRUPT:
            self._interrupt()
        elif decision is Decision.NO_INPUT:
            self._settle(None)
        elif decision is Decision.MURMUR and not self._question.closed:
            self._forget()
        elif decision in (Decision.ENDED, Decision.TOO_LONG, Decision.MURMUR):
            self._reading = asyncio.create_task(self._read(murmur=decision is Decision.MURMUR))

    async def _read(self, *, murmur: bool) -> None:
        """Ask the ear. A short sound counts when it answers the question ("tak" under the prompt)."""
        assert self._hearing is not None
        utterance = await self._hearing.finish()
        spoken = self._turn.spoken
        if murmur:
            believed = utterance is not None and self._phrases.holds(utterance.text)
        else:
            believed = utterance is None or bool(utterance.text) or spoken >= REAL_SPEECH
        if believed:
            self._interrupt()
            self._settle(utterance or Utterance("", 0.0))
            return
        self._reading = None
        self._turn.again(self._loop.time())
        self._forget()
        self._arm()

    def _forget(self) -> None:
        if self._hearing is not None:
            self._hearing.drop()
        self._open()

    def _interrupt(self) -> None:
        if self._prompt is not None and not self._prompt.done.done():
            self._prompt.stop()

    def _prompt_over(self, _: "asyncio.Future[bool]") -> None:
        self._turn.prompt_over(self._loop.time())
        self._arm()

    def _gone(self, _: "asyncio.Future[str]") -> None:
        self._settle(None)

    def _settle(self, utterance: Utterance | None) -> None:
        if not self.result.done():
            self.result.set_result(utterance)

    def _arm(self) -> None:
        """Have a timer for when no frame comes. One that is due too early arms the next."""
        deadline = self._turn.deadline() if self._reading is None else None
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline + FRAME_SECONDS):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline + FRAME_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._reading is not None:
            return
        now = self._loop.time()
        self._act(self._turn.tick(now), now)
        if not self.result.done():
            self._arm()
