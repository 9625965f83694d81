"""``infolinia backup`` and ``infolinia restore``."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infolinia import backup as archive
from infolinia.mishaps import reason
from infolinia.settings import Settings
from infolinia.stack import Stack


def backup(
    target: Annotated[Path | None, typer.Argument(help="Plik archiwum; domyślnie infolinia-DATA.tar.gz")] = None,
) -> None:
    """Zachowuje wszystko z var/, czego nie da się odtworzyć: bazę, sekrety, zamknięcia, przydziały do kolejek.

    Rozmowy mogą trwać. Archiwum zawiera sekrety (prawa 600). Bazę PostgreSQL zachowuje osobno pg_dump.

    Przykłady:

      infolinia backup

      infolinia backup /mnt/sejf/infolinia.tar.gz
    """
    target = target or Path(f"infolinia-{datetime.now():%Y%m%d-%H%M%S}.tar.gz")
    if target.exists():
        raise _refusal(f"{target} już istnieje: podaj inną nazwę pliku", 2)
    if not (home := target.absolute().parent).is_dir():
        raise _refusal(f"Nie można zapisać {target}: nie ma folderu {home}: utwórz go (mkdir -p)", 2)
    try:
        names = archive.backup(Settings().var, target)
    except archive.BackupError as error:
        raise _refusal(str(error)) from None
    except OSError as error:
        raise _refusal(f"Nie można zapisać {target}: {reason(error)}") from None
    typer.echo(f"{target}: {', '.join(names)} ({target.stat().st_size // 1024} KiB, prawa 600)")


def restore(source: Annotated[Path, typer.Argument(help="Archiwum, które zapisało infolinia backup")]) -> None:
    """Przywraca zachowane dane; to, co było, odkłada obok i niczego nie usuwa. Najpierw trzeba zatrzymać infolinię.

    Przykład:

      infolinia down && infolinia restore infolinia-20260421-100000.tar.gz
    """
    settings = Settings()
    if runs := Stack.found(settings).running():
        raise _refusal(f"Działa: {', '.join(runs)}. Najpierw infolinia down; niczego nie zmieniono.")
    if not source.is_file():
        why = "to jest folder, a potrzeba archiwum" if source.is_dir() else "nie ma takiego pliku"
        raise _refusal(f"{source}: {why}; archiwum zapisuje infolinia backup. Niczego nie zmieniono.", 2)
    try:
        aside = archive.restore(source, settings.var)
    except archive.BackupError as error:
        raise _refusal(str(error)) from None
    except OSError as error:
        raise _refusal(
            f"Nie można przywrócić {source}: {reason(error)}. Poprzednie dane są w {settings.var}."
        ) from None
    typer.echo("Przywrócono." + (f" Poprzednie dane: {aside}" if aside else ""))


def _refusal(why: str, code: int = 1) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(code)
