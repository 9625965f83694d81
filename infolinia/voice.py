"""The prompts of this installation: its voice, its cache, and the studio recordings of a version."""

from pathlib import Path

import structlog

from voicebot.prompts import PromptBook
from voicebot.voices.voice import Voice, VoiceError, find_voice

from .settings import Settings

log = structlog.get_logger(__name__)


def prompt_book(settings: Settings, dialplans: Path | None = None) -> PromptBook:
    """The prompts with the studio recordings in the folder ``dialplans`` (None: the one that is edited); without any
    voice, only what was rendered or recorded before."""
    voice: Voice | None
    try:
        voice = find_voice(settings.voice)
    except VoiceError as error:
        log.error("no voice", why=str(error))
        voice = None
    return PromptBook(settings.var / "prompts", voice, recordings=(dialplans or settings.dialplans) / "recordings")
