"""Where in a sound each word lies: for people who cut words out of it, not for live calls."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicebot.audio import RATE, resample, samples_of

from .whisper import WHISPER_RATE


@dataclass(frozen=True)
class Word:
    """A word with its place in seconds; ``sure`` is how likely it is the right one, 0..1."""

    text: str
    start: float
    end: float
    sure: float


def word_times(model: Path, hint: str = "", threads: int = 2) -> Callable[[bytes], list[Word]]:
    """A listener with the Whisper model in the folder ``model``: from 8 kHz ``pcm`` to its words."""
    from faster_whisper import WhisperModel

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)

    def listen(pcm: bytes) -> list[Word]:
        samples = resample(samples_of(pcm), RATE, WHISPER_RATE).astype(np.float32) / 32768
        segments, _ = whisper.transcribe(
            samples,
            language="pl",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            initial_prompt=hint or None,
        )
        return [
            Word(word.word.strip(), word.start, word.end, word.probability)
            for segment in segments
            for word in segment.words or ()
            if word.word.strip()
        ]

    return listen
