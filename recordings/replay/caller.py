"""The recorded caller: at each question of today's bot, does what the recording answers to that question."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivr.rehearsal.run import People, digits_of
from voicebot.audio import seconds

from ..fixture.folder import Folder
from ..fixture.model import Step
from .day import Day
from .line import PAUSE, Line
from .question import Answers, Question
from .said import Said
from .verdict import Moment

NO_PROMPT = 4.5
"""Seconds after which a caller answers although nothing was said: keys typed ahead had silenced it."""
POLL = 0.02


@dataclass(frozen=True)
class _Prompt:
    """A question with all that is said for it from the loop time ``since`` on."""

    question: Question
    says: tuple[str, ...]
    since: float


class RecordedCaller:
    """Answers the questions of one call over ``line``. ``stuck`` is a question that nothing recorded answers."""

    def __init__(self, folder: Folder, line: Line, answers: Answers[int], people: People, day: Day) -> None:
        self.stuck: Question | None = None
        self.again = False
        self.outcome: str | None = None
        self.said: list[Said] = []
        self.done: list[Moment] = []
        self.questions: dict[int, str] = {}
        """By step, the question that it answered."""
        self.on_step: Callable[[int], None] = lambda step: None
        self._folder, self._line, self._answers = folder, line, answers
        self._people, self._day = people, day
        self._steps = folder.fixture.steps
        self._task: asyncio.Task[None] | None = None
        self._acting = False
        self._ahead = 0

    def asked(self, question: Question, says: tuple[str, ...] = (), since: float = 0.0) -> None:
        """Today's bot asks ``question`` now; ``says`` is all that it says for it, from the loop time ``since`` on."""
        if self._acting and self._ahead:
            self._ahead -= 1
            return
        number = self._answers.give(str(question))
        if number is None:
            self.stuck, self.again = question, self._answers.knows(str(question))
            self._line.hang_up()
            return
        if question.kind in ("Enqueue", "Transfer"):
            self.questions[number] = str(question)
            self._wait_in_queue(number)
            return
        if self._task is not None and not self._acting:
            self._task.cancel()
        self._task = asyncio.create_task(
            self._answer(number, _Prompt(question, says, since), self._task if self._acting else None)
        )

    def _wait_in_queue(self, number: int) -> None:
        step = self._begin(number)
        if step.queue is None:
            self._line.hang_up()
        self.outcome = step.queue
        self._note("waits" if step.queue is not None else "hangs up", step.queue or "")

    async def _answer(self, number: int, prompt: "_Prompt", before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await before
        await self._moment(self._steps[number], prompt)
        chain = [number]
        while chain[-1] + 1 < len(self._steps) and self._steps[chain[-1] + 1].ahead:
            chain.append(chain[-1] + 1)
            self._answers.take(chain[-1])
        self._acting, self._ahead = True, len(chain) - 1
        try:
            for number in chain:
                self.questions[number] = str(prompt.question)
                await self._act(self._begin(number), number, str(prompt.question))
        finally:
            self._acting = False

    async def _moment(self, step: Step, prompt: "_Prompt") -> None:
        """Wait until it is time for ``step``."""
        line, asked = self._line, self._line.loop.time()
        if step.into is not None:
            while not (heard := self._heard(prompt)) and line.loop.time() - max(asked, line.last_loud) < NO_PROMPT:
                await asyncio.sleep(POLL)
            began = min(heard) if heard else line.loop.time()
            await asyncio.sleep(max(began + step.into - line.loop.time(), 0))
            return
        while line.silent_for() < PAUSE or (
            not self._whole(prompt) and line.loop.time() - max(asked, line.last_loud) < NO_PROMPT
        ):
            await asyncio.sleep(POLL)
        await asyncio.sleep(max(step.after - PAUSE, 0))

    def _heard(self, prompt: "_Prompt") -> list[float]:
        """When the pieces of ``prompt`` heard so far were begun."""
        times = [self._line.began.get(text, -1.0) for text in prompt.says]
        return [at for at in times if at >= prompt.since]

    def _whole(self, prompt: "_Prompt") -> bool:
        """Whether the last piece of ``prompt`` has been begun."""
        return bool(prompt.says) and self._line.began.get(prompt.says[-1], -1.0) >= prompt.since

    def _begin(self, number: int) -> Step:
        step = self._steps[number]
        self.on_step(number)
        if step.clock is not None:
            self._day.set(step.clock)
        return step

    async def _act(self, step: Step, number: int, question: str) -> None:
        if step.keys is not None:
            await self._press(step)
        elif step.hangup:
            self._note("hangs up")
            self._line.hang_up()
        elif step.lost:
            self._note("loses media")
            self._line.lose_media()
        elif step.sound is not None:
            await self._speak(step, number, question)
        elif step.silence:
            self._note("is silent")

    async def _press(self, step: Step) -> None:
        assert step.keys is not None
        keys = step.keys if isinstance(step.keys, str) else digits_of(step.keys, self._people)
        began = self._line.loop.time()
        shown = keys if isinstance(step.keys, str) and len(keys) < 5 else f"[{len(keys)} klawiszy]"
        self._note("keys", shown)
        for place, key in enumerate(keys):
            due = step.times[place] if place < len(step.times) else place * step.gap
            await asyncio.sleep(max(began + due - self._line.loop.time(), 0))
            self._line.press(key)

    async def _speak(self, step: Step, number: int, question: str) -> None:
        assert step.sound is not None
        pcm = self._folder.sound.piece(step.sound)
        began = self._line.loop.time()
        said = Said(number, question, began)
        if step.say is not None:
            self.said.append(said)
        self._line.speak(pcm)
        while self._line.sending:
            await asyncio.sleep(POLL)
        said.ended = self._line.loop.time()
        what = "says" if step.say is not None else "makes a noise"
        self.done.append(Moment(began, "caller", what, step.say or "", until=began + seconds(pcm)))

    def _note(self, what: str, text: str = "") -> None:
        self.done.append(Moment(self._line.loop.time(), "caller", what, text))

    def close(self) -> None:
        """Do nothing more."""
        if self._task is not None:
            self._task.cancel()


def questions_of(folder: Folder) -> list[tuple[str, int]]:
    """What each step of ``folder`` answers, in order; verdicts answer no question of the caller's."""
    return [
        (step.asked or "", number)
        for number, step in enumerate(folder.fixture.steps)
        if step.acts and step.verdict is None
    ]
