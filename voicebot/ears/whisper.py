"""Whisper inside a recogniser process: an utterance at a time, on the CPU, in 8-bit integers.

Whisper was made for windows of 30 s, and most of its time goes into those that are empty. Answers are short, so a
window is only as long as the answer and ``MARGIN`` more, and never shorter than ``SHORTEST``: below that it repeats
itself without end (``tools/bench_whisper.py`` measures it).

Whisper invents words when there are none, so it is given speech only (the turn taking sees to that) and its answers
are judged: unlikely text, endless repetition and the subtitles it was trained on are nothing heard. A reading that
repeats the hint counts only if the sound says so without the hint, too.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from voicebot.audio import RATE, resample, samples_of

from .ear import Question, Utterance

WHISPER_RATE = 16000
LONGEST = 20 * RATE * 2
FRAMES = 100
"""Frames of its features a second."""
WHOLE, SHORTEST, MARGIN = 30.0, 10.0, 2.0
"""Seconds of a window: what the model was made for; at least; more than there is sound."""
BEAM, READINGS = 5, 4
REPETITIVE = 2.4
SILENT = 0.6
UNLIKELY = -1.0
MAX_TOKENS = 112
PARROTED, ALIKE = 0.6, 60.0
_SUBTITLES = re.compile(r"amara\.org|napisy stworzone|za uwagę|za oglądanie|subskryb|zdjęcia i montaż", re.I)
_EDGES = " \t\n.,!?…;:–-\"'„”"
_WORD = re.compile(r"\w+")


class Reading(NamedTuple):
    """One text that Whisper finds: its log-likelihood a token and in all, how likely nobody speaks, and how well the
    text can be packed (what is repeated packs well)."""

    text: str
    token_logprob: float
    logprob: float
    silent: float
    ratio: float


class WhisperEngine:
    """One CTranslate2 Whisper model (a folder with ``model.bin``). ``hint`` is text that primes its vocabulary.
    ``shortest`` is the shortest window, in seconds."""

    def __init__(self, model: str, threads: int = 2, hint: str = "", shortest: float = SHORTEST) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = WhisperModel(
            model, device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
        self._tokens = Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language="pl")
        self._suppressed = get_suppressed_tokens(self._tokens, [-1])
        self._hint, self.shortest = hint, shortest
        self._streams: dict[int, tuple[Question, bytearray]] = {}
        self._read(np.zeros(WHISPER_RATE, np.float32), None)

    def begin(self, stream: int, question: Question) -> None:
        self._streams[stream] = (question, bytearray())

    def feed(self, stream: int, pcm: bytes) -> str | None:
        if stream in self._streams and len(self._streams[stream][1]) < LONGEST:
            self._streams[stream][1].extend(pcm)
        return None

    def end(self, stream: int) -> Utterance:
        question, sound = self._streams.pop(stream)
        samples = resample(samples_of(bytes(sound)), RATE, WHISPER_RATE).astype(np.float32) / 32768
        if not samples.size:
            return Utterance("", 0.0)
        readings = self._read(samples, self._prime(question))
        if readings and not question.closed and repeats(readings[0].text, self._hint):
            bare = self._read(samples, None)
            readings = readings if alike(readings[0].text, bare[0].text) else bare
        return judge(readings)

    def drop(self, stream: int) -> None:
        self._streams.pop(stream, None)

    def _read(self, samples: npt.NDArray[np.floating], prime: str | None) -> list[Reading]:
        """What ``samples`` (16 kHz, at most 20 s) may say after the text ``prime``, best first."""
        prompt = self._model.get_prompt(
            self._tokens, self._tokens.encode(" " + prime) if prime else [], without_timestamps=True
        )
        result = self._model.model.generate(
            self._model.encode(window(self._model.feature_extractor(samples), self.shortest)),
            [prompt],
            beam_size=BEAM,
            num_hypotheses=READINGS,
            max_length=len(prompt) + MAX_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )[0]
        return [
            self._reading(tokens, score, result.no_speech_prob)
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def _reading(self, tokens: Sequence[int], score: float, silent: float) -> Reading:
        from faster_whisper.transcribe import get_compression_ratio

        text = self._tokens.decode(tokens)
        whole = score * len(tokens)
        ratio = get_compression_ratio(text) if text else 0.0
        return Reading(text.strip(_EDGES), whole / (len(tokens) + 1), whole, silent, ratio)

    def _prime(self, question: Question) -> str | None:
        if question.closed:
            return "Odpowiedź: " + ", ".join(question.phrases[:40]) + "."
        return self._hint or None


def repeats(text: str, hint: str) -> bool:
    """Whether most of ``text`` stands in ``hint``, in pieces of two words and more: what Whisper says when it has
    understood nothing."""
    said, primed = _WORD.findall(text.lower()), _WORD.findall(hint.lower())
    known = set(pairwise(primed))
    there = [pair in known for pair in pairwise(said)]
    covered = sum(before or after for before, after in zip([False, *there], [*there, False], strict=True))
    return bool(there) and covered >= PARROTED * len(said)


def alike(text: str, other: str) -> bool:
    """Whether two readings of the same sound agree in the main."""
    return fuzz.ratio(text.lower(), other.lower()) >= ALIKE


def window(features: npt.NDArray[np.floating], shortest: float) -> npt.NDArray[np.floating]:
    """``features`` (one row a band) filled up to the window that is looked at."""
    size = features.shape[1]
    wanted = max(size + round(MARGIN * FRAMES), round(shortest * FRAMES))
    wanted = min(wanted + wanted % 2, round(WHOLE * FRAMES))
    return np.pad(features[:, :wanted], ((0, 0), (0, max(0, wanted - size))))


def judge(readings: Sequence[Reading]) -> Utterance:
    """Whisper's readings, best first, as one utterance; an empty one when they are not to be believed. Readings that
    differ in punctuation alone are one. What another reading is sure of follows from how much less likely it is."""
    kept = [reading for reading in readings if _credible(reading)]
    if not kept or not readings or kept[0] is not readings[0]:
        return Utterance("", 0.0)
    best = kept[0]
    sure = math.exp(best.token_logprob)
    texts, weights = dict[str, str](), dict[str, float]()
    for reading in kept:
        key = " ".join(_WORD.findall(reading.text.lower()))
        texts.setdefault(key, reading.text)
        weights[key] = weights.get(key, 0.0) + math.exp(min(reading.logprob - best.logprob, 0.0))
    (_, first), *others = weights.items()
    found = [(texts[key], round(sure * min(weight / first, 1.0), 4)) for key, weight in others]
    return Utterance(best.text, round(sure, 4), tuple(sorted(found, key=lambda reading: -reading[1])))


def _credible(reading: Reading) -> bool:
    return (
        bool(reading.text)
        and not (reading.silent > SILENT and reading.token_logprob < UNLIKELY)
        and reading.ratio <= REPETITIVE
        and not _SUBTITLES.search(reading.text)
    )
