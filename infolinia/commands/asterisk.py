"""``infolinia asterisk``: getting, starting and steering the Asterisk of this installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from infolinia.asterisk import install as installer
from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.debian import Progress as Told
from infolinia.asterisk.site import Site
from infolinia.asterisk.trouble import AsteriskError
from infolinia.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Asterisk tej instalacji. Przykład: infolinia asterisk status")


@app.command()
def install() -> None:
    """Pobiera Asteriska, jeśli na maszynie nie ma takiego, który wystarczy. Powtórzone nic nie zmienia.

    Przykłady:

      infolinia asterisk install

      INFOLINIA_ASTERISK_PREFIX=/opt/asterisk infolinia asterisk install
    """
    settings = Settings()
    with _faults(), _bar() as told:
        site = installer.ensure(settings, told)
    _say(settings, site)


@app.command()
def update() -> None:
    """Pobiera dzisiejsze pakiety Asteriska. Działający działa dalej na starych, aż do ponownego uruchomienia.

    Pakiety pochodzą z Debiana sid, który nie ma osobnych poprawek bezpieczeństwa: aktualizuj regularnie.

    Przykład: infolinia asterisk update && infolinia asterisk stop --drain 600 && infolinia asterisk start
    """
    settings = Settings()
    with _faults(), _bar() as told:
        site = installer.update(settings, told)
    _say(settings, site)


@app.command()
def start() -> None:
    """Uruchamia Asteriska i czeka, aż przyjmuje połączenia. Kod wyjścia 2: port jest zajęty.

    Przykład: infolinia asterisk start
    """
    with _faults():
        typer.echo(f"Asterisk działa (pid {_asterisk().start()}).")


@app.command()
def stop(
    drain: Annotated[float, typer.Option(min=0, help="Ile sekund dać trwającym rozmowom; nowych nie przyjmuje.")] = 0.0,
) -> None:
    """Zatrzymuje Asteriska.

    Przykłady:

      infolinia asterisk stop

      infolinia asterisk stop --drain 600
    """
    with _faults():
        _asterisk().stop(drain)
        typer.echo("Asterisk zatrzymany.")


@app.command()
def status() -> None:
    """Pokazuje, czy Asterisk działa. Kod wyjścia 3: nie działa.

    Przykład: infolinia asterisk status
    """
    with _faults():
        settings = Settings()
        site = installer.find(settings)
        now = Asterisk(settings, site).status() if site is not None else None
    if site is None:
        typer.echo("Asteriska jeszcze tu nie ma: infolinia asterisk install")
        raise typer.Exit(3)
    if now is None:
        typer.echo("Asterisk nie działa. Uruchom: infolinia asterisk start")
        raise typer.Exit(3)
    typer.echo(f"Asterisk {now.version}, pid {now.pid}, od {now.up_seconds:.0f} s, kanałów: {now.calls}")


@app.command()
def cli(command: Annotated[list[str], typer.Argument(help="Polecenie Asteriska.")]) -> None:
    """Wykonuje polecenie Asteriska i pokazuje odpowiedź.

    Przykłady:

      infolinia asterisk cli queue show malopolskie-kol-pit

      infolinia asterisk cli "pjsip show aors"
    """
    with _faults():
        typer.echo(_asterisk().rx(" ".join(command)), nl=False)


def _asterisk() -> Asterisk:
    settings = Settings()
    site = installer.find(settings)
    if site is None:
        raise AsteriskError("Nie ma Asteriska: `infolinia asterisk install`")
    return Asterisk(settings, site)


def _say(settings: Settings, site: Site) -> None:
    typer.echo(f"Asterisk {site.version}: {site.binary}")
    if packages := installer.sources(settings):
        typer.echo(f"Pakiety ({len(packages)}) i sumy SHA-256: {installer.prefix(settings) / 'SOURCES'}")


@contextmanager
def _faults() -> Iterator[None]:
    """One line about what is wrong and the mend, and its exit code."""
    try:
        yield
    except AsteriskError as error:
        typer.echo(f"Nie udało się: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


@contextmanager
def _bar() -> Iterator[Told]:
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True, emoji=False), transient=True) as progress:
        task = progress.add_task("Asterisk", total=None)

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield told
