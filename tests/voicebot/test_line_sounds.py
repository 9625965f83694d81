"""Music, beeps and distortion, made here and told apart."""

import numpy as np
import numpy.typing as npt
import pytest

from voicebot.audio import FRAME_BYTES, RATE, pcm_of
from voicebot.line_sounds import LineSounds

Sound = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(7)


def time(seconds: float) -> Sound:
    return np.arange(round(seconds * RATE)) / RATE


def melody(seconds: float) -> Sound:
    """Chords that change every half second, as a telephone exchange plays."""
    chords = [(262, 330, 392), (294, 349, 440), (247, 294, 392), (262, 330, 523)]
    parts = [sum(np.sin(2 * np.pi * tone * time(0.5)) for tone in chords[n % 4]) for n in range(round(seconds * 2))]
    return np.concatenate(parts) * 2500


def noise(seconds: float) -> Sound:
    return RANDOM.normal(0, 2000, round(seconds * RATE))


def tone(seconds: float, hertz: float = 1000) -> Sound:
    return np.sin(2 * np.pi * hertz * time(seconds)) * 8000


def fed(sounds: LineSounds, sound: Sound, probability: float = 0.0) -> LineSounds:
    pcm = pcm_of(np.clip(sound, -32768, 32767).astype(np.int16))
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        sounds.feed(pcm[at : at + FRAME_BYTES], probability)
    return sounds


def test_music_that_lasts_is_music_and_noise_silence_or_speech_are_not() -> None:
    assert not fed(LineSounds(), melody(3.5)).music
    assert fed(LineSounds(), melody(4.5)).music
    assert not fed(LineSounds(), noise(6)).music
    assert not fed(LineSounds(), np.zeros(RATE * 6)).music
    assert not fed(LineSounds(), melody(6), probability=0.9).music


def test_music_is_over_when_it_stops() -> None:
    sounds = fed(LineSounds(), melody(6))
    assert not fed(sounds, np.zeros(RATE * 2)).music


def test_a_beep_after_a_monologue_is_a_machine() -> None:
    assert fed(fed(LineSounds(), noise(4), 0.9), tone(0.4)).machine
    assert fed(fed(fed(LineSounds(), noise(4), 0.9), np.zeros(RATE)), tone(0.4, 1400)).machine


@pytest.mark.parametrize("spoken", [0.0, 1.5])
def test_a_beep_alone_is_no_machine(spoken: float) -> None:
    assert not fed(fed(LineSounds(), noise(spoken), 0.9), tone(0.5)).machine


def test_noise_after_a_monologue_is_no_machine() -> None:
    assert not fed(fed(LineSounds(), noise(4), 0.9), noise(2)).machine
    assert not fed(fed(LineSounds(), noise(4), 0.9), melody(2)).machine


def test_clipped_speech_is_too_loud_until_it_is_forgotten() -> None:
    sounds = fed(LineSounds(), noise(1) * 20, 0.9)
    assert sounds.too_loud
    sounds.forget()
    assert not fed(sounds, noise(1), 0.9).too_loud
