"""An ear that understands what the test told it to."""

import asyncio
from collections.abc import Sequence

from voicebot.ears.ear import Question, Utterance


class FakeHearing:
    def __init__(self, ear: "FakeEar") -> None:
        self.sound = b""
        self.partial = ""
        self.dropped = self.finished = False
        self.paused = 0
        self._ear = ear

    def feed(self, pcm: bytes) -> None:
        self.sound += pcm
        self.partial = self._ear.partial or self.partial

    def pause(self) -> None:
        self.partial = self.partial or self._ear.guess
        self.paused += 1

    def resume(self) -> None:
        if self.partial == self._ear.guess:
            self.partial = self._ear.partial

    async def finish(self) -> Utterance | None:
        self.finished = True
        while self._ear.thinks:
            await asyncio.sleep(0.01)
        return self._ear.answers.pop(0)

    def drop(self) -> None:
        self.dropped = True


class FakeEar:
    """``answers`` are given one an utterance; ``partial`` is what it understands while it listens, ``guess`` what in a
    pause; it gives none while it ``thinks``."""

    name = "fake"

    def __init__(
        self, *answers: Utterance | None, partial: str = "", guess: str = "", free: bool = True, thinks: bool = False
    ) -> None:
        self.answers: list[Utterance | None] = list(answers)
        self.partial, self.guess, self.free, self.thinks = partial, guess, free, thinks
        self.hearings: list[FakeHearing] = []
        self.questions: list[Question] = []

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def listen(self, question: Question) -> FakeHearing | None:
        self.questions.append(question)
        if not self.free:
            return None
        self.hearings.append(FakeHearing(self))
        return self.hearings[-1]

    def heard(self) -> Sequence[bytes]:
        return [hearing.sound for hearing in self.hearings]
