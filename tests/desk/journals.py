"""Journals in bulk: as many calls as a month has, with the turns that matter to a funnel and little of their state."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from ivr.dialogue.actions import Action, Answer, AskDigits, AskPin
from ivr.dialogue.events import (
    CallArrived,
    Event,
    IdentityGiven,
    NumberRefused,
    Party,
    PinChecked,
    PinGiven,
)

ASK = AskDigits(purpose="identity", lines=())
OK = PinChecked(check="c:1", verdict="ok", person=Party(ref="p", label="Ktoś"))
WAYS: dict[str, tuple[tuple[Event, Action | None], ...]] = {
    "no answer": (),
    "wrong number": ((NumberRefused(fault="checksum"), ASK),),
    "refused": (
        (IdentityGiven(ref="r", kind="pesel"), AskPin(lines=())),
        (PinGiven(), None),
        (PinChecked(check="c:1", verdict="refused"), None),
    ),
    "authenticated": ((IdentityGiven(ref="r", kind="nip"), AskPin(lines=())), (PinGiven(), None), (OK, None)),
}
"""What happened after the question for a number, and what was then asked."""


@dataclass(frozen=True)
class Month:
    """So many calls in a month, so many of them authenticated; the others went one of the other ways, by chance."""

    year: int
    month: int
    answered: int
    authenticated: int


REPORTED = (
    Month(2024, 1, 103_249, 2_754),
    Month(2024, 2, 125_854, 3_461),
    Month(2024, 3, 128_940, 6_090),
    Month(2024, 4, 140_794, 8_317),
)
"""The months of the KAS report."""


def write(file: Path, months: Sequence[Month], offices: dict[str, str], seed: int = 1) -> None:
    """Add the calls of ``months`` to the database ``file``, which has its tables and nobody else at it.

    ``offices`` maps numbers to offices.
    """
    chance = Random(seed)
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA journal_mode=MEMORY")
        for month in months:
            calls = list(_calls(month, sorted(offices), chance))
            database.executemany("INSERT INTO calls VALUES (?,?,?,?,?,?)", (row for row, _, _ in calls))
            database.executemany("INSERT INTO turns VALUES (?,?,?,?,?,?,?)", _turns(calls, offices))
    database.close()


def _calls(month: Month, numbers: Sequence[str], chance: Random) -> Iterator[tuple[tuple[str | None, ...], str, str]]:
    first = datetime(month.year, month.month, 1, 6, tzinfo=UTC)
    others = [way for way in WAYS if way != "authenticated"]
    ways = ["authenticated"] * month.authenticated
    ways += chance.choices(others, (80, 5, 2), k=month.answered - month.authenticated)
    chance.shuffle(ways)
    for n, way in enumerate(ways):
        at = first + timedelta(days=chance.randrange(28), seconds=chance.randrange(10 * 3600))
        arrived, number = f"{at:%Y-%m-%d %H:%M:%S}.000000", chance.choice(numbers)
        yield (f"{month.year}-{month.month}-{n}", None, number, arrived, "served", arrived), way, number


def _turns(
    calls: Sequence[tuple[tuple[str | None, ...], str, str]], offices: dict[str, str]
) -> Iterator[tuple[object, ...]]:
    encoded = {way: [(_json(event), _json([asked] if asked else [])) for event, asked in WAYS[way]] for way in WAYS}
    arrived = _json(CallArrived(dialled="224605992", caller=None, at="2024-01-01T08:00:00+01:00"))
    asked = _json([Answer(), ASK])
    states = {number: _json({"id": "call", "office": office}) for number, office in offices.items()}
    for row, way, number in calls:
        call, at, state = row[0], row[3], states[number]
        yield call, 1, at, "engine-0", arrived, state, asked
        for turn, (event, actions) in enumerate(encoded[way], start=2):
            yield call, turn, at, "engine-0", event, state, actions


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
