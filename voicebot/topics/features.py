"""What the recogniser counts in an utterance: words, stems and their pairs; letters; concepts; sounds."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise

from .normalise import normalise

STEM = 5
"""Letters kept of a word: Polish inflects at the end; five fold "samochód", "samochodem", "samochodu" together."""
GRAMS = (3, 4, 5)
SOUNDS = (4, 5, 6)


_NASAL = re.compile(r"(?<=[eo])[mn]$")
_PAIRS = re.compile(r"rz|sz|dz|ch|cz")
_ONE_FOR = {"rz": "s", "sz": "s", "dz": "s", "ch": "h", "cz": "c"}
_HEARD_ALIKE = str.maketrans("wzdgbvyjqu", "fstkpfiiko")
_DOUBLED = re.compile(r"([a-z])\1+")


def sound(tokens: Iterable[str]) -> str:
    """Roughly how ``tokens`` sound, without the gaps between them: an ear parts words where nobody did ("kara za" is
    "karaza"), takes "ę" for "em" and confuses voiced and voiceless, hard and soft consonants."""
    heard = (_PAIRS.sub(lambda found: _ONE_FOR[found.group()], _NASAL.sub("", token)) for token in tokens)
    return _DOUBLED.sub(r"\1", "".join(heard).translate(_HEARD_ALIKE))


class Extractor:
    """Counts features by block. ``lexicon`` maps a concept to beginnings of words; a beginning that ends in ``$`` is
    a whole word."""

    BLOCKS = ("word", "char", "concept", "sound")

    def __init__(self, lexicon: Mapping[str, Sequence[str]]) -> None:
        self.lexicon = {name: tuple(words) for name, words in lexicon.items()}
        self._whole: dict[str, list[str]] = {}
        self._beginnings: dict[str, list[str]] = {}
        for name, words in self.lexicon.items():
            for word in words:
                table = self._whole if word.endswith("$") else self._beginnings
                table.setdefault(word.rstrip("$"), []).append(name)
        self._longest = max(map(len, self._beginnings), default=0)

    def concepts(self, tokens: Iterable[str]) -> list[str]:
        """Concepts in ``tokens``, in order of their first word, each once."""
        found: dict[str, None] = {}
        for token in tokens:
            for name in self._whole.get(token, ()):
                found[name] = None
            for length in range(2, min(len(token), self._longest) + 1):
                for name in self._beginnings.get(token[:length], ()):
                    found[name] = None
        return list(found)

    def blocks(self, text: str) -> tuple[Counter[str], ...]:
        """Feature counts of ``text`` by block: words, letters, concepts, sounds."""
        tokens = normalise(text)
        stems = [token if token[0] == "_" or not token.isalpha() else token[:STEM] for token in tokens]
        words = Counter(f"w:{token}" for token in tokens)
        words.update(f"s:{stem}" for stem in stems)
        words.update(f"b:{first} {second}" for first, second in pairwise(stems))
        words.update(f"k:{first} {third}" for first, third in zip(stems, stems[2:], strict=False))
        letters: Counter[str] = Counter()
        for token in tokens:
            padded = f" {token} "
            for size in GRAMS:
                letters.update(f"c:{padded[at : at + size]}" for at in range(len(padded) - size + 1))
        heard = sound(tokens)
        sounds = Counter(f"f:{heard[at : at + size]}" for size in SOUNDS for at in range(len(heard) - size + 1))
        names = self.concepts(tokens)
        concepts = Counter(f"l:{name}" for name in names)
        concepts.update(f"p:{first} {second}" for first, second in combinations(sorted(names), 2))
        return words, letters, concepts, sounds
