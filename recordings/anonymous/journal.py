"""The journal of a kept call with nobody in it: fictitious persons, numbers and references stand for the real ones."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ivr.dialogue.events import CallArrived, Heard, IdentityGiven, PinChecked

from ..fixture import journal_file
from ..fixture.journal_file import Turn
from ..replay.core_call import CALL
from .replacing import Replacing

CALLER = "+48000000001"
_LEFT = re.compile(r"\d{6,}")
Person = Mapping[str, Any]


class Unsure(Exception):
    """A call that cannot be made a fixture; ``reasons`` say why, in Polish."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(reasons))


def names_in(turns: Sequence[Turn]) -> list[str]:
    """The names of persons that e-US has told in the call."""
    found = []
    for turn in turns:
        if isinstance(turn.event, PinChecked):
            parties = [*([turn.event.person] if turn.event.person else []), *turn.event.principals]
            found += [party.label for party in parties if party.label not in found]
    return found


def without_persons(turns: Sequence[Turn], call: str, person: Person | None, replacing: Replacing) -> tuple[Turn, ...]:
    """``turns`` of ``call`` as if ``person`` had called. Raises ``Unsure`` when numbers are left."""
    instead = {call: CALL, **_references(turns, person)}
    clean = []
    for turn in turns:
        event = turn.event
        if isinstance(event, CallArrived):
            event = msgspec.structs.replace(event, caller=CALLER if event.caller else None, trunk="trunk")
        elif isinstance(event, Heard):
            event = msgspec.structs.replace(event, text=replacing.sentence(event.text)[0])
        clean.append(msgspec.structs.replace(turn, event=event))
    text = journal_file.dump(clean).decode()
    for real in sorted(instead, key=len, reverse=True):
        text = text.replace(msgspec.json.encode(real).decode()[1:-1], msgspec.json.encode(instead[real]).decode()[1:-1])
    found = journal_file.parse(text.encode())
    _check(found)
    return found


def _references(turns: Sequence[Turn], person: Person | None) -> dict[str, str]:
    found: dict[str, str] = {}
    sealed = 0
    for turn in turns:
        event = turn.event
        if isinstance(event, CallArrived) and event.caller:
            found[event.caller] = CALLER
        if isinstance(event, IdentityGiven) and event.ref not in found:
            sealed += 1
            found[event.ref] = f"sealed-{sealed}"
        if isinstance(event, PinChecked) and event.person is not None and person is not None:
            found[event.person.ref] = str(person["id"])
            found[event.person.label] = str(person["name"])
    return found


def _check(turns: Sequence[Turn]) -> None:
    """No run of six digits may be left in what was said or heard, or in a reference."""
    left = []
    for number, turn in enumerate(turns, start=1):
        texts = [getattr(turn.event, "text", ""), getattr(turn.event, "keys", ""), getattr(turn.event, "ref", "") or ""]
        texts += [line.text for action in turn.actions for line in getattr(action, "lines", ())]
        if any(_LEFT.search(text) for text in texts):
            left.append(f"tura {number}: w dzienniku został ciąg cyfr")
    if left:
        raise Unsure(left)
