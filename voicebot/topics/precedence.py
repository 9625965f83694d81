"""The rules of precedence that a word decides alone (``dialplans/topics/precedence.yaml``: P3, P4).

All other rules are taught by phrases. These are not left to statistics: a caller who says "PCC" asks about PCC.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

STRONG = 0.8
"""Taken off the score of a topic that a word rules out: more than noise, less than a phrase said word for word."""
MILD = 0.2
"""Taken off the score of a topic whose own word is missing."""

_SERVICE = ("uslug", "uslud", "przygotowan", "logow", "zalog")
_RETURN = ("pit", "zeznan")
PROCEDURES = frozenset(
    f"pcc-{name}"
    for name in ("stawki", "termin", "przez-internet", "wlasciwy-urzad", "rachunek", "korekta", "spoznienie", "zwrot")
)
"""PCC topics about how, where and when: without the word PCC, or what was bought, nothing says they are about PCC."""


def prefix(label: str) -> str:
    """The family of a label: the part of a topic id before its first dash; the label itself for special labels."""
    return label if label.startswith("_") else label.split("-")[0]


def ruled_out(tokens: Collection[str], labels: Sequence[str]) -> NDArray[np.float32]:
    """What to take off each label's score, given the normalised ``tokens`` of an utterance."""
    family = np.array([prefix(label) for label in labels])
    if "pcc" in tokens:
        off = STRONG * (family != "pcc")
    elif "epit" in tokens:
        off = STRONG * (family != "epit")
    else:
        off = MILD * np.array([label in PROCEDURES for label in labels])
        if any(token.startswith(_RETURN) for token in tokens):
            off = np.maximum(off, STRONG * (family == "pcc"))
        if not any(token.startswith(_SERVICE) for token in tokens):
            off = np.maximum(off, MILD * (family == "epit"))
    return np.asarray(off, np.float32)
