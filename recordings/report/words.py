"""Word errors: what was heard against what was said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voicebot.proofreading import words_of


@dataclass(frozen=True)
class WordErrors:
    """``errors`` (words put in, left out or changed) in ``words`` that were said."""

    errors: int = 0
    words: int = 0

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(self.errors + other.errors, self.words + other.words)

    @property
    def rate(self) -> float | None:
        """Errors a word; None where nothing was said."""
        return self.errors / self.words if self.words else None


def word_errors(said: str, heard: str) -> WordErrors:
    """Case, accents and punctuation do not count; figures count as the words they are read as."""
    wanted = words_of(said)
    return WordErrors(Levenshtein.distance(wanted, words_of(heard)), len(wanted))


def marked(said: str, heard: str) -> list[tuple[str, bool]]:
    """The words of ``heard`` as written, each with whether it was said."""
    shown = re.findall(r"\S+", heard)
    keys = [" ".join(words_of(word)) for word in shown]
    right = _kept([" ".join(words_of(word)) for word in said.split()], keys)
    return [(word, place in right or not keys[place]) for place, word in enumerate(shown)]


def _kept(wanted: Sequence[str], found: Sequence[str]) -> set[int]:
    kept: set[int] = set()
    for block in Levenshtein.opcodes(wanted, found).as_matching_blocks():
        kept |= set(range(block.b, block.b + block.size))
    return kept
