"""``identity``: the caller keys a PESEL or NIP."""

from typing import ClassVar, Literal

from pydantic import Field

from ..actions import AskDigits, Say
from ..call import Call
from ..events import AuthenticationStopped, Event, Heard, IdentityGiven, NumberRefused, Skipped
from ..node import REPEAT, SKIP, Node, Prompt, Prompts, Target, Turn, attempts, best, change, go, retry, wait
from ..plan import Plan

ANSWERS = (
    "IdentityGiven",
    "NumberRefused",
    "Skipped",
    "Heard",
    "NothingHeard",
    "HumanAsked",
    "AuthenticationStopped",
)


class IdentityNode(Node):
    """Asks for PESEL or NIP by keys; a lone ``#`` or "nie mam" goes on without authentication to ``without``.

    A number spoken aloud is never used: ``spoken_number`` asks for keys. A wrong length and a wrong number are said
    apart (``length``, ``invalid``), since both are checked before anybody is asked and tell nothing about a person.
    ``unavailable`` is the apology when nobody can be authenticated now; numbers typed meanwhile are dropped.
    """

    EXAMPLE: ClassVar[str] = """
    node: identity
    lines: [podaj-numer]
    again: [podaj-numer-ponownie]
    length: zla-dlugosc
    invalid: bledny-numer
    spoken_number: numer-glosem
    unavailable: eus-niedostepny
    next: koniec
    without: koniec
    """

    node: Literal["identity"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    length: Prompt
    invalid: Prompt
    spoken_number: Prompt
    unavailable: Prompt | None = None
    tries: int = Field(3, ge=1, le=5)
    patience: float = Field(8.0, ge=3, le=20)
    next: Target
    without: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if not call.media:
            return self._stopped(plan, call)
        return self._ask(plan, call, retry(self.lines, self.again, call.tries))

    def _ask(self, plan: Plan, call: Call, prompts: tuple[str, ...]) -> Turn:
        ask = AskDigits(purpose="identity", lines=plan.lines(*prompts), patience=self.patience)
        return wait(call, ask, awaits=ANSWERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        match event:
            case IdentityGiven():
                known = change(call, identity=event.ref, identity_kind=event.kind)
                return go(known, self.next)
            case Skipped():
                return self._without(call, "skipped")
            case AuthenticationStopped():
                return self._stopped(plan, call)
            case Heard() if best(event).id == SKIP:
                return self._without(call, "skipped")
        if call.tries + 1 >= attempts(self):
            return self._without(call, "gave-up")
        later = change(call, tries=call.tries + 1)
        if isinstance(event, NumberRefused):
            first = self.length if event.fault in ("length", "pause") else self.invalid
            return self._ask(plan, later, (first, *retry(self.lines, self.again, later.tries)))
        if isinstance(event, Heard) and event.spoke_number:
            return self._ask(plan, later, (self.spoken_number,))
        if isinstance(event, Heard) and best(event).id == REPEAT:
            return self._ask(plan, later, self.lines)
        return self._ask(plan, later, retry(self.lines, self.again, later.tries))

    def _stopped(self, plan: Plan, call: Call) -> Turn:
        sorry = (Say(lines=plan.lines(self.unavailable), firm=True),) if self.unavailable else ()
        return go(change(call, verdict="unavailable"), self.without, *sorry)

    def _without(self, call: Call, verdict: str) -> Turn:
        return go(change(call, verdict=verdict), self.without)
