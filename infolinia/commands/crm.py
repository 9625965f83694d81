"""``infolinia crm``: what the CRM has not taken yet."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from desk.outbox import Backlog, Outbox, Pending
from infolinia.mishaps import of_database
from infolinia.polish_usage import refuse
from infolinia.settings import Settings
from ivr.calendar import WARSAW
from store import create_tables, open_database

app = typer.Typer(
    no_args_is_help=True, help="Wiadomości, których CRM jeszcze nie przyjął. Przykład: infolinia crm list"
)

T = TypeVar("T")
KINDS = {"card": "karta", "session": "strona", "withdrawn": "wycofanie", "ended": "koniec"}


@app.command(name="list")
def show(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Najwyżej tyle wiadomości.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Jako JSON, do dalszej obróbki.")] = False,
) -> None:
    """Pokazuje wiadomości odłożone (CRM je odrzucił) i czekające na ponowienie, od najstarszej.

    Przykłady:

      infolinia crm list

      infolinia crm list --json --limit 1000
    """

    async def read(outbox: Outbox) -> tuple[list[Pending], Backlog]:
        return await outbox.pending(limit), await outbox.backlog()

    rows, backlog = _with_outbox(read)
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
        return
    if not rows:
        typer.echo("CRM przyjął wszystko.")
        return
    table = Table("Połączenie", "Nr", "Co", "Konsultant", "Z godziny", "Prób", "Ostatnia odpowiedź", "Stan")
    for row in rows:
        state = "odłożona" if row.parked else f"ponowienie {_clock(row.next_try)}"
        what = KINDS.get(row.kind, row.kind)
        number, tried = str(row.sequence), str(row.attempts)
        table.add_row(row.call, number, what, row.agent, _clock(row.created_at), tried, row.answer or "—", state)
    Console(emoji=False).print(table)
    typer.echo(f"Czeka: {backlog.waiting}, odłożono: {backlog.parked}.")
    if backlog.parked:
        typer.echo("Po naprawie CRM albo hasła webhooka: infolinia crm retry")


@app.command()
def retry() -> None:
    """Wysyła jeszcze raz to, co odłożono i co czeka na ponowienie (gdy CRM albo hasło webhooka już naprawiono).

    Wysyła proces desk; jeśli nie działa, wiadomości poczekają na niego. Przykład: infolinia crm retry
    """

    async def again(outbox: Outbox) -> tuple[int, int]:
        return await outbox.release_parked(), await outbox.hasten()

    released, hastened = _with_outbox(again)
    typer.echo(f"Do wysłania od razu: odłożonych {released}, czekających {hastened}. Stan: infolinia crm list")


def _clock(moment: datetime) -> str:
    return moment.astimezone(WARSAW).strftime("%d.%m %H:%M:%S")


def _with_outbox(act: Callable[[Outbox], Awaitable[T]]) -> T:
    """Run ``act`` on the outbox of this installation; a fault of the database ends the command with code 1."""

    async def run() -> T:
        database = open_database(Settings().database_url)
        try:
            await create_tables(database)
            return await act(Outbox(database))
        finally:
            await database.dispose()

    try:
        return asyncio.run(run())
    except SQLAlchemyError as error:
        raise typer.Exit(refuse(f"Nie udało się: {of_database(error, Settings())}", 1)) from None
