"""Replays as real calls: a hotline of its own is started for them, with consultants who pick up, and stopped again."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

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
from ivr.closures import EVERY, Closures
from ivr.dialogue.plan import Plan
from ivr.journal import CALLS, Journal
from recordings.fixture.folder import FixtureError, Folder, load
from recordings.replay import call
from recordings.replay.call import Scene, out_of_reach, scene_of
from recordings.replay.judge import refused, settle
from recordings.replay.live import Find, Lines
from recordings.replay.verdict import Result
from store import open_database

CONSULTANTS = tuple(f"konsultant{n}" for n in range(1, 5))
QUEUES = ("malopolskie-*", "krajowa-*", "mazowieckie-*", "dolnoslaskie-*")
FIRST_NUMBER = 600_100_001
SHIFT = 31_000


def replay_calls(
    settings: Settings, paths: Sequence[Path], jobs: int, say: Callable[[str], None], done: Callable[[Result], bool]
) -> list[Result]:
    """The results for the fixture folders ``paths``, ``jobs`` calls at a time, at a hotline for each scene that they
    need; ``done`` is told of each and says whether to go on. Raises ``NotStarted``, ``PlanError`` or
    ``AsteriskError``."""
    results: dict[int, Result] = {}
    scenes: dict[Scene, list[tuple[int, Folder]]] = {}
    for number, path in enumerate(paths):
        try:
            folder = load(path)
        except FixtureError as error:
            why = "; ".join(f"{path.name}/{fault}" for fault in error.faults)
            results[number] = refused(path.name, str(path), call.DEPTH, why)
            continue
        scene = scene_of(folder)
        if why := out_of_reach(folder, scene):
            results[number] = settle(folder, refused(folder.name, str(folder.path), call.DEPTH, why))
        else:
            scenes.setdefault(scene, []).append((number, folder))
    going = sum(not done(result) for result in results.values()) == 0
    if scenes and going:
        with installation(settings, say) as (own, plan):
            for scene, folders in sorted(scenes.items(), key=lambda one: -len(one[1])):
                say(f"infolinia na {_described(scene)}: rozmów {len(folders)}")
                with hotline(own, scene, say) as here:
                    found, going = asyncio.run(_place(here, plan, folders, scene, jobs, done))
                results |= found
                if not going:
                    break
    return [results[number] for number in sorted(results)]


def _described(scene: Scene) -> str:
    parts = ["" if scene.hears else "bez ucha", "" if scene.eus else "bez e-US", "zamknięta" if scene.closures else ""]
    return ", ".join([scene.at, *filter(None, parts)])


@contextmanager
def installation(settings: Settings, say: Callable[[str], None]) -> Iterator[tuple[Settings, Plan]]:
    """All that a hotline needs, in a folder of its own and on free ports; the folder is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="infolinia-replay-"))
    try:
        own = _own(settings, folder)
        yield own, prepare(own, say)
    finally:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def hotline(own: Settings, scene: Scene, say: Callable[[str], None]) -> Iterator[Settings]:
    """The hotline of the installation ``own`` while it is ``scene``; its settings."""
    ear = {} if scene.hears else {"whisper": False, "vosk_model": None}
    here = own.model_copy(update={"clock": scene.at, **ear})
    stack, kept = Stack(here, say), dict(os.environ)
    file = here.var / "closures.json"
    file.unlink(missing_ok=True)
    for office, text in scene.closures:
        Closures(file).set(EVERY if office == "*" else office, text, None)
    try:
        os.environ["INFOLINIA_JOURNAL_STALL"] = "5"
        if here.vosk_model is None:
            os.environ.pop("INFOLINIA_VOSK_MODEL", None)
        stack.up(consultants=CONSULTANTS, talk=1.0)
        if not scene.eus:
            stack.down({"stub-eus"})
        for name in CONSULTANTS:
            stack.agents(["add", name, *(word for queue in QUEUES for word in ("--queue", queue))])
        yield here
    finally:
        with undisturbed():
            os.environ.clear()
            os.environ.update(kept)
            stack.settings = here.model_copy(update={"drain_seconds": 0.0})
            stack.down()


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
    chosen: dict[str, Any] = {
        "var": folder,
        "port_shift": shift,
        "rtp_first": 28_200,
        "rtp_last": 28_799,
        "asterisk_prefix": prefix,
    }
    return settings.model_copy(update={**chosen, "database": "", "hours": "plan", "consultants": CONSULTANTS})


async def _place(
    settings: Settings,
    plan: Plan,
    folders: Sequence[tuple[int, Folder]],
    scene: Scene,
    jobs: int,
    done: Callable[[Result], bool],
) -> tuple[dict[int, Result], bool]:
    """The results by the number of the folder, and whether to go on."""
    database = open_database(settings.database_url)
    line = sip_line((settings.sip_bind, settings.port("sip")))
    await line.start()
    lines = Lines(line, Journal(database, "replay"), finder(database), plan, people())
    results: dict[int, Result] = {}
    room, stopped = asyncio.Semaphore(jobs), asyncio.Event()
    withheld = asyncio.Semaphore()  # callers without a number cannot be told apart

    async def one(number: int, folder: Folder) -> None:
        async with withheld if folder.fixture.caller is None else nullcontext(), room:
            if stopped.is_set():
                return
            own = None if folder.fixture.caller is None else f"+48{FIRST_NUMBER + number}"
            results[number] = await call.replay(lines, folder, own, scene)
            if not done(results[number]):
                stopped.set()

    try:
        await asyncio.gather(*(one(number, folder) for number, folder in folders))
    finally:
        await line.stop()
        await database.dispose()
    return results, not stopped.is_set()


def finder(database: AsyncEngine) -> Find:
    """Finds calls in the journal of ``database``."""

    async def find(dialled: str, caller: str | None, since: datetime) -> str | None:
        query = select(CALLS.c.id).where(
            CALLS.c.dialled == dialled, CALLS.c.arrived >= since, CALLS.c.caller.is_(caller)
        )
        async with database.connect() as connection:
            return (await connection.execute(query)).scalars().first()

    return find
