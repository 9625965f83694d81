"""``answer``: the machine answers a simple matter itself."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..actions import Ask, Line, Say
from ..call import Call
from ..doubt import CONFIRM, DENIED, agreed, ask_back, asked_back, judge
from ..events import Event, Heard, Keyed
from ..node import NONE, Node, Prompt, Prompts, Says, Target, Turn, change, go, retry, wait
from ..plan import Plan, Topic
from ..tiers import Tier, may

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
WORDS = {
    "repeat": ("powtórz", "jeszcze raz", "proszę powtórzyć", "nie zrozumiałem", "nie zrozumiałam"),
    "human": ("konsultant", "człowiek", "tak", "poproszę", "połącz"),
    "other": ("inna sprawa", "inne pytanie", "coś jeszcze", "mam jeszcze pytanie"),
    "end": ("nie", "nie dziękuję", "dziękuję", "to wszystko", "koniec", "do widzenia"),
}
DAY = "data"
"""How the first and the last day of a season are said (``Plan.speech``)."""
SAID = {"human": "konsultant", "other": "inna sprawa", "end": "to wszystko"}
"""How a doubtful answer is asked back about. Who is thought to want a repetition gets one."""
KEYS = {"1": "repeat", "2": "human", "3": "other", "4": "end"}


class AnswerNode(Node):
    """Speaks the released answer of the call's topic, then asks what next: repeat, a person, another matter, the end.

    A topic without a released answer that holds today, or out of season, for authenticated callers only, or of
    a caller who asked for a person goes to ``next`` at once; so does a caller who stays silent twice. Where nothing but
    the season stands in the way, ``out_of_season`` tells the caller from when (``{first}``) to when (``{last}``) the
    machine answers. A second matter named in the same breath is taken up after the first.

    A spoken wish is taken from the confidence ``accept`` on; from ``doubt`` on the caller is asked back (``confirm``,
    with ``{a}``), if there is such a prompt; else the question is asked again.
    """

    EXAMPLE: ClassVar[str] = """
    node: answer
    after: [co-dalej]
    second: druga-sprawa
    next: koniec
    other: koniec
    done: koniec
    """

    node: Literal["answer"]
    after: Prompts
    again: tuple[Prompt, ...] = ()
    second: Prompt
    out_of_season: Annotated[Prompt | None, Says("first", "last")] = None
    confirm: Annotated[Prompt | None, Says("a")] = None
    accept: float = Field(0.5, gt=0, le=1)
    doubt: float = Field(0.25, gt=0, le=1)
    patience: float = Field(6.0, ge=2, le=20)
    next: Target
    other: Target
    done: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        topic = plan.topics.get(call.topic or "")
        if topic is None or call.wants_human or not speakable(topic, call.arrived):
            return go(call, self.next, *self._why(plan, call, topic))
        return self._ask(plan, call, (plan.answer(topic), *plan.lines(*self.after)))

    def _why(self, plan: Plan, call: Call, topic: Topic | None) -> tuple[Say, ...]:
        """Why a person comes, to a caller who could expect an answer: it is not the season."""
        if topic is None or call.wants_human or self.out_of_season is None:
            return ()
        first, last = topic.season.first, topic.season.last
        if first is None or last is None or topic.season.holds(call.arrived) or not released(topic, call.arrived):
            return ()
        return (
            Say(lines=(plan.line(self.out_of_season, first=plan.in_words(first, DAY), last=plan.in_words(last, DAY)),)),
        )

    def _ask(self, plan: Plan, call: Call, lines: tuple[Line, ...]) -> Turn:
        ask = Ask(
            question="answer", lines=lines, choices=KEYS, grammar="choice", words=dict(WORDS), patience=self.patience
        )
        return wait(call, ask, awaits=ANSWERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if meant := asked_back(call):
            if agreed(call, event):
                return self._take(plan, change(call, step=""), meant)
            return self._take(plan, change(call, step=f"{DENIED} {meant}"), NONE)
        reading = NONE
        if isinstance(event, Keyed):
            reading = KEYS.get(event.keys, NONE)
        elif isinstance(event, Heard):
            reading, doubtful = judge(self, call, event)
            if doubtful and reading in SAID and self.confirm is not None:
                back = change(call, step=f"{CONFIRM} {reading}")
                return wait(back, ask_back(plan, back, self.confirm, SAID[reading], self.patience), awaits=ANSWERS)
        return self._take(plan, call, reading)

    def _take(self, plan: Plan, call: Call, reading: str) -> Turn:
        """Do what the caller wants; ask again where that is not known."""
        match reading:
            case "repeat" | "__repeat__":
                return go(call, call.node)
            case "human":
                return go(change(call, wants_human=True), self.next)
            case "other":
                return go(change(call, topic=None, queue=None), self.other)
            case "end" if call.further:
                following = change(call, topic=call.further[0], further=call.further[1:])
                return go(following, call.node, Say(lines=plan.lines(self.second)))
            case "end":
                return go(call, self.done)
        if call.tries + 1 >= 2:
            return go(call, self.next)
        again = retry(self.after, self.again, call.tries + 1)
        return self._ask(plan, change(call, tries=call.tries + 1), plan.lines(*again))


def speakable(topic: Topic, day: str) -> bool:
    """Whether the machine may speak the topic's answer on ``day`` (ISO 8601) to anybody."""
    return released(topic, day) and topic.season.holds(day)


def released(topic: Topic, day: str) -> bool:
    """Whether the topic has an answer for anybody that an editor has let out for ``day`` (ISO 8601), season aside."""
    tier: Tier = "individual" if topic.requires_auth else "general"
    known = topic.released and topic.answer is not None
    return known and topic.in_force(day) and may("automat", tier, "nobody", "stranger")
