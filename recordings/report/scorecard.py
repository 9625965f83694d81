"""The scorecard of a run, by area: verdicts, word errors, topics, delays and needless silences of the bot.

A run is the object of ``infolinia replay --json --details``.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from voicebot.proofreading import words_of

from ..replay.line import spoken_seconds
from ..replay.said import topic_name
from .words import WordErrors, word_errors

Run = dict[str, Any]
Fixture = dict[str, Any]
CUT = 0.5
"""Seconds by which a prompt must be too short to count as cut off."""
NEAR = 0.6
"""Seconds before the cut within which the caller must have acted, if it was the caller's doing."""
_SILENCING = ("says", "keys", "hangs up", "loses media")


@dataclass
class Score:
    """What one area, or all of them, came to. ``delays`` are seconds from the last word to the decision;
    ``false_barge_ins`` prompts that fell silent though the caller neither spoke nor pressed a key, None where the depth
    cannot tell."""

    area: str
    verdicts: Counter[str] = field(default_factory=Counter)
    errors: WordErrors = field(default_factory=WordErrors)
    named: int = 0
    right: int = 0
    delays: list[float] = field(default_factory=list)
    false_barge_ins: int | None = None

    @property
    def topics(self) -> float | None:
        """The share of matters that were recognised."""
        return self.right / self.named if self.named else None

    @property
    def delay(self) -> float | None:
        """The median delay in seconds."""
        return median(self.delays) if self.delays else None

    @property
    def late(self) -> float | None:
        """The delay that nineteen of twenty answers keep."""
        return sorted(self.delays)[round(0.95 * (len(self.delays) - 1))] if self.delays else None


def scores(run: Run) -> list[Score]:
    """One score an area, by name, and one of all under ``""``, last."""
    areas: dict[str, Score] = {}
    total = Score("")
    for fixture in run["fixtures"]:
        for score in (areas.setdefault(fixture.get("area") or "?", Score(fixture.get("area") or "?")), total):
            _count(score, fixture)
    return [*(areas[name] for name in sorted(areas)), total]


def _count(score: Score, fixture: Fixture) -> None:
    score.verdicts[fixture["verdict"]] += 1
    for one in fixture.get("heard", ()):
        if _left_at(fixture, one["ended"]):
            continue  # nobody was to hear the rest
        score.errors += word_errors(one["said"], one["text"])
        if one["topic"] is not None:
            score.named += 1
            score.right += one["reading"] == one["topic"]
        if one["delay"] is not None:
            score.delays.append(one["delay"])
    found = false_barge_ins(fixture)
    if found is not None:
        score.false_barge_ins = (score.false_barge_ins or 0) + len(found)


def _left_at(fixture: Fixture, ended: float) -> bool:
    """Whether the caller hung up while, or right after, saying something."""
    return any(
        moment["who"] == "caller" and moment["what"] == "hangs up" and moment["at"] <= ended + 0.5
        for moment in fixture.get("timeline", ())
    )


def false_barge_ins(fixture: Fixture) -> list[float] | None:
    """When the bot fell silent in a prompt without the caller's doing; None where the length of prompts is unknown."""
    if fixture["depth"] != "audio" or fixture["verdict"] == "refuse":
        return None
    line = fixture.get("timeline", ())
    acts = [moment for moment in line if moment["who"] == "caller" and moment["what"] in _SILENCING]
    last = max((moment["at"] for moment in line), default=0.0)
    spoken = [moment for moment in line if moment["who"] == "bot" and moment["what"] == "speaks"]
    return [moment["until"] for moment in spoken if _cut(moment, last) and not _acted(acts, moment)]


def _cut(moment: dict[str, Any], last: float) -> bool:
    until = float(moment["until"])
    return until - moment["at"] < spoken_seconds(moment["text"]) - CUT and until < last


def _acted(acts: Sequence[dict[str, Any]], moment: dict[str, Any]) -> bool:
    first, last = moment["at"] - NEAR, moment["until"] + NEAR
    return any(act["at"] <= last and act.get("until", act["at"]) >= first for act in acts)


def confusions(run: Run) -> Counter[tuple[str, str]]:
    """How often a matter (first) was taken for another one (second; ``""``: for none)."""
    return Counter(
        (one["topic"], one["reading"] or "")
        for fixture in run["fixtures"]
        for one in fixture.get("heard", ())
        if one["topic"] is not None
    )


@dataclass(frozen=True)
class Change:
    """A fixture that came out otherwise than in the earlier run; ``what`` says how, in Polish."""

    name: str
    before: str
    now: str
    what: tuple[str, ...]


def changes(earlier: Run, run: Run) -> list[Change]:
    """What differs from ``earlier``, the worst first."""
    before = {fixture["name"]: fixture for fixture in earlier["fixtures"]}
    found = [Change(name, before[name]["verdict"], "", ("nie ma go w tym przebiegu",)) for name in _gone(before, run)]
    for fixture in run["fixtures"]:
        was = before.get(fixture["name"])
        if was is None:
            found.append(Change(fixture["name"], "", fixture["verdict"], ("nie było go w tamtym przebiegu",)))
        elif what := tuple(_differences(was, fixture)):
            found.append(Change(fixture["name"], was["verdict"], fixture["verdict"], what))
    return sorted(found, key=lambda change: (change.now != "fail", change.before == change.now, change.name))


def _gone(before: dict[str, Fixture], run: Run) -> list[str]:
    return sorted(set(before) - {fixture["name"] for fixture in run["fixtures"]})


def _differences(was: Fixture, now: Fixture) -> Iterable[str]:
    if was["verdict"] != now["verdict"] and now["why"]:
        yield str(now["why"])
    for old, new in zip(was.get("heard", ()), now.get("heard", ()), strict=False):
        if old["reading"] != new["reading"]:
            yield f"temat: {topic_name(old['reading'])} → {topic_name(new['reading'])} („{new['said']}”)"
        elif words_of(old["text"]) != words_of(new["text"]):
            yield f"usłyszano: „{old['text']}” → „{new['text']}”"
    if was["verdict"] == now["verdict"] and was.get("why") != now.get("why"):
        yield str(now["why"])
