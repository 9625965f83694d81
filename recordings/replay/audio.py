"""The verdict of depth ``audio`` on one fixture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ivr.dialogue.events import Heard as HeardEvent
from ivr.dialogue.events import NothingHeard
from ivr.rehearsal.run import Stage, differences
from voicebot.audio import AudioError

from ..fixture.folder import Folder
from ..fixture.journal_file import JournalError, Turn
from .compare import by_decision, by_ear, exchanged, last_queue, parting, reworded
from .ear import RememberingEar
from .judge import divergence, left_over, of_outcome, refused, settle, stuck_on, timeline_of
from .said import topic_name
from .streaming_ear import StreamingEar
from .verdict import Divergence, Heard, Moment, Result
from .virtual_call import Course, play
from .virtual_time import StoodStill

DEPTH = "audio"


def replay(stage: Stage, folder: Folder, ear: RememberingEar | StreamingEar) -> tuple[Result, Course | None]:
    """Play the sound of ``folder`` to today's bot and judge; the course of the call, where there was one. Times are
    compared with a recording that an ear of the same kind made."""
    name, path = folder.name, str(folder.path)
    if why := hindrance(folder):
        return refused(name, path, DEPTH, why), None
    try:
        course = play(stage, folder, ear)
        recorded = folder.journal
    except (AudioError, JournalError) as error:
        return refused(name, path, DEPTH, str(error)), None
    except KeyError as error:
        return refused(name, path, DEPTH, f"nie ma takiej osoby ani jej numeru: {error.args[0]}"), None
    except StoodStill:
        return refused(name, path, DEPTH, "rozmowa stanęła: automat i dzwoniący czekają na siebie"), None
    if ear.missed:
        why = f"tego nagrania nie słuchało jeszcze ucho {ear.name}, a modelu nie ma: infolinia models get whisper-base"
        return refused(name, path, DEPTH, why), course
    made = folder.fixture.made
    own = made is None or made.ear.partition("-")[0] == ear.kind
    timed = own and (made is None or made.how == DEPTH)  # times of real calls are those of a machine
    return settle(folder, _Judgement(folder, course, recorded, DEPTH, timed).result(), own_ear=own), course


def judged(folder: Folder, course: Course, recorded: Sequence[Turn], depth: str) -> Result:
    """The verdict on a real call, at ``depth``."""
    return settle(folder, _Judgement(folder, course, recorded, depth, timed=False).result())


def hindrance(folder: Folder) -> str:
    """Why ``folder`` cannot be played as sound; nothing when it can."""
    for number, step in enumerate(folder.fixture.steps, start=1):
        if step.say is not None and step.sound is None:
            return f"krok {number} mówi „{step.say[:40]}”, a nie ma dźwięku (pole `sound`)"
        if step.resume:
            return "przejęcie rozmowy przez drugi silnik odtwarza tylko --journal"
        if step.sound is not None:
            try:
                folder.sound.piece(step.sound)
            except AudioError as error:
                return f"krok {number}: {error}"
    return ""


@dataclass
class _Judgement:
    """A course against what was recorded and expected."""

    folder: Folder
    course: Course
    recorded: Sequence[Turn]
    depth: str
    timed: bool

    def result(self) -> Result:
        self._heard = tuple(heard(self.folder, self.course))
        self._timeline = _timeline(self.course)
        wrong = min(self._expectations(), key=lambda found: found.turn, default=None)
        parted = self._parted()
        if wrong is not None:
            return self._as("fail", wrong.message, parted if parted and parted.turn < wrong.turn else wrong, met=False)
        caller = self.course.caller
        if caller is not None and caller.stuck is not None:
            stuck = stuck_on(caller.stuck, self.course.turns, self._timeline)
            if caller.again:
                return self._as("fail", (parted or stuck).message, parted or stuck, met=False)
            return self._as("refuse", stuck.message, parted or stuck, met=False)
        if parted is not None and self._only_doubted():
            return self._as("pass")
        found = parted or left_over(self.folder, self.course.left, self.course.turns, self._timeline)
        return self._as("fail", found.message, found) if found else self._as("pass")

    def _as(self, verdict: str, why: str = "", found: Divergence | None = None, *, met: bool = True) -> Result:
        facts: dict[str, object] = {}
        if not self.recorded:
            facts["unrecorded"] = True
        elif words := reworded(self.recorded, self.course.turns):
            facts["reworded"] = words
        if self.recorded and verdict == "pass" and self.depth != DEPTH and self._only_doubted():
            facts["doubted"] = True
        return Result(
            self.folder.name,
            str(self.folder.path),
            self.depth,
            verdict,  # type: ignore[arg-type]  # one of the literals, passed on
            why,
            found,
            timeline=self._timeline,
            heard=self._heard,
            facts=facts,
            met=met,
            as_recorded=self._parted(timed=False) is None,
        )

    def _parted(self, *, timed: bool = True) -> Divergence | None:
        """The first turn that is otherwise than recorded; ``timed``: or is heard otherwise, where times count and the
        call was not broken off."""
        if not self.recorded:
            return None
        recorded, turns = self.recorded, self.course.turns
        found = [parting(recorded, turns, by_decision), exchanged(recorded, turns)]
        if timed and self.timed and (self.course.caller is None or self.course.caller.stuck is None):
            found.append(by_ear(recorded, turns))
        parted = min((one for one in found if one is not None), key=lambda one: one[0], default=None)
        if parted is None:
            return None
        number, difference = parted
        shown = turns if number < len(turns) else recorded
        return divergence(self.folder, number, shown[number].at, difference, self._timeline)

    def _only_doubted(self) -> bool:
        """Whether a real call differs from the recording in nothing but that the bot, which understood the same, asked
        once more or did not: the ear is a little surer or less sure with every call."""
        recorded, turns = list(self.recorded), self.course.turns
        found = parting(recorded, turns, by_decision)
        if self.depth == DEPTH or found is None or found[1][0] != "question" or self.course.left > 1:
            return False
        if exchanged(recorded, turns) is not None:
            return False
        at = found[0]
        before, now = recorded[at], turns[at]
        if at == 0 or not (isinstance(before.event, HeardEvent) and isinstance(now.event, HeardEvent)):
            return False
        doubted, doubts = (turn.after.node == recorded[at - 1].after.node for turn in (before, now))
        if doubted and doubts:
            return parting(recorded[at + 1 :], turns[at + 1 :], by_decision) is None
        if doubted and at + 1 < len(recorded):
            return (
                parting([replace(recorded[at + 1], event=now.event), *recorded[at + 2 :]], turns[at:], by_decision)
                is None
            )
        if doubts and at + 1 < len(turns):
            return (
                parting(recorded[at:], [replace(turns[at + 1], event=before.event), *turns[at + 2 :]], by_decision)
                is None
            )
        return False

    def _expectations(self) -> Iterator[Divergence]:
        """What the fixture expects and did not come."""
        course = self.course
        if course.broken:
            difference = ("core", "", course.broken, course.broken)
            yield divergence(self.folder, len(course.turns), _end(course.turns), difference, self._timeline)
        for one in self._heard:
            if one.topic is not None and one.reading != one.topic:
                got = one.reading or "nic"
                message = f"rozpoznano „{topic_name(one.reading)}” zamiast „{topic_name(one.topic)}” "
                message += f"(usłyszano „{one.text}”, powiedziano „{one.said}”)"
                turn = next((n for n, at in enumerate(course.times) if at >= one.ended), len(course.turns) - 1)
                difference = (f"steps.{one.step}.topic", one.topic, got, message)
                yield divergence(self.folder, turn, one.ended, difference, self._timeline)
        yield from self._steps()
        caller = course.caller
        if caller is None or caller.stuck is None:
            outcome = of_outcome(self.folder, course.turns, self._timeline)
            if outcome is not None:
                yield outcome

    def _steps(self) -> Iterator[Divergence]:
        """What steps expect of what came right after them."""
        course, steps = self.course, self.folder.fixture.steps
        for number, first in course.step_turns.items():
            expect = steps[number].expect
            if expect is None:
                continue
            later = [turn for step, turn in course.step_turns.items() if step > number and turn > first]
            last = min(later, default=len(course.turns))
            turns = course.turns[first:last] or course.turns[-1:]
            said = [line for turn in turns for action in turn.actions for line in getattr(action, "lines", ())]
            queue = last_queue(course.turns[:last])
            for name, message in differences(expect, turns[-1].after, queue, said):
                wanted = str(getattr(expect, name))
                difference = (f"steps.{number}.expect.{name}", wanted, message, message)
                yield divergence(self.folder, last - 1, turns[-1].at, difference, self._timeline)


def heard(folder: Folder, course: Course) -> Iterator[Heard]:
    """Every utterance of the caller, and what the bot made of it."""
    said = course.caller.said if course.caller is not None else []
    for place, one in enumerate(said):
        until = said[place + 1].began if place + 1 < len(said) else float("inf")
        found = next(
            (
                (at, turn.event)
                for at, turn in zip(course.times, course.turns, strict=True)
                if one.began < at <= until and isinstance(turn.event, HeardEvent | NothingHeard)
            ),
            None,
        )
        step = folder.fixture.steps[one.step]
        event = found[1] if found is not None else None
        text, reading, confidence = "", None, 0.0
        if isinstance(event, HeardEvent):
            text, confidence = event.text, event.confidence
            reading = event.readings[0].id if event.readings else None
        delay = found[0] - one.ended if found is not None and one.ended else None
        yield Heard(
            one.step, one.question, step.say or "", text, step.topic, reading, confidence, one.began, one.ended, delay
        )


def _timeline(course: Course) -> tuple[Moment, ...]:
    """The caller's acts, what the bot said and how long, what it decided; by time."""
    done = course.caller.done if course.caller is not None else []
    decided = [moment for moment in timeline_of(course.turns) if moment.who != "caller"]
    return tuple(sorted([*done, *course.spoken, *decided], key=lambda moment: moment.at))


def _end(turns: Sequence[Turn]) -> float:
    return turns[-1].at if turns else 0.0
