"""``infolinia graph``: the flow as a picture."""

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from infolinia.mishaps import reason
from infolinia.settings import Settings
from ivr.dialplan import PlanError, load_plan
from ivr.picture import dot, printed, viewer

SECONDS = 120


def graph(
    out: Annotated[Path | None, typer.Option(help="Plik wynikowy; domyślnie w var/graph/.")] = None,
    printing: Annotated[bool, typer.Option("--print", help="Jedna strona A4 (SVG) do wydruku.")] = False,
    office: Annotated[str | None, typer.Option(help="Urząd, np. malopolskie; domyślnie linia krajowa.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder dialplanów; domyślnie dialplans/")] = None,
) -> None:
    """Rysuje przebieg rozmowy: stronę HTML do przesuwania i powiększania, a z --print stronę A4 (SVG) do wydruku.

    Przykłady:

    infolinia graph

    infolinia graph --office malopolskie --print --out malopolskie.svg
    """
    settings = Settings()
    try:
        plan = load_plan(folder or settings.dialplans)
    except PlanError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    if office is not None and office not in plan.offices:
        typer.echo(f"Nie ma urzędu „{office}”. Są: {', '.join(plan.offices)}", err=True)
        raise typer.Exit(2)
    name = office or "krajowa"
    path = out or settings.var / "graph" / f"{name}.{'svg' if printing else 'html'}"
    title = f"Infolinia: {plan.offices[name].name} (dialplany {plan.version})"
    sheet = printing or path.suffix == ".svg"
    drawn = _drawn(dot(plan, office, brief=sheet))
    page = printed(drawn, title) if sheet else viewer(drawn, title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        typer.echo(f"Nie można zapisać {path}: {reason(error)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Rysunek: {path}")


def _drawn(text: str) -> str:
    """What Graphviz makes of ``text``; ends the command when there is no Graphviz."""
    program = shutil.which("dot")
    if program is None:
        typer.echo("Brakuje programu dot; w Debianie: apt-get install graphviz", err=True)
        raise typer.Exit(1)
    try:
        made = subprocess.run(
            [program, "-Tsvg"],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        typer.echo(f"Graphviz odmówił: {error.stderr.strip()[:300]}", err=True)
        raise typer.Exit(1) from None
    except subprocess.TimeoutExpired:
        typer.echo(f"Graphviz nie skończył w {SECONDS} s", err=True)
        raise typer.Exit(1) from None
    return made.stdout
