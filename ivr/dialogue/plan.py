"""Plan: a checked dialplan. Data only; made from YAML by ``ivr.dialplan``, walked by ``ivr.dialogue.machine``."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from .actions import Line

if TYPE_CHECKING:
    from .manners import Manners


def refuse(message: str, hint: str = "") -> PydanticCustomError:
    """What a validator raises to tell the dialplan's author, in Polish, what is wrong and the mend."""
    return PydanticCustomError("dialplan", "{message}", {"message": message, "hint": hint})


def _real_day(text: str) -> str:
    year, month, day = int(text[:-6] or 2000), int(text[-5:-3]), int(text[-2:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = (29 if leap else 28) if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    if day > last:
        raise refuse(f"nie ma takiego dnia: {text}")
    return text


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), AfterValidator(_real_day)]
Day = Literal["pn", "wt", "sr", "cz", "pt", "so", "nd"]
DAYS_OF_WEEK: tuple[Day, ...] = ("pn", "wt", "sr", "cz", "pt", "so", "nd")
Date = Annotated[
    str, Field(pattern=r"^(20[0-9][0-9]-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), AfterValidator(_real_day)
]
"""A day: ``YYYY-MM-DD``, or ``MM-DD`` for every year."""

FullDate = Annotated[
    str, Field(pattern=r"^20[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), AfterValidator(_real_day)
]
"""One day of one year: ``YYYY-MM-DD``."""

NATIONAL = "krajowa"
"""Id of the office that stands for the whole country: its numbers belong to no tax chamber."""

Speech = Callable[[str], str]
"""Says a value in Polish, as a prompt asks for it: ``{kwota:zlote}``. Pure. ``ValueError`` for a wrong value."""


class Model(BaseModel):
    """A strict, frozen piece of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Season(Model):
    """When a topic is on: ``MM-DD`` of the first and the last day, both included; both None all year."""

    first: MonthDay | None = None
    last: MonthDay | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.first is None) != (self.last is None):
            raise refuse("sezon ma tylko jeden z dni", "proszę podać `first` i `last`, na przykład `02-15` i `04-30`")
        return self

    def holds(self, day: str) -> bool:
        """Whether ``day`` (``YYYY-MM-DD…``) lies in the season; a season may run over New Year."""
        if self.first is None or self.last is None:
            return True
        month_day = day[5:10]
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last


class Hours(Model):
    """Opening hours of one kind of day: ``days`` such as ``[pn, wt]``, ``from`` and ``to`` as ``HH:MM`` local time. In
    its ``season`` it replaces the hours that hold all year on the same days of the week."""

    days: tuple[Day, ...] = Field(min_length=1)
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to")
    season: Season = Season()


class SpecialDay(Model):
    """Hours of one date, whatever its weekday, holiday or not."""

    date: Date
    opens: Clock = Field(alias="from")
    closes: Clock = Field(alias="to")


class Announcement(Model):
    """What an office tells all its callers from the day ``first`` to the day ``last``, both included: two dates
    (either may be left out), or two days of every year."""

    text: str = Field(min_length=1)
    first: Date | None = None
    last: Date | None = None

    def holds(self, day: str) -> bool:
        """Whether it is said on ``day`` (``YYYY-MM-DD…``)."""
        if self.first and self.last and len(self.first) == 5:
            return Season(first=self.first, last=self.last).holds(day)
        return (self.first or "") <= day[:10] <= (self.last or "9999")

    @model_validator(mode="after")
    def _two_of_a_kind(self) -> Self:
        sizes = {len(day or "") for day in (self.first, self.last)}
        if 5 in sizes and sizes != {5}:
            raise refuse(
                "dzień bez roku wymaga drugiego dnia bez roku", "na przykład `12-20` i `01-05`, albo dwie daty"
            )
        if sizes == {10} and str(self.first) > str(self.last):
            raise refuse(f"koniec ({self.last}) jest przed początkiem ({self.first})", "proszę zamienić daty")
        return self


class QueueLimits(Model):
    """What an office changes in one of its queues; see ``QueueKind``."""

    timeout: int | None = Field(None, ge=10, le=7200)
    max_waiting: int | None = Field(None, ge=1, le=1000)
    max_wait: int | None = Field(None, ge=10, le=7200)


class Office(Model):
    """One tax chamber (IAS), or the national line. ``numbers`` are the dialled numbers as nine digits; ``queues`` the
    thematic queues it runs, ids of the plan's queues: Asterisk's queue is named ``<office>-<queue>``.
    ``closed_on`` adds days off (``YYYY-MM-DD`` or ``MM-DD``); ``open_on`` takes public holidays back; ``special`` gives
    a date hours of its own. ``overflow`` names the offices that take over callers, in turn; the national line is
    always the last."""

    id: Id
    name: str
    voivodeship: str | None = None
    seat: str | None = None
    spoken: str
    words: tuple[str, ...] = ()
    numbers: tuple[Annotated[str, Field(pattern=r"^[0-9]{9}$")], ...] = ()
    hours: tuple[Hours, ...] = Field(min_length=1)
    closed_on: tuple[Date, ...] = ()
    open_on: tuple[Date, ...] = ()
    special: tuple[SpecialDay, ...] = ()
    queues: tuple[Id, ...] = Field(min_length=1)
    default_queue: Id = "kol-ogolna"
    overflow: tuple[Id, ...] = ()
    limits: dict[Id, QueueLimits] = {}
    announcements: tuple[Announcement, ...] = ()


class QueueKind(Model):
    """A thematic queue as every office may run it. ``timeout`` is the longest wait in seconds, after which a caller
    goes on to the next office; ``max_waiting`` callers in line, or one who has waited ``max_wait`` seconds, send a new
    caller there at once."""

    id: Id
    name: str
    timeout: int = Field(600, ge=10, le=7200)
    priority: int = Field(0, ge=0, le=20)
    max_waiting: int | None = Field(None, ge=1, le=1000)
    max_wait: int | None = Field(None, ge=10, le=7200)


class Topic(Model):
    """One matter a caller may call about. ``answer`` is spoken only when ``released``, from the day ``valid_from`` to
    the day ``valid_to``, both included; ``released_by`` is the editor who answers for it."""

    id: Id
    title: str
    area: str
    queue: Id | None
    season: Season = Season()
    requires_auth: bool = False
    answer: str | None = None
    source: str | None = None
    released: bool = False
    released_by: str | None = None
    valid_from: FullDate | None = None
    valid_to: FullDate | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise refuse("odpowiedź przestaje obowiązywać, zanim zacznie", "proszę zamienić `valid_from` i `valid_to`")
        return self

    def in_force(self, day: str) -> bool:
        """Whether the answer holds on ``day`` (``YYYY-MM-DD…``)."""
        return (self.valid_from or "") <= day[:10] <= (self.valid_to or "9999")


@dataclass(frozen=True)
class Local:
    """What one office has of its own: nodes that replace or join the national ones, texts, values of variables."""

    nodes: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


class Plan:
    """A whole checked dialplan: flow, offices, queues, topics, prompts. Immutable by convention after loading.

    ``version`` names its content; ``nodes`` maps ids to node models; ``person`` is the node that leads to a person
    from anywhere, ``end`` the hang-up node spoken when nothing else can help; ``prompts`` maps prompt ids to text with
    ``{variables}``, which are what a node says of the moment, ``variables`` of the dialplan, and ``{urzad}``, the
    office. ``{name:how}`` is said the way ``speech`` has it under ``how``; ``local`` is what offices have of their own.

    ``for_office`` is the plan as one office has it: the same, but for what is ``local`` there.
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
        variables: Mapping[str, str] | None = None,
        local: Mapping[str, Local] | None = None,
        speech: Mapping[str, Speech] | None = None,
        manners: "Manners | None" = None,
    ) -> None:
        self.version, self.start, self.person, self.end = version, start, person, end
        self.nodes, self.prompts = dict(nodes), prompts
        self.offices, self.queues, self.topics = dict(offices), dict(queues), dict(topics)
        self.numbers = {number: office.id for office in offices.values() for number in office.numbers}
        self.variables, self.speech = dict(variables or {}), speech or {}
        self.manners = manners
        self.local = dict(local or {})
        self._office, self._own_prompts = NATIONAL, frozenset[str]()
        self._fixed: dict[str, Line] = {}
        self._seasonal = tuple(topic for topic in self.topics.values() if topic.season.first is not None)
        self.views = {id_: self._view(office, self.local.get(id_, Local())) for id_, office in offices.items()}
        for view in self.views.values():
            view.views = self.views

    def _view(self, office: Office, local: Local) -> "Plan":
        view = copy.copy(self)
        view._office, view._fixed = office.id, {}
        view.variables = {**self.variables, "urzad": office.spoken, **local.variables}
        if local.nodes:
            view.nodes = {**self.nodes, **local.nodes}
        if local.prompts:
            view.prompts, view._own_prompts = {**self.prompts, **local.prompts}, frozenset(local.prompts)
        return view

    def for_office(self, office: str | None) -> "Plan":
        """The plan as ``office`` has it; None: as the national line has it. Every view has all ids of the national
        plan, so a call may go from one to another at any node."""
        return self.views.get(office or NATIONAL, self)

    def line(self, prompt: str, **moment: str) -> Line:
        """The spoken line of ``prompt`` with its variables filled in. The id of a text that an office has of its own
        is ``<office>.<prompt>``."""
        id_ = f"{self._office}.{prompt}" if prompt in self._own_prompts else str(prompt)
        return Line(id_, self.fill(self.prompts[prompt], moment), bool(moment))

    def lines(self, *prompts: str) -> tuple[Line, ...]:
        """The spoken lines of prompts that have no variables of the moment. They are made once."""
        fixed = self._fixed
        for prompt in prompts:
            if prompt not in fixed:
                fixed[prompt] = self.line(prompt)
        return tuple([fixed[prompt] for prompt in prompts])

    def fill(self, text: str, moment: Mapping[str, str] | None = None) -> str:
        """``text`` with its variables filled in. A value that cannot be said as asked is said as it stands; a full stop
        at its end ends the sentence too."""
        said: list[str] = []
        for literal, name, how in pieces(text):
            ended = literal.startswith(".") and bool(said) and said[-1].endswith(".")
            said.append(literal[1:] if ended else literal)
            if name is not None:
                value = moment[name] if moment and name in moment else self.variables[name]
                said.append(self.in_words(value, how))
        return "".join(said)

    def in_words(self, value: str, how: str | None) -> str:
        """``value`` said the way ``speech`` has it under ``how``; as it stands where that cannot be."""
        try:
            return self.speech[how](value) if how else value
        except (KeyError, ValueError):
            return value

    def fixed_lines(self) -> Iterator[Line]:
        """Every line that is the same in each call, of every office: what can be rendered beforehand."""
        for view in (self, *self.views.values()):
            known = view.variables.keys()
            for prompt, text in view.prompts.items():
                if all(name is None or name in known for _, name, _ in pieces(text)):
                    yield view.line(prompt)
            for topic in view.topics.values():
                if topic.released and topic.answer and all(name in known for name in variables(topic.answer)):
                    yield view.answer(topic)
            yield from view.announcements()

    def out_of_season(self, day: str) -> tuple[str, ...]:
        """Ids of topics out of season on ``day`` (``YYYY-MM-DD…``): still recognised, answered by a person."""
        return tuple([topic.id for topic in self._seasonal if not topic.season.holds(day)])

    def answer(self, topic: Topic) -> Line:
        """The line that answers ``topic``; empty when it has no answer."""
        return Line(f"topic-{topic.id}", self.fill(topic.answer or ""))

    def announcements(self, day: str | None = None) -> tuple[Line, ...]:
        """What the office announces on ``day`` (``YYYY-MM-DD…``; None: whenever)."""
        office = self.offices.get(self._office)
        return tuple(
            Line(f"{self._office}.announcement-{n}", self.fill(announcement.text))
            for n, announcement in enumerate(office.announcements if office else (), start=1)
            if day is None or announcement.holds(day)
        )

    def limits(self, office: str, queue: str) -> QueueLimits:
        """The limits of a queue as ``office`` has them; ``timeout`` is always set."""
        own = self.offices[office].limits.get(queue, QueueLimits())
        kind = self.queues[queue]
        fields = {name: getattr(own, name) or getattr(kind, name) for name in QueueLimits.model_fields}
        return QueueLimits.model_construct(**fields)

    def office_of(self, dialled: str) -> str | None:
        """The tax chamber that a dialled number belongs to; None for national and unknown numbers."""
        office = self.numbers.get(dialled)
        return None if office == NATIONAL else office


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[tuple[str, str | None, str], ...]:
    """``text`` cut at its variables: literal text before, name (None at the end) and how to say it.
    Raises ``ValueError`` for braces that do not match."""
    return tuple((literal, name, how or "") for literal, name, how, _ in Formatter().parse(text))


def variables(text: str) -> set[str]:
    """The names of the ``{variables}`` in a text."""
    return {name for _, name, _ in pieces(text) if name is not None}
