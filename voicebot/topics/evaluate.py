"""How well topics are recognised: figures, confusions, weak topics, phrases that stand in each other's way."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .catalogue import HUMAN, NONE, CatalogueError, Phrase, read_list
from .model import softmax
from .train import Fit, likeness

CONFIDENT = 0.75
"""Confidence at which the dialogue takes a topic without asking (``accept`` of the matter node)."""
OFFERED = 0.05
"""Confidence from which the second candidate is offered: "Chodzi o A czy o B?" (``rival``)."""
ASKED = 0.2
"""Confidence from which a lone candidate is asked about: "Czy chodzi o A?" (``doubt``)."""
BEHIND = 0.05
"""Confidence from which a topic behind ``__none__`` is asked about (``behind``)."""

Ranking = Sequence[tuple[str, float]]
"""Labels with confidence, best first, as ``TopicRecogniser.predict`` gives them."""


@dataclass(frozen=True)
class Figures:
    """Shares of the utterances judged, 0..1; ``nan`` where there was nothing to judge.

    Of utterances with one topic (``inside`` many): ``top1``…``top3``, the topic is among the first so many;
    ``handled``, it is taken or asked about in the first question. ``false_acceptance``: out-of-scope ones not refused
    (of ``outside``); ``human``: callers for a person who get one; ``both``: two matters, both right. Of all with at
    most one matter: ``confident_wrong``, wrong with at least ``CONFIDENT``; ``calibration_error``, expected calibration
    error over ten bins (Guo et al. 2017)."""

    utterances: int
    inside: int
    outside: int
    top1: float
    top2: float
    top3: float
    handled: float
    false_acceptance: float
    human: float
    both: float
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
    cases = list(zip(truth, rankings, strict=True))
    right = np.array([_same(label, ranking[0][0]) for label, ranking in cases])
    sure = np.array([ranking[0][1] for _, ranking in cases])
    two, outside, person = (
        np.array([test(label) for label in truth])
        for test in (lambda label: "|" in label, lambda label: label == NONE, lambda label: label == HUMAN)
    )
    inside = ~(two | outside | person)

    def within(count: int) -> float:
        hits = [label in {name for name, _ in ranking[:count]} for label, ranking in cases]
        return _share(np.array(hits)[inside])

    wrong = Counter((label, ranking[0][0]) for (label, ranking), good in zip(cases, right, strict=True) if not good)
    sizes = Counter(truth)
    hits = Counter(label for label, is_right in zip(truth, right, strict=True) if is_right)
    weakest = sorted((hits[label] / size, label) for label, size in sizes.items() if "|" not in label)
    return Figures(
        utterances=len(truth),
        inside=int(inside.sum()),
        outside=int(outside.sum()),
        top1=within(1),
        top2=within(2),
        top3=within(3),
        handled=_share(np.array([label in offered(ranking) for label, ranking in cases])[inside]),
        false_acceptance=_share(~right[outside]),
        human=_share(right[person]),
        both=_share(right[two]),
        confident_wrong=_share((~right & (sure >= CONFIDENT))[~two]),
        calibration_error=calibration_error(sure[~two], right[~two]),
        confusions=tuple((said, taken, count) for (said, taken), count in wrong.most_common()),
        weakest=tuple((label, share, sizes[label]) for share, label in weakest),
    )


def offered(ranking: Ranking) -> tuple[str, ...]:
    """What the dialogue's first question after an utterance leaves open: the topic taken, or the one or two asked
    about; nothing when it would ask openly again."""
    (first, sure), *others = ranking
    topics = [(label, share) for label, share in others if not label.startswith(("_", "ctl-"))]
    if first == NONE:
        return (topics[0][0],) if topics and topics[0][1] >= BEHIND else (first,)
    if sure >= CONFIDENT:
        return (first,)
    rival = next((label for label, share in topics if share >= OFFERED), None)
    if rival is not None and "|" not in first:
        return first, rival
    return (first,) if sure >= ASKED else ()


def grouped(
    utterances: Sequence[Phrase], rankings: Sequence[Ranking], group: Callable[[Phrase], str]
) -> dict[str, Figures]:
    """Figures of each group of ``utterances``, sorted by its name."""
    parts: dict[str, list[int]] = {}
    for at, utterance in enumerate(utterances):
        parts.setdefault(group(utterance), []).append(at)
    return {
        name: figures([utterances[at].label for at in parts[name]], [rankings[at] for at in parts[name]])
        for name in sorted(parts)
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean distance between confidence and share of right answers, over ``bins`` of equal width."""
    if not confidence.size:
        return float("nan")
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


def read_set(path: Path) -> list[Phrase]:
    """A set of labelled utterances, never taught. ``*.yaml``: a list ``utterances`` of mappings with ``text``,
    ``label`` and maybe ``style``; any other file: one ``label<tab>text`` a line. Raises ``CatalogueError`` for what is
    neither.
    """
    if path.suffix in (".yaml", ".yml"):
        return [_utterance(path, number, entry) for number, entry in enumerate(read_list(path, "utterances"), 1)]
    pairs = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        label, tab, text = line.partition("\t")
        if not (label and tab and text.strip()):
            raise CatalogueError(f"{path}:{number}: oczekiwano: etykieta, tabulator, wypowiedź")
        pairs.append(Phrase(text, label))
    return pairs


def strangers(utterances: Iterable[Phrase], labels: Collection[str]) -> list[str]:
    """Labels of ``utterances`` that nobody could recognise, for they are none of ``labels``; sorted."""
    return sorted({part for utterance in utterances for part in utterance.label.split("|")} - set(labels))


def _utterance(path: Path, number: int, entry: object) -> Phrase:
    fields = entry if isinstance(entry, dict) else {}
    text, label, style = fields.get("text"), fields.get("label"), fields.get("style", "")
    if not (isinstance(text, str) and isinstance(label, str) and isinstance(style, str)):
        raise CatalogueError(f"{path}: wypowiedź {number} musi mieć text i label: {entry!r}")
    return Phrase(text, label, style)


def _same(label: str, taken: str) -> bool:
    return set(label.split("|")) == set(taken.split("|"))


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if hits.size else float("nan")
