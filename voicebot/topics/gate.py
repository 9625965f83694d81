"""The regression gate: a new model goes live only if no topic that callers had before is recognised worse by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import Phrase
from .recogniser import TopicRecogniser

POINT = 0.01
"""Share by which an old topic may fall; on a set too small to show one point, one utterance."""


@dataclass(frozen=True)
class Fall:
    """How a label stands with the live model and the new one: right answers ``before`` and ``after``, of ``size``."""

    label: str
    before: int
    after: int
    size: int

    @property
    def refused(self) -> bool:
        """Whether the fall is more than a point and more than one utterance."""
        return self.before - self.after > max(POINT * self.size, 1)


def compare(live: TopicRecogniser, after: Mapping[str, int], utterances: Sequence[Phrase]) -> list[Fall]:
    """``live`` on ``utterances`` never taught and what the new model got right of them (``right``), label by label,
    greatest fall first; labels that ``live`` knows."""
    before = right(live, utterances)
    sizes = _count([utterance.label for utterance in utterances])
    falls = [
        Fall(label, before.get(label, 0), after.get(label, 0), size)
        for label, size in sizes.items()
        if label in live.model.labels
    ]
    return sorted(falls, key=lambda fall: (fall.after - fall.before, fall.label))


def right(recogniser: TopicRecogniser, utterances: Sequence[Phrase]) -> dict[str, int]:
    """How many of each label's ``utterances`` are decided rightly."""
    return _count([said.label for said in utterances if recogniser.decide(said.text).label == said.label])


def unproven(labels: Collection[str], utterances: Sequence[Phrase]) -> list[str]:
    """Labels of which ``utterances`` has none: nothing guards them."""
    return sorted(set(labels) - {utterance.label for utterance in utterances})


def _count(labels: Sequence[str]) -> dict[str, int]:
    return {label: labels.count(label) for label in dict.fromkeys(labels)}
