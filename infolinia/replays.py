"""Replays with this installation's parts: the plan, the fictitious callers, the topics and the ear."""

from collections.abc import Callable
from pathlib import Path

from infolinia.settings import Settings
from ivr.dialplan import load_plan
from recordings.fixture.folder import FixtureError, Folder, load
from recordings.replay import journal
from recordings.replay.judge import refused
from recordings.replay.run import Replay
from recordings.replay.verdict import Result


def by_journal(settings: Settings) -> Replay:
    """Replays through the core of today's code, on the plan of ``settings``. Raises ``PlanError``."""
    plan = load_plan(settings.dialplans)
    return judging("journal", lambda folder: journal.replay(plan, folder))


def judging(depth: str, replay: Callable[[Folder], Result]) -> Replay:
    """``replay`` of a folder that can be read; one that cannot is refused, with every fault of its file."""

    def judged(path: Path) -> Result:
        try:
            folder = load(path)
        except FixtureError as error:
            why = "; ".join(f"{path.name}/{fault}" for fault in error.faults)
            return refused(path.name, str(path), depth, why)
        return replay(folder)

    return judged
