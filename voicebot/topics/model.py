"""The model: what was taught, what each phrase of it says of each label, and the file it is kept in.

The file is a NumPy archive of plain arrays and one JSON text, read with ``allow_pickle=False``: loading a model can run
no code, wherever the file came from.
"""

import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .features import Extractor
from .normalise import normalise
from .precedence import ruled_out

FORMAT = 2
"""Raised whenever files written before can no longer be read."""

Floats = NDArray[np.float32]
Counts = NDArray[np.int32]

BEND = 1.0
"""How much more a phrase counts that is much alike than two that are half as alike: 0 would make the model linear."""


class ModelError(Exception):
    """A model file cannot be used; the text says why."""


class Space:
    """Where utterances live: the features known, what each is worth, and how blocks weigh against each other.

    A feature nobody taught still counts in the length of the vector, at ``novelty`` of the greatest worth: an
    utterance full of unknown words is far from everything, and its confidence is low.
    """

    def __init__(
        self,
        extractor: Extractor,
        index: Mapping[str, int],
        worth: Floats,
        weights: Sequence[float],
        novelty: float,
    ) -> None:
        self.extractor, self.index, self.worth = extractor, dict(index), worth
        self.weights, self.novelty = tuple(weights), novelty
        self._unknown = float(worth.max(initial=0.0)) * novelty

    @property
    def length(self) -> float:
        """What ``vector`` of a text gives with itself: the greatest likeness there is."""
        return sum(weight**2 for weight in self.weights)

    def vector(self, text: str) -> tuple[list[int], list[float]]:
        """Sparse coordinates of ``text``: indices and values. A model may weigh only the first of the blocks, as those
        stored before sounds were counted do."""
        indices: list[int] = []
        values: list[float] = []
        blocks = self.extractor.blocks(text)[: len(self.weights)]
        for block, weight in zip(blocks, self.weights, strict=True):
            self._block(block, weight, indices, values)
        return indices, values

    def _block(self, block: Counter[str], weight: float, indices: list[int], values: list[float]) -> None:
        known: list[tuple[int, float]] = []
        square = 0.0
        for name, count in block.items():
            at = self.index.get(name)
            value = (1.0 + math.log(count)) * (self._unknown if at is None else float(self.worth[at]))
            square += value * value
            if at is not None:
                known.append((at, value))
        length = math.sqrt(square)
        for at, value in known:
            indices.append(at)
            values.append(weight * value / length)


class Taught:
    """The phrases that taught, by feature: who has the feature, and how much of it. ``starts`` has one entry more than
    there are features; ``phrases`` and ``values`` lie between a feature's start and the next."""

    def __init__(self, starts: Counts, phrases: Counts, values: Floats, count: int) -> None:
        self.starts, self.phrases, self.values, self.count = starts, phrases, values, count

    def products(self, indices: Sequence[int], values: Sequence[float]) -> Floats:
        """Dot product of a sparse vector with each phrase."""
        spans = [slice(self.starts[at], self.starts[at + 1]) for at in indices]
        if not spans:
            return np.zeros(self.count, np.float32)
        who = np.concatenate([self.phrases[span] for span in spans])
        what = np.concatenate([self.values[span] * value for span, value in zip(spans, values, strict=True)])
        return np.bincount(who, what, minlength=self.count).astype(np.float32)


class Model:
    """Scores of labels for utterances, and the scale that turns them into probabilities. ``votes`` is phrases x labels:
    what each phrase says of each label, as much as an utterance is like it."""

    def __init__(
        self,
        space: Space,
        labels: Sequence[str],
        taught: Taught,
        votes: Floats,
        bias: Floats,
        scale: float,
        about: Mapping[str, Any],
    ) -> None:
        self.space, self.labels = space, tuple(labels)
        self.taught, self.votes, self.bias, self.scale = taught, votes, bias, scale
        self.about = dict(about)

    def scores(self, text: str) -> Floats:
        """One score a label, about 1 for what was taught and 0 for what was not."""
        alike = bent(self.taught.products(*self.space.vector(text)), self.space.length)
        # No matrix product: its threads wait for each other, which costs ten times the sum where others work too.
        scores: Floats = np.einsum("i,ij->j", alike, self.votes) + self.bias
        return scores - ruled_out(set(normalise(text)), self.labels)

    def probabilities(self, text: str) -> Floats:
        """Calibrated probability of each label; they sum to 1."""
        return softmax(self.scores(text) * self.scale)

    def save(self, path: Path) -> None:
        """Writes the model to ``path`` at once: a reader sees the whole file or none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {
            "format": FORMAT,
            "labels": self.labels,
            "features": list(self.space.index),
            "lexicon": self.space.extractor.lexicon,
            "weights": self.space.weights,
            "novelty": self.space.novelty,
            "scale": self.scale,
            "about": self.about,
        }
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                text = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8)
                np.savez(
                    file,
                    about=text,
                    worth=self.space.worth,
                    starts=self.taught.starts,
                    phrases=self.taught.phrases,
                    values=self.taught.values,
                    votes=self.votes,
                    bias=self.bias,
                )
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Raises ``ModelError`` when the file is missing, damaged or of another format."""
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                worth, votes, bias = file["worth"], file["votes"], file["bias"]
                taught = Taught(file["starts"], file["phrases"], file["values"], len(votes))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ModelError(f"{path}: not a topic model: {error}") from None
        if about.get("format") != FORMAT:
            raise ModelError(f"{path}: format {about.get('format')}, this program reads {FORMAT}: train it anew")
        index = {name: at for at, name in enumerate(about["features"])}
        whole = votes.shape == (taught.count, len(about["labels"])) and len(taught.starts) == len(index) + 1
        if not whole or not np.isfinite(votes).all() or taught.phrases.max(initial=0) >= taught.count:
            raise ModelError(
                f"{path}: damaged: votes {votes.shape}, {len(taught.starts)} starts, {len(index)} features"
            )
        space = Space(Extractor(about["lexicon"]), index, worth, about["weights"], about["novelty"])
        return cls(space, about["labels"], taught, votes, bias, about["scale"], about["about"])


def bent(products: Floats, length: float) -> Floats:
    """Likeness from dot products in place: an exponential kernel, 0 for 0 and ``length`` for ``length``."""
    products *= BEND / length
    np.expm1(products, out=products)
    products *= length / math.expm1(BEND)
    return products


def softmax(scores: Floats) -> Floats:
    """Along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares
