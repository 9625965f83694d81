"""The proof: what holds of every call through a plan, found by walking ``step`` itself. See ``docs/proof.md``."""

from .prove import LIMITS, PROPERTIES, Proof, Violation, prove

__all__ = ["LIMITS", "PROPERTIES", "Proof", "Violation", "prove"]
