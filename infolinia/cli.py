"""The command ``infolinia``: every verb in one table, each in a module of ``infolinia.commands``.

Only the module of the verb that is called is imported: most of the time that a command takes to start would be spent
on what it does not use.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Annotated, Any

import structlog
import typer

from . import logs
from .refused_settings import FAULTS, refusals, unknown_variables, unwritable
from .settings import Settings

VERBS = {
    "demo": "demo:demo",
    "setup": "stack:setup",
    "up": "stack:up",
    "down": "stack:down",
    "restart": "stack:restart",
    "status": "stack:status",
    "serve": "serve:serve",
    "check": "check:check",
    "deploy": "going_live:deploy",
    "versions": "going_live:versions",
    "rollback": "going_live:rollback",
    "diff": "going_live:diff",
    "simulate": "simulate:simulate",
    "replay": "replay:replay",
    "fixture": "fixture:fixture",
    "whatif": "whatif:whatif",
    "load": "load:load",
    "graph": "graph:graph",
    "schema": "schema:schema",
    "say": "speech:say",
    "listen": "speech:listen",
    "testcall": "testcall:testcall",
    "consultant": "consultant:consultant",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "bench": "bench:bench",
}
GROUPS = {
    "agent": "agent:app",
    "asterisk": "asterisk:app",
    "closure": "closure:app",
    "crm": "crm:app",
    "models": "models:app",
    "prompts": "prompts:app",
    "record": "record:app",
    "report": "report:app",
    "topics": "topic_release:app",
}
STUBS = {"eus": "stub_eus:eus", "crm": "stub_crm:crm"}
PROCESSES = {"engine": "serve:engine", "desk": "serve:desk"}
"""What ``serve`` starts; not for people."""


def begin(
    version: Annotated[bool, typer.Option("--version", help="Wypisz wersję i zakończ.", is_eager=True)] = False,
) -> None:
    """Infolinia: telefon do urzędu skarbowego. Na początek: infolinia demo"""
    if version:
        typer.echo(f"infolinia {metadata.version('infolinia')}")
        raise typer.Exit
    lines = unknown_variables(os.environ)
    try:
        settings = Settings()
        logs.to_file(settings.var / "log" / "command.log")
        lines += unwritable(settings)
    except FAULTS as error:
        lines += refusals(error, os.environ)
    if lines:
        typer.echo("Ustawienia nie są poprawne:\n  " + "\n  ".join(lines), err=True)
        raise typer.Exit(2)


def build(words: Sequence[str]) -> typer.Typer:
    """The command for the arguments ``words``: with the one verb they name, or with all when they name none."""
    built = typer.Typer(
        no_args_is_help="--version" not in words,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    built.callback()(begin)
    wanted = next((word for word in words if not word.startswith("-")), "")
    known = {**VERBS, **GROUPS, **PROCESSES, "stub": ""}
    for name in [wanted] if wanted in known else known:
        if name == "stub":
            built.add_typer(_stubs(), name=name)
        elif name in GROUPS:
            built.add_typer(_load(GROUPS[name]), name=name)
        else:
            built.command(name, hidden=name in PROCESSES)(_load(known[name]))
    return built


def _stubs() -> typer.Typer:
    stubs = typer.Typer(
        no_args_is_help=True,
        help="Atrapy tego, co należy do innych: e-Urzędu Skarbowego (eus) i CRM (crm). Przykład: infolinia stub eus",
    )
    for name, place in STUBS.items():
        stubs.command(name)(_load(place))
    return stubs


def _load(place: str) -> Any:
    """The function or sub-command at ``module:name``."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"infolinia.commands.{module}"), name)


def app() -> None:
    """Run the command of this process's arguments. What befalls any verb alike is said in a sentence, not as a
    traceback: it goes to the log, where values are left out."""
    try:
        build(sys.argv[1:])()
    except Exception as error:
        from .mishaps import told

        if (text := told(error, Settings())) is None:
            raise
        structlog.get_logger(__name__).error("command failed", verb=sys.argv[1:2], exc_info=error)
        typer.echo(text, err=True)
        raise SystemExit(getattr(error, "exit_code", 1)) from None
