"""Events, actions and moments of a call in Polish, for those who read a verdict; what is compared is not this."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ivr.dialogue.actions import Action, Ask, AskDigits, Enqueue, HangUp, LookUp, Say, Transfer
from ivr.dialogue.events import Event, Heard

from .said import topic_name

MOMENTS = {
    "says": "mówi",
    "speaks": "mówi",
    "keys": "naciska",
    "waits": "czeka",
    "hangs up": "rozłącza się",
    "loses media": "traci dźwięk",
    "is silent": "milczy",
}
"""What somebody does on the time line (``Moment.what``)."""

_EVENTS = {
    "CallArrived": "rozmowa przychodzi",
    "Keyed": "klawisz {keys}",
    "NothingHeard": "cisza",
    "Skipped": "pominięto (#)",
    "AuthenticationStopped": "uwierzytelnienie wstrzymane",
    "PinGiven": "telePIN wpisany",
    "PinRefused": "telePIN niepełny",
    "PrincipalFound": "wskazano, w czyjej sprawie",
    "MediaLost": "dźwięk zerwany",
    "Resumed": "rozmowę przejął inny silnik",
    "Failed": "tura się nie udała",
}
_VALUES = {
    "by": {"key": "klawiszem", "word": "słowem", "caller": "dzwoniący", "us": "automat", "network": "sieć"},
    "kind": {"pesel": "PESEL", "nip": "NIP"},
    "fault": {"length": "długość", "checksum": "suma kontrolna", "date": "data", "pause": "przerwa"},
    "verdict": {"ok": "zgodny", "refused": "odmowa", "throttled": "za wiele prób", "unavailable": "e-US nie odpowiada",
                "lost": "wynik utracony"},
    "what": {"hours": "godziny", "earlier": "przerwana rozmowa", "queue": "kolejka"},
    "outcome": {"served": "obsłużono", "timeout": "minął czas", "full": "pełna", "joinempty": "nikogo nie ma",
                "leaveempty": "wszyscy wyszli", "unavailable": "niedostępna", "answered": "odebrano",
                "failed": "nie udało się"},
}  # fmt: skip
_TOLD = {
    "HumanAsked": ("chce konsultanta", "by"),
    "IdentityGiven": ("numer wpisany", "kind"),
    "NumberRefused": ("numer odrzucony", "fault"),
    "PinChecked": ("telePIN sprawdzony", "verdict"),
    "LookedUp": ("odczytano", "what"),
    "QueueEnded": ("koniec kolejki", "outcome"),
    "TransferEnded": ("koniec przekazania", "outcome"),
    "HungUp": ("rozłączono", "by"),
}
_ACTIONS = {
    "Answer": "odbiera",
    "AskPin": "prosi o telePIN",
    "CheckPin": "sprawdza telePIN",
    "RecallCheck": "odczytuje wynik sprawdzenia telePIN",
}
_LISTENS = {"matter": "sprawa własnymi słowami", "choice": "wybór słowem", "yes-no": "tak albo nie"}
_MEANT = {"yes": "tak", "no": "nie", "repeat": "powtórzyć", "human": "konsultant", "other": "inna sprawa",
          "end": "zakończyć", "own": "we własnej"}  # fmt: skip
_ASKED = {"matter": "sprawę", "answer": "dalszy ciąg", "principal": "to, w czyjej sprawie"}
_REASONS = {"finished": "rozmowa skończona", "failed": "awaria", "closed": "zamknięte"}


def event_in_words(event: Event) -> str:
    """What happened."""
    name = type(event).__name__
    if isinstance(event, Heard):
        return f"zrozumiano: {topic_name(event.readings[0].id if event.readings else '')}"
    fields: dict[str, Any] = msgspec.to_builtins(event)
    if name in _TOLD:
        words, field = _TOLD[name]
        value = str(fields.get(field, ""))
        return f"{words}: {_VALUES[field].get(value, value)}"
    return _EVENTS.get(name, name).format_map(fields)


def action_in_words(action: Action) -> str:
    """What the bot does."""
    if isinstance(action, Ask):
        return _question(action)
    if isinstance(action, AskDigits):
        return "prosi o PESEL albo NIP" + (" tego, w czyjej sprawie" if action.purpose == "principal" else "")
    if isinstance(action, LookUp):
        about = ", ".join(value for name, value in action.args.items() if name != "caller")
        return f"sprawdza: {_VALUES['what'][action.what]}" + (f" ({about})" if about else "")
    if isinstance(action, Enqueue):
        longest = f"najwyżej {action.timeout} s" if action.timeout else "bez końca"
        return f"łączy z kolejką {action.queue} (pierwszeństwo {action.priority}, {longest})"
    if isinstance(action, Transfer):
        return f"przekazuje do {action.target}"
    if isinstance(action, HangUp):
        return f"rozłącza się: {_REASONS.get(action.reason, action.reason)}"
    name = type(action).__name__
    return _ACTIONS.get(name, name)


def _question(asked: Ask) -> str:
    ways = [_LISTENS[asked.grammar]] if asked.grammar else []
    ways += [f"{key} = {_MEANT.get(meaning, meaning)}" for key, meaning in asked.choices.items()]
    return f"pyta o {_ASKED.get(asked.question, asked.question)}" + (f" ({', '.join(ways)})" if ways else "")


def actions_in_words(actions: Sequence[Action]) -> str:
    """What the bot does in a turn, but for speech."""
    return "; ".join(action_in_words(action) for action in actions if not isinstance(action, Say)) or "nic"
