"""How each known word is said: by itself, and the ways it was often said in sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from . import espeak

OFTEN = 0.15
SPELLED = {"w": [["v"], ["f"]], "z": [["z"], ["s"]]}
"""Single letters are words here, not names of letters."""

Pronunciation = tuple[str, ...]


def phone_set(words: Iterable[str]) -> list[str]:
    """All phones of ``words``, silence first."""
    found = {phone for word in words for phones in espeak.say(word).words for phone in phones}
    return [espeak.SILENCE, *sorted(found - {espeak.SILENCE})]


def lexicon(
    words: Iterable[str], heard: Counter[tuple[str, Pronunciation]], known: set[str]
) -> dict[str, list[Pronunciation]]:
    """One to three pronunciations a word, of ``known`` phones."""
    ways: dict[str, Counter[Pronunciation]] = defaultdict(Counter)
    for (word, said), times in heard.items():
        ways[word][said] += times
    found: dict[str, list[Pronunciation]] = {}
    for word in words:
        enough = max(2, OFTEN * ways[word].total())
        often = [said for said, times in ways[word].most_common(2) if times >= enough]
        alone = [tuple(phones) for phones in SPELLED.get(word, espeak.say(word).words[:1])]
        found[word] = [said for said in dict.fromkeys([*alone, *often]) if said and set(said) <= known][:3]
    return {word: said for word, said in found.items() if said}
