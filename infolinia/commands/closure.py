"""``infolinia closure``: close an office at once, in calls under way too, and open it again."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import typer

from infolinia.deployment import live_plan, versions_of
from infolinia.settings import Settings
from infolinia.voice import prompt_book
from ivr.calendar import WARSAW
from ivr.closures import EVERY, Closures, ClosuresError, spoken
from ivr.dialplan import PlanError, guess
from store.versions import VersionError
from voicebot.voices.voice import VoiceError

app = typer.Typer(
    no_args_is_help=True,
    help="Zamknięcia awaryjne: urząd od tej chwili mówi, dlaczego jest nieczynny. Przykład: infolinia closure list",
)
PROMPT = "closure"
"""What a closure's text is called where it is said (``ivr.dialogue.nodes.hours``)."""
Office = Annotated[str, typer.Argument(help="Id urzędu, na przykład malopolskie; albo `wszystkie`")]


def _closures() -> Closures:
    return Closures(Settings().var / "closures.json")


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def _office(name: str) -> str:
    if name in (EVERY, "wszystkie"):
        return EVERY
    try:
        offices = live_plan(Settings()).offices
    except PlanError as error:
        raise _fail(f"Dialplany mają błędy (infolinia check): {error.faults[0]}") from None
    except VersionError as error:
        raise _fail(str(error)) from None
    if name not in offices:
        _fail(f"Nie ma urzędu `{name}`. {guess(name, offices)}".strip())
        raise typer.Exit(2)
    return name


def _until(text: str | None) -> datetime | None:
    if text is None:
        return None
    now = datetime.now(WARSAW)
    try:
        until = datetime.fromisoformat(text if "-" in text else f"{now.date()} {text}").replace(tzinfo=WARSAW)
    except ValueError:
        raise _fail(f"Nie rozumiem chwili `{text}`: proszę podać `16:00` albo `2026-04-30 16:00`") from None
    if until <= now:
        raise _fail(f"Chwila {until:%Y-%m-%d %H:%M} już minęła")
    if until > now + timedelta(days=366):
        raise _fail("Zamknięcie może trwać najwyżej rok")
    return until


def _render(settings: Settings, text: str) -> None:
    """Make the sound of ``text`` before it is in force, so that no caller waits for it. Without a voice the office is
    closed all the same."""
    try:
        live = versions_of(settings).live()
        book = prompt_book(settings, None if live is None else live.files)
        asyncio.run(book.prepare([(PROMPT, text)]))
    except (VoiceError, VersionError, OSError) as error:
        typer.echo(f"Uwaga: komunikatu nie udało się przygotować ({error}); powstanie w pierwszej rozmowie", err=True)


@app.command("set")
def set_(
    office: Office,
    text: Annotated[str, typer.Argument(help="Co usłyszy dzwoniący")],
    until: Annotated[str | None, typer.Option("--until", help="Do kiedy: 16:00 albo 2026-04-30 16:00")] = None,
) -> None:
    """Zamyka urząd od tej chwili: dzwoniący słyszą podany tekst zamiast godzin. Działa też w trwających rozmowach.

    Przykłady:

      infolinia closure set malopolskie "Z powodu awarii prądu urząd jest dziś nieczynny." --until 16:00

      infolinia closure set wszystkie "Z powodu awarii łączności konsultanci są niedostępni."
    """
    known, end = _office(office), _until(until)
    try:
        _closures().read()
        _render(Settings(), spoken(text))
        _closures().set(known, text, end)
    except ClosuresError as error:
        raise _fail(f"Nie zamknięto: {error}") from None
    typer.echo(f"Zamknięte: {office}{f', do {end:%Y-%m-%d %H:%M}' if end else ', do odwołania'}")


@app.command("clear")
def clear(office: Office) -> None:
    """Odwołuje zamknięcie urzędu.

    Przykład:

      infolinia closure clear malopolskie
    """
    try:
        was_closed = _closures().clear(EVERY if office == "wszystkie" else office)
    except ClosuresError as error:
        raise _fail(f"Nie odwołano: {error}") from None
    if not was_closed:
        _office(office)
        raise _fail(f"Urząd `{office}` nie był zamknięty")
    typer.echo(f"Odwołane: {office}")


@app.command("list")
def list_() -> None:
    """Pokazuje zamknięcia: które urzędy, do kiedy i co słyszy dzwoniący.

    Przykład:

      infolinia closure list
    """
    try:
        closures = _closures().read()
    except ClosuresError as error:
        raise _fail(str(error)) from None
    now = datetime.now(WARSAW)
    for office, closure in sorted(closures.items()):
        until = closure.until
        end = "do odwołania" if until is None else f"{'do' if until > now else 'minęło'} {until:%Y-%m-%d %H:%M}"
        typer.echo(f"{'wszystkie' if office == EVERY else office} ({end}): {closure.text}")
    if not closures:
        typer.echo("Żaden urząd nie jest zamknięty.")
