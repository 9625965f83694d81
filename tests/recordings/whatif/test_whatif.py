"""Calls that were, on a candidate: the same, elsewhere, or not to be judged; and what the KPIs make of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert

from infolinia.what_if import WhatIf
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from ivr.journal import CALLS, TURNS
from ivr.phones.meaning import Meaning
from recordings.replay.core_call import CALL, play
from recordings.whatif.journals import Journal, batches, decoded, known, of_folders
from recordings.whatif.judging import judge
from store import create_tables, open_database

ROOT = Path(__file__).parents[3]
CAR = ROOT / "recordings" / "calls" / "pcc-samochod-starszy"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(ROOT / "dialplans")


@pytest.fixture(scope="module")
def journal() -> Journal:
    return next(of_folders([CAR]))


class Always:
    """A recogniser that reads everything as one topic."""

    name = "always"

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def predict(self, text: str) -> list[tuple[str, float]]:
        return [(self.topic, 0.99)]


def read_as(topic: str) -> Meaning:
    return Meaning(lambda: Always(topic))


def test_a_call_on_todays_plan_comes_to_where_it_came(plan: Plan, journal: Journal) -> None:
    judged = judge(plan, None, journal)
    assert judged.now is not None
    assert judged.now.to == "kolejka malopolskie-kol-pcc-sd"
    assert not judged.elsewhere
    assert not judged.words


def test_who_is_understood_otherwise_goes_elsewhere(plan: Plan, journal: Journal) -> None:
    judged = judge(plan, read_as("og-vat"), journal)
    assert judged.elsewhere
    assert judged.now is not None
    assert judged.now.topic == "og-vat"
    assert judged.weight > 0
    assert any("pcc-samochod-prywatny → og-vat" in said for said in judged.said)
    found = WhatIf()
    found.add(judged)
    found.add(judge(plan, None, journal))
    assert (found.calls, found.elsewhere, found.same) == (2, 1, 1)
    told = found.as_json(5)
    assert told["moves"][0]["from"] == "kolejka malopolskie-kol-pcc-sd"
    assert told["listen"][0]["topic_to"] == "og-vat"


def test_a_matter_no_longer_recognised_moves_kpi2(plan: Plan, journal: Journal) -> None:
    found = WhatIf()
    found.add(judge(plan, read_as("__none__"), journal))
    assert found.judged + sum(found.unjudged.values()) == 1
    if found.judged:
        assert found.kpi2[0].share == 1.0
        assert found.kpi2[1].share != 1.0


def test_a_question_nobody_answered_then_is_not_judged(plan: Plan, journal: Journal) -> None:
    short = replace(journal, turns=(*journal.turns[:5], journal.turns[-1]))
    judged = judge(plan, None, short)
    assert judged.now is None
    assert judged.why
    assert judge(plan, None, replace(journal, turns=journal.turns[:-1])).why == "rozmowa nie ma końca w dzienniku"
    assert judge(plan, None, replace(journal, fault="zepsuty")).why == "zepsuty"


def test_calls_are_read_from_the_database(plan: Plan, journal: Journal, tmp_path: Path) -> None:
    played = play(plan, journal.turns)
    at = datetime(2026, 4, 21, 8, tzinfo=UTC)

    def text(thing: object) -> str:
        return msgspec.json.encode(thing).decode()

    turns = [
        {"call": CALL, "turn": n, "at": at, "engine": "e", "event": text(t.event), "state": text(s),
         "actions": text(t.actions)}
        for n, (t, s) in enumerate(zip(played.turns, played.states, strict=True), start=1)
    ]  # fmt: skip

    async def read() -> list[Journal]:
        database = open_database(f"sqlite+aiosqlite:///{tmp_path / 'calls.sqlite'}")
        await create_tables(database)
        async with database.begin() as connection:
            await connection.execute(insert(CALLS), {"id": CALL, "dialled": "224605992", "arrived": at})
            await connection.execute(insert(TURNS), turns)
        assert await known(database, at.replace(day=22), None) == []
        found = [decoded(call, rows) async for batch in batches(database, [CALL]) for call, rows in batch]
        await database.dispose()
        return found

    (found,) = asyncio.run(read())
    assert found.states == tuple(played.states)
    assert judge(plan, None, found).now == judge(plan, None, found).before
