"""Cutting words out of a sound: a tone of the same length lies where they were."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from voicebot.audio import RATE, pcm_of, samples_of
from voicebot.ears.word_times import Word
from voicebot.proofreading import words_of

from .findings import Found

MARGIN = 0.2
"""Seconds cut on each side of a word: the ear's times are no better."""
SURE = 0.5
TONE, LEVEL = 1000.0, 1200


def bleeped(pcm: bytes, spans: Sequence[tuple[float, float]]) -> bytes:
    """``pcm`` with a tone in each of ``spans`` (seconds)."""
    samples = samples_of(pcm).copy()
    for first, last in spans:
        start, end = max(0, round(first * RATE)), min(len(samples), round(last * RATE))
        if start < end:
            time = np.arange(end - start) / RATE
            samples[start:end] = (LEVEL * np.sin(2 * np.pi * TONE * time)).astype(np.int16)
    return pcm_of(samples)


def spans_of(text: str, found: Sequence[Found], heard: Sequence[Word]) -> list[tuple[float, float]] | None:
    """Where in the sound lies what was ``found`` in ``text``; None when the ear is not sure, so that all of it must go.

    A word of ``text`` lies where the ear heard it, or where the words around it leave room."""
    words = text.split()
    places = _aligned(words, heard)
    spans = []
    for one in found:
        first = len(text[: one.start].split())
        last = first + max(1, len(text[one.start : one.end].split())) - 1
        if one.start and not text[one.start - 1].isspace() and first:
            first -= 1
        around = [places.get(place) for place in range(first, last + 1)]
        if any(word is None or word.sure < SURE for word in around):
            return None
        known = [word for word in around if word is not None]
        spans.append((known[0].start - MARGIN, known[-1].end + MARGIN))
    return spans


def _aligned(words: Sequence[str], heard: Sequence[Word]) -> dict[int, Word]:
    """By place in ``words``, what the ear heard there: the same word, or another one in its stead."""
    keys = [" ".join(words_of(word)) or word for word in words]
    heard_keys = [" ".join(words_of(word.text)) or word.text for word in heard]
    places: dict[int, Word] = {}
    for code in Levenshtein.opcodes(keys, heard_keys):
        a, b, c, d = code.src_start, code.src_end, code.dest_start, code.dest_end
        if code.tag in ("equal", "replace") and b - a == d - c:
            places |= {a + step: heard[c + step] for step in range(b - a)}
    return places
