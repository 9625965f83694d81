"""One call on a candidate: where it came to then, where it would come to now, or why that cannot be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import msgspec

from ivr.conversations import Conversation, conversation
from ivr.dialogue.actions import Ask, LookUp
from ivr.dialogue.call import Call
from ivr.dialogue.events import Heard, LookedUp, PinChecked
from ivr.dialogue.plan import Plan
from ivr.phones.meaning import Meaning
from voicebot.listen import Utterance

from ..fixture.journal_file import Turn
from ..replay.core_call import Played, play
from .journals import Journal


@dataclass(frozen=True)
class Course:
    """What became of a call: where it came to (``to``: a queue, an answer, or how it ended), its matter, and what
    KPI.2 and KPI.3 count. ``topic`` is the matter recognised last."""

    to: str
    topic: str | None
    ended: str | None
    authenticated: bool
    conversation: Conversation


@dataclass(frozen=True)
class Judged:
    """``before`` and ``now`` are None where the call cannot be judged; ``why`` says why not, in Polish. ``said`` is
    what the caller said that is read otherwise now; ``words``: only what the bot says differs. ``weight`` orders the
    calls to listen to."""

    call: str
    arrived: str
    before: Course | None = None
    now: Course | None = None
    why: str = ""
    said: tuple[str, ...] = ()
    words: bool = False
    weight: int = 0

    @property
    def elsewhere(self) -> bool:
        """Whether the caller would go elsewhere."""
        return self.before is not None and self.now is not None and self.before.to != self.now.to


def judge(plan: Plan, meaning: Meaning | None, journal: Journal, live: Plan | None = None) -> Judged:
    """The call of ``journal`` on ``plan``, its open answers read anew by ``meaning`` (None: as they were read then).
    Where the journal has no states, the call is played on ``live`` first. Never raises for what a call holds."""
    plain = Judged(journal.call, journal.arrived)
    if journal.fault:
        return replace(plain, why=journal.fault)
    turns, states = journal.turns, journal.states
    if turns[-1].after.ended is None:
        return replace(plain, why="rozmowa nie ma końca w dzienniku")
    if not states:
        played = play(live or plan, turns, _id(journal), _World(turns))
        if fault := _fault(played):
            return replace(plain, why=f"na dzisiejszym planie już się nie odtwarza: {fault}")
        turns, states = tuple(played.turns), tuple(played.states)
    before = _course(journal, turns, states)
    read, said = _read_anew(meaning, turns)
    played = play(plan, read, _id(journal), _World(turns))
    if played.broken:
        return replace(plain, before=before, why=f"kandydat się psuje: {played.broken}", weight=1000)
    if fault := _fault(played):
        return replace(plain, before=before, why=fault, said=said)
    now = _course(journal, played.turns, played.states)
    words = before.to == now.to and [t.actions for t in turns] != [t.actions for t in played.turns]
    return replace(plain, before=before, now=now, said=said, words=words, weight=_weight(before, now))


def _id(journal: Journal) -> str:
    return journal.states[0].id if journal.states else _of_turns(journal.turns) or journal.call


def _of_turns(turns: Sequence[Turn]) -> str:
    """The call's id as its checks and queues have it."""
    keys = (getattr(action, "check", "") or getattr(action, "key", "") for turn in turns for action in turn.actions)
    return next((key.rpartition(":")[0] for key in keys if ":" in key), "")


def _fault(played: Played) -> str:
    if played.broken:
        return played.broken
    if played.stuck is not None:
        return f"automat pyta o „{played.stuck}”, a na to dzwoniący wtedy nie odpowiadał"
    if played.call.ended is None:
        return "rozmowa na kandydacie nie ma końca"
    return ""


class _World:
    """Look-ups that the recording does not answer: as the same kind was answered then, else as nothing known."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._known: Mapping[str, LookedUp] = {
            turn.event.what: turn.event for turn in turns if isinstance(turn.event, LookedUp)
        }

    def __call__(self, asked: LookUp) -> LookedUp | None:
        known = self._known.get(asked.what)
        return known if known is not None else LookedUp(what=asked.what, ok=asked.what == "earlier", found={})


def _read_anew(meaning: Meaning | None, turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """``turns`` with every answer to the open question read by ``meaning``, and what is read otherwise."""
    if meaning is None:
        return tuple(turns), ()
    found, said = [turns[0]], []
    for before, turn in pairwise(turns):
        asked = before.actions[-1] if before.actions else None
        event = turn.event
        if isinstance(event, Heard) and event.text and isinstance(asked, Ask) and asked.grammar == "matter":
            again = meaning.of(asked, Utterance(event.text, event.confidence))
            read = msgspec.structs.replace(event, readings=again.readings, model=again.model)
            if _best(read) != _best(event):
                said.append(f"„{event.text}”: {_best(event)} → {_best(read)}")
            turn = msgspec.structs.replace(turn, event=read)
        found.append(turn)
    return tuple(found), tuple(said)


def _best(event: Heard) -> str:
    return event.readings[0].id if event.readings else "nic"


def _course(journal: Journal, turns: Sequence[Turn], states: Sequence[Call]) -> Course:
    last = states[-1]
    queue = next((state.queues_tried[-1] for state in reversed(states) if state.queues_tried), None)
    topic = next((state.topic for state in reversed(states) if state.topic), None)
    to = f"kolejka {queue}" if queue else f"odpowiedź {topic}" if topic else f"koniec: {last.ended}"
    arrived = datetime.fromisoformat(journal.arrived)
    pairs = [(turn.event, state) for turn, state in zip(turns, states, strict=True)]
    checked = any(isinstance(turn.event, PinChecked) and turn.event.verdict == "ok" for turn in turns)
    return Course(to, topic, last.ended, checked, conversation(journal.call, None, arrived, pairs))


def _weight(before: Course, now: Course) -> int:
    """How much it matters to the caller: a matter lost or sent to the wrong people first, then another answer."""
    if before.to == now.to:
        return 10 if before.topic != now.topic else 0
    lost = before.conversation.matters != () and before.topic is not None and now.topic is None
    queues = before.to.startswith("kolejka") + now.to.startswith("kolejka")
    return 100 * lost + (80 if queues == 2 else 60 if queues == 1 else 40)
