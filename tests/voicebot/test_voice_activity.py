"""Speech is speech, and a tone is not."""

import numpy as np
import pytest

from voicebot.audio import FRAME_BYTES, RATE, pcm_of, silence
from voicebot.voice_activity import Loudness, Silero, VoiceActivity, Vowels, WebRtc, voice_activity
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


def heard(loudness: Loudness, amplitude: int, *, speaking: bool = False, under_prompt: bool = False) -> float:
    frame = np.full(160, amplitude, np.int16).tobytes()
    return loudness.judge(0.9, frame, speaking=speaking, under_prompt=under_prompt)


def test_a_voice_across_the_room_is_none_while_a_prompt_plays() -> None:
    assert heard(Loudness(), 300, under_prompt=True) == 0.0
    assert heard(Loudness(), 300) == 0.9
    near = Loudness()
    assert heard(near, 3000, under_prompt=True) == 0.9
    assert heard(near, 300, under_prompt=True) == 0.9, "the end of a near word"


def test_the_quiet_line_behind_an_answer_is_no_voice() -> None:
    loudness = Loudness()
    assert [heard(loudness, loud, speaking=True) for loud in (3000, 100, 20)] == [0.9, 0.9, 0.0]
    assert heard(loudness, 20) == 0.9, "nobody has begun"
    assert heard(Loudness(), 20, speaking=True) == 0.9, "all of it is faint"


def hum(size: int, hertz: float = 120.0) -> bytes:
    """A frame of a voice: its pitch and two overtones."""
    time = np.arange(160) / RATE
    return pcm_of((size * sum(np.sin(2 * np.pi * hertz * n * time) / n for n in (1, 2, 3))).astype(np.int16))


def hiss(size: int, seed: int = 3) -> bytes:
    return pcm_of(np.random.default_rng(seed).normal(0, size, 160).astype(np.int16))


@pytest.mark.parametrize(
    ("before", "frame", "begins"),
    [
        (hiss(300), hum(3000), True),
        (hiss(300), hum(3000, 260.0), True),
        (hiss(300), hiss(3000, 4), False),
        (hiss(300), hum(600), False),
        (hiss(3000), hum(3000), False),
    ],
    ids=["a voice", "a high voice", "a bang", "across the room", "no louder than before"],
)
def test_a_voice_that_sets_in_behind_fainter_sounds_is_told(before: bytes, frame: bytes, begins: bool) -> None:
    vowels = Vowels()
    assert not any(vowels.begins(before) for _ in range(12))
    assert vowels.begins(frame) is begins
