"""``principal``: on whose behalf an authenticated proxy or account user calls."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask, AskDigits, Line, Say
from ..call import Call
from ..events import AuthenticationStopped, Event, Heard, Keyed, PrincipalFound, Skipped
from ..node import Node, Prompt, Prompts, Says, Target, Turn, attempts, best, change, go, retry, wait
from ..plan import Plan

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
NUMBER = (
    "PrincipalFound",
    "NumberRefused",
    "Skipped",
    "Heard",
    "NothingHeard",
    "HumanAsked",
    "AuthenticationStopped",
)
LISTED = 4
"""Up to so many principals are read out; more are chosen by keying the number."""


class PrincipalNode(Node):
    """Lets a general proxy (PPO) or an organisation-account user (UKO) choose: the own case or a principal.

    Who has no principal is not asked. Deny by default: an unclear answer leaves the caller with the own case; a
    number that is not among the principals is answered by ``unknown``, whether such a taxpayer exists or not.
    ``unavailable`` is the apology when no number can be taken now: the own case then.
    """

    EXAMPLE: ClassVar[str] = """
    node: principal
    lines: [w-czyjej-sprawie]
    own: we-wlasnej
    item: w-sprawie
    key_in: wpisz-numer-mocodawcy
    number: wpisz-nip-mocodawcy
    unknown: brak-pelnomocnictwa
    chosen: wybrano
    unavailable: eus-niedostepny
    next: koniec
    """

    node: Literal["principal"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    own: Annotated[Prompt, Says("key")]
    item: Annotated[Prompt, Says("name", "key")]
    key_in: Annotated[Prompt, Says("key")]
    number: Prompt
    unknown: Prompt
    chosen: Annotated[Prompt, Says("name")]
    unavailable: Prompt | None = None
    tries: int = Field(3, ge=1, le=5)
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.auth is None or not call.auth.principals:
            return go(call, self.next)
        return self._ask(plan, call)

    def _ask(self, plan: Plan, call: Call) -> Turn:
        assert call.auth is not None
        parties = call.auth.principals
        lines: list[Line] = [*plan.lines(*retry(self.lines, self.again, call.tries)), plan.line(self.own, key="jeden")]
        choices: dict[str, str] = {"1": "own"}
        words: dict[str, tuple[str, ...]] = {"own": ("własnej", "we własnej sprawie", "mojej", "swojej")}
        if len(parties) <= LISTED:
            for number, party in enumerate(parties, start=2):
                lines.append(plan.line(self.item, key=KEY_WORDS[number], name=party.label))
                choices[str(number)] = party.ref
                words[party.ref] = (party.label,)
            if len(parties) == 1:
                words[parties[0].ref] += PROXY_WORDS
        else:
            lines.append(plan.line(self.key_in, key="dwa"))
            choices["2"], words["number"] = "number", PROXY_WORDS
        ask = Ask(question="principal", lines=tuple(lines), choices=choices, grammar="choice", words=words)
        return wait(change(call, step="list"), ask, awaits=ANSWERS)

    def _key_in(self, plan: Plan, call: Call, *prompts: Prompt) -> Turn:
        ask = AskDigits(purpose="principal", lines=(*plan.lines(*prompts), plan.line(self.number)))
        return wait(change(call, step="number"), ask, awaits=NUMBER)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        assert call.auth is not None
        match event:
            case PrincipalFound() if event.ref is not None:
                return self._choose(plan, call, event.ref)
            case PrincipalFound():
                return self._again(plan, call, self.unknown)
            case Skipped():
                return self._choose(plan, call, "own")
            case AuthenticationStopped():
                sorry = (Say(lines=plan.lines(self.unavailable), firm=True),) if self.unavailable else ()
                return go(change(call, acting_for=call.auth.person), self.next, *sorry)
        chosen = ""
        if isinstance(event, Keyed):
            keys = ["own", *(party.ref for party in call.auth.principals)]
            if len(keys) - 1 > LISTED:
                keys = ["own", "number"]
            index = int(event.keys) - 1 if event.keys.isdigit() else -1
            chosen = keys[index] if 0 <= index < len(keys) else ""
        elif isinstance(event, Heard):
            chosen = best(event).id
        if chosen == "number":
            return self._key_in(plan, call)
        if chosen == "own" or any(chosen == party.ref for party in call.auth.principals):
            return self._choose(plan, call, chosen)
        return self._again(plan, call)

    def _again(self, plan: Plan, call: Call, *prompts: Prompt) -> Turn:
        if call.tries + 1 >= attempts(self):
            return self._choose(plan, call, "own")
        later = change(call, tries=call.tries + 1)
        return self._key_in(plan, later, *prompts) if call.step == "number" else self._ask(plan, later)

    def _choose(self, plan: Plan, call: Call, ref: str) -> Turn:
        assert call.auth is not None
        party = next((party for party in call.auth.principals if party.ref == ref), call.auth.person)
        chosen = change(call, acting_for=party, mandate=None, mandate_at="")
        if party is call.auth.person:
            return go(chosen, self.next)
        return go(chosen, self.next, Say(lines=(plan.line(self.chosen, name=party.label),)))


KEY_WORDS = ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć")
PROXY_WORDS = ("mocodawcy", "jako pełnomocnik", "klienta", "w sprawie klienta", "spółki", "firmy", "organizacji")
