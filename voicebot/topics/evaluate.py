"""How well topics are recognised: figures, confusions, weak topics, phrases that stand in each other's way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .catalogue import NONE, CatalogueError, Phrase
from .model import softmax
from .train import Fit, likeness

CONFIDENT = 0.7
"""Confidence at which the dialogue takes a topic without asking."""

Ranking = Sequence[tuple[str, float]]
"""Labels with confidence, best first, as ``TopicRecogniser.predict`` gives them."""


@dataclass(frozen=True)
class Figures:
    """Shares of the utterances judged, 0..1. ``top1``…``top3``: in-scope ones whose label is among the first so many;
    ``false_acceptance``: out-of-scope ones taken for a topic; ``confident_wrong``: all that are wrong with at least
    ``CONFIDENT``; ``calibration_error``: expected calibration error over ten bins (Guo et al. 2017)."""

    utterances: int
    top1: float
    top2: float
    top3: float
    false_acceptance: float
    confident_wrong: float
    calibration_error: float
    confusions: tuple[tuple[str, str, int], ...]
    weakest: tuple[tuple[str, float, int], ...]


@dataclass(frozen=True)
class Overlap:
    """Two phrases of different labels that are nearly the same; ``likeness`` is a cosine."""

    first: Phrase
    second: Phrase
    likeness: float


def figures(truth: Sequence[str], rankings: Sequence[Ranking]) -> Figures:
    """Judges ``rankings`` by ``truth``. Raises ``ValueError`` for nothing to judge."""
    if not truth or len(truth) != len(rankings):
        raise ValueError(f"{len(truth)} labels for {len(rankings)} rankings")
    best = [ranking[0] for ranking in rankings]
    right = np.array([label == first for label, (first, _) in zip(truth, best, strict=True)])
    sure = np.array([confidence for _, confidence in best])
    inside = np.array([label != NONE for label in truth])

    def within(count: int) -> float:
        hits = [label in {name for name, _ in ranking[:count]} for label, ranking in zip(truth, rankings, strict=True)]
        return _share(np.array(hits)[inside])

    wrong = Counter((label, first) for label, (first, _) in zip(truth, best, strict=True) if label != first)
    sizes = Counter(truth)
    hits = Counter(label for label, is_right in zip(truth, right, strict=True) if is_right)
    weakest = sorted((hits[label] / size, label) for label, size in sizes.items())
    return Figures(
        utterances=len(truth),
        top1=within(1),
        top2=within(2),
        top3=within(3),
        false_acceptance=_share(~right[~inside]),
        confident_wrong=float((~right & (sure >= CONFIDENT)).mean()),
        calibration_error=calibration_error(sure, right),
        confusions=tuple((said, taken, count) for (said, taken), count in wrong.most_common()),
        weakest=tuple((label, share, sizes[label]) for share, label in weakest),
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean distance between confidence and share of right answers, over ``bins`` of equal width."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    parts = [place == at for at in range(bins)]
    return float(sum(abs(confidence[part].mean() - right[part].mean()) * part.mean() for part in parts if part.any()))


def unseen_rankings(fit: Fit) -> list[Ranking]:
    """What the model would say of its own phrases had it and its like been left out of training."""
    shares = softmax(fit.unseen * fit.model.scale)
    order = np.argsort(-shares, axis=1, kind="stable")[:, :3]
    return [[(fit.model.labels[at], float(row[at])) for at in top] for row, top in zip(shares, order, strict=True)]


def overlaps(fit: Fit, least: float = 0.8) -> list[Overlap]:
    """Pairs of phrases of different labels with a cosine of ``least`` and more, most alike first."""
    alike = likeness(fit.model.space, [phrase.text for phrase in fit.phrases])
    across = np.triu((alike >= least) & (fit.truth[:, None] != fit.truth[None, :]))
    pairs = [
        Overlap(fit.phrases[first], fit.phrases[second], float(alike[first, second]))
        for first, second in np.argwhere(across)
    ]
    return sorted(pairs, key=lambda pair: -pair.likeness)


def read_set(path: Path) -> list[tuple[str, str]]:
    """A set of labelled utterances: one ``label<tab>text`` a line. Raises ``CatalogueError`` for any other line."""
    pairs = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        label, tab, text = line.partition("\t")
        if not (label and tab and text.strip()):
            raise CatalogueError(f"{path}:{number}: expected `label<tab>text`")
        pairs.append((label, text))
    return pairs


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if hits.size else float("nan")
