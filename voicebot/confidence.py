"""How sure a reading of a closed question is: the recogniser's confidence and the fit of the words, as a probability.

Recognisers' confidences are no probabilities, and each is wrong in its own way. ``CURVES`` holds a logistic curve an
ear, fitted by ``tools/calibrate_ears.py`` to answers over noisy lines; that tool says on what, and how well it holds.
"""

import math
from typing import NamedTuple


class Curve(NamedTuple):
    """``bias + heard * (confidence of the ear) + read * (fit of the words)``, through the logistic function."""

    bias: float
    heard: float
    read: float


CURVES: dict[str, Curve] = {"whisper": Curve(-3.502, 6.369, 0.532)}
"""None for Vosk: with the small model of tests the fit of the words alone is calibrated better than with a curve, and
that model errs otherwise than the one that an office has."""
LEAST, MOST = 0.02, 0.98


def probability(ear: str, heard: float, read: float) -> float:
    """The probability that a reading is what was meant. ``heard``: the ear's confidence; ``read``: how well the words
    fit (``understand.read_choice``). An ear without a curve (typed words): the fit of the words."""
    curve = CURVES.get(ear)
    if curve is None or read <= 0:
        return read
    score = curve.bias + curve.heard * heard + curve.read * read
    return min(max(1 / (1 + math.exp(-score)), LEAST), MOST)
