"""What an operator is told of a stack that runs and serves nobody."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from desk.agents import MEMBERS
from infolinia.notices import next_opening, notices, open_now
from infolinia.settings import Settings
from ivr.calendar import WARSAW
from ivr.closures import Closures
from ivr.dialogue.plan import Plan
from store import create_tables, open_database

TUESDAY = datetime(2026, 4, 21, 10, 0, tzinfo=WARSAW)
SATURDAY = datetime(2026, 4, 25, 10, 0, tzinfo=WARSAW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path)


def seat(settings: Settings, paused: bool) -> None:
    async def write() -> None:
        database = open_database(settings.database_url)
        await create_tables(database)
        async with database.begin() as connection:
            await connection.execute(
                MEMBERS.insert().values(
                    agent="konsultant1", queue="q", name="", paused=paused, reason="", since=TUESDAY
                )
            )
        await database.dispose()

    asyncio.run(write())


def test_nobody_seated_is_told_with_the_mend(settings: Settings, plan: Plan) -> None:
    (told,) = notices(settings, plan, TUESDAY)
    assert "infolinia agent add konsultant1 --queue '*'" in told


@pytest.mark.parametrize(("paused", "count"), [(False, 0), (True, 1)])
def test_somebody_seated_is_all_right_unless_on_a_break(
    settings: Settings, plan: Plan, paused: bool, count: int
) -> None:
    seat(settings, paused)
    told = notices(settings, plan, TUESDAY)
    assert len(told) == count
    assert all("agent unpause" in line for line in told)


def test_closed_offices_are_told_with_when_they_open(settings: Settings, plan: Plan) -> None:
    seat(settings, False)
    (told,) = notices(settings, plan, SATURDAY)
    assert told.startswith("Wszystkie urzędy są teraz zamknięte: kto tam zadzwoni, usłyszy godziny pracy")
    assert "Najbliższe otwarcie: pn 27.04 o 07:00 (krajowa)" in told
    assert "INFOLINIA_HOURS=open infolinia restart" in told


def test_an_emergency_closure_closes_one(settings: Settings, plan: Plan) -> None:
    seat(settings, False)
    Closures(settings.var / "closures.json").set("podlaskie", "Awaria prądu.")
    (told,) = notices(settings, plan, TUESDAY)
    assert f"Zamkniętych teraz urzędów: 1 z {len(plan.offices)}" in told
    assert not open_now(settings, plan, "224605990", TUESDAY)
    assert open_now(settings, plan, "224605991", TUESDAY)


def test_offices_held_open_are_told(settings: Settings, plan: Plan) -> None:
    seat(settings, False)
    (told,) = notices(settings.model_copy(update={"hours": "open"}), plan, SATURDAY)
    assert "INFOLINIA_HOURS=open" in told


def test_the_next_opening_passes_holidays_by(plan: Plan) -> None:
    thursday_evening = datetime(2026, 4, 30, 19, 0, tzinfo=WARSAW)
    found = next_opening(plan.offices["podlaskie"], thursday_evening)
    assert found == datetime(2026, 5, 4, 8, 0, tzinfo=WARSAW), "1 May is a holiday, then a weekend with 3 May"
