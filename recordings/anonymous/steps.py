"""The steps of a fixture from the journal of a kept call: what the caller did, and on which question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ivr.dialogue.actions import Ask
from ivr.dialogue.events import (
    CallArrived,
    Event,
    Heard,
    HumanAsked,
    HungUp,
    IdentityGiven,
    Keyed,
    LookedUp,
    MediaLost,
    NothingHeard,
    NumberRefused,
    PinChecked,
    PinGiven,
    PinRefused,
    QueueEnded,
    Skipped,
)

from ..fixture.journal_file import Turn
from ..replay.question import question_of
from .journal import Unsure

WRONG_NUMBERS = {"length": "12345#", "checksum": "12345678901#", "date": "12345678901#", "pause": "12345"}
Step = dict[str, Any]
Spoken = Callable[[int], Step]


def steps_of(turns: Sequence[Turn], person: str, spoken: Spoken) -> list[Step]:
    """One step for each thing that the caller did. ``person`` is the fictitious caller; ``spoken(turn)`` gives the step
    of what was said (turns count from 0). Raises ``Unsure`` for what has no step."""
    found, reasons = [], []
    for number, turn in enumerate(turns):
        if isinstance(turn.event, CallArrived | LookedUp | PinChecked):
            continue
        before = turns[number - 1]
        step = _step(turns, number, person, spoken)
        if step is None:
            what = type(turn.event).__name__
            reasons.append(f"tura {number + 1}: zdarzenia {what} nie da się zapisać jako krok dzwoniącego")
            continue
        question = question_of(before.after.node, before.actions)
        found.append({**step, **({"asked": str(question)} if question is not None else {})})
    if reasons:
        raise Unsure(reasons)
    return found


def _step(turns: Sequence[Turn], number: int, person: str, spoken: Spoken) -> Step | None:
    event = turns[number].event
    match event:
        case Heard():
            return spoken(number)
        case Keyed():
            return {"keys": event.keys} if event.keys.strip("?") else None
        case IdentityGiven():
            return {"keys": {f"{event.kind}_of": person}}
        case PinGiven():
            return {"keys": {"pin_of" if _verdict(turns, number) != "refused" else "wrong_pin_of": person}}
        case HumanAsked():
            asked = turns[number - 1].actions[-1] if turns[number - 1].actions else None
            return {"keys": "0" if isinstance(asked, Ask) else "**"} if event.by == "key" else None
        case HungUp():
            return {"hangup": True}
        case QueueEnded():
            return {"queue": event.outcome}
    return _plain(event)


def _plain(event: Event) -> Step | None:
    match event:
        case NumberRefused():
            return {"keys": WRONG_NUMBERS[event.fault]}
        case PinRefused():
            return {"keys": "123#"}
        case Skipped():
            return {"keys": "#"}
        case NothingHeard():
            return {"silence": True}
        case MediaLost():
            return {"lost": True}
    return None


def _verdict(turns: Sequence[Turn], number: int) -> str:
    later = (turn.event for turn in turns[number:])
    return next((event.verdict for event in later if isinstance(event, PinChecked)), "ok")


def forced(turns: Sequence[Turn]) -> Iterator[Step]:
    """Verdicts that the fictitious callers' file does not give by itself."""
    for turn in turns:
        if isinstance(turn.event, PinChecked) and turn.event.verdict in ("throttled", "unavailable", "lost"):
            yield {"verdict": turn.event.verdict}


def closures_of(turns: Sequence[Turn]) -> Mapping[str, str]:
    """Emergency closures that the call has met."""
    return {
        turn.after.office: str(turn.event.found["closure"])
        for turn in turns
        if isinstance(turn.event, LookedUp) and turn.event.found.get("closure") and turn.after.office
    }
