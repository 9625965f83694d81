"""Loads a dialplan folder into a ``Plan``, or says all that is wrong with it.

Layout: ``hotline.yaml`` (the flow), ``prompts.yaml``, ``queues.yaml``, ``offices/*.yaml``, ``topics/*.yaml``.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ..dialogue.node import NodeRef, PromptRef, QueueRef, TopicRef, references
from ..dialogue.nodes import KINDS, AnyNode
from ..dialogue.plan import NATIONAL, Id, Model, Office, Plan, QueueKind, Topic
from .polish import explain, guess
from .source import Fault, Source

M = TypeVar("M", bound=BaseModel)
VERSION = 1


class PlanError(Exception):
    """The dialplan's author is at fault: ``faults`` lists every one, in Polish."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Flow(Model):
    """``hotline.yaml``: where a call starts, which node leads to a person from anywhere, which hang-up node ends a call
    that nothing else can help, and the nodes."""

    version: int = Field(ge=1, le=VERSION)
    start: Id
    person: Id
    end: Id | None = None
    nodes: dict[Id, AnyNode]


class Prompts(Model):
    version: int = Field(ge=1, le=VERSION)
    prompts: dict[Id, str]


class Queues(Model):
    version: int = Field(ge=1, le=VERSION)
    queues: tuple[QueueKind, ...]


class OfficeFile(Model):
    version: int = Field(ge=1, le=VERSION)
    office: Office


class TopicEntry(Topic):
    """A topic as its file holds it: what the call needs, and what reviewers and the recogniser need besides."""

    description: str = ""
    verified: str | None = None
    self_service: bool = False
    wave: int | str | None = None
    released_by: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class Topics(Model):
    version: int = Field(ge=1, le=VERSION)
    area: str | None = None
    topics: tuple[TopicEntry, ...]


def load_plan(root: Path) -> Plan:
    """The plan in folder ``root``. Raises ``PlanError`` with all faults found."""
    return Loader(root).load()


class Loader:
    """Reads all files first, then checks what they say of each other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.digest = hashlib.sha256()

    def load(self) -> Plan:
        flow, flow_source = self._one("hotline.yaml", Flow)
        prompts, _ = self._one("prompts.yaml", Prompts)
        queues, _ = self._one("queues.yaml", Queues)
        offices = self._offices()
        topics = self._topics()
        if flow is None or prompts is None or queues is None:
            raise PlanError(self.faults)
        plan = Plan(
            version=self.digest.hexdigest()[:16],
            start=flow.start,
            person=flow.person,
            end=flow.end,
            nodes=flow.nodes,
            prompts=prompts.prompts,
            offices={office.id: office for office, _ in offices},
            queues={queue.id: queue for queue in queues.queues},
            topics={topic.id: topic for topic, *_ in topics},
        )
        assert flow_source is not None
        self._check_flow(plan, flow_source)
        self._check_offices(plan, offices)
        for topic, source, at in topics:
            self._known(topic.queue, plan.queues, source, (*at, "queue"), "kolejka")
        if NATIONAL not in plan.offices:
            self.faults.append(Fault("offices", 1, 1, f"brakuje urzędu `{NATIONAL}` (linia krajowa)"))
        if self.faults:
            raise PlanError(sorted(self.faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        return plan

    def _one(self, name: str, model: type[M]) -> tuple[M | None, Source | None]:
        path = self.root / name
        if not path.is_file():
            self.faults.append(Fault(name, 1, 1, "brakuje pliku", f"powinien leżeć w {self.root}"))
            return None, None
        source = Source(path, self.root)
        return self._validate(source, model), source

    def _validate(self, source: Source, model: type[M]) -> M | None:
        self.digest.update(source.name.encode() + b"\0" + source.raw + b"\0")
        if source.fault is not None:
            self.faults.append(source.fault)
            return None
        try:
            return model.model_validate(source.data)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                path = tuple(part for part in problem["loc"] if part not in KINDS)
                message, hint = explain({**problem, "loc": path}, _known_fields(problem["loc"], model))
                self.faults.append(source.fault_at(path, message, hint, key=problem["type"] == "extra_forbidden"))
            return None

    def _offices(self) -> list[tuple[Office, Source]]:
        found = []
        for path in sorted((self.root / "offices").glob("*.yaml")):
            source = Source(path, self.root)
            file = self._validate(source, OfficeFile)
            if file is not None:
                found.append((file.office, source))
        return found

    def _topics(self) -> list[tuple[Topic, Source, tuple[str | int, ...]]]:
        found: list[tuple[Topic, Source, tuple[str | int, ...]]] = []
        for path in sorted((self.root / "topics").glob("*.yaml")):
            source = Source(path, self.root)
            if isinstance(source.data, dict) and "topics" not in source.data and source.fault is None:
                continue
            file = self._validate(source, Topics)
            for i, topic in enumerate(file.topics if file else ()):
                found.append((topic, source, ("topics", i)))
        return found

    def _check_flow(self, plan: Plan, source: Source) -> None:
        tables: dict[type[str], tuple[Mapping[str, Any], str]] = {
            NodeRef: (plan.nodes, "węzeł"),
            PromptRef: (plan.prompts, "komunikat"),
            QueueRef: (plan.queues, "kolejka"),
            TopicRef: (plan.topics, "temat"),
        }
        for field in ("start", "person", "end"):
            self._known(getattr(plan, field), plan.nodes, source, (field,), "węzeł")
        for id_, node in plan.nodes.items():
            for path, ref in references(node, ("nodes", id_)):
                table, kind = tables[type(ref)]
                self._known(ref, table, source, path, kind)
        for id_ in sorted(set(plan.nodes) - set(reachable(plan))):
            hint = "proszę go usunąć albo do niego skierować"
            self.faults.append(source.fault_at(("nodes", id_), f"do węzła `{id_}` nic nie prowadzi", hint, key=True))

    def _check_offices(self, plan: Plan, offices: list[tuple[Office, Source]]) -> None:
        numbers: dict[str, str] = {}
        for office, source in offices:
            for i, queue in enumerate(office.queues):
                self._known(queue, plan.queues, source, ("office", "queues", i), "kolejka")
            self._known(
                office.default_queue, dict.fromkeys(office.queues), source, ("office", "default_queue"), "kolejka"
            )
            for i, number in enumerate(office.numbers):
                if number in numbers:
                    message = f"numer {number} ma już urząd `{numbers[number]}`"
                    self.faults.append(source.fault_at(("office", "numbers", i), message))
                numbers[number] = office.id
            for i, hours in enumerate(office.hours):
                if hours.opens >= hours.closes:
                    message = f"godziny puste: od {hours.opens} do {hours.closes}"
                    self.faults.append(source.fault_at(("office", "hours", i), message))

    def _known(
        self, name: str | None, table: Mapping[str, Any], source: Source, path: tuple[str | int, ...], kind: str
    ) -> None:
        if name is not None and name not in table:
            self.faults.append(source.fault_at(path, f"nieznany {kind} `{name}`", guess(name, table)))


def reachable(plan: Plan) -> Iterator[str]:
    """Ids of all nodes that a call can come to."""
    seen, todo = set(), [plan.start, plan.person, *([plan.end] if plan.end else [])]
    while todo:
        id_ = todo.pop()
        if id_ in seen or id_ not in plan.nodes:
            continue
        seen.add(id_)
        yield id_
        todo.extend(ref for _, ref in references(plan.nodes[id_]) if isinstance(ref, NodeRef))


def variables(text: str) -> set[str]:
    """The names of the ``{variables}`` in a prompt."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _known_fields(path: tuple[str | int, ...], model: type[BaseModel]) -> list[str]:
    """The fields allowed where ``path`` ends, for the hint at a misspelt one."""
    for part in path:
        if part in KINDS:
            model = KINDS[str(part)]
    names: list[str] = []
    for kind in (model, Office, QueueKind, TopicEntry):
        names.extend(field.alias or name for name, field in kind.model_fields.items())
    return names
