"""``office``: which tax chamber serves a caller of a national number."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask
from ..call import Call
from ..doubt import CONFIRM, agreed, ask_back, asked_back, judge
from ..events import Event, Heard, Keyed
from ..node import Node, Prompt, Prompts, Says, Target, Turn, change, go, wait
from ..plan import NATIONAL, Office, Plan
from .principal import KEY_WORDS

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
PAGE = 8
MORE = "more"


class OfficeNode(Node):
    """Asks for the voivodeship when neither the dialled number nor e-US named the office: by word first, then by keys
    in pages of eight. A name is taken from the confidence ``accept`` on; from ``doubt`` on the caller is asked back
    (``confirm``, with ``{a}``). An unclear answer to the last page leaves the call with the national line."""

    EXAMPLE: ClassVar[str] = """
    node: office
    lines: [z-jakiego-wojewodztwa]
    keys: [wojewodztwo-klawiszami]
    item: wojewodztwo-klawisz
    more: wojewodztwo-dalsze
    next: koniec
    """

    node: Literal["office"]
    lines: Prompts
    keys: Prompts
    item: Annotated[Prompt, Says("name", "key")]
    more: Annotated[Prompt, Says("key")]
    confirm: Annotated[Prompt | None, Says("a")] = None
    accept: float = Field(0.5, gt=0, le=1)
    doubt: float = Field(0.25, gt=0, le=1)
    patience: float = Field(6.0, ge=2, le=20)
    next: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.office is not None:
            return go(call, self.next)
        if not call.hears:
            return self._page(plan, call, 0)
        offices = _chambers(plan)
        ask = Ask(
            question="office",
            lines=plan.lines(*self.lines),
            grammar="choice",
            words={office.id: office.words for office in offices},
            patience=self.patience,
        )
        return wait(call, ask, awaits=ANSWERS)

    def _page(self, plan: Plan, call: Call, page: int) -> Turn:
        offices = _chambers(plan)
        shown = offices[page * PAGE : (page + 1) * PAGE]
        rest = len(offices) > (page + 1) * PAGE
        if not shown:
            return go(call, self.next)
        lines = list(plan.lines(*self.keys)) if page == 0 else []
        choices: dict[str, str] = {}
        for number, office in enumerate(shown, start=1):
            lines.append(plan.line(self.item, name=office.voivodeship or office.name, key=KEY_WORDS[number]))
            choices[str(number)] = office.id
        if rest:
            lines.append(plan.line(self.more, key=KEY_WORDS[9]))
            choices["9"] = MORE
        ask = Ask(
            question="office",
            lines=tuple(lines),
            choices=choices,
            grammar="choice",
            words={office.id: office.words for office in offices},
            patience=self.patience,
        )
        return wait(change(call, step=str(page)), ask, awaits=ANSWERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        chosen, page = "", _page_of(call)
        if meant := asked_back(call):
            if agreed(call, event):
                return go(change(call, office=meant), self.next)
            return self._page(plan, call, 0 if page is None else page + 1)
        if isinstance(event, Heard):
            chosen, doubtful = judge(self, call, event)
            if doubtful and self.confirm is not None and chosen in plan.offices and chosen != NATIONAL:
                back = change(call, step=f"{CONFIRM} {chosen}" if page is None else f"{CONFIRM} {chosen} {page}")
                office = plan.offices[chosen]
                ask = ask_back(plan, back, self.confirm, office.voivodeship or office.name, self.patience)
                return wait(back, ask, awaits=ANSWERS)
        elif isinstance(event, Keyed) and page is not None:
            chosen = self._keyed(plan, page, event.keys)
        if chosen in plan.offices and chosen != NATIONAL:
            return go(change(call, office=chosen), self.next)
        return self._page(plan, call, 0 if page is None else page + 1)

    def _keyed(self, plan: Plan, page: int, key: str) -> str:
        shown = _chambers(plan)[page * PAGE : (page + 1) * PAGE]
        index = int(key) - 1 if key.isdigit() else -1
        return shown[index].id if 0 <= index < len(shown) else MORE


def _page_of(call: Call) -> int | None:
    """Which page of keys was read out last; None: none yet."""
    last = call.step.split()[-1] if call.step else ""
    return int(last) if last.isdecimal() else None


def _chambers(plan: Plan) -> list[Office]:
    return [office for office in plan.offices.values() if office.id != NATIONAL]
