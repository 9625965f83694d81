"""Trains the model: kernel ridge regression on one-hot labels, solved exactly in the space of phrases.

The inverse of the kernel matrix also gives, at no further cost, what the model would say of each phrase had it, and
all phrases like it, never been taught (leave-one-cluster-out; Rifkin and Lippert, "Notes on regularized least
squares", 2007). Probabilities are calibrated on those.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri
from scipy.optimize import minimize

from .catalogue import NONE, Catalogue, Phrase
from .features import Extractor
from .model import Floats, Model, Space, Taught, bent, softmax
from .normalise import normalise
from .precedence import prefix, ruled_out


@dataclass(frozen=True)
class Recipe:
    """How to train. ``weights``: words, letters, concepts, sounds; ``ridge``: regularisation; ``alike``: cosine from
    which two phrases of one label count as one when probabilities are calibrated; ``family``: how much of what all
    topics of one family score together each of them gets besides; ``caution``: how many out-of-scope utterances one of
    them stands for when probabilities are calibrated: to take it for a topic is worse than to ask once more."""

    weights: tuple[float, ...] = (1.0, 1.0, 0.5, 1.0)
    ridge: float = 0.6
    novelty: float = 0.5
    rarest: int = 2
    alike: float = 0.55
    family: float = 0.5
    caution: float = 2.0


RECIPE = Recipe()
BLOCK = 512
"""Rows worked on at a time: what is made in between stays small."""


@dataclass(frozen=True)
class Fit:
    """A trained model with what it would have said of its own phrases unseen: ``unseen`` is phrases x labels."""

    model: Model
    phrases: tuple[Phrase, ...]
    unseen: Floats
    truth: NDArray[np.int64]


def fit(
    phrases: Sequence[Phrase],
    lexicon: Mapping[str, Sequence[str]],
    recipe: Recipe = RECIPE,
    about: Mapping[str, str] | None = None,
) -> Fit:
    """Trains on ``phrases``. Deterministic: the same phrases in the same order give the same model."""
    labels = sorted({phrase.label for phrase in phrases})
    place = {label: at for at, label in enumerate(labels)}
    truth = np.array([place[phrase.label] for phrase in phrases])
    space, rows = _space([phrase.text for phrase in phrases], lexicon, recipe)
    kernel = products(rows)
    clusters = _clusters(kernel, space.length, truth, recipe.alike)
    targets = np.zeros((len(phrases), len(labels)), np.float32)
    targets[np.arange(len(phrases)), truth] = 1.0
    kernel = bent(kernel, space.length)
    kernel += 1.0
    kernel[np.diag_indices_from(kernel)] += (recipe.ridge / _shares(truth)).astype(np.float32)
    inverse = _inverse(kernel)
    targets = targets @ _families(labels, recipe.family)
    dual = inverse @ targets
    unseen = _left_out(inverse, dual, targets, clusters)
    unseen -= np.stack([ruled_out(set(normalise(phrase.text)), labels) for phrase in phrases])
    outside = np.array([label == NONE for label in labels])
    scale, start = calibrate(unseen, truth, outside, recipe.caution)
    ahead = (start * outside).astype(np.float32)
    unseen += ahead
    model = Model(
        space,
        labels,
        _by_feature(rows),
        dual,
        dual.sum(axis=0) + ahead,
        scale,
        about or {},
    )
    return Fit(model, tuple(phrases), unseen, truth)


def _inverse(kernel: Floats) -> Floats:
    """Of a symmetric positive matrix, through its Cholesky factor: half the work of a general inverse, in single
    precision, which the ridge on the diagonal allows. ``kernel`` is used up."""
    factor, _ = spotrf(kernel.T, lower=True, clean=True, overwrite_a=True)
    inverse, fault = spotri(factor, lower=True, overwrite_c=True)
    if fault:
        raise ValueError("the phrases give a matrix without an inverse: `ridge` is too small")
    for first in range(0, len(inverse), BLOCK):
        past = first + BLOCK
        inverse[first:past, past:] = inverse[past:, first:past].T
        corner = inverse[first:past, first:past]
        corner += np.tril(corner, -1).T
    return np.asarray(inverse, np.float32)


def _by_feature(rows: sp.csr_matrix) -> Taught:
    columns = rows.tocsc()
    columns.sort_indices()
    return Taught(
        columns.indptr.astype(np.int32),
        columns.indices.astype(np.int32),
        columns.data.astype(np.float32),
        rows.shape[0],
    )


def train(catalogue: Catalogue, data: str, recipe: Recipe = RECIPE) -> Fit:
    """Trains on all phrases of ``catalogue``; ``data`` is the digest that the model carries."""
    return fit(catalogue.phrases, catalogue.lexicon, recipe, {"data": data, "phrases": str(len(catalogue.phrases))})


def calibrate(
    scores: Floats, truth: NDArray[np.int64], outside: NDArray[np.bool_], caution: float
) -> tuple[float, float]:
    """The scale of scores (temperature scaling; Guo et al. 2017) and the start that labels ``outside`` our scope get,
    under which the true labels are likeliest. An out-of-scope utterance counts ``caution`` times."""
    rows = np.arange(len(truth))
    weight = np.where(outside[truth], caution, 1.0)

    def loss(guess: NDArray[np.float64]) -> float:
        scale, start = np.exp(guess[0]), guess[1]
        shares = softmax((scores + start * outside) * scale)[rows, truth]
        return float(-(np.log(shares + 1e-12) * weight).mean())

    found = minimize(loss, np.array([2.5, 0.1]), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6})
    return float(np.exp(found.x[0])), float(found.x[1])


def _space(texts: Sequence[str], lexicon: Mapping[str, Sequence[str]], recipe: Recipe) -> tuple[Space, sp.csr_matrix]:
    extractor = Extractor(lexicon)
    counts: Counter[str] = Counter()
    for text in texts:
        for block in extractor.blocks(text):
            counts.update(block.keys())
    kept = sorted(name for name, count in counts.items() if count >= recipe.rarest)
    worth = np.array([1.0 + np.log((1 + len(texts)) / (1 + counts[name])) for name in kept], np.float32)
    space = Space(extractor, {name: at for at, name in enumerate(kept)}, worth, recipe.weights, recipe.novelty)
    return space, _rows(space, texts)


def _rows(space: Space, texts: Sequence[str]) -> sp.csr_matrix:
    pointers: list[int] = [0]
    indices: list[int] = []
    values: list[float] = []
    for text in texts:
        where, what = space.vector(text)
        indices += where
        values += what
        pointers.append(len(indices))
    return sp.csr_matrix((values, indices, pointers), shape=(len(texts), len(space.index)))


def products(rows: sp.csr_matrix) -> Floats:
    """Dot products of all rows with all. Some rows at a time: a sparse matrix of all of them, nearly full as it is,
    would take three times the memory of the result."""
    found = np.empty((rows.shape[0], rows.shape[0]), np.float32)
    columns = rows.T.tocsr()
    for first in range(0, len(found), BLOCK):
        found[first : first + BLOCK] = (rows[first : first + BLOCK] @ columns).toarray()
    return found


def likeness(space: Space, texts: Sequence[str]) -> Floats:
    """Cosines between all ``texts`` as the model sees them."""
    found = products(_rows(space, texts))
    found /= space.length
    return found


def _families(labels: Sequence[str], share: float) -> Floats:
    """Maps scores of labels to scores that lean on their families: who surely asks about PCC asks about no e-PIT."""
    names = np.array([prefix(label) for label in labels])
    return np.asarray(np.eye(len(labels)) + share * (names[:, None] == names[None, :]), np.float32)


def _shares(truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each phrase: phrases of a large class count a little less each, so that it does not swallow others."""
    sizes = np.bincount(truth)
    return np.asarray(np.sqrt(np.median(sizes[sizes > 0]) / sizes)[truth], np.float64)


def _clusters(kernel: Floats, length: float, truth: NDArray[np.int64], alike: float) -> list[NDArray[np.int64]]:
    """Phrases of one label that are alike, directly or through others; ``kernel`` / ``length`` are their cosines."""
    parts = []
    for first in range(0, len(truth), BLOCK):
        part = slice(first, first + BLOCK)
        same = truth[part, None] == truth[None, :]
        parts.append(sp.csr_matrix((kernel[part] / length >= alike) & same))
    linked = sp.vstack(parts, "csr")
    _, member = sp.csgraph.connected_components(linked, directed=False)
    order = np.argsort(member, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(member[order])) + 1)


def _left_out(inverse: Floats, dual: Floats, targets: Floats, clusters: Sequence[NDArray[np.int64]]) -> Floats:
    """What each phrase would score had its cluster been left out of training."""
    scores = np.empty_like(targets)
    for cluster in clusters:
        scores[cluster] = targets[cluster] - np.linalg.solve(inverse[np.ix_(cluster, cluster)], dual[cluster])
    return scores
