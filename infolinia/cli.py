"""The command ``infolinia``: every verb in one place, each in a module of ``infolinia.commands``."""

import typer
from pydantic import ValidationError

from . import logs
from .commands import agent, asterisk, models, topics
from .commands.backup import backup, restore
from .commands.bench import bench
from .commands.check import check
from .commands.consultant import consultant
from .commands.serve import desk, engine, serve
from .commands.speech import listen, say
from .commands.stack import demo, down, setup, status, up
from .commands.stub_crm import crm
from .commands.stub_eus import eus
from .commands.testcall import testcall
from .settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Infolinia: the telephone hotline. Start with `infolinia demo`.",
)
stub = typer.Typer(no_args_is_help=True, help="Stand-ins for what belongs to others: e-US and the CRM.")


@app.callback()
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


for verb in (demo, setup, up, down, status, serve, check, say, listen, consultant, backup, restore, bench):
    app.command(verb.__name__)(verb)
app.command("testcall")(testcall)
for process in (engine, desk):
    app.command(process.__name__, hidden=True)(process)
for name, group in (("agent", agent.app), ("asterisk", asterisk.app), ("models", models.app), ("topics", topics.app)):
    app.add_typer(group, name=name)
stub.command("eus")(eus)
stub.command("crm")(crm)
app.add_typer(stub, name="stub")
