"""How the hotline behaves beside the flow: what it says while it works, and to whoever is hard to hear."""

from .call import Call
from .events import Candidate, Event, Heard, Keyed
from .node import REPEAT, Prompt, best, change
from .plan import Model

SLOWER = "__slower__"
"""The reading of a wish for slower speech."""
SLOWER_KEY = "*"


class Manners(Model):
    """``waiting`` is said, one after the other, when an answer takes long; ``slower`` when somebody asks for slower
    speech; ``too_loud`` and ``too_long`` before a question is put again because the answer was distorted or never
    ended. ``recorded`` is said to whoever's call is to be kept, before it is."""

    waiting: tuple[Prompt, ...] = ()
    slower: Prompt | None = None
    too_loud: Prompt | None = None
    too_long: Prompt | None = None
    recorded: Prompt | None = None


def slowed(call: Call, event: Event) -> tuple[Call, Event]:
    """A wish for slower speech, by word or by ``*`` in a menu: the call is slow from here on, and what was said is
    said again. Anything else is left as it is."""
    asked = call.pending[-1] if call.pending else None
    by_key = isinstance(event, Keyed) and event.keys == SLOWER_KEY
    if by_key and "Heard" in call.awaits and SLOWER_KEY not in getattr(asked, "choices", {}):
        return change(call, slow=True), Heard(text="", confidence=1.0, readings=(Candidate(REPEAT, 1.0),))
    if isinstance(event, Heard) and best(event).id == SLOWER:
        again = (Candidate(REPEAT, event.readings[0].confidence),)
        return change(call, slow=True), Heard(text=event.text, confidence=event.confidence, readings=again)
    return call, event


def remark(manners: Manners | None, before: Call, after: Call, event: Event) -> str | None:
    """The prompt that explains why a question is put again."""
    if manners is None:
        return None
    if after.slow and not before.slow:
        return manners.slower
    if isinstance(event, Heard) and not event.readings:
        return {"too-loud": manners.too_loud, "too-long": manners.too_long}.get(event.fault)
    return None
