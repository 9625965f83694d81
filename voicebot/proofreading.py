"""Whether a rendered or recorded prompt says its numbers and key words so that a recogniser understands them."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from num2words import num2words

from .numerals import fold

DIGITS = frozenset(fold(num2words(number, lang="pl")) for number in range(21))
KEY_WORDS = frozenset(
    "tak nie konsultant konsultantem krzyzyk krzyzykiem gwiazdka gwiazdke gwiazdki nip pesel".split()  # noqa: SIM905
)
"""What a caller must not mishear, besides numbers."""


@dataclass(frozen=True)
class Proof:
    """``missing``: key words of the line that were not heard. ``share``: how much of all its words was."""

    missing: tuple[str, ...]
    share: float


def words_of(text: str) -> list[str]:
    """The folded words of ``text``, figures spelled out ("37" is "trzydzieści siedem", as a voice says it)."""
    spelled = re.sub(r"\d+", lambda found: f" {num2words(int(found.group()), lang='pl')} ", text)
    return re.findall(r"[a-z]+", fold(spelled))


def proof(text: str, heard: str, key_words: Collection[str] = DIGITS | KEY_WORDS) -> Proof:
    """``heard`` against ``text`` as it is to be said (names already spelled by the lexicon). Order does not count."""
    wanted, found = Counter(words_of(text)), Counter(words_of(heard))
    missing = wanted - found
    lost = [word for word, times in missing.items() for _ in range(times)]
    share = 1 - len(lost) / max(1, wanted.total())
    return Proof(tuple(word for word in lost if word in key_words), round(share, 3))
