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
    slow: Voice | None
    try:
        voice, slow = find_voice(settings.voice), find_voice(settings.voice, pace="slow")
    except VoiceError as error:
        log.error("no voice", why=str(error))
        voice = slow = None
    recordings = (dialplans or settings.dialplans) / "recordings"
    return PromptBook(settings.var / "prompts", voice, slow=slow, recordings=recordings)
