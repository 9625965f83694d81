"""The ear of a replay: a real recogniser whose answers are remembered by what it was given.

The same sound, question and recogniser give the same text, so a second replay does not have to listen again. What is
remembered lies in the fixture's own ``heard.jsonl`` (so that it replays where the model is not to be had) and in the
cache of this installation.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from voicebot.ears.ear import Question, Utterance

TAKES = 0.3
"""Seconds of virtual time that recognition takes: what Whisper needs on two cores."""
FRAME = 320
"""Bytes that an engine is given at a time, as in a call: where Vosk ends a segment depends on it."""


class Engine(Protocol):
    """A recogniser of whole utterances (see ``voicebot.ears.worker.Engine``)."""

    def begin(self, stream: int, question: Question) -> None: ...

    def feed(self, stream: int, pcm: bytes) -> str | None: ...

    def end(self, stream: int) -> Utterance: ...


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of ``heard.jsonl``: what ``ear`` understood of the sound and question of the digest ``key``."""

    key: str
    ear: str
    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


_decode = msgspec.json.Decoder(Remembered).decode


class Memory:
    """Recognitions in the file ``path``; new ones are kept, and written by ``save`` or (``appends``) at once."""

    def __init__(self, path: Path, *, appends: bool = False) -> None:
        self._path, self._appends = path, appends
        self._known: dict[str, Remembered] = {}
        for line in path.read_bytes().splitlines() if path.is_file() else []:
            try:
                one = _decode(line)
            except msgspec.MsgspecError:
                continue
            self._known[one.key] = one

    def get(self, key: str) -> Remembered | None:
        return self._known.get(key)

    def put(self, one: Remembered) -> None:
        if one.key in self._known:
            return
        self._known[one.key] = one
        if self._appends:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(one) + b"\n")

    def save(self, used: Iterable[str]) -> None:
        """Write the recognitions of the keys ``used``, and no others."""
        kept = [self._known[key] for key in dict.fromkeys(used) if key in self._known]
        if kept:
            self._path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in kept))
        else:
            self._path.unlink(missing_ok=True)


class RememberingEar:
    """An ``Ear`` called ``name`` (its kind, a hyphen, what tells its versions apart). ``engine`` makes the recogniser
    when something new is to be heard; None where there is no model. ``fresh``: listen to everything again. ``missed``
    says that something was not heard for want of a model; ``used`` are the keys of all that was."""

    def __init__(
        self, name: str, engine: Callable[[], Engine] | None, memories: Iterable[Memory], *, fresh: bool = False
    ) -> None:
        self.name, self.fresh = name, fresh
        self.memories = list(memories)
        self.missed = False
        self.listened = 0
        self.used: list[str] = []
        self._make = engine

    @property
    def kind(self) -> str:
        """``whisper`` or ``vosk``: each is sure in its own way."""
        return self.name.partition("-")[0]

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def listen(self, question: Question) -> "_Hearing":
        return _Hearing(self, question)

    def understand(self, question: Question, pcm: bytes) -> Utterance | None:
        """The text of ``pcm``: remembered, or else listened to now."""
        key = digest(self.name, question, pcm)
        self.used.append(key)
        known = None if self.fresh else next(filter(None, (memory.get(key) for memory in self.memories)), None)
        if known is None:
            known = self._listen(key, question, pcm)
        if known is None:
            return None
        for memory in self.memories:
            memory.put(known)
        return Utterance(known.text, known.confidence, known.alternatives, ear=self.kind)

    def _listen(self, key: str, question: Question, pcm: bytes) -> Remembered | None:
        if self._make is None:
            self.missed = True
            return None
        self.listened += 1
        engine = self._make()
        engine.begin(1, question)
        for start in range(0, len(pcm), FRAME):
            engine.feed(1, pcm[start : start + FRAME])
        found = engine.end(1)
        return Remembered(key, self.name, found.text, found.confidence, found.alternatives)


def digest(ear: str, question: Question, pcm: bytes) -> str:
    """What an answer of the ear ``ear`` depends on."""
    asked = msgspec.json.encode([ear, question.grammar, question.phrases])
    return hashlib.sha256(asked + b"\0" + pcm).hexdigest()[:40]


class _Hearing:
    """One utterance. A pause makes a guess, as it does with a recogniser of whole utterances in a call."""

    def __init__(self, ear: RememberingEar, question: Question) -> None:
        self.partial = ""
        self._ear, self._question = ear, question
        self._sound = bytearray()
        self._guess: asyncio.Task[Utterance | None] | None = None

    def feed(self, pcm: bytes) -> None:
        self._sound += pcm

    def pause(self) -> None:
        if self._guess is None and self._sound:
            self._guess = asyncio.create_task(self._look(bytes(self._sound)))

    def resume(self) -> None:
        if self._guess is not None:
            self._guess.cancel()
            self._guess, self.partial = None, ""

    async def finish(self) -> Utterance | None:
        if self._guess is not None:
            return await self._guess
        return await self._look(bytes(self._sound))

    def drop(self) -> None:
        self.resume()
        self._sound.clear()

    async def _look(self, pcm: bytes) -> Utterance | None:
        await asyncio.sleep(TAKES)
        found = self._ear.understand(self._question, pcm)
        self.partial = found.text if found is not None else ""
        return found
