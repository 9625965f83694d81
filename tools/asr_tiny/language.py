"""What is likely to be said: a bigram model with Witten-Bell back-off, as text arcs for OpenFst.

It serves the open question; a closed question brings a grammar of its own.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set

from .vocabulary import answers, number, topic_phrases

UNKNOWN = "[unk]"
START, END = "<s>", "</s>"
NUMBERS = 3000


def training_text(known: Set[str], seed: int) -> Iterator[list[str]]:
    """Sentences as word lists, words that are not ``known`` replaced by ``UNKNOWN``."""
    chance = random.Random(seed)
    said = [*topic_phrases(), *answers() * 5, *(number(chance) for _ in range(NUMBERS))]
    for sentence in said:
        yield [word if word in known else UNKNOWN for word in sentence.split()]


class Bigrams:
    """Probabilities of a word after another. Every known word has one, seen or not."""

    def __init__(self, known: Set[str], seed: int) -> None:
        self.after: dict[str, Counter[str]] = defaultdict(Counter)
        self.alone: Counter[str] = Counter((*known, END, UNKNOWN))
        for sentence in training_text(known, seed):
            for first, second in zip([START, *sentence], [*sentence, END], strict=True):
                self.after[first][second] += 1
                self.alone[second] += 1
        self._total = sum(self.alone.values())

    def unigram(self, word: str) -> float:
        return self.alone[word] / self._total

    def arcs(self, ids: Mapping[str, int]) -> Iterator[str]:
        """OpenFst's text of an acceptor over ``ids`` with weights -ln p. Its first line leaves the start state; an arc
        without a label backs off. A word after which little was seen shares the state of having none before."""
        states = {START: 0, "": 1}
        for word in sorted(self.after):
            if word != START and sum(self.after[word].values()) > 2:
                states[word] = len(states)
        for word, state in states.items():
            follow = self.after[word] if word else self.alone
            count, kinds = sum(follow.values()), len(follow)
            kept = count / (count + kinds) if word else 1.0
            back = 1.0
            for second in sorted(follow):
                chance = kept * follow[second] / count + ((1 - kept) * self.unigram(second) if word else 0.0)
                back -= self.unigram(second)
                weight = -math.log(chance)
                if second == END:
                    yield f"{state} {weight:.4f}"
                else:
                    yield f"{state} {states.get(second, 1)} {ids[second]} {ids[second]} {weight:.4f}"
            if word:
                yield f"{state} 1 0 0 {-math.log(max((1 - kept), 1e-6)):.4f}"
