"""What a node is: the protocol between the machine and the nodes, and what every question shares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

import msgspec
from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from .actions import Action, Ask
from .call import Call
from .events import Candidate, Event, Heard
from .plan import Model, Plan

HUMAN, NONE, SKIP, REPEAT, QUIT = "__human__", "__none__", "__skip__", "__repeat__", "__quit__"
"""Readings that every question knows: wants a person, out of scope, has not got it, again, wants nothing more."""


REFERS_TO = "x-refers-to"
"""In the JSON Schema of a field: what its ids name (``node``, ``prompt``, ``queue``, ``topic``)."""


class NodeRef(str):
    """An id of a node."""


class PromptRef(str):
    """An id of a prompt."""


class QueueRef(str):
    """An id of a thematic queue."""


class TopicRef(str):
    """An id of a topic."""


def _known(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", REFERS_TO: kind})


Target = Annotated[str, AfterValidator(NodeRef), _known("node")]
Prompt = Annotated[str, AfterValidator(PromptRef), _known("prompt")]
Prompts = Annotated[tuple[Prompt, ...], Field(min_length=1)]
Queue = Annotated[str, AfterValidator(QueueRef), _known("queue")]
TopicId = Annotated[str, AfterValidator(TopicRef), _known("topic")]


@dataclass(frozen=True)
class Says:
    """The variables that a node fills in when it says the prompt of a field: ``Annotated[Prompt, Says("hours")]``."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Turn:
    """What a node makes of an event: the new call, the actions, and the next node (None: wait, or the end). With
    ``keeps`` the node is entered as it stands, to put its question again: tries, step and what it forgets stay."""

    call: Call
    actions: tuple[Action, ...] = ()
    goto: str | None = None
    awaits: tuple[str, ...] = ()
    keeps: bool = False


class Node(Model):
    """One step of a plan. ``enter`` is called when the call comes to it, ``answer`` with each awaited event.
    ``FORGETS`` are fields of the call that the machine sets anew when it enters."""

    FORGETS: ClassVar[Mapping[str, Any]] = {}

    def enter(self, plan: Plan, call: Call) -> Turn:
        raise NotImplementedError

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        raise NotImplementedError


def references(model: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every reference in ``model`` with its path: values of type NodeRef, PromptRef, QueueRef, TopicRef."""
    for name, value in model:
        alias = type(model).model_fields[name].alias or name
        yield from _walk(value, (*path, alias))


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, NodeRef | PromptRef | QueueRef | TopicRef):
        yield path, value
    elif isinstance(value, BaseModel):
        yield from references(value, path)
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from _walk(part, (*path, i))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _walk(part, (*path, key))


def said_by(model: BaseModel, field: str) -> tuple[str, ...]:
    """The variables that ``model`` fills in when it says the prompt of ``field``."""
    found = [extra.names for extra in type(model).model_fields[field].metadata if isinstance(extra, Says)]
    return found[0] if found else ()


def change(call: Call, **fields: Any) -> Call:
    """``call`` with some fields changed."""
    return msgspec.structs.replace(call, **fields)


def wait(call: Call, *actions: Action, awaits: tuple[str, ...]) -> Turn:
    """Perform ``actions``; the last one ends in one of ``awaits``."""
    return Turn(call, actions, None, awaits)


def go(call: Call, target: str, *actions: Action) -> Turn:
    """Perform ``actions`` and enter ``target``."""
    return Turn(call, actions, target)


def once_more(call: Call) -> Turn:
    """Enter the call's node as it stands: it puts the question again that was put last."""
    return Turn(call, (), call.node, (), keeps=True)


def retry(lines: tuple[str, ...], again: tuple[str, ...], tries: int) -> tuple[str, ...]:
    """The prompts of try number ``tries`` (0: the first): other words each time, the last ones repeated."""
    if tries == 0 or not again:
        return lines
    return (again[min(tries, len(again)) - 1],)


class Trying(Protocol):
    """A question that is asked again."""

    @property
    def again(self) -> tuple[str, ...]: ...
    @property
    def tries(self) -> int: ...


def attempts(node: Trying) -> int:
    """How often a question is asked: ``tries``, but never a third time in the same words."""
    return min(node.tries, len(node.again) + 2)


def choices_of(call: Call) -> Mapping[str, str]:
    """The keys that the outstanding question offers, and the reading of each."""
    asked = call.pending[-1] if call.pending else None
    return asked.choices if isinstance(asked, Ask) else {}


def best(event: Heard) -> Candidate:
    """The best reading of what was heard; NONE with confidence 0 when there is none."""
    return event.readings[0] if event.readings else Candidate(NONE, 0.0)
