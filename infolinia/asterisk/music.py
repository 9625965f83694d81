"""Music for those who wait, synthesised: slow broken chords of soft tones. Made by this file alone, so nobody holds a
right to it and nobody must be paid. Seamless: the last tone fades before the file begins again.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .conf import replace_file

RATE = 8000
BEAT = 0.75
LEVEL = 0.16
"""Peak of full scale: waiting callers must hear announcements above the music."""

CHORDS = (
    (220.00, 261.63, 329.63, 440.00), (174.61, 220.00, 261.63, 349.23), (196.00, 246.94, 293.66, 392.00),
    (164.81, 196.00, 246.94, 329.63), (174.61, 220.00, 261.63, 440.00), (146.83, 220.00, 293.66, 349.23),
    (196.00, 246.94, 293.66, 493.88), (261.63, 329.63, 392.00, 523.25),
)  # fmt: skip
PATTERN = (0, 1, 2, 3, 2, 1, 2, 1)


def synthesise() -> bytes:
    """48 seconds, 8 kHz signed 16-bit little-endian mono."""
    beat = int(BEAT * RATE)
    sound = np.zeros(beat * len(PATTERN) * len(CHORDS) + 4 * RATE)
    for bar, chord in enumerate(CHORDS):
        for place, tone in enumerate(PATTERN):
            start = (bar * len(PATTERN) + place) * beat
            sound[start : start + 3 * RATE] += _tone(chord[tone])
        low = _tone(chord[0] / 2, length=4.0)
        sound[bar * len(PATTERN) * beat :][: len(low)] += 0.6 * low
    end = beat * len(PATTERN) * len(CHORDS)
    sound[: len(sound) - end] += sound[end:]
    sound = sound[:end] / np.abs(sound[:end]).max() * LEVEL * 32767
    return bytes(sound.astype("<i2").tobytes())


def _tone(frequency: float, length: float = 3.0) -> NDArray[np.float64]:
    time = np.arange(int(length * RATE)) / RATE
    swell = (1 - np.exp(-time / 0.03)) * np.exp(-time / (length / 3.5)) * (1 - time / length)
    overtones = np.sin(2 * np.pi * frequency * time) + 0.25 * np.sin(4 * np.pi * frequency * time)
    return np.asarray(swell * overtones, dtype=np.float64)


def prepare(moh: Path) -> None:
    """Put the music into ``moh``, unless the office keeps music of its own there."""
    moh.mkdir(parents=True, exist_ok=True)
    if not any(moh.iterdir()):
        replace_file(moh / "infolinia.sln", synthesise())
