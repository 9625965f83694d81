"""Plan: a checked dialplan. Data only; made from YAML by ``ivr.dialplan``, walked by ``ivr.dialogue.machine``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Day = Literal["pn", "wt", "sr", "cz", "pt", "so", "nd"]


class Model(BaseModel):
    """A strict, frozen piece of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Hours(Model):
    """Opening hours of one kind of day: ``days`` such as ``[pn, wt]``, ``from`` and ``to`` as ``HH:MM`` local time."""

    days: tuple[Day, ...]
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to")


class Office(Model):
    """One tax chamber (IAS), or the national line. ``numbers`` are the dialled numbers as nine digits; ``queues`` the
    thematic queues it runs, ids of the plan's queues: Asterisk's queue is named ``<office>-<queue>``."""

    id: Id
    name: str
    voivodeship: str | None = None
    seat: str | None = None
    spoken: str
    words: tuple[str, ...] = ()
    numbers: tuple[Annotated[str, Field(pattern=r"^\d{9}$")], ...] = ()
    hours: tuple[Hours, ...]
    closed_on: tuple[str, ...] = ()
    queues: tuple[Id, ...]
    default_queue: Id = "kol-ogolna"


class QueueKind(Model):
    """A thematic queue as every office may run it; ``timeout`` is the longest wait in seconds before overflow."""

    id: Id
    name: str
    timeout: int = 600
    priority: int = 0


class Season(Model):
    """When a topic is on: ``MM-DD`` of the first and the last day, both included; None all year."""

    first: str | None = None
    last: str | None = None


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
