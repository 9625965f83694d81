"""Replays as real calls: a hotline of its own is started for them, with consultants who pick up, and stopped again."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from infolinia.asterisk import install
from infolinia.asterisk.port import listening
from infolinia.commands.testcall import sip_line
from infolinia.installation import prepare
from infolinia.interruptions import undisturbed
from infolinia.rehearsals import people
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.dialogue.plan import Plan
from ivr.journal import CALLS, Journal
from recordings.fixture.folder import FixtureError, load
from recordings.replay import call
from recordings.replay.judge import refused
from recordings.replay.live import Find, Lines
from recordings.replay.verdict import Result
from store import open_database

AT = "2026-04-21 10:00"
"""When the replayed calls are: in season, office open."""
CONSULTANTS = tuple(f"konsultant{n}" for n in range(1, 5))
QUEUES = ("malopolskie-*", "krajowa-*", "mazowieckie-*", "dolnoslaskie-*")
FIRST_NUMBER = 600_100_001
SHIFT = 31_000


def replay_calls(
    settings: Settings, paths: Sequence[Path], jobs: int, say: Callable[[str], None], done: Callable[[Result], bool]
) -> list[Result]:
    """The results for the fixture folders ``paths``, ``jobs`` calls at a time. Raises ``NotStarted``, ``PlanError`` or
    ``AsteriskError``."""
    with hotline(settings, say) as (own, plan):
        return asyncio.run(_place(own, plan, paths, jobs, done))


@contextmanager
def hotline(settings: Settings, say: Callable[[str], None]) -> Iterator[tuple[Settings, Plan]]:
    """A hotline in a folder of its own, on free ports, at ``AT``; its folder is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="infolinia-replay-"))
    own = _own(settings, folder)
    stack, kept = Stack(own, say), dict(os.environ)
    try:
        plan = prepare(own, say)
        os.environ["INFOLINIA_JOURNAL_STALL"] = "5"
        stack.up(consultants=CONSULTANTS, talk=1.0)
        for name in CONSULTANTS:
            stack.agents(["add", name, *(word for queue in QUEUES for word in ("--queue", queue))])
        yield own, plan
    finally:
        with undisturbed():
            os.environ.clear()
            os.environ.update(kept)
            stack.settings = own.model_copy(update={"drain_seconds": 0.0})
            stack.down()
            shutil.rmtree(folder, ignore_errors=True)


def _own(settings: Settings, folder: Path) -> Settings:
    shift = SHIFT
    while any(listening(Settings(port_shift=shift).port(name)) for name in ("eus", "crm", "agi", "ami", "media")):
        shift += 200
    prefix = install.ensure(settings).binary.parent.parent
    (folder / "asterisk").mkdir(parents=True)
    with suppress(FileNotFoundError):
        shutil.copy(settings.var / "asterisk" / "probed", folder / "asterisk" / "probed")
    for name in ("prompts", "topics", "models"):
        if (settings.var / name).is_dir():
            (folder / name).symlink_to(settings.var / name)
    chosen = {"var": folder, "port_shift": shift, "rtp_first": 28_200, "rtp_last": 28_799, "asterisk_prefix": prefix}
    return settings.model_copy(
        update={**chosen, "database": "", "hours": "plan", "clock": AT, "consultants": CONSULTANTS}
    )


async def _place(
    settings: Settings, plan: Plan, paths: Sequence[Path], jobs: int, done: Callable[[Result], bool]
) -> list[Result]:
    database = open_database(settings.database_url)
    line = sip_line((settings.sip_bind, settings.port("sip")))
    await line.start()
    lines = Lines(line, Journal(database, "replay"), finder(database), plan, people())
    results: dict[int, Result] = {}
    room, stopped = asyncio.Semaphore(jobs), asyncio.Event()

    async def one(number: int, path: Path) -> None:
        async with room:
            if stopped.is_set():
                return
            results[number] = await _replayed(lines, path, number)
            if not done(results[number]):
                stopped.set()

    try:
        await asyncio.gather(*(one(number, path) for number, path in enumerate(paths)))
    finally:
        await line.stop()
        await database.dispose()
    return [results[number] for number in sorted(results)]


def finder(database: AsyncEngine) -> Find:
    """Finds calls in the journal of ``database``."""

    async def find(dialled: str, caller: str | None, since: datetime) -> str | None:
        query = select(CALLS.c.id).where(
            CALLS.c.dialled == dialled, CALLS.c.arrived >= since, CALLS.c.caller.is_(caller)
        )
        async with database.connect() as connection:
            return (await connection.execute(query)).scalars().first()

    return find


async def _replayed(lines: Lines, path: Path, number: int) -> Result:
    try:
        folder = load(path)
    except FixtureError as error:
        return refused(path.name, str(path), call.DEPTH, "; ".join(f"{path.name}/{fault}" for fault in error.faults))
    own = None if folder.fixture.caller is None else f"+48{FIRST_NUMBER + number}"
    return await call.replay(lines, folder, own, AT)
