"""What-if replays with this installation's parts: the candidate, many calls at a time, and what KPIs make of it."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from desk.kpi2 import Kpi2
from infolinia.settings import Settings
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from ivr.phones.meaning import Meaning
from recordings.whatif.journals import Journal, Row, batches, decoded, known, of_folders
from recordings.whatif.judging import Judged, judge
from store import create_tables, open_database
from voicebot.topics.recogniser import TopicRecogniser

AHEAD = 4
"""Batches that wait for each process."""
Done = Callable[[int, int], None]
Batch = list[tuple[str, list[Row]]]


@dataclass
class WhatIf:
    """What the candidate does to the calls. ``moves`` counts (from, to) of callers who go elsewhere; ``listen`` are
    the calls worth listening to, the most consequential first. ``kpi2``, ``models`` (matters by the topic model that
    decided, empty where the journal does not know it) and ``authenticated``: then, and on the candidate."""

    calls: int = 0
    same: int = 0
    words: int = 0
    elsewhere: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    listen: list[Judged] = field(default_factory=list)
    kpi2: tuple[Kpi2, Kpi2] = field(default_factory=lambda: (Kpi2(), Kpi2()))
    models: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))
    authenticated: tuple[int, int] = (0, 0)
    judged: int = 0

    def add(self, one: Judged) -> None:
        """Count one call."""
        self.calls += 1
        if one.before is None or one.now is None:
            self.unjudged[one.why] += 1
            if one.weight:
                self.listen.append(one)
            return
        self.judged += 1
        for row, models, course in zip(self.kpi2, self.models, (one.before, one.now), strict=True):
            for matter in course.conversation.matters:
                row.add(matter)
                models[matter.model] += 1
        was, now = self.authenticated
        self.authenticated = (was + one.before.authenticated, now + one.now.authenticated)
        if one.elsewhere:
            self.elsewhere += 1
            self.moves[one.before.to, one.now.to] += 1
        else:
            self.same += 1
            self.words += one.words
        if one.weight:
            self.listen.append(one)

    def kpi3(self) -> tuple[float | None, float | None]:
        """Authenticated of the calls judged, then and now."""
        was, now = self.authenticated
        return (was / self.judged, now / self.judged) if self.judged else (None, None)

    def as_json(self, most: int) -> dict[str, Any]:
        """The object of ``--json``; at most ``most`` calls to listen to."""
        return {
            "calls": self.calls,
            "same": self.same,
            "other_words": self.words,
            "elsewhere": self.elsewhere,
            "not_judged": sum(self.unjudged.values()),
            "moves": [{"from": a, "to": b, "calls": count} for (a, b), count in self.moves.most_common()],
            "kpi2": {"before": self.kpi2[0].share, "now": self.kpi2[1].share},
            "kpi3": dict(zip(("before", "now"), self.kpi3(), strict=True)),
            "models": {"before": dict(self.models[0]), "now": dict(self.models[1])},
            "why_not_judged": [{"why": why, "calls": count} for why, count in self.unjudged.most_common()],
            "listen": [listed(one) for one in self.worst(most)],
        }

    def worst(self, most: int) -> list[Judged]:
        """The calls to listen to, the most consequential first."""
        return sorted(self.listen, key=lambda one: (-one.weight, one.arrived, one.call))[:most]


def listed(one: Judged) -> dict[str, Any]:
    """A call to listen to, as JSON."""
    return {
        "call": one.call,
        "arrived": one.arrived,
        "from": one.before.to if one.before else None,
        "to": one.now.to if one.now else None,
        "topic_from": one.before.topic if one.before else None,
        "topic_to": one.now.topic if one.now else None,
        "said": list(one.said),
        "why": one.why,
    }


class Candidate:
    """What a process judges with."""

    def __init__(self, dialplans: Path, live: Path, topics: Path | None) -> None:
        self.plan: Plan = load_plan(dialplans)
        self.live: Plan = self.plan if live == dialplans else load_plan(live)
        recogniser = TopicRecogniser.load(topics) if topics is not None else None
        remembered = _Remembering(recogniser) if recogniser is not None else None
        self.meaning = Meaning(lambda: remembered) if remembered is not None else None

    def judge(self, journal: Journal) -> Judged:
        return judge(self.plan, self.meaning, journal, self.live)


class _Remembering:
    """Callers say the same things: a sentence is read once."""

    def __init__(self, recogniser: TopicRecogniser) -> None:
        self._recogniser, self.name = recogniser, recogniser.name
        self._known: dict[str, list[tuple[str, float]]] = {}

    def predict(self, text: str) -> list[tuple[str, float]]:
        if text not in self._known:
            self._known[text] = self._recogniser.predict(text)
        return self._known[text]


def of_files(candidate: Candidate, paths: Sequence[Path], done: Done) -> WhatIf:
    """What becomes of the calls in folders of fixtures."""
    found, journals = WhatIf(), list(of_folders(paths))
    for number, journal in enumerate(journals, start=1):
        found.add(candidate.judge(journal))
        done(number, len(journals))
    return found


async def of_database(
    settings: Settings,
    candidate: tuple[Path, Path, Path | None],
    span: tuple[datetime | None, datetime | None],
    jobs: int,
    done: Done,
) -> WhatIf:
    """What becomes of the calls in the journal; ``candidate`` are the arguments of ``Candidate``."""
    found, database = WhatIf(), open_database(settings.database_url)
    await create_tables(database)
    try:
        calls = await known(database, *span)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, context, _open, candidate) as pool:
            waiting: set[Any] = set()
            async for batch in batches(database, calls):
                waiting.add(pool.submit(_judge, batch))
                if len(waiting) >= AHEAD * jobs:
                    waiting = _collect(waiting, found, len(calls), done)
                await asyncio.sleep(0)
            while waiting:
                waiting = _collect(waiting, found, len(calls), done)
    finally:
        await database.dispose()
    return found


def _collect(waiting: set[Any], found: WhatIf, total: int, done: Done) -> set[Any]:
    ready, left = wait(waiting, return_when=FIRST_COMPLETED)
    for task in ready:
        for one in task.result():
            found.add(one)
    done(found.calls, total)
    return set(left)


_candidate: Candidate | None = None


def _open(dialplans: Path, live: Path, topics: Path | None) -> None:
    global _candidate
    _candidate = Candidate(dialplans, live, topics)


def _judge(batch: Batch) -> list[Judged]:
    assert _candidate is not None
    return [_candidate.judge(decoded(call, rows)) for call, rows in batch]
