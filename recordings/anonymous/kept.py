"""A kept call as it lies on the disk, and where in its sound the caller spoke."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from voicebot.audio import RATE, samples_of

from ..fixture import journal_file
from ..fixture.folder import JOURNAL
from ..fixture.journal_file import Turn
from ..fixture.model import Audio
from ..fixture.sound import read_sound
from ..keeping.recorder import FACTS, SOUND, Facts

VOICE = 184
"""Loudness of a 20 ms frame that is speech (-45 dB of full scale)."""
ROOM = 0.25
"""Seconds kept around speech."""
_FRAME = RATE // 50


@dataclass(frozen=True)
class KeptCall:
    """The folder of a kept call. Raises ``OSError``, ``AudioError``, ``JournalError`` or msgspec's errors when its
    parts are first asked for and cannot be read."""

    path: Path

    @cached_property
    def facts(self) -> Facts:
        return msgspec.json.decode((self.path / FACTS).read_bytes(), type=Facts)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        return journal_file.read(self.path / JOURNAL)

    @cached_property
    def caller(self) -> bytes:
        return read_sound(self.path / SOUND, Audio(channels=("caller", "system"))).pcm

    @cached_property
    def system(self) -> bytes:
        return read_sound(self.path / SOUND, Audio(channels=("system", "caller"))).pcm

    def in_file(self, at: float) -> float | None:
        """The second of the file that was ``at`` in the call; None where nothing was kept."""
        for piece in self.facts.pieces:
            if piece.at - 0.05 <= at <= piece.at + (piece.end - piece.start) + 0.05:
                return min(max(piece.start, piece.start + at - piece.at), piece.end)
        return None

    def spoken(self, first: float, last: float) -> tuple[float, float] | None:
        """Where in the file the caller spoke between two moments of the call."""
        start, end = self.in_file(first), self.in_file(last)
        if start is None or end is None:
            return None
        found = speech(self.caller, start, end)
        return (max(start, found[0] - ROOM), min(end, found[1] + ROOM)) if found else None

    def system_silent_since(self, at: float) -> float:
        """Seconds of the file for which the system had been silent at second ``at``; 0 while it spoke."""
        found = speech(self.system, max(0.0, at - 20), at)
        return at if found is None else max(0.0, at - found[1])


def speech(pcm: bytes, first: float, last: float) -> tuple[float, float] | None:
    """From the first to the last loud frame between two seconds of ``pcm``."""
    samples = samples_of(pcm)[round(first * RATE) : round(last * RATE)]
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > VOICE) if len(frames) else np.zeros(0)
    if len(loud) < 3:
        return None
    return first + float(loud[0]) * 0.02, first + float(loud[-1] + 1) * 0.02
