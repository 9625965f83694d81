"""Plan: a checked dialplan. Data only; made from YAML by ``ivr.dialplan``, walked by ``ivr.dialogue.machine``."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .actions import Line

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Day = Literal["pn", "wt", "sr", "cz", "pt", "so", "nd"]

NATIONAL = "krajowa"
"""Id of the office that stands for the whole country: its numbers belong to no tax chamber."""


class Model(BaseModel):
    """A strict, frozen piece of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Hours(Model):
    """Opening hours of one kind of day: ``days`` such as ``[pn, wt]``, ``from`` and ``to`` as ``HH:MM`` local time."""

    days: tuple[Day, ...] = Field(min_length=1)
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to")


class Office(Model):
    """One tax chamber (IAS), or the national line. ``numbers`` are the dialled numbers as nine digits; ``queues`` the
    thematic queues it runs, ids of the plan's queues: Asterisk's queue is named ``<office>-<queue>``.
    ``closed_on`` adds days off (``YYYY-MM-DD`` or ``MM-DD``); ``open_on`` takes public holidays back."""

    id: Id
    name: str
    voivodeship: str | None = None
    seat: str | None = None
    spoken: str
    words: tuple[str, ...] = ()
    numbers: tuple[Annotated[str, Field(pattern=r"^\d{9}$")], ...] = ()
    hours: tuple[Hours, ...] = Field(min_length=1)
    closed_on: tuple[str, ...] = ()
    open_on: tuple[str, ...] = ()
    queues: tuple[Id, ...] = Field(min_length=1)
    default_queue: Id = "kol-ogolna"
    announcement: str | None = None


class QueueKind(Model):
    """A thematic queue as every office may run it; ``timeout`` is the longest wait in seconds before overflow."""

    id: Id
    name: str
    timeout: int = Field(600, ge=10, le=7200)
    priority: int = Field(0, ge=0, le=20)


class Season(Model):
    """When a topic is on: ``MM-DD`` of the first and the last day, both included; both None all year."""

    first: MonthDay | None = None
    last: MonthDay | None = None

    def holds(self, day: str) -> bool:
        """Whether ``day`` (``YYYY-MM-DD…``) lies in the season; a season may run over New Year."""
        if self.first is None or self.last is None:
            return True
        month_day = day[5:10]
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last


class Topic(Model):
    """One matter a caller may call about. ``answer`` is spoken only when ``released``."""

    id: Id
    title: str
    area: str
    queue: Id | None
    season: Season = Season()
    requires_auth: bool = False
    answer: str | None = None
    source: str | None = None
    released: bool = False


class Plan:
    """A whole checked dialplan: flow, offices, queues, topics, prompts. Immutable by convention after loading.

    ``version`` names its content; ``nodes`` maps ids to node models; ``person`` is the node that leads to a person
    from anywhere, ``end`` the hang-up node spoken when nothing else can help; ``prompts`` maps prompt ids to text with ``{variables}``.
    """

    def __init__(
        self,
        *,
        version: str,
        start: str,
        person: str,
        nodes: Mapping[str, Any],
        prompts: Mapping[str, str],
        offices: Mapping[str, Office],
        queues: Mapping[str, QueueKind],
        topics: Mapping[str, Topic],
        end: str | None = None,
    ) -> None:
        self.version, self.start, self.person, self.end = version, start, person, end
        self.nodes, self.prompts = dict(nodes), prompts
        self.offices, self.queues, self.topics = dict(offices), dict(queues), dict(topics)
        self.numbers = {number: office.id for office in offices.values() for number in office.numbers}

    def line(self, prompt: str, **variables: str) -> Line:
        """The spoken line of ``prompt`` with its variables filled in."""
        return Line(str(prompt), self.prompts[prompt].format(**variables), bool(variables))

    def lines(self, *prompts: str) -> tuple[Line, ...]:
        """The spoken lines of prompts that have no variables."""
        return tuple(self.line(prompt) for prompt in prompts)

    def office_of(self, dialled: str) -> str | None:
        """The tax chamber that a dialled number belongs to; None for national and unknown numbers."""
        office = self.numbers.get(dialled)
        return None if office == NATIONAL else office
