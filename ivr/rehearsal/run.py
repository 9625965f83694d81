"""Playing a rehearsal: the production session and ``step``, a phone made of its steps, and a world at its moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from telepin.secret import Secret

from ..calendar import WARSAW
from ..closures import Closures
from ..dialogue.actions import Action, Enqueue, Line
from ..dialogue.call import Call
from ..dialogue.events import CallArrived, Event
from ..dialogue.plan import Plan
from ..phones.authentication import Authority
from ..phones.meaning import Meaning, Topics
from ..phones.terminal import (
    Act,
    Caller,
    Judgement,
    Keys,
    Leaves,
    LosesMedia,
    Queue,
    Resumes,
    Silence,
    TerminalPhone,
    Words,
)
from ..session import Session
from ..world import World
from .memory import MemoryJournal
from .script import Earlier, Expect, NumberOf, Rehearsal, Step

WRONG = ("000000", "111111")


class People(Protocol):
    """The fictitious callers: ``pesel``, ``nip`` or ``telepin`` of one. Raises ``KeyError``."""

    def number(self, kind: str, person: str) -> str: ...


class State(Protocol):
    """Of a call, what can be expected of it."""

    @property
    def node(self) -> str: ...
    @property
    def topic(self) -> str | None: ...
    @property
    def office(self) -> str | None: ...
    @property
    def verdict(self) -> str | None: ...
    @property
    def ended(self) -> str | None: ...


@dataclass(frozen=True)
class Stage:
    """What rehearsals of one plan share. ``authority`` makes who checks telePINs at a moment; ``topics`` is asked only
    for words whose topic the rehearsal does not give."""

    plan: Plan
    people: People
    authority: Callable[[datetime], Authority]
    topics: Callable[[], Topics | None]


@dataclass(frozen=True)
class Mismatch:
    """What was otherwise than expected. ``step`` counts from 0; ``field`` is the one of its ``expect``, or its own."""

    step: int
    field: str
    message: str


@dataclass(frozen=True)
class Reached:
    """Where a step led: what can be expected of it. ``said`` are the ids of the prompts since the step, in order."""

    call: Call
    queue: str | None
    said: tuple[str, ...]


@dataclass
class Outcome:
    """How a rehearsal went. ``turns`` are the committed turns: event, call, actions; ``reached`` where each step led
    that expects something."""

    call: Call
    turns: list[tuple[Event, Call, tuple[Action, ...]]] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    reached: dict[int, Reached] = field(default_factory=dict)


class Time:
    """The clock of one rehearsed call: stands still but where a step moves it."""

    def __init__(self, at: str) -> None:
        self.now = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=WARSAW)

    def set(self, clock: str) -> None:
        hour, minute = map(int, clock.split(":"))
        self.now = self.now.replace(hour=hour, minute=minute)


async def converse(
    stage: Stage,
    caller: Caller,
    time: Time,
    arrived: CallArrived,
    *,
    earlier: Earlier | None = None,
    closures: Mapping[str, str] | None = None,
    tell: Callable[[Action], None] = lambda action: None,
    on_turn: Callable[[Call, Event, tuple[Action, ...]], None] = lambda call, event, actions: None,
) -> Call:
    """One call from its arrival to its end, journal in memory; its last state."""
    journal = journal_after(earlier)
    world = World(lambda: stage.plan, journal, WrittenClosures(closures or {}), clock=lambda: time.now)
    phone = TerminalPhone(caller, world, stage.authority(time.now), Meaning(stage.topics), tell)
    return await Session(stage.plan, journal, phone, on_turn).run(Call(id="proba"), arrived)


def journal_after(earlier: Earlier | None) -> MemoryJournal:
    """A journal that knows of the call that broke off before, if one did."""
    before = None if earlier is None else Call(id="wcześniejsza", topic=earlier.topic, office=earlier.office)
    return MemoryJournal(before)


async def rehearse(stage: Stage, script: Rehearsal) -> Outcome:
    """Play ``script`` and compare."""
    time = Time(script.at)
    outcome = Outcome(Call(id="proba"))
    caller = _Scripted(stage.people, script, time, outcome)

    def on_turn(call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        outcome.call = call
        outcome.turns.append((event, call, actions))
        caller.heard(actions)

    arrived = CallArrived(
        dialled=script.number, caller=script.caller, at=time.now.isoformat(timespec="seconds"), hears=script.hears
    )
    outcome.call = await converse(
        stage, caller, time, arrived, earlier=script.earlier, closures=script.closures, on_turn=on_turn
    )
    caller.finish(outcome.call)
    return outcome


class _Scripted:
    """Does the steps one by one; before each, what was expected of the one before is compared."""

    def __init__(self, people: People, script: Rehearsal, time: Time, outcome: Outcome) -> None:
        self._people, self._script, self._time, self._outcome = people, script, time, outcome
        self._at = 0
        self._done = -1
        self._said: list[Line] = []
        self._queue: str | None = None

    def heard(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self._said += getattr(action, "lines", ())
            if isinstance(action, Enqueue):
                self._queue = action.queue

    async def next(self, call: Call, wait: Action) -> Act | None:
        if self._at == 0 and not self._script.steps[0].acts:
            self._done, self._at = 0, 1
        self._compare(call)
        if self._at >= len(self._script.steps):
            return Leaves()
        step = self._script.steps[self._at]
        self._done, self._at = self._at, self._at + 1
        self._said.clear()
        if step.clock is not None:
            self._time.set(step.clock)
        try:
            return _act(step, self._people)
        except KeyError as error:
            self._differs("keys", f"nie ma takiej osoby ani jej numeru: {error.args[0]}")
            return Leaves()

    def finish(self, call: Call) -> None:
        """The call is over: the last step is compared, and steps left over are told."""
        self._compare(call)
        if self._at < len(self._script.steps) and self._script.steps[self._at].acts:
            self._done = self._at
            self._differs("", f"rozmowa skończyła się ({call.ended or 'bez powodu'}), zanim doszło do tego kroku")

    def _compare(self, call: Call) -> None:
        if self._done < 0:
            return
        expect = self._script.steps[self._done].expect
        if expect is None:
            return
        said = tuple(dict.fromkeys(line.prompt.rpartition(".")[2] for line in self._said))
        self._outcome.reached[self._done] = Reached(call, self._queue, said)
        for name, message in differences(expect, call, self._queue, self._said):
            self._differs(name, message)

    def _differs(self, name: str, message: str) -> None:
        found = Mismatch(self._done, name, message)
        if found not in self._outcome.mismatches:
            self._outcome.mismatches.append(found)


def differences(expect: Expect, call: "State", queue: str | None, said: list[Line]) -> list[tuple[str, str]]:
    """Field and message (Polish) of all that ``expect`` says otherwise than it is: ``said`` are the lines since the
    step, ``queue`` is Asterisk's name of the last queue."""
    found = []
    is_ = {"node": call.node, "queue": queue, "topic": call.topic, "office": call.office}
    is_ |= {"verdict": call.verdict, "ended": call.ended}
    names = {"node": "węzeł", "queue": "kolejka", "topic": "temat", "office": "urząd"}
    names |= {"verdict": "wynik sprawdzenia", "ended": "koniec"}
    for name, value in is_.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != value:
            found.append((name, f"{names[name]}: miał być `{wanted}`, jest `{value or 'żaden'}`"))
    spoken = {prompt for line in said for prompt in (line.prompt, line.prompt.rpartition(".")[2])}
    for prompt in (expect.prompts,) if isinstance(expect.prompts, str) else expect.prompts:
        if prompt not in spoken:
            told = ", ".join(dict.fromkeys(line.prompt for line in said)) or "nic"
            found.append(("prompts", f"nie powiedziano komunikatu `{prompt}`; powiedziano: {told}"))
    whole = " ".join(line.text for line in said)
    for piece in (expect.said,) if isinstance(expect.said, str) else expect.said:
        if piece not in whole:
            found.append(("said", f"nie powiedziano „{piece}”; powiedziano „{_cut(whole)}”"))
    for piece in (expect.not_said,) if isinstance(expect.not_said, str) else expect.not_said:
        if piece in whole:
            found.append(("not_said", f"powiedziano „{piece}”"))
    return found


def _cut(text: str, most: int = 240) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def _act(step: Step, people: People) -> Act:
    if step.keys is not None:
        keys = step.keys if isinstance(step.keys, str) else digits_of(step.keys, people)
        return Keys(Secret(keys))
    if step.say is not None:
        return Words(step.say, step.topic, step.confidence)
    if step.hangup:
        return Leaves()
    if step.lost:
        return LosesMedia()
    if step.resume:
        return Resumes()
    if step.queue is not None:
        return Queue(step.queue)
    if step.verdict is not None:
        return Judgement(step.verdict)
    return Silence()


def digits_of(wanted: NumberOf, people: People) -> str:
    """The keys that ``wanted`` stands for. Raises ``KeyError`` for a person or number that nobody knows."""
    if wanted.wrong_pin_of is not None:
        right = people.number("telepin", wanted.wrong_pin_of)
        return next(digits for digits in WRONG if digits != right) + wanted.then
    for kind, person in (("telepin", wanted.pin_of), ("pesel", wanted.pesel_of), ("nip", wanted.nip_of)):
        if person is not None:
            return people.number(kind, person) + wanted.then
    raise AssertionError("validated: one of them is set")


class WrittenClosures(Closures):
    """Emergency closures that no file holds."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(Path("/nonexistent"))
        self._texts = texts

    def of(self, office: str, now: datetime) -> str | None:
        return self._texts.get(office) or self._texts.get("*")
