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


def test_vosk_confidence_counts_unknown_words_as_nothing() -> None:
    words = [{"word": "tak", "conf": 1.0}, {"word": "[unk]", "conf": 0.9}]
    assert vosk.utterance({"text": "tak [unk]", "result": words}) == Utterance("tak", 0.5)
    assert vosk.utterance({"text": "[unk]", "result": words[1:]}) == Utterance("", 0.0)
    assert vosk.utterance({"text": ""}) == Utterance("", 0.0)


def test_phrases_are_written_as_vosk_does() -> None:
    assert vosk.spoken("Warmińsko-Mazurskie!") == "warmińsko mazurskie"
