"""From a synthesiser's raw sound to a telephone prompt: band, loudness, edges."""

import numpy as np
import numpy.typing as npt

from voicebot.audio import RATE, Samples, pcm_of, resample, silence

BAND = (300.0, 3400.0)
LOUDNESS = -23.0
"""Integrated loudness in LUFS: EBU R128's target, measured as it says (ITU-R BS.1770, quiet stretches left out)."""
BLOCK = 0.4
"""Seconds that BS.1770 measures at once; a shorter line is measured as if it were repeated."""
PEAK = 10 ** (-1.5 / 20)
KNEE = 0.5
QUIET = -50.0
MARGIN = 0.04

Wide = npt.NDArray[np.float64]


def finish(samples: Samples, rate: int) -> bytes:
    """``samples`` of any rate as a prompt: 8 kHz, 300 to 3400 Hz, even loudness, 40 ms of silence at either end.
    Empty when there is nothing but silence."""
    sound = resample(samples, rate, RATE).astype(np.float64) / 32768
    if sound.size < RATE // 100:
        return b""
    # Imported here: it takes a second, and only rendering needs it.
    from scipy.signal import butter, sosfiltfilt

    sound = sosfiltfilt(butter(4, BAND, "bandpass", fs=RATE, output="sos"), sound)
    sound = _trimmed(sound)
    if not sound.size:
        return b""
    edge = silence(MARGIN)
    return edge + pcm_of((_levelled(sound) * 32767).astype(np.int16)) + edge


def _frames(sound: Wide) -> Wide:
    size = RATE // 100
    whole = sound[: len(sound) // size * size].reshape(-1, size)
    power: Wide = np.sqrt(np.mean(whole * whole, axis=1))
    return power


def _trimmed(sound: Wide) -> Wide:
    size = RATE // 100
    loud = np.flatnonzero(_frames(sound) > 10 ** (QUIET / 20))
    if not loud.size:
        return sound[:0]
    return sound[max(0, (loud[0] - 1) * size) : (loud[-1] + 2) * size]


def loudness(sound: Wide) -> float:
    """Integrated loudness of 8 kHz ``sound`` (full scale 1.0) in LUFS; minus infinity for silence."""
    from pyloudnorm import Meter

    short = int(2 * BLOCK * RATE) // max(1, len(sound)) + 1
    return float(Meter(RATE, block_size=BLOCK).integrated_loudness(np.tile(sound, short)))


def _levelled(sound: Wide) -> Wide:
    """Speech at ``LOUDNESS``; peaks bent softly, never clipped."""
    measured = loudness(sound)
    scaled = sound * 10 ** ((LOUDNESS - measured) / 20) if np.isfinite(measured) else sound
    size = np.abs(scaled)
    room = PEAK - KNEE
    bent: Wide = np.sign(scaled) * np.where(size <= KNEE, size, KNEE + room * np.tanh((size - KNEE) / room))
    return bent
