"""The command ``infolinia``: every verb in one table, each in a module of ``infolinia.commands``.

Only the module of the verb that is called is imported: most of the time that a command takes to start would be spent
on what it does not use.
"""

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Annotated, Any

import structlog
import typer

from . import logs, polish_usage
from .private_folder import UMASK, tighten
from .refused_settings import FAULTS, not_ours, refusals, unknown_variables, unreadable_files, unwritable
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
    if lines := _refused():
        if "--json" in sys.argv:
            typer.echo(json.dumps({"ok": False, "settings": lines}, ensure_ascii=False))
        typer.echo("Ustawienia nie są poprawne:\n  " + "\n  ".join(lines), err=True)
        raise typer.Exit(2)


def _refused() -> list[str]:
    """What is wrong with the settings, a line each; with none, the log is open and ``var`` is for us alone."""
    lines = unknown_variables(os.environ)
    if files := unreadable_files():
        return lines + files
    try:
        settings = Settings()
    except FAULTS as error:
        return lines + refusals(error, os.environ)
    if foreign := not_ours(settings):
        return [*lines, *foreign]
    tighten(settings.var)
    logs.to_file(settings.var / "log" / "command.log")
    return lines + unwritable(settings)


def build(words: Sequence[str]) -> typer.Typer:
    """The command for the arguments ``words``: with the one verb they name, or with all when they name none."""
    polish_usage.speak()
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
    """Run the command of this process's arguments; what it writes, its owner alone may read. What befalls any verb
    alike is said in a sentence, not as a traceback: it goes to the log, where values are left out."""
    os.umask(UMASK)
    try:
        code = build(sys.argv[1:])(prog_name="infolinia", standalone_mode=False)
        raise SystemExit(code if isinstance(code, int) else 0)
    except polish_usage.UsageError as error:
        typer.echo(polish_usage.told(error, next(iter(sys.argv[1:]), "")), err=True)
        raise SystemExit(2) from None
    except typer.Abort:
        typer.echo("Przerwano.", err=True)
        raise SystemExit(1) from None
    except Exception as error:
        from .mishaps import told

        if (text := told(error, Settings())) is None:
            raise
        structlog.get_logger(__name__).error("command failed", verb=sys.argv[1:2], exc_info=error)
        raise SystemExit(polish_usage.refuse(text, getattr(error, "exit_code", 1))) from None
