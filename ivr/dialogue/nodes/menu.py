"""``menu``: a closed question by speech and keys."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask
from ..call import Call
from ..doubt import CONFIRM, DENIED, agreed, ask_back, asked_back, judge
from ..events import Event, Heard, Keyed
from ..node import NONE, REPEAT, Node, Prompt, Prompts, Queue, Says, Target, Turn, attempts, change, go, retry, wait
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

    A word is taken from the confidence ``accept`` on; from ``doubt`` on the caller is asked back (``confirm``, with
    ``{a}``, the choice's first word), if there is such a prompt; else the question is asked again. After ``tries``
    answers that were not understood, or silence, it goes to ``otherwise``. ``0`` and "konsultant" reach a person from
    every menu."""

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
    confirm: Annotated[Prompt | None, Says("a")] = None
    accept: float = Field(0.5, gt=0, le=1)
    doubt: float = Field(0.25, gt=0, le=1)
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
        if meant := asked_back(call):
            if agreed(call, event):
                return self._take(call, meant) or self._again(plan, call)
            return self._again(plan, change(call, step=f"{DENIED} {meant}"))
        if isinstance(event, Keyed):
            reading = next((choice.id for choice in on(self.choices, call) if choice.key == event.keys), NONE)
        elif isinstance(event, Heard):
            reading, doubtful = judge(self, call, event)
            words = next((choice.words for choice in on(self.choices, call) if choice.id == reading), ())
            if doubtful and words and self.confirm is not None:
                back = change(call, step=f"{CONFIRM} {reading}")
                return wait(back, ask_back(plan, back, self.confirm, words[0], self.patience), awaits=ANSWERS)
            reading = NONE if doubtful else reading
        if reading == REPEAT and call.tries + 1 < attempts(self):
            return self.enter(plan, change(call, tries=call.tries + 1))
        return self._take(call, reading) or self._again(plan, call)

    def _take(self, call: Call, reading: str) -> Turn | None:
        for choice in on(self.choices, call):
            if choice.id == reading:
                chosen = change(call, queue=str(choice.queue)) if choice.queue else call
                return go(chosen, choice.next)
        return None

    def _again(self, plan: Plan, call: Call) -> Turn:
        if call.tries + 1 >= attempts(self):
            return go(call, self.otherwise)
        return self.enter(plan, change(call, tries=call.tries + 1))


def on(choices: tuple[Choice, ...], call: Call) -> tuple[Choice, ...]:
    """The choices in season when the call arrived."""
    return tuple(choice for choice in choices if choice.season.holds(call.arrived))
