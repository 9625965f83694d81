"""``infolinia models``: the recognisers' models."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from infolinia.settings import Settings
from voicebot.ears.tiny import is_tiny
from voicebot.models import MODELS, Model, ModelError, by_hand, faults, find, get, model_folder

app = typer.Typer(no_args_is_help=True, help="Modele rozpoznawania mowy. Przykład: infolinia models get whisper-base")
console = Console(emoji=False)


@app.command("list")
def list_() -> None:
    """Wypisuje znane modele i mówi, które są zainstalowane.

    Przykład: infolinia models list
    """
    settings = Settings()
    table = Table("model", "co to jest", "MB", "licencja", Column("stan", overflow="fold"), box=None)
    for model in MODELS:
        table.add_row(
            model.id, model.title, f"{model.size / 1e6:.0f}", model.licence, _state(model, settings.var / "models")
        )
    if settings.vosk_model is not None:
        table.add_row("(vosk_model)", "Vosk z ustawień", "", "", str(settings.vosk_model))
    console.print(table)


def _state(model: Model, models: Path) -> str:
    folder = model_folder(models, model.id)
    if folder is None:
        return f"brak; pobranie: infolinia models get {model.id}"
    return f"{folder}: uszkodzony, powie co: infolinia models check" if faults(model, models) else str(folder)


@app.command("get")
def get_(
    model: Annotated[str, typer.Argument(help="Nazwa z `infolinia models list`, np. whisper-base albo vosk-pl.")],
) -> None:
    """Pobiera model i sprawdza go. Przerwane pobieranie powtórzona komenda kończy; gotowego modelu nie rusza.

    Przykłady:

      infolinia models get whisper-base

      infolinia models get vosk-pl
    """
    models = Settings().var / "models"
    try:
        wanted = find(model)
    except ModelError as error:
        typer.echo(f"Błąd: {error}", err=True)
        raise typer.Exit(2) from None
    try:
        folder = fetch(wanted, models)
    except ModelError as error:
        _fail(str(error))
    typer.echo(f"Model jest gotowy: {folder}")


@app.command()
def check() -> None:
    """Sprawdza sumy kontrolne zainstalowanych modeli. Kod wyjścia 1, gdy któryś jest uszkodzony albo nie ma żadnego.

    Przykład: infolinia models check
    """
    settings = Settings()
    models = settings.var / "models"
    installed = [model for model in MODELS if model_folder(models, model.id) is not None]
    found = [fault for model in installed for fault in faults(model, models)]
    for fault in found:
        typer.echo(f"Błąd: {fault}", err=True)
    installed_for_callers = [model for model in installed if model.ear]
    own = settings.vosk_model is not None and (settings.vosk_model / "conf").is_dir()
    if settings.vosk_model is not None and not own:
        found.append("vosk_model")
        typer.echo(f"Błąd: {settings.vosk_model}: to nie jest folder modelu Vosk (nie ma w nim conf/).", err=True)
    if not installed_for_callers and not own:
        typer.echo("Nie ma żadnego modelu: infolinia działa klawiszami. Pobranie: infolinia models get whisper-base")
        for model in (model for model in MODELS if model.ear):
            typer.echo(f"  {model.id}, bez sieci: {by_hand(model, models)}")
    if found or not (installed_for_callers or own):
        raise typer.Exit(1)
    typer.echo(f"W porządku: {', '.join(model.id for model in installed)}.")
    if own and settings.vosk_model is not None and is_tiny(settings.vosk_model):
        typer.echo("Uwaga: ustawiony model Vosk jest próbny, z mowy syntetycznej: nigdy dla dzwoniących.", err=True)


def fetch(model: Model, models: Path) -> Path:
    """Get ``model`` with a bar of progress. Raises ``ModelError``."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, here: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=here)

        return get(model, models, progress)


def _fail(fault: str) -> NoReturn:
    typer.echo(f"Błąd: {fault}", err=True)
    raise typer.Exit(1)
