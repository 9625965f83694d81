"""The ear of a replay that streams: it understands while the caller speaks, so nothing of it can be remembered."""

import asyncio
import itertools
from typing import Protocol

import msgspec

from voicebot.ears.ear import Question, Utterance

TAKES = 0.05
"""Seconds of virtual time from the end of an utterance to its text."""


class StreamingEngine(Protocol):
    """A recogniser of several utterances at a time (see ``voicebot.ears.worker.Engine``)."""

    def begin(self, stream: int, question: Question) -> None: ...

    def feed(self, stream: int, pcm: bytes) -> str | None: ...

    def end(self, stream: int) -> Utterance: ...

    def drop(self, stream: int) -> None: ...


class StreamingEar:
    """An ``Ear`` called ``name`` (its kind, a hyphen, what tells its versions apart) over ``engine``."""

    def __init__(self, name: str, engine: StreamingEngine) -> None:
        self.name, self.engine = name, engine
        self.streams = itertools.count(1)
        self.missed = False

    @property
    def kind(self) -> str:
        """``vosk``: each ear is sure in its own way."""
        return self.name.partition("-")[0]

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def listen(self, question: Question) -> "_Hearing":
        return _Hearing(self, question)


class _Hearing:
    """One utterance, fed as it comes."""

    def __init__(self, ear: StreamingEar, question: Question) -> None:
        self.partial = ""
        self._ear, self._stream = ear, next(ear.streams)
        self._open = True
        ear.engine.begin(self._stream, question)

    def feed(self, pcm: bytes) -> None:
        if self._open:
            found = self._ear.engine.feed(self._stream, pcm)
            self.partial = self.partial if found is None else found

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def finish(self) -> Utterance | None:
        await asyncio.sleep(TAKES)
        if not self._open:
            return None
        self._open = False
        return msgspec.structs.replace(self._ear.engine.end(self._stream), ear=self._ear.kind)

    def drop(self) -> None:
        if self._open:
            self._open = False
            self._ear.engine.drop(self._stream)
