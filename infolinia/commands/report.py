"""``infolinia report``: figures from journals."""

import asyncio
import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from desk.kpi3 import Cell, Funnel, by, kpi3, total
from infolinia.deployment import live_plan
from infolinia.mishaps import of_database
from infolinia.settings import Settings
from ivr.calendar import WARSAW
from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError
from store import create_tables, open_database
from store.versions import VersionError

from .days import Until, first_day, in_order, midnight
from .report_kpi2 import kpi2
from .trial_calls import WITHOUT, Tests

app = typer.Typer(help="Wskaźniki z dzienników rozmów. Przykład: infolinia report kpi3")
STEPS = ("odebrane", "proszone", "zaczęte", "numer podany", "uwierzytelnione")


@app.callback()
def _group() -> None:
    """Wskaźniki z dzienników rozmów. Przykład: infolinia report kpi3"""


app.command("kpi2")(kpi2)


@app.command("kpi3")
def kpi3_(
    first: Annotated[
        date | None,
        first_day("pierwszy dzień miesiąca"),
    ] = None,
    last: Until = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Wiersze CSV: godzina, urząd, liczby")] = False,
    tests: Tests = False,
) -> None:
    """KPI.3: ile odebranych połączeń uwierzytelniono telePIN-em i gdzie kończą pozostałe. Domyślnie bieżący miesiąc;
    z samym --to: miesiąc tego dnia, do niego; z samym --from: od tego dnia do dzisiaj.

    Przykłady:

      infolinia report kpi3

      infolinia report kpi3 --from 2024-01-01 --to 2024-04-30 --csv > kpi3.csv
    """
    in_order(first, last)
    until = last or datetime.now(WARSAW).date()
    since = first or until.replace(day=1)
    try:
        plan = live_plan(Settings())
        cells = asyncio.run(_cells(plan, since, until, tests))
    except PlanError as error:
        raise _fail(f"Dialplany mają błędy (infolinia check): {error.faults[0]}") from None
    except VersionError as error:
        raise _fail(str(error)) from None
    except SQLAlchemyError as error:
        raise _fail(of_database(error, Settings())) from None
    if as_csv:
        typer.echo(f"KPI.3 od {since} do {until}{'' if tests else '; ' + WITHOUT}", err=True)
        _csv(cells)
    else:
        _tables(cells, plan, since, until, tests)


async def _cells(plan: Plan, since: date, until: date, tests: bool) -> list[Cell]:
    database = open_database(Settings().database_url)
    try:
        await create_tables(database)
        return await kpi3(database, midnight(since), midnight(until + timedelta(days=1)), plan.numbers, tests)
    finally:
        await database.dispose()


def _csv(cells: Sequence[Cell]) -> None:
    rows = csv.writer(sys.stdout)
    rows.writerow(("godzina", "urząd", *STEPS, "procent"))
    for cell in sorted(cells, key=lambda cell: (cell.hour, cell.office)):
        rows.writerow(
            (cell.hour.isoformat(timespec="minutes"), cell.office, *_counts(cell.funnel), _share(cell.funnel))
        )


def _tables(cells: Sequence[Cell], plan: Plan, since: date, until: date, tests: bool) -> None:
    if not cells:
        typer.echo(f"KPI.3 od {since} do {until}: w tych dniach nie było rozmów.")
    else:
        share = _share(total(cells))
        typer.echo(f"KPI.3 od {since} do {until}: {share} % odebranych połączeń uwierzytelniono.")
    if not tests:
        typer.echo(WITHOUT)
    if not cells:
        return
    offices = {
        plan.offices[id_].name if id_ in plan.offices else id_: sum_ for id_, sum_ in by(cells, "office").items()
    }
    _table("Miesiąc", by(cells, "month"), total(cells))
    _table("Urząd", offices, total(cells))
    _table("Godzina", by(cells, "hour"), total(cells))


def _table(head: str, rows: Mapping[str, Funnel], sum_: Funnel) -> None:
    width = max(map(len, (head, "Razem", *rows)))
    typer.echo(f"\n{head:{width}}" + "".join(f"  {step:>15}" for step in STEPS) + "       %")
    for name, funnel in {**rows, "Razem": sum_}.items():
        typer.echo(
            f"{name:{width}}" + "".join(f"  {count:>15}" for count in _counts(funnel)) + f"  {_share(funnel):>6}"
        )


def _counts(funnel: Funnel) -> tuple[int, ...]:
    return (funnel.answered, funnel.offered, funnel.started, funnel.identified, funnel.authenticated)


def _share(funnel: Funnel) -> str:
    return f"{funnel.share:.1f}"


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
