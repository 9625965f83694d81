"""What a rehearsal says: a YAML file, version 1."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from ..dialogue.events import QueueOutcome, Verdict
from ..dialogue.plan import Model, refuse
from ..dialplan.polish import explain, problems
from ..dialplan.source import Fault, Source

VERSION = 1
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Moment = Annotated[str, StringConstraints(pattern=r"^20\d\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d$")]
Number = Annotated[str, StringConstraints(pattern=r"^\d{9}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+\d{6,15}$")]
Pressed = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,40}$")]
VERBS = ("keys", "say", "silence", "hangup", "lost", "resume", "queue", "verdict")


class NumberOf(Model):
    """A number of one of the fictitious callers, and the keys behind it: ``{pin_of: dz-01}``, ``then: ""``.
    ``wrong_pin_of`` is six other digits."""

    pin_of: str | None = None
    wrong_pin_of: str | None = None
    pesel_of: str | None = None
    nip_of: str | None = None
    then: Annotated[str, StringConstraints(pattern=r"^[0-9*#]*$")] = "#"

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bool(name) for name in (self.pin_of, self.wrong_pin_of, self.pesel_of, self.nip_of)) != 1:
            raise refuse("proszę podać jedno z: pin_of, wrong_pin_of, pesel_of, nip_of")
        return self


class Expect(Model):
    """What must be true when the caller has done a step and the call waits again, or is over. ``said`` and ``not_said``
    are pieces of what was said since, ``prompts`` ids of prompts that were, whatever their words; ``queue`` is
    Asterisk's name of the queue the call is in or was in last."""

    node: str | None = None
    said: str | tuple[str, ...] = ()
    not_said: str | tuple[str, ...] = ()
    prompts: str | tuple[str, ...] = ()
    queue: str | None = None
    topic: str | None = None
    office: str | None = None
    verdict: str | None = None
    ended: str | None = None


class Step(Model):
    """One thing that the caller does (or that happens to the call), and what is expected of it. A step without any of
    them expects something of the beginning. ``topic`` says what ``say`` is recognised as; without it the recogniser is
    asked. ``clock`` is the time of day from here on."""

    keys: Pressed | NumberOf | None = None
    say: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    topic: str | None = None
    confidence: float = Field(0.95, ge=0, le=1)
    silence: Literal[True] | None = None
    hangup: Literal[True] | None = None
    lost: Literal[True] | None = None
    resume: Literal[True] | None = None
    queue: QueueOutcome | None = None
    verdict: Verdict | None = None
    clock: Clock | None = None
    expect: Expect | None = None

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, step: Any) -> Any:
        """``- silence`` stands for ``- silence: true``."""
        return {step: True} if isinstance(step, str) and step in VERBS else step

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        verbs = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(verbs) > 1:
            raise refuse(f"jeden krok to jedna czynność, a są: {', '.join(verbs)}", "proszę rozdzielić na dwa kroki")
        if self.topic is not None and self.say is None:
            raise refuse("`topic` ma sens tylko przy `say`")
        return self

    @property
    def acts(self) -> bool:
        """Whether the caller does anything in it."""
        return any(getattr(self, verb) is not None for verb in VERBS)


class Earlier(Model):
    """A call from the same number that broke off minutes ago."""

    topic: str
    office: str | None = None


class Rehearsal(Model):
    """One call. ``caller`` None: the number is withheld; ``hears`` False: there is no recogniser; ``closures`` are
    emergency closures by office id; ``at`` is local time."""

    version: Literal[1]
    title: str = Field(min_length=3)
    number: Number
    at: Moment
    caller: Phone | None = "+48000000001"
    hears: bool = True
    earlier: Earlier | None = None
    closures: dict[str, str] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)


def load(path: Path, root: Path) -> tuple[Rehearsal | None, Source, list[Fault]]:
    """The rehearsal in ``path`` (inside ``root``), its source, and what is wrong with it, in Polish."""
    source = Source(path, root)
    if source.faults:
        return None, source, list(source.faults)
    try:
        return Rehearsal.model_validate(source.data), source, []
    except ValidationError as error:
        faults = []
        for problem in problems(error):
            where = tuple(
                part for part in problem["loc"] if not str(part).startswith(("function-", "NumberOf", "constrained"))
            )
            message, hint = explain({**problem, "loc": where}, _fields(where))
            faults.append(source.fault(where, message, hint, key=problem["type"] == "extra_forbidden"))
        return None, source, faults


def _fields(where: tuple[str | int, ...]) -> list[str]:
    """The fields known at ``where``, for the hint at a misspelt one."""
    model: type[Model] = Rehearsal
    if "expect" in where[:-1]:
        model = Expect
    elif "steps" in where:
        model = Step
    return list(model.model_fields)
