"""One media session as a conversation: it says lines, collects keys and listens, all three at once.

From answer to hand-off there is one of these per call. Keys typed ahead are kept by the key buffer and answer the next
question; the first key or word stops what is being said.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol, TypeVar

from telepin.keys import Answer, Form, KeyBuffer
from voicebot.listen import Floor, Prompt, Question, Utterance
from voicebot.media import MediaSession, Playback

from ..dialogue.actions import Line
from .authentication import REFUSAL_AFTER, refusal_onset
from .company import Company

T = TypeVar("T")
BEGUN = 0.05
"""Seconds after its moment within which a sound has begun."""
KEYS_OVER = 1.5
"""Seconds without a key after which nobody goes on with a number that was begun."""
LONGEST_FIRM = 12.0
"""Seconds for which keys may hold up what comes after a firm line."""
BYTES_PER_SECOND = 2 * 8000
GAP = bytes(BYTES_PER_SECOND // 4)
"""A quarter of a second of silence between two lines."""


class MediaGone(Exception):
    """The media session ended under us: hang-up or breakdown, which only the channel's status tells."""


class Prompts(Protocol):
    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes: ...


class Hearing(Protocol):
    """Turn taking and an ear; ``available`` is False where the hotline works by keypad only, ``warming`` True while an
    ear is still to come (``warm`` waits for it)."""

    @property
    def available(self) -> bool: ...

    @property
    def warming(self) -> bool: ...

    async def warm(self) -> None: ...

    async def hear(
        self, media: MediaSession, prompt: Prompt | None, question: Question, floor: Floor | None = None
    ) -> Utterance | None: ...


class Spoken:
    """All that is being said or waits to be: over with its last piece, stopped as a whole."""

    def __init__(self, media: MediaSession, last: Playback) -> None:
        self._media, self._last = media, last

    @property
    def done(self) -> asyncio.Future[bool]:
        return self._last.done

    def stop(self) -> None:
        self._media.hush()

    def hold(self) -> None:
        self._media.hold()

    def go_on(self) -> None:
        self._media.go_on()


class Conversation:
    """Says, hears and reads keys over ``media``. While the machine has the turn it says what of ``waiting`` is due."""

    def __init__(self, media: MediaSession, prompts: Prompts, listener: Hearing, waiting: Sequence[Line] = ()) -> None:
        self._media, self._prompts, self._listener = media, prompts, listener
        self._loop = asyncio.get_running_loop()
        self._keys = KeyBuffer()
        self._pressed = asyncio.Event()
        self._last: Playback | None = None
        self._refused: float | None = None
        self._firm = False
        self._waiting = waiting
        self._company = Company(media, self._words)
        self._company.at_work = True
        self.slow = False
        """Whether the caller asked for slower speech."""
        self.last_key = self._loop.time()
        """Loop time of the last key."""
        media.on_key = self._on_key

    def _on_key(self, key: str, at: float) -> None:
        self.last_key = at
        self._keys.press(key, at)
        if self._firm:
            return
        self._media.hush()
        self._pressed.set()

    async def _words(self) -> list[bytes]:
        return [await self._sound(line) for line in self._waiting]

    async def _sound(self, line: Line) -> bytes:
        return await self._prompts.audio(line.prompt, line.text, slow=self.slow)

    @contextmanager
    def callers_turn(self) -> Iterator[None]:
        """The caller is to answer; silence is theirs."""
        self._company.at_work = False
        try:
            yield
        finally:
            self._company.at_work = True

    async def say(self, lines: Sequence[Line], heard: float = 0.0) -> Playback | None:
        """Begin to say ``lines`` after what is being said; does not wait for the end. Lines that end within the first
        ``heard`` seconds of it all are left out. None when nothing was begun, for a key was pressed."""
        pieces = _rest([await self._guard(self._sound(line)) for line in lines], heard)
        if self._refused is not None:
            await self._await_refusal(self._refused)
        if pieces and not self._pressed.is_set():
            self._last = self._media.play(GAP.join(pieces) + GAP)
            return self._last
        return None

    async def say_firmly(self, lines: Sequence[Line], heard: float = 0.0) -> None:
        """Say ``lines`` to their end, after what is being said, and drop all keys until then, and until a number that
        the caller has begun to key is over. ``**`` is kept."""
        self._firm = True
        try:
            self._pressed.clear()
            await self.say(lines, heard)
            await self.said()
            limit = self._loop.time() + LONGEST_FIRM
            with self.callers_turn():
                while (left := min(self.last_key + KEYS_OVER, limit) - self._loop.time()) > 0:
                    await self._guard(asyncio.sleep(left))
        finally:
            self._firm = False
            self._keys.drop_ahead()

    def checking(self, keyed: float) -> None:
        """A telePIN whose last key came at loop time ``keyed`` is being checked. Nothing but what the plan says is said
        before a refusal has had time to begin, or it would begin behind that."""
        self._company.silent_until = keyed + REFUSAL_AFTER + BEGUN

    def refuse(self, keyed: float) -> None:
        """What is said next refuses a telePIN whose last key came at loop time ``keyed``: it begins at a time that
        tells nothing (``refusal_onset``), and no key pressed meanwhile drops it."""
        self._refused = keyed

    async def _await_refusal(self, keyed: float) -> None:
        now = self._loop.time()
        await self._guard(asyncio.sleep(refusal_onset(keyed, now) - now))
        self._refused = None
        self._pressed.clear()

    async def said(self) -> None:
        """Wait until all was said, or was stopped."""
        if self._last is not None:
            await self._guard(asyncio.shield(self._last.done))

    async def keys(self, form: Form, patience: float | None) -> Answer | None:
        """The next complete key answer of ``form``, typed ahead or not; with it the question is silent.

        None after ``patience`` seconds of silence once all was said (never, when ``patience`` is None: then the ear
        decides about silence)."""
        self._pressed.clear()
        self._keys.expect(form, self._loop.time())
        silent_since: float | None = None
        while (answer := self._keys.poll(self._loop.time())) is None:
            due = self._keys.next_deadline()
            if due is None and self._speaking():
                assert self._last is not None
                await self._change(self._last.done)
                continue
            if due is not None or patience is None:
                silent_since = None
            else:
                silent_since = silent_since or self._loop.time()
                due = silent_since + patience
                if self._loop.time() >= due:
                    return None
            await self._change(None, until=due)
        self._media.hush()
        return answer

    @property
    def keying(self) -> bool:
        """Whether an entry has begun and is not complete."""
        return self._keys.next_deadline() is not None

    def _speaking(self) -> bool:
        return self._last is not None and not self._last.done.done()

    async def listen(self, question: Question) -> Utterance | None:
        """What the caller says in answer to ``question``; None when nothing was heard in time."""
        prompt = Spoken(self._media, self._last) if self._last is not None else None
        return await self._guard(self._listener.hear(self._media, prompt, question, self._floor))

    async def ear_joins(self, patience: float) -> bool:
        """Whether the ear hears. One that is still warming is waited for, until ``patience`` seconds after all was said
        at most; where none comes, that long."""
        if self._listener.available or not self._listener.warming:
            return self._listener.available
        over = asyncio.ensure_future(self._silence(patience))
        warm = asyncio.ensure_future(self._listener.warm())
        try:
            await asyncio.wait((over, warm), return_when=asyncio.FIRST_COMPLETED)
            if not self._listener.available or over.done():
                await over
            return self._listener.available
        finally:
            over.cancel()
            warm.cancel()

    async def _silence(self, patience: float) -> None:
        await self.said()
        await self._guard(asyncio.sleep(patience))

    def _floor(self, whose: Literal["caller", "bot"]) -> None:
        self._company.at_work = whose == "bot"

    async def _change(self, future: "asyncio.Future[bool] | None", until: float | None = None) -> None:
        """Wait for a key, for ``future``, or until the loop time ``until``."""
        key = asyncio.ensure_future(self._pressed.wait())
        waits: list[asyncio.Future[Any]] = [key, self._media.ended]
        if future is not None:
            waits.append(future)
        timeout = None if until is None else max(until - self._loop.time(), 0)
        try:
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            key.cancel()
        self._pressed.clear()
        if self._media.ended.done():
            raise MediaGone

    async def _guard(self, awaitable: Awaitable[T]) -> T:
        """``awaitable``'s result, unless the media ends first."""
        task = asyncio.ensure_future(awaitable)
        waits: list[asyncio.Future[Any]] = [task, self._media.ended]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        raise MediaGone

    async def race(self, keys: Awaitable[T], speech: Awaitable[T | None] | None) -> T | None:
        """Keys and speech side by side: the first real answer wins and the other is dropped. Words said while a
        number is being keyed do not count; silence of the ear ends it unless an entry has begun."""
        by_key = asyncio.ensure_future(keys)
        by_word = asyncio.ensure_future(speech) if speech is not None else None
        tasks: list[asyncio.Future[Any]] = [by_key] if by_word is None else [by_key, by_word]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if by_word is not None and by_word.done() and not by_key.done() and not self.keying:
                return by_word.result()
            return await by_key
        finally:
            for task in tasks:
                task.cancel()

    @property
    def media(self) -> MediaSession:
        return self._media

    @property
    def deaf(self) -> bool:
        return self._media.deaf

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._media.deaf = deaf

    async def finish(self) -> None:
        """Say all that is left and give the call back to the dialplan."""
        await self.said()
        self._company.at_work = False
        self.close()
        await self._media.finish()

    def close(self) -> None:
        """Forget every key that is still held, and say no more."""
        self._company.close()
        self._media.on_key = None
        self._keys.clear()


def _rest(pieces: list[bytes], heard: float) -> list[bytes]:
    """``pieces`` of speech from the first one on that does not end within ``heard`` seconds."""
    ends = 0
    for place, piece in enumerate(pieces):
        ends += len(piece) + len(GAP)
        if ends > heard * BYTES_PER_SECOND:
            return pieces[place:]
    return []
