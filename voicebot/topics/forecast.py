"""What a new set of topics would do to recognition, told before it goes live."""

from collections.abc import Sequence
from dataclasses import dataclass

from .catalogue import Catalogue
from .evaluate import Figures, Overlap, figures, overlaps, unseen_rankings
from .train import Fit, train


@dataclass(frozen=True)
class Change:
    """Cross-validated share of a label's phrases recognised ``before`` and ``after``; None where it is not there."""

    label: str
    before: float | None
    after: float | None

    @property
    def fall(self) -> float:
        """How much the label loses, 0..1; 0 for a new or a dropped one."""
        return 0.0 if self.before is None or self.after is None else self.before - self.after


@dataclass(frozen=True)
class Forecast:
    """``before`` and ``after`` of the whole; ``changes`` by label, greatest fall first; ``overlaps`` of the new set
    that touch a phrase which the old one does not have, or whose label is new."""

    before: Figures
    after: Figures
    changes: tuple[Change, ...]
    overlaps: tuple[Overlap, ...]


def forecast(now: Catalogue, then: Catalogue, least: float = 0.75) -> Forecast:
    """Trains on both catalogues and compares what each would say of its phrases unseen. Takes twice the training."""
    old, new = train(now, ""), train(then, "")
    before, after = _judged(old), _judged(new)
    shares_before, shares_after = _shares(before), _shares(after)
    changes = [
        Change(label, shares_before.get(label), shares_after.get(label))
        for label in sorted(shares_before.keys() | shares_after.keys())
    ]
    known = {(phrase.text, phrase.label) for phrase in now.phrases}
    touching = [
        pair
        for pair in overlaps(new, least)
        if (pair.first.text, pair.first.label) not in known or (pair.second.text, pair.second.label) not in known
    ]
    return Forecast(before, after, tuple(sorted(changes, key=lambda change: -change.fall)), tuple(touching))


def _judged(fit: Fit) -> Figures:
    return figures([phrase.label for phrase in fit.phrases], unseen_rankings(fit))


def _shares(found: Figures) -> dict[str, float]:
    weakest: Sequence[tuple[str, float, int]] = found.weakest
    return {label: share for label, share, _ in weakest}
