"""``infolinia report kpi2``: the share of callers' matters recognised, from the journals."""

import asyncio
import csv
import sys
from datetime import datetime
from typing import Annotated

import typer

from desk.kpi2 import COUNTS, PUBLISHED, TARGET, Kpi2, by_model, by_month
from infolinia.settings import Settings
from ivr.conversations import conversations
from store import create_tables, open_database

from .days import Since, Until, span
from .trial_calls import WITHOUT, Tests

HEADS = ("w słowach", "przyjęte", "potwierdz.", "ponownie", "klawisze", "człowiek", "rozłącz.", "bez sprawy")
UNKNOWN = "(model nieznany)"


def kpi2(
    since: Since = None,
    until: Until = None,
    models: Annotated[
        bool, typer.Option("--by-model", help="Osobno każdy model tematów (`infolinia topics versions`).")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Wartości rozdzielone przecinkami.")] = False,
    tests: Tests = False,
) -> None:
    """KPI.2: rozpoznane sprawy (przyjęte albo potwierdzone) wśród nazwanych słowami, obok miesięcy z raportu KAS.

    Przykłady:

      infolinia report kpi2 --from 2026-02-01 --to 2026-04-30

      infolinia report kpi2 --by-model --csv > kpi2.csv
    """
    moments = span(since, until)
    period = f"od {since or 'pierwszej rozmowy'} do {until or 'dzisiaj'}"
    settings = Settings()
    settings.var.mkdir(parents=True, exist_ok=True)
    rows = asyncio.run(_read(settings, *moments, tests))
    months = by_month(rows)
    if as_csv:
        typer.echo(f"KPI.2 {period}{'' if tests else '; ' + WITHOUT}", err=True)
        _write_csv(rows if models else {(month, ""): row for month, row in months.items()}, models)
        return
    typer.echo(f"KPI.2 {period}, cel {TARGET:.0%}. Głos, z dzienników rozmów:")
    if not tests:
        typer.echo(WITHOUT)
    typer.echo(f"{'miesiąc':8} {'KPI.2':>8} " + " ".join(f"{head:>10}" for head in HEADS))
    for month, row in months.items():
        typer.echo(_row(month, row))
        for (when, model), part in rows.items() if models else ():
            if when == month and part != Kpi2():
                typer.echo(f"{_row('', part)}  {model or UNKNOWN}")
    if not months:
        typer.echo("  w tych dniach nie było rozmów")
    typer.echo("Czat, z raportu KAS (dla porównania):")
    for month, share in PUBLISHED.items():
        typer.echo(f"{month:8} {_percent(share):>8}")


def _row(month: str, row: Kpi2) -> str:
    counts = " ".join(f"{getattr(row, name):10}" for name in COUNTS)
    return f"{month:8} {_percent(row.share):>8} {counts}"


async def _read(
    settings: Settings, since: datetime | None, before: datetime | None, tests: bool
) -> dict[tuple[str, str], Kpi2]:
    database = open_database(settings.database_url)
    try:
        await create_tables(database)
        return await by_model(conversations(database, since, before), tests)
    finally:
        await database.dispose()


def _write_csv(rows: dict[tuple[str, str], Kpi2], models: bool) -> None:
    """One row a month, and a model where ``models``: its name is then the last column."""
    writer = csv.writer(sys.stdout)
    writer.writerow(("source", "channel", "month", "kpi2", *COUNTS, *(["model"] if models else [])))
    for (month, model), row in rows.items():
        share = "" if row.share is None else f"{row.share:.4f}"
        counts = (getattr(row, name) for name in COUNTS)
        writer.writerow(("journal", "voice", month, share, *counts, *([model] if models else [])))
    for month, known in PUBLISHED.items():
        writer.writerow(("KAS report", "chat", month, f"{known:.4f}", *("" for _ in COUNTS), *([""] if models else [])))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.2f} %"
