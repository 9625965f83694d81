"""Depth ``call``: a fixture's caller over real SIP, to a hotline that runs; what came of it is read from its journal.

The caller reacts to the questions that the journal tells, as at depth ``audio``, and to the bot's voice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from pydantic import SecretStr

from ivr.dialogue.call import Call
from ivr.dialogue.events import IdentityGiven, PinChecked
from ivr.dialogue.plan import Plan
from ivr.journal import Journal
from ivr.journal import Turn as Row
from ivr.phones.authentication import REFUSAL_AFTER
from ivr.rehearsal.run import People, digits_of
from voicebot.audio import seconds

from ..caller.live import Impatient, LiveCall
from ..caller.media import CallOver
from ..caller.sip import Dial, Line, Refused
from ..fixture import journal_file
from ..fixture.folder import Folder
from ..fixture.journal_file import Turn
from ..fixture.model import Step
from ..fixture.sound import mixed
from .caller import questions_of
from .core_call import CALL
from .question import Answers, Question, question_now
from .said import Said
from .verdict import Moment
from .virtual_call import Course

POLL = 0.15
LONGEST = 240.0
GRACE = 8.0
"""Seconds that the journal may need after the line is down."""
NO_PROMPT = 20.0
_turn = msgspec.json.Decoder(Turn).decode

Find = Callable[[str, str | None, datetime], Awaitable[str | None]]
"""Number dialled, caller (None: withheld), since when -> the call's id in the journal, once it is there."""


@dataclass(frozen=True)
class Lines:
    """A hotline as its callers and its journal see it. ``line`` places calls, ``find`` tells their ids."""

    line: Line
    journal: Journal
    find: Find
    plan: Plan
    people: People


class LiveCaller:
    """What ``Course`` asks of a caller, of a real call."""

    def __init__(self) -> None:
        self.stuck: Question | None = None
        self.again = False
        self.said: list[Said] = []
        self.done: list[Moment] = []
        self.questions: dict[int, str] = {}


async def play(lines: Lines, folder: Folder, number: str | None) -> Course:
    """Place the call of ``folder`` as ``number`` (None: withheld) and do what its steps say. Raises ``Refused`` when
    nobody answers."""
    call = _RealCall(lines, folder, number)
    try:
        async with asyncio.timeout(LONGEST):
            await call.run()
    except TimeoutError:
        call.course.broken = f"rozmowa nie kończy się po {LONGEST:.0f} s"
    finally:
        call.hang_up()
    call.course.left = len(call.answers.left)
    return call.course


class _RealCall:
    def __init__(self, lines: Lines, folder: Folder, number: str | None) -> None:
        self._lines, self._folder, self._number = lines, folder, number
        self.answers = Answers(questions_of(folder), lines.plan.nodes, lines.plan.prompts)
        self._caller = LiveCaller()
        self.course = Course(Call(id=CALL), caller=self._caller)
        self._live: LiveCall | None = None
        self._id: str | None = None
        self._began = datetime.now(UTC)
        self._handled = self._ahead = 0
        self._acted = self._began
        self._refs: dict[str, str] = {}

    def hang_up(self) -> None:
        if self._live is not None:
            self._live.hang_up()

    async def run(self) -> None:
        self._began, fixture = datetime.now(UTC), self._folder.fixture
        leg = await self._lines.line.dial(Dial(fixture.number, self._number))
        self._live = LiveCall(leg)
        over_at: float | None = None
        while True:
            rows = await self._rows()
            self._take(rows)
            if rows and rows[-1].state.ended is not None:
                return
            if leg.ended.done():
                over_at = over_at or time.monotonic()
                if time.monotonic() - over_at > GRACE:
                    return
            elif asked := self._asked(rows):
                if not await self._react(asked):
                    return
                continue
            await asyncio.sleep(POLL)

    def _asked(self, rows: list[Row]) -> Row | None:
        """The turn that asks something new and unanswered; what was typed ahead answers as many questions."""
        new = [row for row in rows if row.turn > self._handled and _asks(row)]
        self._handled = rows[-1].turn if rows else 0
        left = list(new)
        while left and self._ahead and left[0].at <= self._acted:
            left.pop(0)
            self._ahead -= 1
        return left[-1] if left and left[-1] is rows[-1] else None

    async def _rows(self) -> list[Row]:
        if self._id is None:
            self._id = await self._lines.find(self._folder.fixture.number, self._number, self._began)
        return [] if self._id is None else await self._lines.journal.turns(self._id)

    def _take(self, rows: list[Row]) -> None:
        """The journal's turns with the call's id of every replay, and times from the arrival."""
        for row in rows[len(self.course.turns) :]:
            at = (row.at - rows[0].at).total_seconds()
            written = msgspec.json.encode(journal_file.turn(at, row.event, row.state, row.actions))
            if isinstance(row.event, IdentityGiven):
                self._refs.setdefault(row.event.ref, f"sealed-{len(self._refs) + 1}")
            for real, shown in ((row.call, CALL), *self._refs.items()):
                written = written.replace(real.encode(), shown.encode())
            if self._number and (caller := self._folder.fixture.caller):
                written = written.replace(self._number.encode(), caller.encode())
            self.course.turns.append(_turn(written))
            self.course.times.append(at)
            self.course.call = row.state

    async def _react(self, row: Row) -> bool:
        """Answer the question that the turn ends in; False when the recording has no answer."""
        question = question_now(row.state)
        assert question is not None
        number = self.answers.give(str(question))
        if number is None:
            self._caller.stuck, self._caller.again = question, self.answers.knows(str(question))
            return False
        try:
            await self._act(number, question, row)
        except (CallOver, Impatient, Refused):
            return True
        return True

    async def _act(self, number: int, question: Question, row: Row) -> None:
        steps, live = self._folder.fixture.steps, self._live
        assert live is not None
        if question.kind in ("Enqueue", "Transfer"):
            self._begin(number, question)
            if steps[number].hangup:
                await asyncio.sleep(1.0)
                live.hang_up()
            return
        if _refused(row):
            await asyncio.sleep(REFUSAL_AFTER - 0.5)
            live.mark = asyncio.get_running_loop().time()
        await self._moment(steps[number], row)
        chain = [number]
        while chain[-1] + 1 < len(steps) and steps[chain[-1] + 1].ahead:
            chain.append(chain[-1] + 1)
            self.answers.take(chain[-1])
        self._ahead = len(chain) - 1
        for number in chain:
            await self._do(self._begin(number, question), number, str(question))
        self._acted = datetime.now(UTC)

    async def _moment(self, step: Step, row: Row) -> None:
        assert self._live is not None
        if step.into is not None and _refused(row):
            began = await self._live.wait_speech(NO_PROMPT)
            await asyncio.sleep(max(began + step.into - asyncio.get_running_loop().time(), 0))
        elif step.into is not None:
            if row.turn < 5:
                await self._live.wait_speech(NO_PROMPT)
            due = (row.at - datetime.now(UTC)).total_seconds() + step.into
            await asyncio.sleep(max(due, 0))
        elif not step.silence or step.sound is not None:
            await self._live.moment(max(step.after, 0.8), None, 60.0)

    def _begin(self, number: int, question: Question) -> Step:
        self.course.step_turns.setdefault(number, len(self.course.turns))
        self._caller.questions[number] = str(question)
        return self._folder.fixture.steps[number]

    async def _do(self, step: Step, number: int, question: str) -> None:
        live = self._live
        assert live is not None
        if step.keys is not None:
            keys = step.keys if isinstance(step.keys, str) else digits_of(step.keys, self._lines.people)
            self._note("keys", f"[{len(keys)} klawiszy]")
            await live.keys(SecretStr(keys), None, 0.08, max(step.gap - 0.08, 0.05))
        elif step.hangup:
            self._note("hangs up")
            live.hang_up()
        elif step.sound is not None:
            pcm = self._heard_over_the_line(self._folder.sound.piece(step.sound))
            began = self._now()
            said = Said(number, question, began, began + seconds(pcm))
            if step.say is not None:
                self._caller.said.append(said)
            self._caller.done.append(Moment(began, "caller", "says", step.say or "", until=said.ended))
            await live.say(pcm)

    def _heard_over_the_line(self, pcm: bytes) -> bytes:
        under = self._folder.sound.background
        if not under:
            return pcm
        return mixed(pcm, (under * (len(pcm) // len(under) + 1))[: len(pcm)])

    def _now(self) -> float:
        """Seconds from the arrival, as the turns have them."""
        first = self._began
        return (datetime.now(UTC) - first).total_seconds()

    def _note(self, what: str, text: str = "") -> None:
        self._caller.done.append(Moment(self._now(), "caller", what, text))


def _asks(row: Row) -> bool:
    """Whether the turn ends in a question to the caller."""
    question = question_now(row.state)
    return question is not None and question.answered_by_caller and row.state.ended is None


def _refused(row: Row) -> bool:
    """Whether the turn refuses a telePIN: what it says comes ``REFUSAL_AFTER`` its last key."""
    return isinstance(row.event, PinChecked) and row.event.verdict in ("refused", "throttled")
