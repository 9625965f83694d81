"""What is made of the answers of Vosk and Whisper."""

import math

import numpy as np
import pytest

from voicebot.ears import vosk, whisper
from voicebot.ears.choose import HINT
from voicebot.ears.ear import Utterance
from voicebot.ears.whisper import Reading


def reading(text: str, token: float = -0.2, whole: float = -1.0, silent: float = 0.1, ratio: float = 1.1) -> Reading:
    return Reading(text, token, whole, silent, ratio)


def test_whispers_readings_share_what_is_likely() -> None:
    heard = whisper.judge([reading("Tak", -0.5, -1.0), reading("Nie", -0.6, -2.0), reading("tak", -0.9, -3.0)])
    assert (heard.text, heard.confidence) == ("Tak", pytest.approx(0.6065, abs=1e-4))
    ((other, sure),) = heard.alternatives
    assert other == "Nie"
    assert sure == pytest.approx(0.6065 * math.exp(-1) / (1 + math.exp(-2)), abs=1e-4)


@pytest.mark.parametrize(
    "invented",
    [
        reading("Dzień dobry", -1.5, silent=0.9),
        reading("nie nie nie nie nie", ratio=3.0),
        reading("Napisy stworzone przez społeczność Amara.org"),
        reading("Dziękuję za uwagę"),
        reading(""),
    ],
)
def test_what_whisper_invents_is_nothing_heard(invented: Reading) -> None:
    assert whisper.judge([invented]) == whisper.judge([invented, reading("Tak")]) == Utterance("", 0.0)
    assert whisper.judge([reading("Tak"), invented]) == Utterance("Tak", pytest.approx(0.8187, abs=1e-4))


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("Dzień dobry, chcę zapytać o podatek od kupna samochodu", True),
        ("Dzień dobry, chcę zapytać o podatku", True),
        ("Gdzie jest mój zwrot", True),
        ("Gdzie jest moja deklaracja", False),
        ("Chcę zapytać, czy muszę płacić za prezent od babci", False),
        ("PIT", False),
        ("", False),
    ],
)
def test_what_stands_in_the_hint_is_no_proof_that_it_was_said(text: str, repeated: bool) -> None:
    assert whisper.repeats(text, HINT) is repeated


def test_two_readings_of_one_sound_agree_in_the_main() -> None:
    assert whisper.alike("chcę zapytać o podatek od kupna samochodu", "chcie zapytać o podatek od kupno samochodu")
    assert not whisper.alike("dzień dobry, chcę zapytać o podatek", "pięć złotych, dwadzieścia dwa złote")


def test_quiet_but_likely_speech_is_kept() -> None:
    assert whisper.judge([reading("Tak", -0.3, silent=0.8)]).text == "Tak"


@pytest.mark.parametrize(("seconds", "window"), [(1.0, 10.0), (8.0, 10.0), (11.0, 13.0), (29.0, 30.0), (31.0, 30.0)])
def test_whisper_looks_at_little_more_than_there_is(seconds: float, window: float) -> None:
    sound = np.ones((80, round(100 * seconds)))
    seen = whisper.window(sound, 10.0)
    assert seen.shape == (80, round(100 * window))
    assert seen.sum() == 80 * min(round(100 * seconds), 3000)


def vosk_result(*readings: tuple[str, float]) -> dict[str, object]:
    return {"alternatives": [{"text": text, "confidence": score} for text, score in readings]}


def test_vosk_confidence_counts_unknown_words_as_nothing() -> None:
    assert vosk.utterance(vosk_result(("tak [unk]", 90.0))) == Utterance("tak", 0.5)
    assert vosk.utterance(vosk_result(("[unk]", 90.0), ("tak", 80.0))) == Utterance("", 0.0)
    assert vosk.utterance(vosk_result(("", 0.0))) == vosk.utterance({"text": ""}) == Utterance("", 0.0)


def test_vosk_readings_share_what_is_likely() -> None:
    heard = vosk.utterance(vosk_result(("tak", 90.0), ("tak nie", 90.0), ("[unk] tak", 80.0)))
    assert heard.text == "tak"
    assert heard.confidence == pytest.approx(0.5, abs=0.01)
    assert heard.alternatives == (("tak nie", pytest.approx(0.5, abs=0.01)),)
    near, far = (vosk.utterance(vosk_result(("tak", 90.0), ("nie", score))) for score in (89.0, 70.0))
    assert near.confidence < far.confidence


def test_phrases_are_written_as_vosk_does() -> None:
    assert vosk.spoken("Warmińsko-Mazurskie!") == "warmińsko mazurskie"
