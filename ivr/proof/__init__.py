"""The proof: what holds of every call through a plan, found by walking ``step`` itself. See ``docs/proof.md``."""

from .bounds import Bounds
from .likeness import grown, letters, likeness, still_holds
from .prove import LIMITS, PROPERTIES, Proof, Violation, prove

__all__ = [
    "LIMITS",
    "PROPERTIES",
    "Bounds",
    "Proof",
    "Violation",
    "grown",
    "letters",
    "likeness",
    "prove",
    "still_holds",
]
