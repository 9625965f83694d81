"""Set-up: all that a hotline needs before its first call. Every step finds what is there already and leaves it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ivr.calendar import WARSAW
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from store import create_tables, open_database
from voicebot.models import ModelError, find, get, model_folder
from voicebot.topics.recogniser import ensure_model

from .asterisk.control import Asterisk
from .asterisk.setup import set_up
from .engine import prompt_book
from .secret_files import ensure_secrets
from .settings import Settings

Say = Callable[[str], None]


def prepare(settings: Settings, say: Say) -> Plan:
    """Make what is missing under ``var``; the plan that is in force.

    Raises ``PlanError`` (the dialplans are at fault), ``VoiceError`` (no voice) or ``asterisk.trouble.AsteriskError``.
    """
    settings.var.mkdir(parents=True, exist_ok=True)
    ensure_secrets(settings)
    plan = load_plan(settings.dialplans)
    asyncio.run(_make_tables(settings))
    _render_prompts(settings, plan, say)
    _make_asterisk(settings, plan, say)
    ensure_model(settings.dialplans, settings.var / "topics", say)
    fetch_models(settings, say)
    return plan


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error that appears with the first step and goes with the last."""
    columns = (TextColumn("    {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


async def _make_tables(settings: Settings) -> None:
    database = open_database(settings.database_url)
    await create_tables(database)
    await database.dispose()


def _render_prompts(settings: Settings, plan: Plan, say: Say) -> None:
    book = prompt_book(settings)
    with _bar("komunikaty") as progress:
        asyncio.run(book.prepare(((line.prompt, line.text) for line in plan.fixed_lines()), progress))


def _make_asterisk(settings: Settings, plan: Plan, say: Say) -> None:
    with _bar("Asterisk") as progress:
        ready = set_up(
            settings,
            list(plan.offices.values()),
            list(plan.queues.values()),
            lambda name, text: asyncio.run(prompt_book(settings).audio(name, text)),
            datetime.now(WARSAW).date(),
            lambda what, done, total: progress(done, total),
        )
    asterisk = Asterisk(settings, ready.site)
    if ready.changed and asterisk.pid is not None:
        waiting = asterisk.reload(ready.changed)
        if waiting:
            say(f"Te pliki wchodzą w życie po ponownym uruchomieniu Asteriska: {', '.join(waiting)}")


def fetch_models(settings: Settings, say: Say) -> None:
    """The recogniser's model, where it can be had; without it the hotline works by keys and says so."""
    folder = settings.var / "models"
    if not settings.whisper or model_folder(folder, "whisper") or settings.vosk_model:
        return
    say("Model rozpoznawania mowy (133 MB, raz)")
    try:
        with _bar("model") as progress:
            get(find("whisper"), folder, lambda what, done, total: progress(done // 1_000_000, total // 1_000_000))
    except ModelError as error:
        say(f"Bez rozpoznawania mowy, infolinia działa na klawisze: {error}")
