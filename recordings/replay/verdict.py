"""What a replay says of a fixture: a verdict, and the first difference with the ten seconds around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Judged = Literal["pass", "fail", "refuse", "known"]
INTERRUPTED = 130
AROUND = 5.0
"""Seconds before and after a divergence that are shown with it."""


@dataclass(frozen=True)
class Moment:
    """Something on the time line of a call, ``at`` seconds from its arrival. ``who``: ``caller``, ``bot`` (what it
    says), ``core`` (what it decides) or ``world``; ``until`` is the end of what lasts."""

    at: float
    who: Literal["caller", "bot", "core", "world"]
    what: str
    text: str = ""
    until: float | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"at": round(self.at, 2), "who": self.who, "what": self.what, "text": self.text}
        return found if self.until is None else {**found, "until": round(self.until, 2)}


@dataclass(frozen=True)
class Divergence:
    """The first difference. ``turn`` counts from 1; ``field`` says what differs (``question``, ``said``, ``action``,
    ``event``, ``expect.queue``, …); ``line`` is the line of ``fixture.yaml`` that expects it, if one does."""

    turn: int
    at: float
    field: str
    expected: str
    actual: str
    message: str
    line: int | None = None
    around: tuple[Moment, ...] = ()

    def as_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "turn": self.turn,
            "at": round(self.at, 2),
            "field": self.field,
            "expected": self.expected,
            "actual": self.actual,
            "message": self.message,
        }
        if self.line is not None:
            plain["line"] = self.line
        return {**plain, "around": [moment.as_json() for moment in self.around]}


@dataclass(frozen=True)
class Heard:
    """One utterance of the caller and what came of it: ``said`` word for word, ``text`` as recognised, ``topic`` the
    one that it names and ``reading`` the best that was found; ``delay`` is from the last word to the decision."""

    step: int
    question: str
    said: str
    text: str
    topic: str | None
    reading: str | None
    confidence: float
    began: float
    ended: float
    delay: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in vars(self).items()}


@dataclass(frozen=True)
class Result:
    """The verdict on one fixture. ``why`` (Polish) says why it was refused or failed; ``timeline`` and ``heard`` are
    empty at the depths that have none. ``met``: all that the fixture expects came; ``as_recorded``: every turn was the
    recorded one but for its times."""

    name: str
    path: str
    depth: str
    verdict: Judged
    why: str = ""
    divergence: Divergence | None = None
    area: str = ""
    style: tuple[str, ...] = ()
    timeline: tuple[Moment, ...] = ()
    heard: tuple[Heard, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    met: bool = True
    as_recorded: bool = True

    def as_json(self, *, details: bool = False) -> dict[str, Any]:
        plain: dict[str, Any] = {"name": self.name, "depth": self.depth, "verdict": self.verdict, "why": self.why}
        plain["divergence"] = self.divergence.as_json() if self.divergence else None
        if details:
            plain |= {"path": self.path, "area": self.area, "style": list(self.style), "facts": self.facts}
            plain["timeline"] = [moment.as_json() for moment in self.timeline]
            plain["heard"] = [one.as_json() for one in self.heard]
        return plain


def around(timeline: Sequence[Moment], at: float) -> tuple[Moment, ...]:
    """The moments that touch the ten seconds around ``at``."""
    return tuple(
        moment
        for moment in timeline
        if moment.at <= at + AROUND and (moment.at if moment.until is None else moment.until) >= at - AROUND
    )


def as_json(results: Sequence[Result], *, details: bool = False, left: Sequence[str] = ()) -> dict[str, Any]:
    """All results in one object, the same for the same verdicts, whenever they were reached. ``left`` names the
    fixtures that an interrupted run did not judge."""
    counts = {name: sum(result.verdict == name for result in results) for name in ("pass", "fail", "refuse", "known")}
    stopped = {"interrupted": True, "left": list(left)} if left else {}
    return {**counts, **stopped, "fixtures": [result.as_json(details=details) for result in results]}


def exit_code(results: Sequence[Result], left: Sequence[str] = ()) -> int:
    """0: all pass (or fail as they are known to); 1: some fail; 3: none fails, some are refused; 130: interrupted
    before those named by ``left`` were judged."""
    if left:
        return INTERRUPTED
    verdicts = {result.verdict for result in results}
    return 1 if "fail" in verdicts else 3 if "refuse" in verdicts else 0
