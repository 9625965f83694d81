"""From the turns of a replay to a verdict.

pass: today's call took the recorded course and came out as expected. fail: it did not. refuse: it cannot be said, for
the recording has no answer to what is asked today, or the fixture or a part of this machine is missing. A fixture with
a known fault must fail what it expects, in the course that was recorded; while it does, the verdict is ``known``.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..fixture.folder import Folder
from ..fixture.journal_file import Turn
from .compare import Difference, said, unmet
from .question import Question
from .verdict import Divergence, Moment, Result, around
from .wording import action_in_words, event_in_words


def timeline_of(turns: Sequence[Turn]) -> tuple[Moment, ...]:
    """What a journal tells of the time line: events, what was said, where it led."""
    found = []
    for turn in turns:
        asks_world = type(turn.event).__name__ in ("LookedUp", "PinChecked", "QueueEnded", "TransferEnded")
        text = getattr(turn.event, "text", "")
        found.append(Moment(turn.at, "world" if asks_world else "caller", event_in_words(turn.event), text))
        if words := said(turn):
            found.append(Moment(turn.at, "bot", "says", words))
        if turn.actions:
            found.append(Moment(turn.at, "core", turn.after.node, action_in_words(turn.actions[-1])))
    return tuple(found)


def refused(name: str, path: str, depth: str, why: str) -> Result:
    """A fixture that cannot be judged at all."""
    return Result(name, path, depth, "refuse", why)


def stuck_on(question: Question, turns: Sequence[Turn], timeline: Sequence[Moment]) -> Divergence:
    """Where today's bot asks what the recording does not answer."""
    at = turns[-1].at if turns else 0.0
    message = f"automat pyta o „{question}”, a na to nikt w nagraniu nie odpowiada"
    return Divergence(len(turns), at, "question", "", str(question), message, around=around(timeline, at))


def divergence(folder: Folder, turn: int, at: float, difference: Difference, timeline: Sequence[Moment]) -> Divergence:
    """A difference with its surroundings and, where the fixture expects it, the line."""
    name, expected, actual, message = difference
    line = None
    if name.startswith(("expect.", "steps.")):
        parts = tuple(int(part) if part.isdigit() else part for part in name.split("."))
        line = folder.source.position(parts)[0]
    return Divergence(turn + 1, at, name, expected, actual, message, line, around(timeline, at))


def of_outcome(folder: Folder, turns: Sequence[Turn], timeline: Sequence[Moment]) -> Divergence | None:
    """The first of the fixture's expectations that the end of the call does not meet."""
    for difference in unmet(folder.fixture.expect, turns):
        return divergence(folder, len(turns) - 1, turns[-1].at, difference, timeline)
    return None


def left_over(folder: Folder, left: int, turns: Sequence[Turn], timeline: Sequence[Moment]) -> Divergence | None:
    """Recorded answers that nobody asked for."""
    if not left:
        return None
    message = f"automat nie zapytał o wszystko, na co odpowiadał dzwoniący (zostało odpowiedzi: {left})"
    difference = ("answers", "0", str(left), message)
    return divergence(folder, len(turns) - 1, turns[-1].at if turns else 0.0, difference, timeline)


def settle(folder: Folder, result: Result, *, own_ear: bool = True) -> Result:
    """``result`` in the light of a fault that is known; with an ear other than the recording's (not ``own_ear``) it
    need not come."""
    known = folder.fixture.known
    shown = replace(result, area=folder.fixture.area, style=tuple(folder.fixture.style))
    if known is None or result.depth not in known.depths:
        return shown
    if result.verdict == "refuse":
        return shown
    loose = result.depth == "call" or not own_ear  # no two real calls are alike
    if result.verdict == "fail" and (loose or (result.as_recorded and not result.met)):
        return replace(shown, verdict="known", why=f"znana wada: {known.why}")
    if not result.met:
        why = f"znana wada przebiega dziś inaczej niż nagrana: {result.why} (znana: {known.why})"
        return replace(shown, verdict="fail", why=why)
    if own_ear:
        why = f"znana wada już nie występuje, proszę usunąć `known`: {known.why}"
        line = folder.source.position(("known",))[0]
        gone = Divergence(0, 0.0, "known", "fail", "pass", why, line)
        return replace(shown, verdict="fail", why=why, divergence=gone)
    return shown
