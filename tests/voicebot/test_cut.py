"""Recordings cut into utterances."""

import pytest

from tests.fakes.media import QUIET, VOICE
from voicebot.audio import seconds, silence
from voicebot.cut import utterances


class Loud:
    def probability(self, frame: bytes) -> float:
        return float(any(frame))


def test_silence_holds_no_utterance() -> None:
    assert utterances(silence(5), activity=Loud()) == []
    assert utterances(b"", activity=Loud()) == []


def test_utterances_are_cut_at_pauses_and_lose_nothing() -> None:
    pcm = QUIET * 50 + VOICE * 40 + QUIET * 10 + VOICE * 40 + QUIET * 60 + VOICE * 30
    first, second = utterances(pcm, activity=Loud())
    assert first.count(VOICE) == 80
    assert second.count(VOICE) == 30
    assert seconds(first) == pytest.approx(0.3 + 1.8 + 0.6, abs=0.05)


def test_an_endless_utterance_is_cut() -> None:
    pieces = utterances(VOICE * 50 * 40, activity=Loud())
    assert len(pieces) == 3
    assert all(seconds(piece) < 15.5 for piece in pieces)
