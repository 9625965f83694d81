"""``infolinia report kpi3`` on journals of a small month."""

import asyncio
import csv
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infolinia.commands import report
from ivr.calendar import WARSAW
from ivr.dialogue.plan import Plan
from store import create_tables, open_database

sys.path.append(str(Path(__file__).parents[2] / "desk"))
from journals import Month, write


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> Path:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))

    async def tables() -> None:
        database = open_database(f"sqlite+aiosqlite:///{tmp_path}/infolinia.db")
        await create_tables(database)
        await database.dispose()

    asyncio.run(tables())
    write(tmp_path / "infolinia.db", [Month(2024, 3, 300, 14), Month(2024, 4, 200, 12)], plan.numbers)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(report.app, list(words))


def test_the_tables_of_a_period(var: Path) -> None:
    shown = run("kpi3", "--from", "2024-03-01", "--to", "2024-04-30")
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.output.splitlines()]
    assert lines[0][-5:] == ["5.2", "%", "odebranych", "połączeń", "uwierzytelniono."]
    (march,) = [line for line in lines if line[:1] == ["2024-03"]]
    assert (march[1], march[-2:]) == ("300", ["14", "4.7"])
    assert [line[-2:] for line in lines if line[:1] == ["Razem"]] == [["26", "5.2"]] * 3


def test_days_are_both_included(var: Path) -> None:
    shown = run("kpi3", "--from", "2024-04-01", "--to", "2024-04-30", "--csv")
    head, *rows = csv.reader(shown.stdout.splitlines())
    assert head[:3] == ["godzina", "urząd", "odebrane"]
    assert sum(int(row[2]) for row in rows) == 200
    assert sum(int(row[6]) for row in rows) == 12


def test_test_calls_are_left_out_unless_asked_for(var: Path) -> None:
    def answered(*more: str) -> int:
        shown = run("kpi3", "--from", "2024-04-01", "--to", "2024-04-30", "--csv", *more)
        return sum(int(row[2]) for row in list(csv.reader(shown.stdout.splitlines()))[1:])

    with closing(sqlite3.connect(var / "infolinia.db")) as rows, rows:
        ids = [row[0] for row in rows.execute("SELECT id FROM calls WHERE arrived >= '2024-04-01' LIMIT 50")]
        rows.executemany("UPDATE calls SET caller = '+48000000001' WHERE id = ?", [(one,) for one in ids[:20]])
        rows.executemany("UPDATE calls SET caller = NULL WHERE id = ?", [(one,) for one in ids[20:30]])
        rows.executemany("UPDATE calls SET caller = '+48600000001' WHERE id = ?", [(one,) for one in ids[30:]])
    assert answered() == 180
    assert answered("--tests") == 200


@pytest.mark.parametrize("kpi", ["kpi2", "kpi3"])
@pytest.mark.parametrize(
    ("days", "why"),
    [
        (("--from", "2024-13-01", "--to", "2024-12-01"), "nie ma dnia „2024-13-01”"),
        (("--to", "przedwczoraj"), "nie ma dnia „przedwczoraj”"),
        (("--to", "9999-12-31"), "rok 9999 jest poza zakresem 2000–2099"),
        (("--from", "0001-01-01"), "rok 1 jest poza zakresem 2000–2099"),
        (("--from", "2024-05-01", "--to", "2024-04-01"), "ostatni dzień (--to 2024-04-01) jest przed pierwszym"),
    ],
)
def test_days_that_cannot_be_are_refused(var: Path, kpi: str, days: tuple[str, ...], why: str) -> None:
    shown = run(kpi, *days)
    assert shown.exit_code == 2
    assert why in " ".join(shown.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("days", "period"),
    [
        (("--to", "2024-03-15"), "KPI.3 od 2024-03-01 do 2024-03-15:"),
        (("--from", "2024-03-01", "--to", "2024-03-31"), "KPI.3 od 2024-03-01 do 2024-03-31:"),
        (("--from", "2024-03-01"), f"KPI.3 od 2024-03-01 do {datetime.now(WARSAW).date()}:"),
    ],
)
def test_the_days_reported_on_are_told(var: Path, days: tuple[str, ...], period: str) -> None:
    assert run("kpi3", *days).output.startswith(period)


def test_a_first_day_to_come_is_refused(var: Path) -> None:
    shown = run("kpi3", "--from", "2099-01-01")
    assert (shown.exit_code, "po dzisiejszym" in shown.output) == (2, True)


def test_kpi2_tells_its_days(var: Path) -> None:
    assert run("kpi2").output.startswith("KPI.2 od pierwszej rozmowy do dzisiaj, cel")
    assert run("kpi2", "--to", "2024-04-30").output.startswith("KPI.2 od pierwszej rozmowy do 2024-04-30, cel")


def test_a_month_without_calls_is_no_error(var: Path) -> None:
    assert run("kpi3", "--from", "2023-01-01", "--to", "2023-01-31").output.startswith("KPI.3 od 2023-01-01")
