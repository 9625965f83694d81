"""What a caller has been told so far, as far as a property asks for it: a few yes-or-no facts that travel with a state.

What a line announces is read from its words: which keys it offers ("jeden", "jedynkę"), the key for a person
("konsultant" and "zero"), the one while a number is entered ("konsultant" and "gwiazdkę"). A prompt ``automat`` or
``automat-…`` tells that this is a machine, when its words do (``ivr.dialogue.disclosure``).
"""

import re
from functools import lru_cache
from typing import NamedTuple

from ..dialogue.actions import Action, CheckPin, Line, RecallCheck
from ..dialogue.call import Call
from ..dialogue.disclosure import MACHINE, is_disclosure
from ..dialogue.events import Event, LookedUp, PinChecked
from ..dialogue.plan import Plan

_KEYS = {
    "1": r"jeden|jedynk\w+",
    "2": r"dwa|dwójk\w+",
    "3": r"trzy|trójk\w+",
    "4": r"cztery|czwórk\w+",
    "5": r"pięć|piątk\w+",
    "6": r"sześć|szóstk\w+",
    "7": r"siedem|siódemk\w+",
    "8": r"osiem|ósemk\w+",
    "9": r"dziewięć|dziewiątk\w+",
    "0": r"zer[oa]",
    "*": r"gwiazdk\w+",
    "#": r"krzyżyk\w*",
    "person": r"konsultan\w+",
    "hours": r"\{hours\}",
    "machine": MACHINE,
}
_ANNOUNCES = {key: re.compile(rf"(?<!\w)(?:{words}|{re.escape(key)})(?!\w)", re.I) for key, words in _KEYS.items()}


class Told(NamedTuple):
    """Facts of one call's past: ``machine``: that this is a machine; ``zero`` and ``star``: which keys lead to a person
    from a menu and from a number entry, or else when consultants answer and why not now; ``checked``: a check was
    positive (done, not told)."""

    machine: bool = False
    zero: bool = False
    star: bool = False
    checked: bool = False


@lru_cache(maxsize=20_000)
def announces(text: str) -> str:
    """What ``text`` announces: keys, ``person``, ``hours``, ``machine``; as one text to compare."""
    return " ".join(key for key, words in _ANNOUNCES.items() if words.search(text))


def keys_of(line: Line) -> frozenset[str]:
    """What ``line`` announces, as a set."""
    return frozenset(announces(line.text).split())


def told(before: Told, plan: Plan, event: Event, call: Call, actions: tuple[Action, ...]) -> Told:
    """The facts after ``event`` made ``call`` do ``actions``."""
    machine, zero, star, checked = before
    for action in actions:
        for line in getattr(action, "lines", ()):
            keys = keys_of(line)
            machine = machine or is_machine(line)
            hours = tells_hours(plan, event, line)
            zero = zero or hours or {"person", "0"} <= keys
            star = star or hours or {"person", "*"} <= keys
    return Told(machine, zero, star, checked or approves(call, event))


def is_machine(line: Line) -> bool:
    """Whether ``line`` tells that a machine speaks: the prompt that has to, in words that do."""
    return is_disclosure(line.prompt) and "machine" in keys_of(line)


def tells_hours(plan: Plan, event: Event, line: Line) -> bool:
    """Whether ``line`` tells when consultants answer, or the closure that keeps them from it."""
    if not line.variable:
        return False
    if isinstance(event, LookedUp) and event.found.get("closure") and line.text == event.found["closure"]:
        return True
    office, _, prompt = line.prompt.rpartition(".")
    return "{hours" in plan.for_office(office or None).prompts.get(prompt, "")


def approves(call: Call, event: Event) -> bool:
    """Whether ``event`` is a positive check that ``call`` asked for."""
    asked = call.pending[-1] if call.pending else None
    if not isinstance(event, PinChecked) or not isinstance(asked, CheckPin | RecallCheck):
        return False
    return event.verdict == "ok" and event.person is not None and event.check == asked.check
