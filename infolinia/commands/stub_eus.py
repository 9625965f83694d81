"""``infolinia stub eus``: the e-US stand-in as a process."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from infolinia.ports import LOOPBACK, check_own
from infolinia.settings import Settings
from infolinia.stubs.eus.accounts import Accounts
from infolinia.stubs.eus.server import build


def eus(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; domyślnie z ustawień (eus_port).")] = None,
    data: Annotated[Path | None, typer.Option(help="Plik bazy kont; domyślnie w var/stubs/eus.")] = None,
) -> None:
    """Uruchamia atrapę e-Urzędu Skarbowego: usługę sprawdzania telePIN i stronę z kontami (tylko 127.0.0.1).

    Zmienione kody i liczniki zostają na dysku; usunięcie pliku bazy przywraca stan początkowy.

    Przykłady:

      infolinia stub eus

      infolinia stub eus --port 9461 --data /tmp/konta.db
    """
    settings = Settings()
    where = port or settings.port("eus")
    check_own(where, "atrapa e-US")
    path = data or settings.var / "stubs" / "eus" / "accounts.db"
    try:
        accounts = Accounts(path)
    except (sqlite3.DatabaseError, OSError):
        typer.echo(
            f"{path} nie jest bazą kont. Wskaż inny plik albo usuń ten: baza powstanie od nowa.",
            err=True,
        )
        raise typer.Exit(2) from None
    typer.echo(f"Atrapa e-US: http://127.0.0.1:{where}/ (koniec: Ctrl+C)")
    try:
        uvicorn.run(build(accounts), host=LOOPBACK, port=where, log_level="warning", access_log=False)
    finally:
        accounts.close()
