"""``principal``: on whose behalf an authenticated proxy or account user calls."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask, AskDigits, Line, Say
from ..behalf import BACK, MORE, NUMBER, OWN, clearly_own, paging, spoken, words_for
from ..call import Call
from ..events import AuthenticationStopped, Event, Heard, Keyed, Party, PrincipalFound, Skipped
from ..node import (
    REPEAT,
    SKIP,
    Node,
    Prompt,
    Prompts,
    Says,
    Target,
    Turn,
    attempts,
    best,
    change,
    choices_of,
    go,
    retry,
    wait,
)
from ..plan import Plan

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
NUMBERS = (
    "PrincipalFound",
    "NumberRefused",
    "Skipped",
    "Heard",
    "NothingHeard",
    "HumanAsked",
    "AuthenticationStopped",
)
PAGE = 4
"""So many principals are read out at once."""
LISTED = 32
"""Up to so many are read out at all; more are chosen by keying the number."""
TURNS_BACK = 3
"""How often a caller may turn a page back: every way through the list has an end."""
KEYS = {BACK: 7, NUMBER: 8, MORE: 9}
"""The keys that mean the same on every page; 1 is the own case, then come the page's principals."""
KEY_WORDS = ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć")


class PrincipalNode(Node):
    """Lets a general proxy (PPO) or an organisation-account user (UKO) choose: the own case or a principal.

    Who has no principal is not asked. Four principals at most are read out at once: of more, up to 32, there are pages
    (``more``, ``back``), and the number of any can be keyed (``key_in``) from each of them; a name on the list can be
    said at any time. Deny by default: an answer that stays unclear leaves the caller with the own case, and
    ``chosen_own`` says so; a number that is not among the principals is answered by ``unknown``, whether such a
    taxpayer exists or not. ``unavailable`` is the apology when no number can be taken now: the own case then.
    """

    EXAMPLE: ClassVar[str] = """
    node: principal
    lines: [w-czyjej-sprawie]
    own: we-wlasnej
    item: w-sprawie
    more: dalsi-mocodawcy
    back: poprzedni-mocodawcy
    key_in: wpisz-numer-mocodawcy
    number: wpisz-nip-mocodawcy
    unknown: brak-pelnomocnictwa
    chosen: wybrano
    chosen_own: wybrano-wlasna
    unavailable: eus-niedostepny
    next: koniec
    """

    node: Literal["principal"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    own: Annotated[Prompt, Says("key")]
    item: Annotated[Prompt, Says("name", "key")]
    more: Annotated[Prompt | None, Says("key")] = None
    back: Annotated[Prompt | None, Says("key")] = None
    key_in: Annotated[Prompt, Says("key")]
    number: Prompt
    unknown: Prompt
    chosen: Annotated[Prompt, Says("name")]
    chosen_own: Prompt | None = None
    unavailable: Prompt | None = None
    tries: int = Field(3, ge=1, le=5)
    accept: float = Field(0.5, gt=0, le=1)
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.auth is None or not call.auth.principals:
            return go(call, self.next)
        return self._page(plan, call, 0, 0, self.lines)

    def _page(self, plan: Plan, call: Call, page: int, turned: int, lead: tuple[str, ...] = ()) -> Turn:
        """Page number ``page`` (from 0) after ``turned`` turns back, behind the prompts ``lead``."""
        assert call.auth is not None
        parties = call.auth.principals
        listed = parties if len(parties) <= (LISTED if self.more else PAGE) else ()
        shown = listed[page * PAGE : (page + 1) * PAGE]
        more = self.more if len(listed) > (page + 1) * PAGE else None
        back = self.back if page > 0 and turned < TURNS_BACK else None
        number = self.key_in if len(parties) > PAGE and call.media else None
        if not shown and number is None:
            return self._stopped(plan, call)
        items = [(party.ref, self.item, spoken(party.label)) for party in shown]
        others = [(reading, prompt) for reading, prompt in ((MORE, more), (BACK, back), (NUMBER, number)) if prompt]
        choices = {"1": OWN, **{str(key): ref for key, (ref, _, _) in enumerate(items, start=2)}}
        choices |= {str(KEYS[reading]): reading for reading, _ in others}
        own = plan.line(self.own, key=KEY_WORDS[1])
        read = [
            plan.line(prompt, key=KEY_WORDS[key], name=name) for key, (_, prompt, name) in enumerate(items, start=2)
        ]
        rest = [plan.line(prompt, key=KEY_WORDS[KEYS[reading]]) for reading, prompt in others]
        asked = (*plan.lines(*lead), *((own, *read, *rest) if page == 0 else (*read, *rest, own)))
        words = words_for(parties, listed)
        for reading, phrases in paging(more is not None, back is not None, number is not None).items():
            words[reading] = (*words.get(reading, ()), *phrases)
        ask = Ask(question="principal", lines=asked, choices=choices, grammar="choice", words=words)
        return wait(change(call, step=f"list {page} {turned}"), ask, awaits=ANSWERS)

    def _key_in(self, plan: Plan, call: Call, *prompts: Prompt) -> Turn:
        if not call.media:
            return self._stopped(plan, call)
        ask = AskDigits(purpose="principal", lines=(*plan.lines(*prompts), plan.line(self.number)))
        return wait(change(call, step=NUMBER), ask, awaits=NUMBERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        match event:
            case PrincipalFound():
                party = _among(call, event.ref)
                return self._again(plan, call, self.unknown) if party is None else self._acts_for(plan, call, party)
            case AuthenticationStopped():
                return self._stopped(plan, call)
        chosen = self._reading(call, event)
        page, turned = _place(call)
        if chosen == OWN:
            return self._own_case(plan, call, *((self.chosen_own,) if isinstance(event, Heard | Skipped) else ()))
        if chosen == NUMBER:
            return self._key_in(plan, call)
        if chosen == MORE:
            return self._page(plan, call, page + 1, turned)
        if chosen == BACK:
            return self._page(plan, call, page - 1, turned + 1)
        if (party := _among(call, chosen)) is not None:
            return self._acts_for(plan, call, party)
        if chosen == REPEAT and call.step != NUMBER and call.tries + 1 < attempts(self):
            return self._page(plan, change(call, tries=call.tries + 1), page, turned, self.lines)
        return self._again(plan, call)

    def _reading(self, call: Call, event: Event) -> str:
        """What ``event`` chooses of what was offered; a lone ``#`` ("nie mam") at the number is the own case."""
        offered = choices_of(call)
        if isinstance(event, Keyed):
            return str(offered.get(event.keys, ""))
        if isinstance(event, Skipped):
            return OWN
        if not isinstance(event, Heard):
            return ""
        if event.spoke_number and NUMBER in offered.values():
            return NUMBER
        if best(event).confidence < self.accept:
            return ""
        reading = best(event).id
        if reading == OWN and not clearly_own(event.text):
            return ""
        if call.step == NUMBER:
            return OWN if reading == SKIP else ""
        known = reading not in KEYS or reading in offered.values()
        return reading if known else ""

    def _again(self, plan: Plan, call: Call, *prompts: Prompt) -> Turn:
        if call.tries + 1 >= attempts(self):
            return self._own_case(plan, call, *prompts, self.chosen_own)
        later = change(call, tries=call.tries + 1)
        if call.step == NUMBER:
            return self._key_in(plan, later, *prompts)
        return self._page(plan, later, *_place(call), retry(self.lines, self.again, later.tries))

    def _acts_for(self, plan: Plan, call: Call, party: Party) -> Turn:
        chosen = change(call, acting_for=party, mandate=None, mandate_at="")
        return go(chosen, self.next, Say(lines=(plan.line(self.chosen, name=spoken(party.label)),)))

    def _own_case(self, plan: Plan, call: Call, *prompts: Prompt | None, firm: bool = False) -> Turn:
        """The call goes on in the own case; ``prompts`` say why and so."""
        assert call.auth is not None
        own = change(call, acting_for=call.auth.person, mandate=None, mandate_at="")
        lines: tuple[Line, ...] = plan.lines(*(prompt for prompt in prompts if prompt is not None))
        return go(own, self.next, *((Say(lines=lines, firm=firm),) if lines else ()))

    def _stopped(self, plan: Plan, call: Call) -> Turn:
        return self._own_case(plan, call, self.unavailable, firm=True)


def _place(call: Call) -> tuple[int, int]:
    """The page last read out, from 0, and how often a page was turned back; (0, 0) in calls of older versions."""
    numbers = [int(word) for word in call.step.split()[1:] if word.isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)


def _among(call: Call, ref: str | None) -> Party | None:
    """The principal ``ref`` of this caller."""
    principals = call.auth.principals if call.auth is not None else ()
    return next((party for party in principals if party.ref == ref), None)
