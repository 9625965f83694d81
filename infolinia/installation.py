"""Set-up: all that a hotline needs before its first call. Every step finds what is there already and leaves it."""

import asyncio
from collections.abc import Callable

from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError
from store import create_tables, open_database
from store.versions import VersionError, Versions
from voicebot.models import ModelError, find, get, model_folder
from voicebot.voices.rhvoice import RHVoice
from voicebot.voices.voice import VoiceError, find_voice

from .deployment import SYSTEM, deploy, make_asterisk, make_ready, plan_of, versions_of
from .private_folder import tighten
from .progress import bar
from .secret_files import ensure_secrets
from .settings import Settings

Say = Callable[[str], None]


def prepare(settings: Settings, say: Say) -> Plan:
    """Make what is missing under ``var``; the plan that is in force. The first time, the dialplans in the folder go
    live as version 1; from then on they do so by ``infolinia deploy`` alone.

    Raises ``NotFit``, ``PlanError`` or ``VersionError`` (the dialplans are at fault), ``VoiceError`` (no voice) or
    ``asterisk.trouble.AsteriskError``.
    """
    settings.var.mkdir(parents=True, exist_ok=True)
    ensure_secrets(settings)
    tighten(settings.var)
    asyncio.run(_make_tables(settings))
    versions = versions_of(settings)
    live = versions.live()
    if live is None:
        live = deploy(settings, settings.dialplans, by=SYSTEM, note="pierwsze wdrożenie", say=say).version
        assert live is not None
    plan, former = plan_of(live), _former(versions)
    make_ready(settings, plan, live.files, say)
    make_asterisk(settings, plan, live.files, former, say)
    fetch_models(settings, say)
    return plan


def _former(versions: Versions) -> Plan | None:
    """The plan that was live before: calls of it may be under way. None where there was none, or it is of no use."""
    way = versions.way_back()
    try:
        return plan_of(versions.get(way[1])) if len(way) > 1 else None
    except (VersionError, PlanError):
        return None


async def _make_tables(settings: Settings) -> None:
    database = open_database(settings.database_url)
    await create_tables(database)
    await database.dispose()


def tell_voice(settings: Settings, say: Say) -> None:
    """In a line, what speaks here, and why it is not RHVoice."""
    try:
        voice = find_voice(settings.voice)
    except VoiceError as error:
        say(f"Głos: żaden, zostają nagrania studyjne i to, co już wypowiedziano ({error})")
        return
    if settings.voice or not voice.name.startswith("espeak"):
        say(f"Głos: {voice.name}")
        return
    try:
        RHVoice()
    except VoiceError as error:
        say(f"Głos: {voice.name}. Lepszy, RHVoice, tu nie mówi: {error}")


def fetch_models(settings: Settings, say: Say) -> None:
    """The recogniser's model, where it can be had; without it the hotline works by keys and says so."""
    folder = settings.var / "models"
    if not settings.whisper or model_folder(folder, "whisper") or settings.vosk_model:
        return
    say("Model rozpoznawania mowy (133 MB, raz)")
    try:
        with bar("model") as progress:
            get(find("whisper"), folder, lambda what, done, total: progress(done // 1_000_000, total // 1_000_000))
    except ModelError as error:
        say(f"Bez rozpoznawania mowy, infolinia działa na klawisze: {error}")
