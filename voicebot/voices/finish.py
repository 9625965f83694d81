"""From a synthesiser's raw sound to a telephone prompt: band, loudness, edges."""

import numpy as np
import numpy.typing as npt

from voicebot.audio import RATE, Samples, pcm_of, resample, silence

BAND = (300.0, 3400.0)
LOUDNESS = -20.0
"""RMS of the speech itself, in dB of full scale."""
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


def _levelled(sound: Wide) -> Wide:
    """Speech at ``LOUDNESS``, measured where there is speech; peaks bent softly, never clipped."""
    power = _frames(sound)
    spoken = power[power > 0.1 * power.max()]
    gain = 10 ** (LOUDNESS / 20) / max(float(np.sqrt(np.mean(spoken * spoken))), 1e-6)
    scaled = sound * gain
    size = np.abs(scaled)
    room = PEAK - KNEE
    bent: Wide = np.sign(scaled) * np.where(size <= KNEE, size, KNEE + room * np.tanh((size - KNEE) / room))
    return bent
