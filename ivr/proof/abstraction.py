"""Which calls are alike: classes of offices, queues, topics and days, and the key that like calls share.

Two calls with the same key react to every event in the same way, up to words spoken and names that stand for one
another. What a key leaves out, and why that loses nothing, is written in ``docs/proof.md``; ``walk`` tests it on calls
that fell together.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from pydantic import BaseModel

from ..dialogue.actions import Action, Ask, AskDigits, Enqueue, LookUp
from ..dialogue.call import Call
from ..dialogue.node import Node, NodeRef, TopicRef, references
from ..dialogue.nodes.answer import speakable
from ..dialogue.nodes.queue import ways
from ..dialogue.plan import NATIONAL, Announcement, Office, Plan, QueueKind, Season, Topic
from .heard import announces

Key = tuple[Any, ...]

OFFICE_DATA = {
    "id",
    "name",
    "voivodeship",
    "seat",
    "spoken",
    "words",
    "numbers",
    "hours",
    "closed_on",
    "open_on",
    "special",
}
"""What of an office is only spoken, dialled or looked up: no node decides by it."""
QUEUE_DATA = {"id", "name"}
TOPIC_DATA = {
    "id",
    "title",
    "area",
    "source",
    "answer",
    "released",
    "released_by",
    "valid_from",
    "valid_to",
    "queue",
    "season",
}

YEAR = 2026
"""The year of days that come every year."""
ERASED = {
    "id",
    "plan",
    "turn",
    "unheard",
    "dialled",
    "trunk",
    "said",
    "confidence",
    "likely",
    "identity_kind",
    "queue_key",
    "visits",
    "node",
}
"""Fields that no key holds: data carried along; and ``visits``, whose bound ``walk`` follows apart."""
RESET = {"node", "step", "tries"}
"""Fields that the machine sets anew at every node."""
ALWAYS = ("tries", "served", "media", "hears", "resumes", "exhausted", "ended", "awaits")
"""Fields that every key holds: the machine itself reads them, or a property does."""


class Abstraction:
    """The classes of one plan. ``offices``, ``queues`` and ``topics`` map an id to the one that stands for it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._variants = variants(plan)
        self.queues = _classes(plan.queues, self._queue)
        self.offices = _classes(plan.offices, self._office)
        self._periods, announced = _periods(plan), _announced(plan)
        self._all_periods = [*self._periods, *announced]
        self.days = _days(self._all_periods)
        self.topics = _classes(plan.topics, self._topic, prefer=_longest)
        self._seasons: dict[tuple[str, bool], tuple[bool, ...]] = {}
        later = _classes(plan.offices, lambda office: self._office(office, announces=False))
        self._named = {ahead: _Names(plan, offices, self) for ahead, offices in ((True, self.offices), (False, later))}
        always = (plan.person, *([plan.end] if plan.end else []))
        self._ahead = _ahead(self._variants, always)
        self._kept = {
            name: tuple(field for field in _FIELDS if field in live and field not in ALWAYS)
            for name, live in _live(self._variants, always).items()
        }
        self._kept[""] = ()

    def names(self, table: Mapping[str, str]) -> list[str]:
        """Those of a class table that stand for others."""
        return sorted(set(table.values()))

    def key(self, call: Call) -> Key:
        """What ``call`` can still do. Calls with the same key are alike."""
        if call.ended is not None:
            return (call.ended, call.served)
        ahead = call.node in self._ahead
        named = self._named[ahead]
        fields = [self._canonical(name, getattr(call, name), call, named, ahead) for name in self._kept[call.node]]
        asked = tuple(_asked(action, named) for action in call.pending[-1:])
        always = [getattr(call, name) for name in ALWAYS]
        return (call.node, named(call.step), asked, *always, *fields)

    def lives(self, node: str, name: str) -> bool:
        """Whether a call at ``node`` may still have its field ``name`` read."""
        return name in self._kept[node]

    def _canonical(self, name: str, value: Any, call: Call, named: "_Names", ahead: bool) -> Any:
        match name:
            case "caller" | "identity" | "acting_for":
                return value is not None
            case "arrived":
                if (value, ahead) not in self._seasons:
                    periods = self._all_periods if ahead else self._periods
                    self._seasons[value, ahead] = tuple(period.holds(value) for period in periods)
                return self._seasons[value, ahead]
            case "auth":
                return None if value is None else tuple(party.ref for party in value.principals)
            case "offered":
                return tuple(named(candidate.id) for candidate in value)
            case "further":
                return tuple(map(named, value))
            case "queues_tried" if value:
                return tuple(named(queue) for queue in ways(self.plan, call) if queue in value)
        return named(value) if isinstance(value, str) else value

    def _queue(self, queue: QueueKind) -> Key:
        offices = self.plan.offices.values()
        run = tuple(office.id for office in offices if queue.id in office.queues)
        default = tuple(office.id for office in offices if office.default_queue == queue.id)
        named = any(queue.id in _strings(office, OFFICE_DATA | {"queues", "default_queue"}) for office in offices)
        return (_plain(queue, QueueKind, QUEUE_DATA), run, default, queue.id if named else "")

    def _office(self, office: Office, announces: bool = True) -> Key:
        others = (other for other in self.plan.offices.values() if other.id != office.id)
        named = any(office.id in _strings(other, OFFICE_DATA) for other in others) or any(
            office.id in _strings(node, set()) for nodes in variants(self.plan).values() for node in nodes
        )
        alone = named or office.id == NATIONAL or not office.voivodeship
        left_out = OFFICE_DATA if announces else OFFICE_DATA | {"announcements"}
        return (_plain(office, Office, left_out), _local(self.plan, office), office.id if alone else "")

    def _topic(self, topic: Topic) -> Key:
        named = any(
            isinstance(ref, TopicRef) and ref == topic.id
            for nodes in variants(self.plan).values()
            for node in nodes
            for _, ref in references(node)
        )
        answered = tuple(speakable(topic, day) for day in self.days)
        queue = self.queues.get(topic.queue or "", "")
        return (_plain(topic, Topic, TOPIC_DATA), queue, answered, topic.id if named else "")


class _Names:
    """What stands for what in a text: an office, queue or topic, ``a|b``, ``office-queue``, or several of these."""

    def __init__(self, plan: Plan, offices: Mapping[str, str], classes: Abstraction) -> None:
        self._plan, self._offices, self._queues = plan, offices, classes.queues
        self._known = {**offices, **classes.queues, **classes.topics}

    def __call__(self, text: str) -> str:
        """``text`` by the names that stand for those in it."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._composed(text)
        return known

    def _composed(self, text: str) -> str:
        for divider in ("|", " "):
            if divider in text:
                return divider.join(map(self, text.split(divider)))
        for office in self._plan.offices:
            if text.startswith(f"{office}-") and text[len(office) + 1 :] in self._queues:
                return f"{self._offices[office]}-{self._queues[text[len(office) + 1 :]]}"
        return text


def _asked(action: Action, named: "_Names") -> Key:
    """What the machine and the nodes can still read of an outstanding wait. Its words were judged when they were
    first said; said again they are the same."""
    match action:
        case Ask():
            choices = tuple((key, named(reading)) for key, reading in sorted(action.choices.items()))
            return ("Ask", action.question, action.grammar, choices)
        case AskDigits():
            return ("AskDigits", action.purpose)
        case LookUp():
            return ("LookUp", action.what)
        case Enqueue():
            return ("Enqueue", named(action.queue))
    return (type(action).__name__,)


_FIELDS = Call.__struct_fields__


def variants(plan: Plan) -> dict[str, list[Node]]:
    """Each node as every office has it."""
    found: dict[str, dict[int, Node]] = {}
    for view in (plan, *plan.views.values()):
        for name, node in view.nodes.items():
            found.setdefault(name, {})[id(node)] = node
    return {name: list(nodes.values()) for name, nodes in found.items()}


def _local(plan: Plan, office: Office) -> Key:
    """What an office has of its own, as far as a call can go another way by it or a property asks for it: its nodes,
    and what its prompts announce (not in which words)."""
    view = plan.for_office(office.id)
    nodes = [(name, repr(node)) for name, node in view.nodes.items() if plan.nodes.get(name) is not node]
    prompts = [
        (name, announces(text))
        for name, text in view.prompts.items()
        if name not in plan.prompts or announces(text) != announces(plan.prompts[name])
    ]
    return (tuple(sorted(nodes)), tuple(sorted(prompts)))


def _announced(plan: Plan) -> list[Any]:
    """The days of announcements, each once."""
    announced = [item for office in plan.offices.values() for item in office.announcements]
    return list({(part.first, part.last): part for part in announced if part.first or part.last}.values())


def _periods(plan: Plan) -> list[Any]:
    """Everything else in the plan that holds on some days only, each once."""
    models = [*plan.topics.values(), *(node for nodes in variants(plan).values() for node in nodes)]
    valid = {(topic.valid_from, topic.valid_to) for topic in plan.topics.values() if topic.released}
    answers = [Announcement(text="-", first=first, last=last) for first, last in sorted(valid, key=str)]
    parts: tuple[Season | Announcement, ...] = (*_seasonal(models), *answers)
    found = {repr(part): part for part in parts if part.first or part.last}
    return list(found.values())


def _seasonal(value: Any) -> Iterator[Season]:
    if isinstance(value, Season):
        yield value
    elif isinstance(value, BaseModel):
        for _, part in value:
            yield from _seasonal(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _seasonal(part)


def _days(periods: list[Any]) -> list[str]:
    """One day for each set of seasons and announcements that hold together, as ISO 8601 moments."""
    found: dict[tuple[bool, ...], str] = {}
    edges = {edge for period in periods for edge in (period.first, period.last) if edge}
    years = {YEAR, *(int(edge[:4]) for edge in edges if len(edge) > 5)}
    candidates = [date(YEAR, 1, 2)]
    for edge in sorted(edges):
        for year in [int(edge[:4])] if len(edge) > 5 else sorted(years):
            leap = edge.endswith("02-29") and year % 4
            day = date(year, int(edge[-5:-3]), 28 if leap else int(edge[-2:]))
            candidates += [day + timedelta(days=n) for n in (0, -1, 1)]
    for day in candidates:
        moment = f"{day.isoformat()}T10:00:00+02:00"
        found.setdefault(tuple(period.holds(moment) for period in periods), moment)
    return list(found.values())


def _longest(topic: Topic) -> int:
    return len(topic.answer or "") + 2 * len(topic.title)


def _classes(
    table: Mapping[str, Any], kind: Callable[[Any], Key], prefer: Callable[[Any], int] = lambda value: 0
) -> dict[str, str]:
    """Each id to the member of its class that stands for it: the first, or the one with most of ``prefer``."""
    classes: dict[Key, list[str]] = {}
    for id_, value in table.items():
        classes.setdefault(kind(value), []).append(id_)
    chosen = {kind_: max(ids, key=lambda id_: prefer(table[id_])) for kind_, ids in classes.items()}
    return {id_: chosen[kind_] for kind_, ids in classes.items() for id_ in ids}


def _plain(model: BaseModel, known: type[BaseModel], left_out: set[str]) -> str:
    """What ``known`` has of ``model``, but for ``left_out``, as text to compare."""
    return repr(sorted(model.model_dump(include=set(known.model_fields) - left_out).items()))


def _strings(model: BaseModel, left_out: set[str]) -> set[str]:
    return set(_texts(model.model_dump(exclude=left_out)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from (*_texts(key), *_texts(part))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _ahead(nodes: Mapping[str, list[Node]], always: tuple[str, ...]) -> set[str]:
    """Nodes from which a call may yet come to one that says announcements, and those themselves: past them no call can
    tell by which announcements offices differ, nor on which days these held."""
    ahead = {name for name, many in nodes.items() if any(_announces(type(node)) for node in many)}
    leads = _leads(nodes, always)
    while more := {name for name, following in leads.items() if following & ahead} - ahead:
        ahead |= more
    return ahead


def _leads(nodes: Mapping[str, list[Node]], always: tuple[str, ...]) -> dict[str, set[str]]:
    """For each node those that a call may go to from there."""
    return {
        name: {*always, *(str(ref) for node in many for _, ref in references(node) if isinstance(ref, NodeRef))}
        for name, many in nodes.items()
    }


def _live(nodes: Mapping[str, list[Node]], always: tuple[str, ...]) -> dict[str, set[str]]:
    """For each node the fields of a call that it, or a node that the call may come to from there, reads before they are
    set anew: backwards along the references until nothing changes."""
    leads = _leads(nodes, always)
    forgets = {name: set.intersection(*(set(node.FORGETS) for node in many)) for name, many in nodes.items()}
    live = {name: set().union(*(reads(type(node)) for node in many)) - ERASED for name, many in nodes.items()}
    changed = True
    while changed:
        changed = False
        for name, following in leads.items():
            more = set().union(*(live[other] - forgets[other] - RESET for other in following))
            if not more <= live[name]:
                live[name] |= more
                changed = True
    return live


@cache
def _announces(kind: type[Node]) -> bool:
    """Whether a kind of node says announcements: its module asks the plan, or an office, for them."""
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    return any(isinstance(node, ast.Attribute) and node.attr == "announcements" for node in ast.walk(tree))


@cache
def reads(kind: type[Node]) -> frozenset[str]:
    """The fields of a call that a kind of node may read: every such name that its module asks of anything but itself,
    the plan and the event."""
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    asked = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return frozenset(node.attr for node in asked if node.value.id not in ("self", "plan", "event")) & set(_FIELDS)  # type: ignore[attr-defined]
