"""Vosk inside a recogniser process: streaming, with a grammar made of the phrases of a closed question."""

import json
from pathlib import Path
from typing import Any

from .ear import Question, Utterance

RATE = 8000
UNKNOWN = "[unk]"


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
        recogniser.SetWords(True)
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
    """Vosk's final result; the confidence is the mean of its words', unknown words counting as nothing."""
    words = result.get("result", [])
    sure = sum(float(word["conf"]) for word in words if word["word"] != UNKNOWN)
    text = clean(str(result.get("text", "")))
    return Utterance(text, round(sure / len(words), 4) if words and text else 0.0)
