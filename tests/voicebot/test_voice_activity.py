"""Speech is speech, and a tone is not."""

import numpy as np
import pytest

from voicebot.audio import FRAME_BYTES, RATE, pcm_of, silence
from voicebot.voice_activity import Silero, VoiceActivity, WebRtc, voice_activity
from voicebot.voices.espeak import Espeak

pytestmark = pytest.mark.anyio
TIME = np.arange(3 * RATE) / RATE


def voiced(detector: VoiceActivity, pcm: bytes) -> float:
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    return float(np.mean([detector.probability(frame) > 0.5 for frame in frames]))


def tone(*hertz: float) -> bytes:
    return pcm_of((5000 * sum(np.sin(2 * np.pi * each * TIME) for each in hertz)).astype(np.int16))


def noise() -> bytes:
    return pcm_of(np.random.default_rng(7).normal(0, 400, 3 * RATE).astype(np.int16))


async def test_speech_is_found() -> None:
    speech = await Espeak().render("Chcę zapytać o podatek od kupna samochodu.")
    assert voiced(voice_activity(), speech) > 0.7
    assert voiced(WebRtc(), speech) > 0.7


@pytest.mark.parametrize("sound", [silence(3), noise(), tone(697, 1209), tone(440), tone(440, 554, 659)])
def test_silence_noise_keys_and_chords_are_no_speech(sound: bytes) -> None:
    detector = voice_activity()
    assert isinstance(detector, Silero)
    assert voiced(detector, sound) < 0.05


async def test_speech_after_a_long_silence_is_found_as_well() -> None:
    speech = await Espeak().render("Gdzie jest mój zwrot podatku?")
    detector = voice_activity()
    assert voiced(detector, silence(5)) == 0
    assert voiced(detector, speech) > 0.6
