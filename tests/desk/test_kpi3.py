"""KPI.3: the funnel counts what real turns say, and one query gives the KAS report's table from journals in bulk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from journals import REPORTED, write
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.kpi3 import Funnel, by, kpi3, total
from ivr.calendar import WARSAW
from ivr.dialogue.actions import Action, Enqueue, HangUp
from ivr.dialogue.call import Call
from ivr.dialogue.events import (
    CallArrived,
    Event,
    HungUp,
    IdentityGiven,
    LookedUp,
    NumberRefused,
    Party,
    PinChecked,
    PinGiven,
    Skipped,
)
from ivr.dialogue.plan import Plan
from ivr.journal import CALLS, Journal
from ivr.session import Session
from store import create_tables, open_database

pytestmark = pytest.mark.anyio
OPEN = LookedUp(what="hours", ok=True, found={"open": True, "hours": "zawsze"})
GIVEN = IdentityGiven(ref="r", kind="pesel")
WRONG = NumberRefused(fault="checksum")
OK = PinChecked(check="", verdict="ok", at="a", until="u", person=Party(ref="p", label="P"), office="opolskie")
REFUSED = PinChecked(check="", verdict="refused")
MALOPOLSKIE, NATIONAL = "224605992", "223300330"


class Scripted:
    """Answers with the next event, a check with its own id; then hangs up."""

    def __init__(self, *answers: Event) -> None:
        self._answers = list(answers)

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        if isinstance(actions[-1], Enqueue | HangUp):
            return None
        answer = self._answers.pop(0) if self._answers else HungUp()
        if isinstance(answer, PinChecked):
            return PinChecked(**{f: getattr(answer, f) for f in answer.__struct_fields__} | {"check": f"{call.id}:1"})
        return answer


async def called(plan: Plan, database: AsyncEngine, name: str, number: str, at: datetime, *answers: Event) -> None:
    """One call through the real core and journal, put at ``at``."""
    journal = Journal(database, "engine-0", stall=10)
    await journal.start()
    arrived = CallArrived(dialled=number, caller=None, at=at.isoformat())
    await Session(plan, journal, Scripted(OPEN, *answers)).run(Call(id=name), arrived)
    await journal.close()
    async with database.begin() as connection:
        await connection.execute(update(CALLS).where(CALLS.c.id == name).values(arrived=at))


async def test_every_step_is_counted_for_the_office_and_hour_of_the_call(plan: Plan, database: AsyncEngine) -> None:
    nine, ten = datetime(2026, 7, 1, 9, 59, tzinfo=WARSAW), datetime(2026, 7, 1, 10, 1, tzinfo=WARSAW)
    await called(plan, database, "gone", MALOPOLSKIE, nine)
    await called(plan, database, "skipped", MALOPOLSKIE, nine, Skipped())
    await called(plan, database, "wrong", MALOPOLSKIE, nine, WRONG, Skipped())
    await called(plan, database, "refused", MALOPOLSKIE, ten, WRONG, GIVEN, PinGiven(), REFUSED)
    await called(plan, database, "ok", NATIONAL, ten, GIVEN, PinGiven(), OK)
    await called(plan, database, "national", NATIONAL, ten, Skipped())
    await called(plan, database, "later", MALOPOLSKIE, datetime(2026, 8, 1, tzinfo=WARSAW), Skipped())
    june, august = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=WARSAW)
    cells = await kpi3(database, june, august, plan.numbers)
    found = {(cell.office, cell.hour.hour): cell.funnel for cell in cells}
    assert found == {
        ("malopolskie", 9): Funnel(answered=3, offered=3, started=1),
        ("malopolskie", 10): Funnel(1, 1, 1, 1, 0),
        ("opolskie", 10): Funnel(1, 1, 1, 1, 1),
        ("krajowa", 10): Funnel(answered=1, offered=1),
    }
    assert total(cells) == Funnel(6, 6, 3, 2, 1)
    assert by(cells, "hour") == {"09": Funnel(3, 3, 1, 0, 0), "10": Funnel(3, 3, 2, 2, 1)}


@pytest.fixture(scope="module")
async def reported(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> AsyncIterator[AsyncEngine]:
    file = tmp_path_factory.mktemp("kpi3") / "journal.db"
    opened = open_database(f"sqlite+aiosqlite:///{file}")
    await create_tables(opened)
    await opened.dispose()
    write(file, REPORTED, plan.numbers)
    yield opened
    await opened.dispose()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


async def test_the_table_of_the_kas_report_comes_out_exactly(reported: AsyncEngine, plan: Plan) -> None:
    first, end = datetime(2024, 1, 1, tzinfo=WARSAW), datetime(2024, 5, 1, tzinfo=WARSAW)
    cells = await kpi3(reported, first, end, plan.numbers)
    months = by(cells, "month")
    table = [(funnel.authenticated, funnel.answered, f"{funnel.share:.1f}") for funnel in months.values()]
    assert list(months) == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert table == [
        (2_754, 103_249, "2.7"),
        (3_461, 125_854, "2.8"),
        (6_090, 128_940, "4.7"),
        (8_317, 140_794, "5.9"),
    ]
    for funnel in by(cells, "office").values():
        steps = (funnel.answered, funnel.offered, funnel.started, funnel.identified, funnel.authenticated)
        assert list(steps) == sorted(steps, reverse=True)
    assert set(by(cells, "office")) == set(plan.numbers.values())


async def test_the_query_reads_indexes_and_not_every_turn(reported: AsyncEngine, plan: Plan) -> None:
    from desk.kpi3 import _QUERY, _SPELT, FUNNEL

    query = _QUERY.format(funnel=FUNNEL, **_SPELT["sqlite"]).replace(":numbers", "('1')")
    async with reported.connect() as connection:
        values = {"since": "2024-04-01", "until": "2024-05-01", "tests": "+48000%"}
        plan_ = [row[3] for row in (await connection.execute(text("EXPLAIN QUERY PLAN " + query), values)).all()]
    assert any("calls_by_arrival" in step for step in plan_)
    assert any("turns_of_funnel" in step for step in plan_)
    assert not any(step.startswith("SCAN turns") for step in plan_)
