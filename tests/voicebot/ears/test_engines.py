"""What is made of the answers of Vosk and Whisper."""

from types import SimpleNamespace

import pytest

from voicebot.ears import vosk, whisper
from voicebot.ears.ear import Utterance


def segment(text: str, logprob: float = -0.2, silent: float = 0.1, ratio: float = 1.1) -> SimpleNamespace:
    return SimpleNamespace(text=text, avg_logprob=logprob, no_speech_prob=silent, compression_ratio=ratio)


def test_whisper_text_is_stripped_and_its_confidence_is_that_of_the_worst_segment() -> None:
    heard = whisper.judge([segment(" Gdzie jest mój zwrot?"), segment(" Podatku.", -0.5)])
    assert heard == Utterance("Gdzie jest mój zwrot Podatku", pytest.approx(0.6065, abs=1e-4))


@pytest.mark.parametrize(
    "invented",
    [
        segment(" Dzień dobry", -1.5, silent=0.9),
        segment(" nie nie nie nie nie", ratio=3.0),
        segment(" Napisy stworzone przez społeczność Amara.org"),
        segment(" Dziękuję za uwagę!"),
        segment(" ... "),
    ],
)
def test_what_whisper_invents_is_nothing_heard(invented: SimpleNamespace) -> None:
    assert whisper.judge([invented]) == Utterance("", 0.0)
    assert whisper.judge([invented, segment(" Tak.")]).text == "Tak"


def test_quiet_but_likely_speech_is_kept() -> None:
    assert whisper.judge([segment(" Tak.", -0.3, silent=0.8)]).text == "Tak"


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
