"""``menu``: a closed question by speech and keys."""

from typing import ClassVar, Literal

from pydantic import Field

from ..actions import Ask
from ..call import Call
from ..events import Event, Heard, Keyed
from ..node import NONE, REPEAT, Node, Prompt, Prompts, Queue, Target, Turn, best, change, go, retry, wait
from ..plan import Id, Model, Plan, Season

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")


class Choice(Model):
    """One answer of a menu: ``key`` 1 to 9, the ``words`` that mean it, where it leads, and the thematic queue it
    settles on, if any. Out of its ``season`` it is not offered, and its own ``line`` not said."""

    id: Id
    key: str = Field(pattern=r"^[1-9]$")
    words: tuple[str, ...] = ()
    next: Target
    queue: Queue | None = None
    line: Prompt | None = None
    season: Season = Season()


class MenuNode(Node):
    """Asks ``lines``, then the lines of the choices that have one, and takes the answer by key or word.

    After ``tries`` answers that were not understood, or silence, it goes to ``otherwise``. ``0`` and "konsultant" reach
    a person from every menu."""

    EXAMPLE: ClassVar[str] = """
    node: menu
    lines: [co-dalej]
    again: [co-dalej-klawisze]
    choices:
      - {id: powtorz, key: "1", words: [powtórz, jeszcze raz], next: koniec}
      - {id: koniec, key: "2", words: [koniec, dziękuję, to wszystko], next: koniec}
    otherwise: koniec
    """

    node: Literal["menu"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    choices: tuple[Choice, ...] = Field(min_length=1)
    tries: int = Field(3, ge=1, le=5)
    patience: float = Field(6.0, ge=2, le=20)
    otherwise: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        choices = on(self.choices, call)
        if not choices:
            return go(call, self.otherwise)
        own = (choice.line for choice in choices if choice.line is not None)
        ask = Ask(
            question=call.node,
            lines=plan.lines(*retry(self.lines, self.again, call.tries), *own),
            choices={choice.key: choice.id for choice in choices},
            grammar="choice" if any(choice.words for choice in choices) else None,
            words={choice.id: choice.words for choice in choices},
            patience=self.patience,
        )
        return wait(call, ask, awaits=ANSWERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        reading = NONE
        if isinstance(event, Keyed):
            reading = next((choice.id for choice in on(self.choices, call) if choice.key == event.keys), NONE)
        elif isinstance(event, Heard):
            reading = best(event).id
        if reading == REPEAT and call.tries + 1 < self.tries:
            return self.enter(plan, change(call, tries=call.tries + 1))
        for choice in on(self.choices, call):
            if choice.id == reading:
                chosen = change(call, queue=str(choice.queue)) if choice.queue else call
                return go(chosen, choice.next)
        if call.tries + 1 >= self.tries:
            return go(call, self.otherwise)
        return self.enter(plan, change(call, tries=call.tries + 1))


def on(choices: tuple[Choice, ...], call: Call) -> tuple[Choice, ...]:
    """The choices in season when the call arrived."""
    return tuple(choice for choice in choices if choice.season.holds(call.arrived))
