"""``infolinia check``: is this dialplan fit to go live?"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from infolinia.deployment import offices_lost
from infolinia.judgement import Judgement, judge
from infolinia.mishaps import reason
from infolinia.polish_usage import refuse
from infolinia.settings import Settings
from ivr.dialogue.plan import Plan
from ivr.dialplan import Fault
from ivr.dialplan.migrations import migrate as migrate_folder


def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder dialplanów; domyślnie dialplans/")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Wynik jako JSON: ok, faults, warnings, proof, rehearsals")
    ] = False,
    migrate: Annotated[bool, typer.Option(help="Najpierw przepisz pliki ze starszej wersji języka")] = False,
    proof: Annotated[bool, typer.Option(help="Udowodnij, że żadna rozmowa się nie zgubi")] = True,
) -> None:
    """Sprawdza dialplany: każdy błąd z plikiem, wierszem i kolumną oraz podpowiedzią, wszystkie naraz.

    Przykłady:

      infolinia check

      infolinia check kopia/dialplans --json

      infolinia check --migrate
    """
    settings = Settings()
    root = folder or settings.dialplans
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    if not root.is_dir():
        raise typer.Exit(refuse(no_folder(root), 2))
    if migrate:
        _migrate(root, console)
    with console.status("Sprawdzam pliki") as status:
        found = _with_lost(judge(root, settings, prove=proof, say=status.update), settings)
    if as_json:
        report = {"ok": not found.faults, "faults": found.faults, "warnings": found.warnings}
        typer.echo(msgspec.json.encode({**report, "proof": found.proof, "rehearsals": found.rehearsals}).decode())
    else:
        _tell(console, found)
    raise typer.Exit(1 if found.faults else 0)


def no_folder(root: Path) -> str:
    """What to say of dialplans in a folder that there is not."""
    return f"{root}: nie ma takiego folderu dialplanów (hotline.yaml, …). Bez nazwy: dialplans/"


def _with_lost(found: Judgement, settings: Settings) -> Judgement:
    """With a warning for each office of the live version that is not there any more."""
    plan = found.examined.plan
    lost = [] if plan is None else offices_lost(settings, plan)
    warnings = [
        Fault(
            f"offices/{office}.yaml",
            1,
            1,
            f"UWAGA: urząd `{office}` ma działająca wersja, a w tym folderze go nie ma",
            f"automat przestałby odbierać jego numery; infolinia deploy wymaga wtedy --remove {office}",
        )
        for office in lost
    ]
    return replace(found, warnings=[*found.warnings, *warnings])


def _migrate(root: Path, console: Console) -> None:
    try:
        changed = migrate_folder(root)
    except OSError as error:
        console.print(f"Nie można zapisać {error.filename}: {reason(error)}", markup=False)
        raise typer.Exit(1) from None
    for name in changed:
        console.print(f"{name}: przepisany na nową wersję; poprzedni leży obok", markup=False)


def _tell(console: Console, found: Judgement) -> None:
    tell_faults(console, found)
    if found.plan is None:
        console.print(f"Błędów: {len(found.faults)}. Nic nie zostało wdrożone.")
    else:
        typer.echo(summary(found, found.plan))


def tell_faults(console: Console, found: Judgement) -> None:
    """Every fault and warning in a line."""
    for fault in found.faults:
        console.print(str(fault), markup=False)
    for warning in found.warnings:
        console.print(f"{warning} [uwaga]", markup=False)


def summary(found: Judgement, plan: Plan) -> str:
    """What is in order, in a line."""
    proof = found.proof
    sizes = f"{len(plan.nodes)} węzłów, {len(plan.offices)} urzędów, {len(plan.topics)} tematów"
    how = "z poprzedniego dowodu" if proof and proof.get("reused") else f"w {proof['seconds']:.1f} s" if proof else ""
    checked = f" Zbadano {proof['states']} stanów rozmowy {how}." if proof else ""
    tried = f" Prób: {found.rehearsals}, wszystkie zgodne." if found.rehearsals else ""
    return f"Dialplany w porządku: {sizes}.{checked}{tried}"
