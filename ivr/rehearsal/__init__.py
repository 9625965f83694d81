"""Rehearsals: calls written down as what the caller does and what is expected, played through the production session.

They are what ``dialplans/tests`` holds, what ``infolinia check`` runs and what the simulator saves. See
``docs/simulator.md``.
"""

from .run import Mismatch, Outcome, Stage, rehearse
from .script import Expect, Rehearsal, Step, load

__all__ = ["Expect", "Mismatch", "Outcome", "Rehearsal", "Stage", "Step", "load", "rehearse"]
