"""The command ``infolinia``: every verb in one table, each in a module of ``infolinia.commands``.

Only the module of the verb that is called is imported: most of the time that a command takes to start would be spent
on what it does not use.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from pydantic import ValidationError

from . import logs
from .settings import Settings

VERBS = {
    "demo": "stack:demo",
    "setup": "stack:setup",
    "up": "stack:up",
    "down": "stack:down",
    "status": "stack:status",
    "serve": "serve:serve",
    "check": "check:check",
    "simulate": "simulate:simulate",
    "replay": "replay:replay",
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
    "report": "report:app",
    "topics": "topic_cycle:app",
}
STUBS = {"eus": "stub_eus:eus", "crm": "stub_crm:crm"}
PROCESSES = {"engine": "serve:engine", "desk": "serve:desk"}
"""What ``serve`` starts; not for people."""


def begin() -> None:
    """Infolinia: the telephone hotline. Start with `infolinia demo`."""
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            where = ".".join(map(str, fault["loc"]))
            typer.echo(f"infolinia.toml or INFOLINIA_{where.upper()}: {fault['msg']}", err=True)
        raise typer.Exit(2) from None
    logs.to_file(settings.var / "log" / "command.log")


def build(words: Sequence[str]) -> typer.Typer:
    """The command for the arguments ``words``: with the one verb they name, or with all when they name none."""
    built = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
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
    stubs = typer.Typer(no_args_is_help=True, help="Stand-ins for what belongs to others: e-US and the CRM.")
    for name, place in STUBS.items():
        stubs.command(name)(_load(place))
    return stubs


def _load(place: str) -> Any:
    """The function or sub-command at ``module:name``."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"infolinia.commands.{module}"), name)


def app() -> None:
    """Run the command of this process's arguments."""
    build(sys.argv[1:])()
