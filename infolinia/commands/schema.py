"""``infolinia schema``: JSON Schemas for editors."""

import json
from pathlib import Path
from typing import Annotated

import typer

from infolinia.mishaps import reason
from infolinia.settings import Settings
from ivr.dialplan.json_schema import PLACES, schemas


def schema(
    folder: Annotated[Path | None, typer.Argument(help="Folder dialplanów; domyślnie dialplans/")] = None,
) -> None:
    """Zapisuje w FOLDER/schema/ opisy plików dla edytora: podpowiedzi po polsku i znane nazwy. Po dodaniu węzłów lub
    komunikatów proszę uruchomić ponownie.

    Przykład:

      infolinia schema
    """
    root = folder or Settings().dialplans
    if not root.is_dir():
        typer.echo(f"Nie ma folderu {root}", err=True)
        raise typer.Exit(2)
    target = root / "schema"
    try:
        target.mkdir(exist_ok=True)
        for name, content in schemas(root).items():
            text = json.dumps(content, ensure_ascii=False, indent=1)
            (target / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        typer.echo(f"Nie można zapisać {error.filename}: {reason(error)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{target}: {', '.join(f'{name}.json' for name in PLACES)}. Ustawienie VS Code (.vscode/settings.json):")
    mapping = {str(target / f"{name}.json"): str(root / place) for name, place in PLACES.items()}
    typer.echo(json.dumps({"yaml.schemas": mapping}, ensure_ascii=False, indent=2))
