"""``infolinia bench``: the figures of docs/figures.md, measured again."""

import json
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console

from infolinia.background import Background, NotStarted
from infolinia.installation import prepare
from infolinia.settings import ROOT, Settings
from infolinia.stack import Stack

console = Console(stderr=True, highlight=False, emoji=False)

BENCHES: dict[str, tuple[str, ...]] = {
    "core": ("bench_core.py",),
    "proof": ("bench_proof.py",),
    "plans": ("bench_plans.py",),
    "mutations": ("bench_mutations.py", "--mutations", "200", "--calls", "100000"),
    "wires": ("bench_wires.py",),
    "ears": ("bench_ears.py",),
    "telepin": ("bench_telepin.py", "--streams", "100000"),
    "attacks": ("bench_attacks.py", "--kills", "20"),
    "leaks": ("bench_leaks.py",),
    "feel": ("bench_hotline.py", "feel", "--calls", "20"),
    "kill": ("bench_hotline.py", "kill", "--calls", "10"),
    "reload": ("bench_reload.py",),
    "load": ("bench_load.py",),
    "refusals": ("bench_refusals.py", "--rounds", "2"),
    "replay": ("bench_replay.py", "--depths", "journal", "audio"),
    "replay-calls": ("bench_replay.py", "--depths", "call"),
    "numbers": ("bench_numbers.py",),
    "detectors": ("bench_turns.py", "detectors"),
    "turns": ("bench_turns.py", "calls"),
    "turns-vosk": ("bench_turns.py", "calls", "--ear", "tiny"),
    "media": ("bench_media.py", "paths"),
    "authenticate": ("bench_authenticate.py", "--rounds", "5"),
}
"""Name to script under tools/ and its arguments. ``--json`` is added."""
WITH_RUNS = {"replay", "replay-calls"}
ON_A_STACK = {"feel", "kill", "load", "reload", "refusals", "authenticate"}


def bench(
    only: Annotated[list[str] | None, typer.Argument(help=f"Które: {', '.join(BENCHES)}; domyślnie wszystkie")] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", help="Ile przebiegów odtwarzania (replay, replay-calls).", min=1, max=100)
    ] = None,
) -> None:
    """Mierzy jeszcze raz to, co mówi docs/figures.md; każdy wynik też w var/bench/NAZWA.json.

    Przykłady:

      infolinia bench

      infolinia bench core kill

      infolinia bench replay replay-calls --runs 10
    """
    settings = Settings(hours="open")
    chosen = only or list(BENCHES)
    if unknown := set(chosen) - set(BENCHES):
        console.print(f"Nieznane: {', '.join(sorted(unknown))}. Są: {', '.join(BENCHES)}")
        raise typer.Exit(2)
    folder = settings.var / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    was_up = Background(settings.var, "serve").pid() is not None
    failed = []
    try:
        for number, name in enumerate(chosen, start=1):
            console.print(f"==> {name} ({number} z {len(chosen)})")
            if name in ON_A_STACK:
                _bring_up(settings)
            command = [sys.executable, str(ROOT / "tools" / BENCHES[name][0]), *BENCHES[name][1:]]
            if runs is not None and name in WITH_RUNS:
                command += ["--runs", str(runs)]
            done = subprocess.run([*command, "--json", str(folder / f"{name}.json")], cwd=ROOT, check=False)
            if done.returncode:
                failed.append(name)
    finally:
        if not was_up:
            Stack(settings).down()
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in chosen if name not in failed}
    (folder / "all.json").write_text(json.dumps(found, indent=1))
    console.print(f"Zmierzono: {folder / 'all.json'}" + (f"; nie udały się: {', '.join(failed)}" if failed else ""))
    raise typer.Exit(1 if failed else 0)


def _bring_up(settings: Settings) -> None:
    """The stack without automatic telephones: the bench brings its own."""
    try:
        prepare(settings, console.print)
        stack = Stack(settings)
        stack.up(own=("hours",))
        Background(settings.var, f"phone-{settings.consultants[0]}").stop()
    except NotStarted as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from None
