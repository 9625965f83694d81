"""``infolinia check``: is this dialplan fit to go live?"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from infolinia.rehearsals import keep_script, run_all
from infolinia.settings import Settings
from ivr.dialplan import Examined, Fault, examine
from ivr.dialplan.migrations import migrate as migrate_folder
from ivr.proof import prove


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
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if migrate:
        _migrate(root, console)
    examined = examine(root)
    proven, violations = _prove(examined, settings.var / "proof") if proof else (None, [])
    rehearsed, unlike = run_all(examined.plan, settings, root) if examined.plan is not None else (0, [])
    faults = [*examined.faults, *violations, *unlike]
    if as_json:
        report = {"ok": not faults, "faults": faults, "warnings": examined.warnings, "proof": proven}
        typer.echo(msgspec.json.encode({**report, "rehearsals": rehearsed}).decode())
    else:
        _tell(console, examined, faults, proven, rehearsed)
    raise typer.Exit(1 if faults else 0)


def _migrate(root: Path, console: Console) -> None:
    try:
        changed = migrate_folder(root)
    except OSError as error:
        console.print(f"Nie można zapisać {error.filename}: {error.strerror}", markup=False)
        raise typer.Exit(1) from None
    for name in changed:
        console.print(f"{name}: przepisany na nową wersję; poprzedni leży obok", markup=False)


def _prove(examined: Examined, scripts: Path) -> tuple[dict[str, Any] | None, list[Fault]]:
    """What the proof says of a plan without faults, and what it found as faults of the nodes concerned. The calls that
    show them are left in ``scripts``, those of an earlier proof removed."""
    if examined.plan is None:
        return None, []
    found = prove(examined.plan)
    broken = {violation.property for violation in found.violations}
    for old in scripts.glob("*.yaml"):
        old.unlink()
    faults = [
        examined.fault_of(violation.node, violation.message, f"pokazuje to infolinia simulate --script {path}")
        for violation in found.violations
        for path in (keep_script(violation, scripts),)
    ]
    holds = {name: name not in broken for name in found.properties}
    return {"states": found.states, "seconds": round(found.seconds, 3), "properties": holds}, faults


def _tell(
    console: Console, examined: Examined, faults: list[Fault], proven: dict[str, Any] | None, rehearsed: int
) -> None:
    for fault in faults:
        console.print(str(fault), markup=False)
    for warning in examined.warnings:
        console.print(f"{warning} [uwaga]", markup=False)
    if faults or examined.plan is None:
        console.print(f"Błędów: {len(faults)}. Nic nie zostało wdrożone.")
        return
    plan = examined.plan
    sizes = f"{len(plan.nodes)} węzłów, {len(plan.offices)} urzędów, {len(plan.topics)} tematów"
    checked = f" Zbadano {proven['states']} stanów rozmowy w {proven['seconds']:.1f} s." if proven else ""
    tried = f" Prób: {rehearsed}, wszystkie zgodne." if rehearsed else ""
    typer.echo(f"Dialplany w porządku: {sizes}.{checked}{tried}")
