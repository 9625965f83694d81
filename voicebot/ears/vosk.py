"""Vosk inside a recogniser process: streaming, with a grammar made of the phrases of a closed question."""

import json
import math
from operator import itemgetter
from pathlib import Path
from typing import Any

from .ear import Question, Utterance

RATE = 8000
UNKNOWN = "[unk]"
READINGS = 5
SHARPNESS = 0.5
"""How much of a difference in Vosk's log-likelihoods counts: they add up frames as if each were news."""


class VoskEngine:
    """One Vosk model, a recogniser a stream. ``model`` is a folder (a language name would make Vosk download)."""

    def __init__(self, model: str) -> None:
        import vosk

        if not (Path(model) / "conf").is_dir():
            raise FileNotFoundError(f"{model} is not a Vosk model folder (there is no conf/ in it)")
        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._model = vosk.Model(model)
        self._streams: dict[int, Any] = {}
        self._partials: dict[int, str] = {}
        self._warm()

    def begin(self, stream: int, question: Question) -> None:
        known = [phrase for phrase in map(spoken, question.phrases) if phrase and self._knows(phrase)]
        if question.closed and known:
            grammar = json.dumps([*dict.fromkeys(known), UNKNOWN], ensure_ascii=False)
            recogniser = self._vosk.KaldiRecognizer(self._model, RATE, grammar)
        else:
            recogniser = self._vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetMaxAlternatives(READINGS)
        self._streams[stream] = recogniser
        self._partials[stream] = ""

    def feed(self, stream: int, pcm: bytes) -> str | None:
        recogniser = self._streams.get(stream)
        if recogniser is None:
            return None
        recogniser.AcceptWaveform(pcm)
        text = clean(json.loads(recogniser.PartialResult()).get("partial", ""))
        if text == self._partials[stream]:
            return None
        self._partials[stream] = text
        return text

    def end(self, stream: int) -> Utterance:
        recogniser = self._streams.pop(stream)
        del self._partials[stream]
        return utterance(json.loads(recogniser.FinalResult()))

    def drop(self, stream: int) -> None:
        self._streams.pop(stream, None)
        self._partials.pop(stream, None)

    def _knows(self, phrase: str) -> bool:
        return all(self._model.vosk_model_find_word(word) >= 0 for word in phrase.split())

    def _warm(self) -> None:
        recogniser = self._vosk.KaldiRecognizer(self._model, RATE)
        recogniser.AcceptWaveform(bytes(2 * RATE))
        recogniser.FinalResult()


def spoken(phrase: str) -> str:
    """A phrase as Vosk writes it: lower case words without punctuation."""
    return " ".join("".join(c if c.isalpha() else " " for c in phrase.lower()).split())


def clean(text: str) -> str:
    """Recognised text without the mark of unknown words."""
    return " ".join(word for word in text.split() if word != UNKNOWN)


def utterance(result: dict[str, Any]) -> Utterance:
    """Vosk's final result, best reading first. A reading's confidence is its share of the likelihood of all, times the
    part of its words that are known."""
    listed = [(str(one["text"]), float(one["confidence"])) for one in result.get("alternatives", ())]
    if not listed:
        return Utterance("", 0.0)
    best = max(score for _, score in listed)
    weights = [math.exp(SHARPNESS * (score - best)) for _, score in listed]
    found: dict[str, float] = {}
    for (text, _), weight in zip(listed, weights, strict=True):
        words = text.split()
        known = sum(word != UNKNOWN for word in words) / len(words) if words else 0.0
        found[clean(text)] = found.get(clean(text), 0.0) + known * weight / sum(weights)
    first = clean(listed[0][0])
    if not first:
        return Utterance("", 0.0)
    others = [(text, round(sure, 4)) for text, sure in found.items() if text not in ("", first)]
    return Utterance(first, round(found[first], 4), tuple(sorted(others, key=itemgetter(1), reverse=True)))
