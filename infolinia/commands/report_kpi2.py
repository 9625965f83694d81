"""``infolinia report kpi2``: the share of callers' matters recognised, from the journals."""

import asyncio
import csv
import sys
from datetime import date, datetime
from typing import Annotated

import typer

from desk.kpi2 import COUNTS, PUBLISHED, TARGET, Kpi2, by_month
from infolinia.settings import Settings
from ivr.conversations import conversations
from store import create_tables, open_database

from .days import day, span

HEADS = ("w słowach", "przyjęte", "potwierdz.", "ponownie", "klawisze", "człowiek", "rozłącz.", "bez sprawy")


def kpi2(
    since: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="DZIEŃ", help="Pierwszy dzień; domyślnie pierwszej rozmowy"),
    ] = None,
    until: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="DZIEŃ", help="Ostatni dzień; domyślnie dzisiaj")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Wartości rozdzielone przecinkami.")] = False,
) -> None:
    """KPI.2: rozpoznane sprawy (przyjęte albo potwierdzone) wśród nazwanych słowami, obok miesięcy z raportu KAS.

    Przykład: infolinia report kpi2 --from 2026-02-01 --to 2026-04-30
    """
    moments = span(since, until)
    period = f"od {since or 'pierwszej rozmowy'} do {until or 'dzisiaj'}"
    settings = Settings()
    settings.var.mkdir(parents=True, exist_ok=True)
    months = asyncio.run(_read(settings, *moments))
    if as_csv:
        typer.echo(f"KPI.2 {period}", err=True)
        _write_csv(months)
        return
    typer.echo(f"KPI.2 {period}, cel {TARGET:.0%}. Głos, z dzienników rozmów:")
    typer.echo(f"{'miesiąc':8} {'KPI.2':>8} " + " ".join(f"{head:>10}" for head in HEADS))
    for month, row in months.items():
        counts = " ".join(f"{getattr(row, name):10}" for name in COUNTS)
        typer.echo(f"{month:8} {_percent(row.share):>8} {counts}")
    if not months:
        typer.echo("  w tych dniach nie było rozmów")
    typer.echo("Czat, z raportu KAS (dla porównania):")
    for month, share in PUBLISHED.items():
        typer.echo(f"{month:8} {_percent(share):>8}")


async def _read(settings: Settings, since: datetime | None, before: datetime | None) -> dict[str, Kpi2]:
    database = open_database(settings.database_url)
    try:
        await create_tables(database)
        return await by_month(conversations(database, since, before))
    finally:
        await database.dispose()


def _write_csv(months: dict[str, Kpi2]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(("source", "channel", "month", "kpi2", *COUNTS))
    for month, row in months.items():
        share = "" if row.share is None else f"{row.share:.4f}"
        writer.writerow(("journal", "voice", month, share, *(getattr(row, name) for name in COUNTS)))
    for month, known in PUBLISHED.items():
        writer.writerow(("KAS report", "chat", month, f"{known:.4f}", *("" for _ in COUNTS)))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.2f} %"
