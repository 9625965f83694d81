"""``infolinia backup`` and ``infolinia restore``."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infolinia import backup as archive
from infolinia.background import Background
from infolinia.settings import Settings


def backup(
    target: Annotated[Path | None, typer.Argument(help="The archive to write; default infolinia-DATE.tar.gz")] = None,
) -> None:
    """Keeps all under var/ that cannot be made again: database, secrets, closures, queue membership.

    Calls may go on meanwhile. The archive holds secrets (mode 600). A PostgreSQL database is kept with pg_dump instead.

    Examples:

      infolinia backup

      infolinia backup /mnt/safe/infolinia.tar.gz
    """
    target = target or Path(f"infolinia-{datetime.now():%Y%m%d-%H%M%S}.tar.gz")
    try:
        names = archive.backup(Settings().var, target)
    except (archive.BackupError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{target}: {', '.join(names)} ({target.stat().st_size // 1024} KiB, mode 600)")


def restore(source: Annotated[Path, typer.Argument(help="An archive that `infolinia backup` wrote")]) -> None:
    """Puts a backup in its place; what was there is moved aside, never deleted. Stop the hotline first.

    Example:

      infolinia down && infolinia restore infolinia-20260421-100000.tar.gz
    """
    settings = Settings()
    if Background(settings.var, "serve").pid() is not None:
        typer.echo("The hotline is running: stop it first with `infolinia down`", err=True)
        raise typer.Exit(1)
    try:
        aside = archive.restore(source, settings.var)
    except archive.BackupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo("Restored." + (f" What was there before: {aside}" if aside else ""))
