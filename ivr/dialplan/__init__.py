"""Dialplans: from YAML files to a checked ``Plan``; every fault with file, line, column and the mend, in Polish."""

from .load import Examined, PlanError, examine, load_plan
from .polish import guess
from .source import Fault

__all__ = ["Examined", "Fault", "PlanError", "examine", "guess", "load_plan"]
