"""What of a plan the proof looks at, and how long its texts are: plans that agree in the first are proved alike.

A text counts by what it announces and which values it is filled with, never by its words; names, hours, numbers and
phrases count not at all: no node decides by them (``abstraction.OFFICE_DATA`` and its kin). So a plan in which a
greeting was reworded is proved when the one before was, unless its texts grew so much that calls could become too
long.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ..dialogue.plan import Office, Plan, QueueKind, Topic, variables
from .abstraction import OFFICE_DATA, QUEUE_DATA
from .bounds import Bounds
from .heard import announces

Letters = Mapping[str, int]


def likeness(plan: Plan) -> str:
    """A digest of all that the proof of ``plan`` depends on, but for the length of texts."""
    seen = {
        "heads": [plan.start, plan.person, plan.end],
        "manners": None if plan.manners is None else _data(plan.manners),
        "nodes": {id_: _data(node) for id_, node in plan.nodes.items()},
        "own": {office: {id_: _data(node) for id_, node in own.nodes.items()} for office, own in plan.local.items()},
        "queues": {id_: _of(QueueKind, queue, QUEUE_DATA) for id_, queue in plan.queues.items()},
        "offices": {id_: _office(office) for id_, office in plan.offices.items()},
        "topics": {id_: _topic(topic) for id_, topic in plan.topics.items()},
        "said": {where: [announces(text), *values] for where, text, values in _texts(plan)},
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def letters(plan: Plan) -> dict[str, int]:
    """How long each text is, by where it is said."""
    return {where: len(text) for where, text, _ in _texts(plan)}


def grown(before: Letters, after: Letters) -> float:
    """By what factor, at most, a turn of one plan is longer than the same turn of one with the same ``likeness``."""
    return max([1.0, *(after[where] / max(1, before.get(where, 1)) for where in after)])


def still_holds(found: Bounds, limits: Bounds, factor: float) -> bool:
    """Whether calls of a plan stay within ``limits`` when every text is longer by ``factor``."""
    return found.seconds * factor <= limits.seconds and found.silent_seconds * factor <= limits.silent_seconds


def _texts(plan: Plan) -> Iterator[tuple[str, str, list[str]]]:
    """Everything that may be said: where, the text with all values that are known, and the names of those that are
    not."""
    for office, view in (("", plan), *plan.views.items()):
        for prompt, text in view.prompts.items():
            moment = sorted(variables(text) - view.variables.keys())
            told = view.fill(text, {name: f"{{{name}}}" for name in moment})
            yield f"{office}/{prompt}", told, moment
        for line in view.announcements():
            yield line.prompt, line.text, []
    for topic in plan.topics.values():
        yield f"topic/{topic.id}", plan.fill(topic.answer or ""), []
        yield f"title/{topic.id}", topic.title, []
    for id_, one in plan.offices.items():
        yield f"spoken/{id_}", one.spoken, []


def _data(model: BaseModel) -> Any:
    return model.model_dump(mode="json", by_alias=True)


def _of(known: type[BaseModel], model: BaseModel, left_out: set[str]) -> Any:
    return model.model_dump(mode="json", by_alias=True, include=set(known.model_fields) - left_out)


def _office(office: Office) -> Any:
    """Which announcements there are on which days; whether callers can dial it and whether it is a voivodeship's."""
    days = [(one.first, one.last) for one in office.announcements]
    kept = _of(Office, office, OFFICE_DATA | {"announcements"})
    return [kept, days, bool(office.numbers), bool(office.voivodeship)]


def _topic(topic: Topic) -> Any:
    return [_of(Topic, topic, {"title", "area", "source", "answer"}), bool(topic.answer)]
