"""What a call under load came to, against its fixture."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr.dialogue.events import Event, IdentityGiven, Keyed, NothingHeard, NumberRefused, PinGiven, PinRefused

from ..fixture.folder import Folder
from ..fixture.journal_file import Turn
from ..replay.audio import heard
from ..replay.compare import last_queue
from ..replay.core_call import answered
from ..replay.virtual_call import Course

_ENTRIES = (IdentityGiven, PinGiven, Keyed)
_LOST = (NumberRefused, PinRefused, NothingHeard)


@dataclass
class Measured:
    """One call. ``answered`` is the time until the hotline picked up, ``delays`` from the end of each utterance to the
    decision, in seconds; ``entries`` are key entries made, ``lost`` those that did not come as they were keyed;
    ``wrong`` says where it went instead of where it should, ``failed`` why it is not one of those that can tell."""

    name: str
    answered: float | None = None
    delays: list[float] = field(default_factory=list)
    entries: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    failed: str = ""


def measured(folder: Folder, course: Course, answered_after: float | None) -> Measured:
    """What ``course`` was, beside what the fixture recorded and expects."""
    found = Measured(folder.name, answered_after)
    if not course.turns:
        found.failed = "w dzienniku infolinii nie ma tej rozmowy"
        return found
    found.delays = [one.delay for one in heard(folder, course) if one.delay is not None]
    found.entries, found.lost = _keys(folder.journal, course.turns)
    if course.broken:
        found.failed = course.broken
    elif course.caller is not None and course.caller.stuck is not None and not found.lost:
        found.wrong.append(f"automat zapytał o „{course.caller.stuck}”, na co nagranie nie odpowiada")
    if not found.failed:
        found.wrong += _routes(folder, course)
    return found


def _keys(recorded: Sequence[Turn], turns: Sequence[Turn]) -> tuple[int, list[str]]:
    """Entries by key, by the question they answer: recorded ones that came as something else now."""
    then = {str(question): recorded[turn].event for question, turn in reversed(answered(recorded))}
    entries, lost = 0, []
    for question, turn in answered(turns):
        was, event = then.get(str(question)), turns[turn].event
        if not isinstance(was, _ENTRIES):
            continue
        entries += 1
        if isinstance(event, _LOST) or (isinstance(event, Keyed) and event != was):
            lost.append(f"{question}: {_named(was)} → {_named(event)}")
    return entries, lost


def _named(event: Event) -> str:
    return {"IdentityGiven": "numer", "PinGiven": "telePIN", "Keyed": "klawisz", "NothingHeard": "nic"}.get(
        type(event).__name__, "niepełny wpis"
    )


def _routes(folder: Folder, course: Course) -> list[str]:
    """Queue, topic and verdict that are not the expected ones."""
    expect, last = folder.fixture.expect, course.turns[-1].after
    came = {"queue": last_queue(course.turns), "topic": last.topic, "verdict": last.verdict}
    return [
        f"{name}: {value or 'nic'} zamiast {getattr(expect, name)}"
        for name, value in came.items()
        if getattr(expect, name) is not None and getattr(expect, name) != value
    ]
