"""``--update``: what today's code does becomes what the fixture records; a diff shows what was accepted.

The journal, what the ear heard and ``made`` are written anew. Of the expectations only the values of ``expect`` that
were not met are changed, and not where they say what should be: in a fixture with a known fault, and at the first
recording. What the caller says and means (``say``, ``topic``) is never touched.
"""

from collections.abc import Mapping, Sequence

from ..fixture import journal_file
from ..fixture.edit import Path_, change
from ..fixture.folder import FILE, JOURNAL, Folder
from ..fixture.journal_file import Turn
from ..fixture.model import Made
from .compare import by_decision, by_ear, parting, unmet, word_for_word

TOLD = ("said", "not_said", "questions")
"""Expectations that are not accepted by themselves: they say what somebody wanted said."""


def _otherwise(folder: Folder, turns: Sequence[Turn]) -> bool:
    """Whether ``turns`` are another course than the recorded one: another figure of confidence alone is none."""
    if not (folder.path / JOURNAL).is_file():
        return True
    recorded = folder.journal
    if by_ear(recorded, turns) is not None or (turns[-1].spoken is not None and recorded[-1].spoken is None):
        return True
    return any(parting(recorded, turns, differ) is not None for differ in (word_for_word, by_decision))


def accept(folder: Folder, turns: Sequence[Turn], made: Made, asked: Mapping[int, str]) -> list[str]:
    """Make ``turns`` the journal of ``folder``; the names of the files that changed. Steps that do not say what they
    answer are told it (``asked``, by step)."""
    changed = []
    fresh = _otherwise(folder, turns)
    if fresh:
        (folder.path / JOURNAL).write_bytes(journal_file.dump(turns))
        changed.append(JOURNAL)
    values: dict[Path_, object] = {}
    if folder.fixture.known is None and folder.fixture.made is not None:
        for name, _, actual, _ in unmet(folder.fixture.expect, turns):
            field = name.removeprefix("expect.")
            if field not in TOLD:
                values[("expect", field)] = actual
    for number, question in asked.items():
        if folder.fixture.steps[number].asked is None:
            values[("steps", number, "asked")] = question
    if fresh or folder.fixture.made is None:
        values[("made",)] = made.model_dump(mode="json")
    if values and change(folder.path / FILE, values):
        changed.append(FILE)
    return changed
