"""Dialplans: from YAML files to a checked ``Plan``; every fault with file, line, column and the mend, in Polish."""

from .load import PlanError, load_plan
from .source import Fault

__all__ = ["Fault", "PlanError", "load_plan"]
