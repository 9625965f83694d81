"""Dialplans: from YAML files to a checked ``Plan``; every fault with file, line, column and the mend, in Polish."""

from .compiled import compile_plan, program, read_compiled
from .load import Examined, PlanError, examine, files_of, load_plan
from .polish import guess
from .source import Fault

__all__ = [
    "Examined",
    "Fault",
    "PlanError",
    "compile_plan",
    "examine",
    "files_of",
    "guess",
    "load_plan",
    "program",
    "read_compiled",
]
