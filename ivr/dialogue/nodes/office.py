"""``office``: which tax chamber serves a caller of a national number."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask
from ..call import Call
from ..events import Event, Heard, Keyed
from ..node import Node, Prompt, Prompts, Says, Target, Turn, best, change, go, wait
from ..plan import NATIONAL, Office, Plan
from .principal import KEY_WORDS

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
PAGE = 8
MORE = "more"


class OfficeNode(Node):
    """Asks for the voivodeship when neither the dialled number nor e-US named the office: by word first, then by keys
    in pages of eight. An unclear answer leaves the call with the national line."""

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
        chosen = ""
        if isinstance(event, Heard):
            chosen = best(event).id
        elif isinstance(event, Keyed) and call.step:
            chosen = self._keyed(plan, int(call.step), event.keys)
        if chosen in plan.offices and chosen != NATIONAL:
            return go(change(call, office=chosen), self.next)
        page = 0 if call.step == "" else int(call.step) + 1
        return self._page(plan, call, page)

    def _keyed(self, plan: Plan, page: int, key: str) -> str:
        shown = _chambers(plan)[page * PAGE : (page + 1) * PAGE]
        index = int(key) - 1 if key.isdigit() else -1
        return shown[index].id if 0 <= index < len(shown) else MORE


def _chambers(plan: Plan) -> list[Office]:
    return [office for office in plan.offices.values() if office.id != NATIONAL]
