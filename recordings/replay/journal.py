"""The verdict of depth ``journal`` on one fixture."""

from collections.abc import Sequence

from ivr.dialogue.plan import Plan

from ..fixture.folder import Folder
from ..fixture.journal_file import JournalError, Turn
from .compare import Difference, parting, word_for_word
from .core_call import CALL, Played, play
from .judge import divergence, left_over, of_outcome, refused, settle, stuck_on, timeline_of
from .verdict import Divergence, Moment, Result

DEPTH = "journal"


def replay(plan: Plan, folder: Folder) -> Result:
    """Play the journal of ``folder`` on ``plan`` and judge, word for word."""
    name, path = folder.name, str(folder.path)
    try:
        recorded = folder.journal
    except JournalError as error:
        return refused(name, path, DEPTH, str(error))
    if not recorded:
        return refused(name, path, DEPTH, "brak dziennika; zapisze go infolinia replay --audio --update")
    made = folder.fixture.made
    played = play(plan, recorded, made.call if made else CALL)
    timeline = timeline_of(played.turns)
    return settle(folder, _judged(folder, recorded, played, timeline))


def _judged(folder: Folder, recorded: Sequence[Turn], played: Played, timeline: tuple[Moment, ...]) -> Result:
    name, path = folder.name, str(folder.path)
    parted = parting(recorded, played.turns, word_for_word)
    first = None
    if parted is not None:
        number, difference = parted
        at = (played.turns if number < len(played.turns) else recorded)[number].at
        first = divergence(folder, number, at, difference, timeline)
    if played.stuck is not None and not played.again and not played.broken:
        stuck = stuck_on(played.stuck, played.turns, timeline)
        same = first is None
        return Result(
            name, path, DEPTH, "refuse", stuck.message, first or stuck, timeline=timeline, met=False, as_recorded=same
        )
    found = first or _otherwise(folder, played, timeline)
    if found is None:
        return Result(name, path, DEPTH, "pass", timeline=timeline)
    met = not played.broken and of_outcome(folder, played.turns, timeline) is None
    return Result(
        name, path, DEPTH, "fail", found.message, found, timeline=timeline, met=met, as_recorded=first is None
    )


def _otherwise(folder: Folder, played: Played, timeline: tuple[Moment, ...]) -> Divergence | None:
    """What is wrong with a call whose turns are the recorded ones."""
    if played.broken:
        broken: Difference = ("core", "", played.broken, played.broken)
        return divergence(folder, len(played.turns), played.turns[-1].at if played.turns else 0.0, broken, timeline)
    return of_outcome(folder, played.turns, timeline) or left_over(folder, played.left, played.turns, timeline)
