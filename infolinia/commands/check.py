"""``infolinia check``: is this dialplan fit to go live?"""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from infolinia.settings import Settings
from ivr.dialplan import PlanError, load_plan


def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder dialplanów; domyślnie dialplans/")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Wynik jako JSON: ok, faults")] = False,
) -> None:
    """Sprawdza dialplany: każdy błąd z plikiem, wierszem i kolumną oraz podpowiedzią, wszystkie naraz.

    Przykłady:

      infolinia check

      infolinia check kopia/dialplans --json
    """
    root = folder or Settings().dialplans
    try:
        plan, faults = load_plan(root), []
    except PlanError as error:
        plan, faults = None, error.faults
    if as_json:
        typer.echo(msgspec.json.encode({"ok": not faults, "faults": faults}).decode())
    else:
        console = Console(stderr=bool(faults), highlight=False)
        for fault in faults:
            console.print(str(fault), markup=False, soft_wrap=True)
        if plan is not None:
            topics = len(plan.topics)
            console.print(
                f"Dialplany w porządku: {len(plan.nodes)} węzłów, {len(plan.offices)} urzędów, {topics} tematów."
            )
        else:
            console.print(f"Błędów: {len(faults)}. Nic nie zostało wdrożone.")
    raise typer.Exit(1 if faults else 0)
