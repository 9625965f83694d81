"""Depth ``audio``: the caller's sound, cut per turn, through today's engine on a virtual clock.

All of the engine runs: hotline, session, core, phone, conversation, media session, voice activity, turn taking,
recogniser and topics. Only the line (``Line``), the prompts' sound (a hum of the text's length) and the callers' file
behind telePIN stand in.
"""

import asyncio
from dataclasses import dataclass, field

import msgspec

from ivr.asterisk.agi import AgiRequest
from ivr.dialogue.actions import Action
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, LookedUp, PinChecked
from ivr.hotline import Edition, Hotline, Only
from ivr.phones.asterisk import Parts
from ivr.phones.authentication import Authority
from ivr.phones.meaning import Meaning
from ivr.rehearsal.run import Stage, WrittenClosures, journal_after
from ivr.world import World
from telepin.secret import Secret
from telepin.service import Outcome
from voicebot.ears.ear import Ear
from voicebot.listen import Listener
from voicebot.media import MediaServer

from ..fixture import journal_file
from ..fixture.folder import Folder
from ..fixture.journal_file import Turn
from . import virtual_time
from .caller import RecordedCaller, questions_of
from .core_call import CALL, MOST_TURNS
from .day import Day
from .line import Channel, Hums, Line
from .question import Answers, question_of
from .said import Caller
from .verdict import Moment

IN_QUEUE = 30
LONGEST = 1800.0


@dataclass
class Course:
    """How a call went: its turns, the time line, and the caller (what was said, and where he was stuck)."""

    call: Call
    turns: list[Turn] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    caller: Caller | None = None
    left: int = 0
    broken: str = ""
    spoken: list[Moment] = field(default_factory=list)
    step_turns: dict[int, int] = field(default_factory=dict)
    """By step, the number of turns there were when the caller did it."""

    @property
    def whole(self) -> bool:
        """Whether the call came to its end."""
        return not self.broken and (self.caller is None or self.caller.stuck is None)


def play(stage: Stage, folder: Folder, ear: Ear) -> Course:
    """Play ``folder`` to its end, or to where the caller is stuck. Raises ``AudioError`` for sound that is missing."""
    return virtual_time.run(_Replay(stage, folder, ear).run())


class _Verdicts:
    """``authority`` whose checks end as the fixture's steps ``verdict`` say, in order; past them as they would."""

    def __init__(self, authority: Authority, verdicts: list[str]) -> None:
        self._authority, self._verdicts = authority, verdicts
        self.seal, self.recall = authority.seal, authority.recall
        self.match_principal, self.forget = authority.match_principal, authority.forget

    async def check(
        self, *, check: str, call: str, identity: str, pin: Secret, caller: str | None, trunk: str
    ) -> Outcome:
        verdict = self._verdicts.pop(0) if self._verdicts else "ok"
        if verdict != "ok":
            return Outcome(verdict, "")  # type: ignore[arg-type]  # the model has checked it
        return await self._authority.check(
            check=check, call=call, identity=identity, pin=pin, caller=caller, trunk=trunk
        )


def _with_speech(turns: list[Turn], times: list[float], spoken: list[Moment]) -> list[Turn]:
    """``turns`` with what of their lines was heard: a line that was held and went on counts as one."""
    heard: list[dict[str, float]] = [{} for _ in turns]
    place = 0
    for moment in spoken:
        while place + 1 < len(times) and times[place + 1] <= moment.at:
            place += 1
        owner = next((n for n in range(place, -1, -1) if moment.text in journal_file.lines(turns[n])), place)
        length = (moment.until or moment.at) - moment.at
        heard[owner][moment.text] = heard[owner].get(moment.text, 0.0) + length
    return [
        msgspec.structs.replace(turn, spoken=tuple(round(length, 2) for length in parts.values()))
        for turn, parts in zip(turns, heard, strict=True)
    ]


def _of_caller(event: Event) -> bool:
    """Whether the caller did it, not the world."""
    return not isinstance(event, CallArrived | LookedUp | PinChecked)


class _Replay:
    def __init__(self, stage: Stage, folder: Folder, ear: Ear) -> None:
        self._stage, self._folder, self._fixture, self._ear = stage, folder, folder.fixture, ear
        self.course = Course(Call(id=CALL))
        self._caller: RecordedCaller
        self._said: list[str] = []
        self._since = 0.0

    async def run(self) -> Course:
        fixture, plan, loop = self._fixture, self._stage.plan, asyncio.get_running_loop()
        day = Day(fixture.at, loop.time)
        media, hums = MediaServer(), Hums()
        line = Line(media, hums, self._folder.sound.background if fixture.audio.background else b"")
        answers = Answers(questions_of(self._folder), plan.nodes, plan.prompts)
        caller = RecordedCaller(self._folder, line, answers, self._stage.people, day)
        caller.on_step = self._stepped
        self.course.caller = self._caller = caller
        journal = journal_after(fixture.earlier)
        verdicts = [step.verdict for step in fixture.steps if step.verdict is not None]

        def on_turn(call: Call, event: Event, actions: tuple[Action, ...]) -> None:
            self._turn(call, event, actions, loop.time())

        parts = Parts(
            media=media,
            media_address="replay",
            prompts=hums,
            listener=Listener(self._ear),
            authority=_Verdicts(self._stage.authority(day.now()), list(verdicts)),
            meaning=Meaning(self._stage.topics),
            world=World(lambda: plan, journal, WrittenClosures(fixture.closures), clock=day.now),
            spool=lambda text, pcm: text,
            waiting=plan.lines(*plan.manners.waiting) if plan.manners else (),
        )
        hotline = Hotline(
            "replay",
            Only(Edition(plan, parts)),
            journal,
            lambda: fixture.hears,
            on_turn,
            day.now,
        )
        try:
            async with asyncio.timeout(LONGEST):
                await self._serve(hotline, line, caller)
        except TimeoutError:
            self.course.broken = f"rozmowa nie kończy się po {LONGEST / 60:.0f} minutach"
        caller.close()
        self.course.left = len(answers.left)
        self.course.spoken = line.spoken
        self.course.turns = _with_speech(self.course.turns, self.course.times, line.spoken)
        return self.course

    async def _serve(self, hotline: Hotline, line: Line, caller: RecordedCaller) -> None:
        """Asterisk's dialplan: arrive, queue, come back, until nobody is there."""
        why, detail = "arrive", ""
        while True:
            line.next_step, caller.outcome = "", None
            args = (CALL, self._fixture.number, self._fixture.caller or "", "trunk", *([detail] if detail else []))
            await hotline.handle(Channel(AgiRequest(why, args, {}), line))
            if self.course.call.ended is not None or caller.stuck is not None or len(self.course.turns) > MOST_TURNS:
                return
            following, _, _ = line.next_step.partition(",")
            if following not in ("queue", "transfer"):
                self.course.broken = self.course.broken or "rozmowa została bez dalszego ciągu"
                return
            if line.hung_up or caller.outcome is None:
                why, detail = "hung-up", ""
                line.hung_up = False
                continue
            await asyncio.sleep(IN_QUEUE)
            if following == "queue":
                why, detail = "queue-ended", f"{caller.outcome}/{IN_QUEUE}"
            else:
                why, detail = "transfer-ended", "answered" if caller.outcome == "served" else "failed"

    def _stepped(self, step: int) -> None:
        self.course.step_turns.setdefault(step, len(self.course.turns))

    def _turn(self, call: Call, event: Event, actions: tuple[Action, ...], at: float) -> None:
        course = self.course
        if course.caller is not None and course.caller.stuck is not None:
            return  # what comes now is the end of a call that cannot go on
        course.call = call
        course.turns.append(journal_file.turn(at, event, call, actions))
        course.times.append(at)
        if isinstance(event, PinChecked) or _of_caller(event):
            self._said.clear()
            self._since = at
        self._said += [line.text for action in actions for line in getattr(action, "lines", ())]
        question = question_of(call.node, actions)
        if question is not None and question.answered_by_caller and call.ended is None:
            self._caller.asked(question, tuple(self._said), self._since)
