"""Depth ``journal``: recorded events through today's core. Nothing is heard or asked of the world again.

As long as today's turns are the recorded ones, events go in by their order; from the first difference on, each
question gets the event that answered it in the recording (``Answers``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from ivr.dialogue.actions import LookUp
from ivr.dialogue.call import Call
from ivr.dialogue.events import Event, Failed, LookedUp, PinChecked, QueueEnded
from ivr.dialogue.machine import guarded_step
from ivr.dialogue.plan import Plan

from ..fixture.journal_file import Turn, after
from .question import Answers, Question, question_now, question_of

CALL = "00000000-0000-4000-8000-000000000000"
"""The call's id in every replay."""
MOST_TURNS = 400
AFTER_A_QUESTION = 5.0
"""Seconds that a turn lasts, where the recording does not tell."""

World = Callable[[LookUp], LookedUp | None]


def nothing_known(asked: LookUp) -> LookedUp | None:
    """A world that knows only what the recording does."""
    return None


@dataclass
class Played:
    """Today's turns, and the call after each (``states``). ``stuck`` is the question that no recorded event answers
    (``again``: the recording answers this node, but not so); ``left`` counts recorded answers to questions not asked;
    ``broken`` says how the core failed."""

    call: Call
    turns: list[Turn] = field(default_factory=list)
    states: list[Call] = field(default_factory=list)
    stuck: Question | None = None
    again: bool = False
    left: int = 0
    broken: str = ""


def play(plan: Plan, recorded: Sequence[Turn], call_id: str = CALL, world: World = nothing_known) -> Played:
    """Play the events of ``recorded`` (a call of the id ``call_id``) on ``plan``. Never raises for what the core does.

    ``world`` is asked for look-ups that the recording does not answer."""
    played = Played(Call(id=call_id))
    for number, one in enumerate(recorded):
        if not _feed(plan, played, one.event, one.at):
            return played
        now = played.turns[-1]
        if now.actions != one.actions or now.after != one.after:
            _play_by_question(plan, played, recorded, number, world)
            return played
    return played


def _feed(plan: Plan, played: Played, event: Event, at: float) -> bool:
    """One event into the core; whether it took it. A core that fails gets ``Failed``, as from the session."""
    call = played.call
    moved, actions, error = guarded_step(plan, call, event)
    if error is not None:
        where = f"po {type(event).__name__} w węźle {call.node or 'początkowym'}"
        played.broken = played.broken or f"{type(error).__name__} {where}"
        moved, actions, _ = guarded_step(plan, call, Failed(reason="core"))
    if moved is call:
        played.broken = played.broken or f"rdzeń nie przyjął {type(event).__name__} w węźle {call.node}"
        return False
    played.call = moved
    played.states.append(moved)
    played.turns.append(Turn(at=at, event=event, after=after(moved), actions=actions))
    return True


def _play_by_question(plan: Plan, played: Played, recorded: Sequence[Turn], turned: int, world: World) -> None:
    """Go on after turn ``turned``, the first that came out otherwise."""
    kept = [(_key(question), later) for question, later in answered(recorded) if later > turned]
    before = Answers([(_key(question), later) for question, later in answered(recorded)], plan.nodes, plan.prompts)
    answers = Answers(kept, plan.nodes, plan.prompts)
    while played.call.ended is None and (question := question_now(played.call)) is not None:
        given = answers.give(_key(question))
        if given is not None:
            event, at = _adapted(recorded[given].event, played.call), recorded[given].at
        else:
            known = _asked_of(world, played.call)
            if known is None:
                played.stuck, played.again = question, before.knows(_key(question))
                break
            event, at = known, played.turns[-1].at
        if len(played.turns) >= MOST_TURNS:
            played.broken = f"rozmowa nie kończy się po {MOST_TURNS} turach"
            break
        if not _feed(plan, played, event, at):
            break
    played.left = len(answers.left)


def answered(recorded: Sequence[Turn]) -> list[tuple[Question, int]]:
    """Every question of a recording with the number of the turn that answered it."""
    found = []
    for number, one in enumerate(recorded[:-1]):
        question = question_of(one.after.node, one.actions)
        if question is not None:
            found.append((question, number + 1))
    return found


def _key(question: Question) -> str:
    """What an event must match: of the world, what was looked up or checked; of the caller, the question."""
    if question.answered_by_caller:
        return str(question)
    return f"{question.kind.lower()}-{question.detail}".replace(" ", "-").replace("/", "-").lower()


def _adapted(event: Event, call: Call) -> Event:
    """``event`` with the key of today's check or queue: the same answer to what is asked now."""
    if isinstance(event, QueueEnded):
        return msgspec.structs.replace(event, key=call.queue_key or "")
    if isinstance(event, PinChecked) and call.pending:
        return msgspec.structs.replace(event, check=getattr(call.pending[-1], "check", event.check))
    return event


def _asked_of(world: World, call: Call) -> LookedUp | None:
    asked = call.pending[-1] if call.pending else None
    return world(asked) if isinstance(asked, LookUp) else None
