"""The listener: turn taking and an ear over one media session, for one question at a time."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec
import structlog

from .audio import FRAME_SECONDS
from .ears.ear import Ear, Fault, Hearing, Question, Utterance
from .ears.keypad import KeypadOnly
from .line_sounds import LineSounds
from .turn import Decision, Timing, Turn
from .understand import CONTROL_PHRASES, Phrases, hesitates, nods
from .voice_activity import Loudness, VoiceActivity, Vowels, WebRtc, voice_activity

__all__ = ["Floor", "Listener", "Question", "Utterance"]

log = structlog.get_logger(__name__)

Floor = Callable[[Literal["caller", "bot"]], None]
"""Is told whose turn it is: the bot's while the ear thinks about what was said, else the caller's."""

REAL_SPEECH = 0.6
"""Seconds of voice from which on something not understood was speech, not a noise."""
WORD = 0.15
"""Seconds of voice that a word has at least; less under a prompt is a noise, and no ear is asked."""
STRICT = 3
"""WebRTC's least willing mode: it tells sounds of speech, unvoiced ones included, from a quiet line."""
FASTEST = 28.0
"""Letters a second that nobody speaks: a recogniser that gives more has invented them."""
HOLD = 0.8
"""How long a prompt stays held while the ear thinks: a prompt that is held is silence, too."""
MAX_RESUMES = 2
"""So often a prompt is held for nothing; then somebody else talks in the room, and only an answer stops it."""
MUSIC_PATIENCE = 45.0
"""How long music on the line keeps a question open."""


class Media(Protocol):
    """The part of a media session that a listener needs (see ``voicebot.media.MediaSession``)."""

    on_frame: Callable[[bytes, float], None] | None
    ended: asyncio.Future[str]


class Prompt(Protocol):
    """What is being said while we listen (see ``voicebot.playback.Playback``)."""

    @property
    def done(self) -> asyncio.Future[bool]: ...
    def stop(self) -> None: ...
    def hold(self) -> None: ...
    def go_on(self) -> None: ...


class Listener:
    """Hears answers. One per engine: the ear is shared (and may be changed between answers), the state is that of a
    call to ``hear``. ``available`` is False where the hotline works by keypad only; ``warming``: an ear that takes long
    to open is still to come."""

    available: bool

    def __init__(
        self,
        ear: Ear,
        *,
        timing: Timing | None = None,
        activity: Callable[[], VoiceActivity] = voice_activity,
        warming: bool = False,
    ) -> None:
        self.ear, self.timing = ear, timing or Timing()
        self._opened = asyncio.Event()
        if not warming:
            self._opened.set()
        self._activity = activity

    @property
    def ear(self) -> Ear:
        return self._ear

    @ear.setter
    def ear(self, ear: Ear) -> None:
        self._ear = ear
        self.available = not isinstance(ear, KeypadOnly)

    @property
    def warming(self) -> bool:
        return not self._opened.is_set()

    def open(self, ear: Ear) -> None:
        """The ear that was to come is there, or the keypad alone."""
        self.ear = ear
        self._opened.set()

    async def warm(self) -> None:
        """Wait until no ear is to come any more."""
        await self._opened.wait()

    async def hear(
        self, media: Media, prompt: Prompt | None, question: Question, floor: Floor | None = None
    ) -> Utterance | None:
        """The caller's answer, or None when nobody began to speak within the question's patience after ``prompt`` or
        the session ended.

        Speech holds the prompt; an answer stops it, anything else lets it go on. Cancel it when keys answer. An
        utterance without text: somebody spoke and was not understood (or the ear had no answer in time).
        """
        if question.closed:
            question = msgspec.structs.replace(question, phrases=(*question.phrases, *CONTROL_PHRASES))
        answer = _Answer(self, media, prompt, question, floor or (lambda whose: None))
        try:
            return await answer.result
        finally:
            answer.close()


class _Answer:
    """One call of ``hear``. While ``_reading`` the ear is asked about what was said so far."""

    def __init__(
        self, listener: Listener, media: Media, prompt: Prompt | None, question: Question, floor: Floor
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Utterance | None] = self._loop.create_future()
        self._listener, self._media, self._prompt, self._question = listener, media, prompt, question
        self._floor = floor
        self._phrases = Phrases(question.phrases)
        self._activity, self._any_sound, self._sounds = listener._activity(), WebRtc(STRICT), LineSounds()
        timing = listener.timing.slower() if question.slow else listener.timing
        playing = prompt is not None and not prompt.done.done()
        self._turn = Turn(question.patience, self._loop.time(), prompt=playing, timing=timing)
        self._lookback: deque[bytes] = deque(maxlen=round(timing.lookback / FRAME_SECONDS) + timing.window)
        self._loudness, self._vowels = Loudness(), Vowels()
        self._said = bytearray()
        self._hearing: Hearing | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._resumes = 0
        self._holds = False
        self._music_since: float | None = None
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
        self._sounds.forget()

    def _frame(self, frame: bytes, at: float) -> None:
        if self._hearing is None:
            self._act(self._turn.tick(at), at)
            return
        self._lookback.append(frame)
        if self._turn.speaking or self._reading is not None:
            self._said += frame
        if self._turn.speaking:
            self._hearing.feed(frame)
        partial = self._hearing.partial if self._reading is None else ""
        probability = self._loudness.judge(
            self._activity.probability(frame),
            frame,
            speaking=self._turn.speaking,
            under_prompt=self._turn.under_prompt,
        )
        self._sounds.feed(frame, probability)
        if self._sounds.music:
            self._wait_for_music(at)
        decision = self._turn.frame(
            probability,
            at,
            sounds=self._any_sound.probability(frame) > 0,
            vowel=self._vowels.begins(frame) and self._turn.under_prompt,
            complete=self._phrases.complete(partial),
            whole=self._phrases.holds(partial),
            hesitating=hesitates(partial) or self._phrases.begun(partial),
        )
        self._act(decision, at)
        self._look_ahead(at)
        self._arm()

    def _look_ahead(self, at: float) -> None:
        """In a pause, let the ear find out what was said so far."""
        if self._hearing is None or self._reading is not None or not self._turn.speaking:
            return
        silence = self._turn.silence(at)
        if silence < FRAME_SECONDS / 2:
            self._hearing.resume()
        elif silence + FRAME_SECONDS / 2 >= self._turn.timing.lull and self._turn.spoken >= WORD:
            self._hearing.pause()

    def _act(self, decision: Decision | None, at: float) -> None:
        match decision:
            case Decision.BEGAN if self._reading is None:
                self._said[:] = b"".join(self._lookback)
                self._begun()
            case Decision.BEGAN | Decision.WENT_ON:
                self._rejoin()
            case Decision.MURMUR if self._turn.spoken < WORD:
                self._nothing()
            case Decision.ENDED | Decision.TOO_LONG | Decision.MURMUR:
                self._reading = asyncio.create_task(self._read(decision))
            case Decision.NO_INPUT if self._reading is None:
                self._settle(Utterance("", 0.0, fault="music") if self._music_since is not None else None)

    def _begun(self) -> None:
        assert self._hearing is not None
        self._hearing.feed(bytes(self._said))
        if self._prompt is not None and self._resumes < MAX_RESUMES:
            self._prompt.hold()
            self._holds = True

    def _rejoin(self) -> None:
        """The caller speaks on while the ear thinks: it is asked anew, about all of it."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._hearing is not None:
            self._hearing.drop()
        self._open()
        self._floor("caller")
        if self._hearing is None:
            self._settle(Utterance("", 0.0))
        else:
            self._begun()

    async def _read(self, decision: Decision) -> None:
        """Ask the ear. Under a prompt a short sound, and one that was not understood, count only as an answer."""
        assert self._hearing is not None
        self._floor("bot")
        under_prompt, murmur = self._turn.under_prompt, decision is Decision.MURMUR
        release = self._loop.call_later(HOLD, self._go_on) if under_prompt else None
        try:
            utterance = plausible(await self._hearing.finish(), self._turn.spoken)
        finally:
            if release is not None:
                release.cancel()
        if self._believed(utterance, under_prompt=under_prompt, murmur=murmur):
            if decision is Decision.ENDED and not self._question.closed:
                await asyncio.sleep(self._turn.timing.open - self._turn.silence(self._loop.time()))
            if self._prompt is not None and not self._prompt.done.done():
                self._prompt.stop()
            self._settle(self._judged(utterance or Utterance("", 0.0), decision))
            return
        self._reading = None
        self._nothing()

    def _believed(self, utterance: Utterance | None, *, under_prompt: bool, murmur: bool) -> bool:
        """Whether what was heard takes the turn."""
        spoken = self._turn.spoken
        if utterance is None:
            return not murmur and (not under_prompt or spoken >= REAL_SPEECH)
        if not utterance.text:
            return not under_prompt and spoken >= REAL_SPEECH
        if not under_prompt or self._phrases.holds(utterance.text):
            return True
        return not nods(utterance.text)

    def _judged(self, utterance: Utterance, decision: Decision) -> Utterance:
        fault: Fault = ""
        if decision is Decision.TOO_LONG:
            fault = "machine" if self._sounds.machine else "too-long"
        elif self._sounds.machine:
            fault = "machine"
        elif self._sounds.too_loud:
            fault = "too-loud"
        return msgspec.structs.replace(utterance, fault=fault) if fault else utterance

    def _nothing(self) -> None:
        """What was heard was nothing: the prompt goes on, and another answer is awaited."""
        self._turn.again(self._loop.time())
        if self._hearing is not None:
            self._hearing.drop()
        self._open()
        self._floor("caller")
        self._go_on()
        self._arm()

    def _go_on(self) -> None:
        if self._prompt is not None and self._turn.under_prompt and self._holds:
            self._holds = False
            self._resumes += 1
            self._prompt.go_on()

    def _wait_for_music(self, at: float) -> None:
        self._music_since = at if self._music_since is None else self._music_since
        self._turn.postpone(min(at + self._question.patience, self._music_since + MUSIC_PATIENCE))

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
        deadline = self._turn.deadline()
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline + FRAME_SECONDS):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline + FRAME_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        self._act(self._turn.tick(now), now)
        if not self.result.done():
            self._arm()


def plausible(utterance: Utterance | None, spoken: float) -> Utterance | None:
    """``utterance``, without its text when nobody could have said so much in ``spoken`` seconds of voice."""
    if utterance is None or len(utterance.text) <= FASTEST * (spoken + 0.3):
        return utterance
    log.info("ear.implausible", letters=len(utterance.text), seconds=round(spoken, 2))
    return Utterance("", 0.0)
