"""A call written down as turns: events and what the core made of each. Golden journals and call scripts share it.

A script is plain data: ``{"title": str, "turns": [{"event": {...}, "node": str, "says": [str], "does": [str]}]}``.
``says`` are the spoken texts of the turn; ``does`` the actions but for speech, in short form.
"""

from typing import Any

import msgspec

from .actions import Action, Ask, AskDigits, AskPin, Say
from .call import Call
from .events import Event
from .machine import round_trip, step
from .plan import Plan


def play(plan: Plan, script: dict[str, Any], call_id: str = "script") -> list[dict[str, Any]]:
    """Play the events of ``script`` through ``step``; the turns as they came out. The call goes through its JSON form
    before every step. Raises ``msgspec.ValidationError`` for an event that is none."""
    call, turns = Call(id=call_id), []
    for turn in script["turns"]:
        event = msgspec.convert(turn["event"], Event)
        call, actions = step(plan, round_trip(call), event)
        turns.append(describe(turn["event"], call, actions))
    return turns


def describe(event: dict[str, Any], call: Call, actions: tuple[Action, ...]) -> dict[str, Any]:
    """One turn as a script holds it."""
    says = [line.text for action in actions for line in getattr(action, "lines", ())]
    does = [short(action) for action in actions if not isinstance(action, Say)]
    turn: dict[str, Any] = {"event": event, "node": call.node, "says": says, "does": does}
    if call.ended:
        turn["ended"] = call.ended
    return turn


def short(action: Action) -> str:
    """ "Enqueue malopolskie-kol-pit 0 600": the action in one line, speech left out."""
    fields = msgspec.to_builtins(action)
    name = fields.pop("type")
    if isinstance(action, Ask | AskDigits | AskPin):
        keep = {"question", "purpose", "grammar", "choices"}
        fields = {key: value for key, value in fields.items() if key in keep and value}
    values = (_plain(value) for value in fields.values())
    return " ".join([name, *values]).rstrip()


def _plain(value: Any) -> str:
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
