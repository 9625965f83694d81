"""``infolinia record``: whether calls are kept, and those that are."""

import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from infolinia.deployment import live_plan
from infolinia.settings import Settings
from ivr.dialplan import PlanError, guess
from recordings.keeping.ageing import forget_older
from recordings.keeping.recorder import FACTS, SOUND, Facts
from recordings.keeping.switch import EVERY, Switch, SwitchError
from store.versions import VersionError
from voicebot.audio import RATE

app = typer.Typer(
    no_args_is_help=True,
    help="Zachowywanie rozmów z automatem: domyślnie wyłączone. Przykład: infolinia record on --office malopolskie",
)
Office = Annotated[str, typer.Option("--office", help="Id urzędu, na przykład malopolskie; domyślnie wszystkie")]
HEADER = 46
NONE_SUCH = 2
"""What is named is not there: as for every verb (docs/operating.md)."""


def _fail(message: str, code: int = 1) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(code)


def _switch() -> Switch:
    return Switch(Settings().var / "recording.json")


def _set(office: str, on: bool) -> None:
    name = EVERY if office in ("", "wszystkie", EVERY) else office
    try:
        plan = live_plan(Settings())
    except PlanError as error:
        raise _fail(f"Dialplany mają błędy (infolinia check): {error.faults[0]}") from None
    except VersionError as error:
        raise _fail(str(error)) from None
    if name != EVERY and name not in plan.offices:
        raise _fail(f"Nie ma urzędu `{name}`. {guess(name, plan.offices)}".strip(), NONE_SUCH)
    if on and (plan.manners is None or plan.manners.recorded is None):
        raise _fail(
            "Nie włączono: dialplan nie mówi, że rozmowa jest nagrywana. Proszę dodać `manners: recorded: <komunikat>` "
            "w hotline.yaml i uruchomić infolinia deploy"
        )
    try:
        _switch().set(name, on)
    except SwitchError as error:
        raise _fail(str(error)) from None


@app.command("on")
def on(office: Office = "") -> None:
    """Włącza zachowywanie rozmów, które przyjdą od tej chwili.

    Podstawę prawną rozstrzyga urząd. Dzwoniący słyszy najpierw zapowiedź; kto jej nie wysłucha do końca, tego rozmowa
    nie jest zachowywana.

    Przykład:

      infolinia record on --office malopolskie
    """
    _set(office, on=True)
    typer.echo(f"Rozmowy są zachowywane: {office or 'wszystkie urzędy'}. Folder: {_folder()}")


@app.command("off")
def off(office: Office = "") -> None:
    """Wyłącza zachowywanie rozmów; te, które już są, zostają.

    Przykład:

      infolinia record off
    """
    _set(office, on=False)
    typer.echo(f"Rozmowy nie są zachowywane: {office or 'wszystkie urzędy'}")


@app.command("status")
def status() -> None:
    """Pokazuje, gdzie rozmowy są zachowywane i ile ich jest.

    Przykład:

      infolinia record status
    """
    try:
        decided = _switch().read()
    except SwitchError as error:
        raise _fail(str(error)) from None
    for office, is_on in sorted(decided.items()):
        typer.echo(f"{'wszystkie' if office == EVERY else office}: {'włączone' if is_on else 'wyłączone'}")
    if not decided:
        typer.echo("Rozmowy nie są zachowywane.")
    kept = kept_calls(_folder())
    size = sum(_size(folder / SOUND) for folder in kept)
    days = Settings().recordings_days
    typer.echo(f"Usuwane same po dniach: {days:g}" if days else "Same się nie usuwają (recordings_days = 0).")
    typer.echo(f"Zachowanych rozmów: {len(kept)}, {size / 1e6:.1f} MB, {_folder()}")


@app.command("list")
def list_() -> None:
    """Wypisuje zachowane rozmowy, najnowsze na końcu.

    Przykład:

      infolinia record list
    """
    for folder in kept_calls(_folder()):
        facts, broken = _facts(folder)
        seconds = max(0, _size(folder / SOUND) - HEADER) / 2 / RATE
        typer.echo(f"{folder.name}  {facts.at[:16]:<16}  {facts.office or '–':<20} {seconds:6.1f} s{broken}")


@app.command("forget")
def forget(
    call: Annotated[str, typer.Argument(help="Identyfikator rozmowy")] = "",
    older: Annotated[float | None, typer.Option("--older", help="Wszystkie starsze niż tyle dni", min=0)] = None,
) -> None:
    """Usuwa zachowane rozmowy.

    Przykłady:

      infolinia record forget 3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f

      infolinia record forget --older 30
    """
    if bool(call) == (older is not None):
        typer.echo("proszę podać albo identyfikator rozmowy, albo --older DNI", err=True)
        raise typer.Exit(2)
    if older is not None:
        typer.echo(f"Usunięto rozmów: {len(forget_older(_folder(), older))}")
        return
    doomed = [folder for folder in kept_calls(_folder()) if folder.name == call]
    if not doomed:
        raise _fail(f"Nie ma zachowanej rozmowy {call}; są: infolinia record list", NONE_SUCH)
    shutil.rmtree(doomed[0])
    typer.echo("Usunięto rozmów: 1")


def _folder() -> Path:
    return Settings().var / "recordings"


def kept_calls(root: Path) -> list[Path]:
    """The folders of kept calls under ``root``, the oldest first; also those whose engine died before it could say
    what they are."""
    found = {file.parent for name in (FACTS, SOUND) for file in root.glob(f"*/{name}")}
    return sorted(found, key=_written)


def _written(folder: Path) -> float:
    """When what a kept call is was last written; of one that has only sound, when that was."""
    try:
        return (folder / (FACTS if (folder / FACTS).exists() else SOUND)).stat().st_mtime
    except OSError:
        return 0.0


def _facts(folder: Path) -> tuple[Facts, str]:
    """What a kept call says of itself, and a remark where it is not whole."""
    try:
        facts = msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)
    except (OSError, msgspec.MsgspecError):
        return Facts(call=folder.name, office=None, at="–", made={}), "  (bez opisu: urwane)"
    return facts, "" if facts.whole else "  (trwa albo urwane)"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
