"""``matter``: "W jakiej sprawie Pan dzwoni?" From the caller's own words to a topic."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..actions import Ask, Line
from ..call import Call
from ..events import Candidate, Event, Heard, Keyed
from ..node import (
    NONE,
    QUIT,
    REPEAT,
    Node,
    Prompt,
    Prompts,
    Queue,
    Says,
    Target,
    Turn,
    best,
    change,
    go,
    once_more,
    retry,
    wait,
)
from ..plan import Model, Plan, Season

ANSWERS = ("Heard", "Keyed", "NothingHeard", "HumanAsked")
YES, NO = "yes", "no"
OPEN, CONFIRM, EITHER, KEYS = "open", "confirm", "either", "keys"
"""Steps: which of its questions the node has put last."""
LAST_TRY = 3
LIKELY = 0.05
"""Least share of an area of matters that is read out before the others."""


class KeyArea(Model):
    """An area of matters behind one key of the fallback menu, and the thematic queue that serves it. Out of its
    ``season`` it is not offered, and its own ``line`` not said."""

    key: str = Field(pattern=r"^[1-9]$")
    queue: Queue
    line: Prompt | None = None
    season: Season = Season()


class MatterNode(Node):
    """Asks openly, then by what the recogniser of topics is worth (its confidence is calibrated):

    - ``accept`` and more: the topic is taken;
    - two near each other: "Chodzi o A czy o B?"; one above ``doubt``: "Czy chodzi o A?"; so too one that stands
      close ``behind`` what seemed to be no matter of ours;
    - else one open re-prompt with an example, then a menu by keys, the likeliest areas first, then ``otherwise`` (a
      person).
    Each try offers once: an unsure answer to an offer is a failed one. Two matters in one breath are taken one after
    the other. To enter it is to ask anew: an earlier matter is forgotten. A caller who asks to repeat hears what was
    asked last: the open question, the offer or the keys.
    """

    EXAMPLE: ClassVar[str] = """
    node: matter
    lines: [w-jakiej-sprawie]
    again: [w-jakiej-sprawie-przyklad]
    confirm: czy-chodzi-o
    either: a-czy-b
    keys: [obszary]
    areas:
      - {key: "1", queue: kol-pit}
    next: koniec
    otherwise: koniec
    done: koniec
    """

    FORGETS: ClassVar[Mapping[str, Any]] = {
        "topic": None,
        "confidence": 0.0,
        "queue": None,
        "further": (),
        "offered": (),
        "likely": (),
    }

    node: Literal["matter"]
    lines: Prompts
    again: Prompts
    confirm: Annotated[Prompt, Says("a")]
    either: Annotated[Prompt, Says("a", "b")]
    keys: Prompts
    areas: tuple[KeyArea, ...] = Field(min_length=1)
    accept: float = Field(0.75, gt=0, le=1)
    doubt: float = Field(0.2, gt=0, le=1)
    rival: float = Field(0.05, gt=0, le=1)
    behind: float = Field(0.05, gt=0, le=1)
    patience: float = Field(7.0, ge=3, le=20)
    next: Target
    otherwise: Target
    done: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.step in (CONFIRM, EITHER) and call.offered:
            return self._offer(plan, call, call.step, call.offered)
        return self._open(plan, call) if call.hears and call.step != KEYS else self._by_keys(plan, call)

    def _open(self, plan: Plan, call: Call) -> Turn:
        lines = plan.lines(*retry(self.lines, self.again, call.tries))
        ask = Ask(
            question="matter",
            lines=lines,
            grammar="matter",
            patience=self.patience,
            masked=plan.out_of_season(call.arrived),
        )
        return wait(change(call, step=OPEN, offered=()), ask, awaits=ANSWERS)

    def _by_keys(self, plan: Plan, call: Call) -> Turn:
        areas = self._areas(call)
        ask = Ask(
            question="matter",
            lines=plan.lines(*self.keys, *(area.line for area in areas if area.line is not None)),
            choices={area.key: str(area.queue) for area in areas},
            grammar="matter",
            patience=self.patience,
        )
        return wait(change(call, step=KEYS, offered=()), ask, awaits=ANSWERS)

    def _areas(self, call: Call) -> list[KeyArea]:
        """Those of the season, the likeliest first: the keys stay, only the order of reading changes."""
        held = [area for area in self.areas if area.season.holds(call.arrived)]
        place = {queue: at for at, queue in enumerate(call.likely)}
        return sorted(held, key=lambda area: place.get(str(area.queue), len(place)))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if isinstance(event, Keyed):
            return self._keyed(plan, call, event.keys)
        if not isinstance(event, Heard):
            return self._failed(plan, call)
        heard = change(call, said=(*call.said, event.text)) if event.text else call
        reading = best(event)
        if reading.id == REPEAT:
            return once_more(heard)
        heard = change(heard, likely=likely_queues(plan, event) or call.likely)
        if call.step in (CONFIRM, EITHER) and reading.id in (YES, NO):
            return self._agreed(plan, heard, reading.id == YES)
        if reading.id == QUIT:
            return go(heard, self.done)
        topics = [candidate for candidate in event.readings if candidate.id.split("|")[0] in plan.topics]
        if topics and topics[0] is reading:
            return self._judge(plan, heard, topics)
        if reading.id == NONE and call.step == OPEN and topics and topics[0].confidence >= self.behind:
            return self._offer(plan, heard, CONFIRM, (topics[0],))
        return self._failed(plan, heard)

    def _judge(self, plan: Plan, call: Call, topics: list[Candidate]) -> Turn:
        first = topics[0]
        offered_before = any(candidate.id == first.id for candidate in call.offered)
        if first.confidence >= self.accept or offered_before:
            return self._take(call, first)
        if call.offered:
            return self._failed(plan, call)
        rivals = [rival for rival in topics[1:] if rival.confidence >= self.rival and "|" not in rival.id]
        if rivals and "|" not in first.id:
            return self._offer(plan, call, EITHER, (first, rivals[0]))
        if first.confidence >= self.doubt:
            return self._offer(plan, call, CONFIRM, (first,))
        return self._failed(plan, call)

    def _offer(self, plan: Plan, call: Call, step: str, offered: tuple[Candidate, ...]) -> Turn:
        titles = [_title(plan, candidate) for candidate in offered]
        if step == CONFIRM:
            line: Line = plan.line(self.confirm, a=titles[0])
            ask = Ask(question="matter", lines=(line,), choices={"1": YES, "2": NO}, grammar="yes-no")
        else:
            line = plan.line(self.either, a=titles[0], b=titles[1])
            ask = Ask(
                question="matter",
                lines=(line,),
                choices={"1": offered[0].id, "2": offered[1].id, "3": NO},
                grammar="choice",
                words={
                    offered[0].id: (titles[0], "to pierwsze", "pierwsze"),
                    offered[1].id: (titles[1], "to drugie", "drugie"),
                    NO: ("żadne", "nie", "coś innego", "inna sprawa"),
                },
            )
        return wait(change(call, step=step, offered=offered), ask, awaits=ANSWERS)

    def _keyed(self, plan: Plan, call: Call, key: str) -> Turn:
        if call.step == KEYS:
            queue = next((str(area.queue) for area in self._areas(call) if area.key == key), None)
            if queue is not None:
                return go(change(call, queue=queue, topic=None), self.next)
        if call.step == CONFIRM and key in "12":
            return self._agreed(plan, call, key == "1")
        if call.step == EITHER and key in "12":
            return self._take(call, call.offered[int(key) - 1])
        return self._failed(plan, call)

    def _agreed(self, plan: Plan, call: Call, yes: bool) -> Turn:
        if yes and call.step == CONFIRM:
            return self._take(call, call.offered[0])
        return self._failed(plan, call)

    def _take(self, call: Call, candidate: Candidate) -> Turn:
        topic, *further = candidate.id.split("|")
        taken = change(call, topic=topic, confidence=candidate.confidence, further=tuple(further), queue=None)
        return go(taken, self.next)

    def _failed(self, plan: Plan, call: Call) -> Turn:
        """First another open try with an example, then keys (twice at most), then a person."""
        failed = change(call, tries=call.tries + 1)
        if failed.tries == 1 and call.hears:
            return self._open(plan, failed)
        if failed.tries == 2 or (call.step != KEYS and failed.tries <= LAST_TRY):
            return self._by_keys(plan, failed)
        return go(failed, self.otherwise)


def _title(plan: Plan, candidate: Candidate) -> str:
    return " oraz ".join(plan.topics[topic].title for topic in candidate.id.split("|") if topic in plan.topics)


def likely_queues(plan: Plan, event: Heard) -> tuple[str, ...]:
    """Queues of the topics that what was heard may mean, the likeliest first; none below ``LIKELY``."""
    shares: dict[str, float] = {}
    for candidate in event.readings:
        topic = plan.topics.get(candidate.id.split("|")[0])
        if topic is not None and topic.queue is not None:
            shares[topic.queue] = shares.get(topic.queue, 0.0) + candidate.confidence
    found = [queue for queue in shares if shares[queue] >= LIKELY]
    return tuple(sorted(found, key=lambda queue: -shares[queue]))
