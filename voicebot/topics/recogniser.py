"""The recogniser of topics: words in, labels with calibrated confidence out."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .catalogue import HUMAN, NONE, digest, load_catalogue
from .matters import two_matters
from .model import Model
from .normalise import normalise
from .person import beside_request
from .versions import KEPT

CONTROLS = frozenset({NONE, HUMAN, "ctl-powtorz", "ctl-nie-wiem", "ctl-rezygnacja"})
TWO = 0.45
"""Least confidence at which two matters are read from one utterance."""

BESIDE = 0.5
"""Least confidence at which a matter named beside asking for a person is taken for what the call is about."""


@dataclass(frozen=True)
class Decision:
    """What an utterance is taken for. ``label`` is a topic id, ``__none__``, ``__human__`` or ``a|b``; ``others`` the
    next candidates, best first; ``masked`` says that a recognised topic is out of season or not offered here."""

    label: str
    confidence: float
    others: tuple[tuple[str, float], ...]
    masked: bool

    def tabbed(self) -> str:
        """Six columns: decision, confidence, and the next two candidates with theirs."""
        cells = [(self.label, self.confidence), *self.others[:2]]
        return "\t".join(f"{label}\t{confidence:.4f}" for label, confidence in cells)


class TopicRecogniser:
    """A trained model at work. Holds no state between utterances; may be shared by threads."""

    def __init__(self, model: Model, name: str = "") -> None:
        self.model, self.name = model, name

    @classmethod
    def load(cls, path: Path) -> "TopicRecogniser":
        """``name`` then tells journals which model it is: ``version-3`` of those deployed, else the file's name, which
        carries the digest of what taught it. Raises ``ModelError`` when the file is missing, damaged or of another
        format."""
        return cls(Model.load(path), name_of(path))

    def predict(self, text: str) -> list[tuple[str, float]]:
        """Labels with calibrated confidence, best first; ``a|b`` heads the list when two matters were heard, its
        single matters right behind it, neither of them with less than any other has. Silence is ``__none__`` with
        confidence 1."""
        if not normalise(text):
            return [
                (label, float(label == NONE)) for label in sorted(self.model.labels, key=lambda label: label != NONE)
            ]
        ranked = self._with_matter(text, self._rank(text))
        two = two_matters(text, lambda piece: self._rank(piece)[0], lambda label: label not in CONTROLS, dict(ranked))
        if two is None or two.confidence < TWO:
            return ranked
        left = 1.0 - two.confidence
        parts = {two.first, two.second}
        least = max((share for label, share in ranked if label not in parts), default=0.0)
        weights = [(label, max(share, least) if label in parts else share) for label, share in ranked]
        total = sum(weight for _, weight in weights)
        singles = sorted(weights, key=lambda pair: (-pair[1], pair[0] not in parts))
        spread = [(label, weight / total * left) for label, weight in singles]
        return [(f"{two.first}|{two.second}", two.confidence), *spread]

    def decide(self, text: str, masked: Collection[str] = ()) -> Decision:
        """The best reading. A topic in ``masked`` is recognised all the same, and marked."""
        (label, confidence), *others = self.predict(text)
        return Decision(label, confidence, tuple(others[:4]), any(part in masked for part in label.split("|")))

    def _with_matter(self, text: str, ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """``ranked``, or the reading of what was said beside asking for a person, when that is a matter."""
        rest = beside_request(text) if ranked[0][0] == HUMAN else ""
        if not rest:
            return ranked
        matter = self._rank(rest)
        return matter if matter[0][0] not in CONTROLS and matter[0][1] >= BESIDE else ranked

    def _rank(self, text: str) -> list[tuple[str, float]]:
        shares = self.model.probabilities(text)
        return [(self.model.labels[at], float(shares[at])) for at in np.argsort(-shares, kind="stable")]


def name_of(path: Path) -> str:
    """What a model's file is called in journals."""
    return f"version-{path.parent.name}" if path.parent.parent.name == KEPT else path.stem


def ensure_model(dialplans: Path, cache: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """File of the model taught by the catalogue in ``dialplans``, trained now (under a minute) unless ``cache`` has it.

    The file's name carries the digests of everything that taught it and of the program that did, so a changed phrase or
    rule makes another file. Two processes that train at once make the same file. ``say`` is told, in Polish, when
    training begins. Raises ``CatalogueError``.
    """
    data = digest(dialplans)
    path = cache / f"topics-{data[:16]}-{_program()}.npz"
    if not path.is_file():
        from .train import train  # SciPy and the YAML reader are slow to import: only training pays

        say("Uczę rozpoznawania tematów, to potrwa do minuty…")
        train(load_catalogue(dialplans), data).model.save(path)
    return path


def _program() -> str:
    """Digest of this package's own code: what it makes of the same phrases may change with it."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()[:8]
