"""Whisper inside a recogniser process: an utterance at a time, on the CPU, in 8-bit integers.

Whisper invents words when there are none, so it is given speech only (the turn taking sees to that) and its answers
are judged: unlikely text, endless repetition and the subtitles it was trained on are nothing heard.
"""

import math
import re
from typing import Any

import numpy as np

from voicebot.audio import RATE, resample, samples_of

from .ear import Question, Utterance

WHISPER_RATE = 16000
LONGEST = 20 * RATE * 2
REPETITIVE = 2.4
SILENT = 0.6
UNLIKELY = -1.0
MAX_TOKENS = 112
_SUBTITLES = re.compile(r"amara\.org|napisy stworzone|za uwagę|za oglądanie|subskryb|zdjęcia i montaż", re.I)
_EDGES = " \t\n.,!?…;:–-\"'„”"


class WhisperEngine:
    """One CTranslate2 Whisper model (a folder with ``model.bin``). ``hint`` is text that primes its vocabulary."""

    def __init__(self, model: str, threads: int = 2, hint: str = "") -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            model, device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
        self._hint = hint
        self._streams: dict[int, tuple[Question, bytearray]] = {}
        self._transcribe(np.zeros(WHISPER_RATE, np.float32), None)

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
        return judge(self._transcribe(samples, question))

    def drop(self, stream: int) -> None:
        self._streams.pop(stream, None)

    def _transcribe(self, samples: Any, question: Question | None) -> list[Any]:
        segments, _ = self._model.transcribe(
            samples,
            language="pl",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            initial_prompt=self._prime(question),
            max_new_tokens=MAX_TOKENS,
        )
        return list(segments)

    def _prime(self, question: Question | None) -> str | None:
        if question is not None and question.closed:
            return "Odpowiedź: " + ", ".join(question.phrases[:40]) + "."
        return self._hint or None


def judge(segments: list[Any]) -> Utterance:
    """Whisper's segments as one utterance; an empty one when they are not to be believed."""
    kept = [
        segment
        for segment in segments
        if not (segment.no_speech_prob > SILENT and segment.avg_logprob < UNLIKELY)
        and segment.compression_ratio <= REPETITIVE
        and not _SUBTITLES.search(segment.text)
    ]
    text = " ".join(segment.text.strip(_EDGES) for segment in kept).strip()
    if not text:
        return Utterance("", 0.0)
    return Utterance(text, round(math.exp(min(segment.avg_logprob for segment in kept)), 4))
