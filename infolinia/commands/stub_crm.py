"""``infolinia stub crm``: the CRM stand-in as a process."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from infolinia.ports import LOOPBACK, check_own
from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from infolinia.stubs.crm.people import SHIPPED, load_people
from infolinia.stubs.crm.server import Crm, create_app


def crm(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; domyślnie z ustawień (crm_port).")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Katalog z odebranymi wiadomościami; domyślnie var/stubs/crm.")
    ] = None,
    people: Annotated[Path, typer.Option(help="Plik z osobami, które zna CRM.")] = SHIPPED,
) -> None:
    """Uruchamia atrapę CRM: odbiera karty rozmówców i pokazuje je konsultantom w przeglądarce (tylko 127.0.0.1).

    Strony: / (wszystkie stanowiska) i /agent/konsultant1 (jedno stanowisko), odświeżane na żywo.
    Dla testów: /api/events, /api/popups, /api/health oraz przełącznik usterek /_faults.

    Przykłady:

      infolinia stub crm

      curl http://127.0.0.1:8462/api/popups

      curl -H 'Content-Type: application/json' -d '{"mode": "error"}' http://127.0.0.1:8462/_faults
    """
    settings = Settings()
    where = port or settings.port("crm")
    check_own(where, "atrapa CRM")
    try:
        secret = read_secret(settings, "webhook")
        state = Crm(data or settings.var / "stubs" / "crm", secret, load_people(people))
    except (OSError, ValueError) as error:
        typer.echo(f"Atrapa CRM nie wystartowała: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"Atrapa CRM: http://127.0.0.1:{where}/ (koniec: Ctrl+C)")
    uvicorn.run(
        create_app(state),
        host=LOOPBACK,
        port=where,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
