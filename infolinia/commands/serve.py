"""``infolinia serve``: the hotline in the foreground; and the processes it starts."""

import asyncio
from typing import Annotated

import typer

from desk.alarms import Alarms
from infolinia import logs
from infolinia.settings import Settings
from infolinia.supervisor import Supervisor


def serve(
    engines: Annotated[
        int | None, typer.Option(min=1, max=16, help="How many engines; each takes over for the others")
    ] = None,
) -> None:
    """Runs the engines and the desk under a supervisor that restarts what dies and kills what hangs.

    SIGTERM drains: calls with the machine are brought to their queue, callers in queues and with consultants are not
    touched. Logs go to var/log/.

    Examples:

      infolinia serve

      infolinia serve --engines 4
    """
    settings = Settings()
    logs.to_file(settings.var / "log" / "supervisor.log")
    children = {f"engine-{n}": ["engine", str(n)] for n in range(engines or settings.engines)}
    children["desk"] = ["desk"]
    alarms = Alarms(command=settings.alarm_command, webhook=settings.alarm_webhook)
    asyncio.run(Supervisor(children, settings.drain_seconds, alarms).run())
    alarms.flush()


def engine(
    number: Annotated[int, typer.Argument(min=0, max=15)],
    heartbeat: Annotated[int | None, typer.Option(help="File descriptor for the supervisor's heartbeat")] = None,
) -> None:
    """One engine (started by `infolinia serve`)."""
    import uvloop

    from infolinia.asterisk.trouble import PortTaken
    from infolinia.engine import run_engine

    try:
        uvloop.run(run_engine(Settings(), number, heartbeat))
    except PortTaken as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None


def desk(
    heartbeat: Annotated[int | None, typer.Option(help="File descriptor for the supervisor's heartbeat")] = None,
) -> None:
    """The desk process (started by `infolinia serve`)."""
    from infolinia.desk_process import run_desk
    from ivr.asterisk.ami import AmiRefused

    try:
        asyncio.run(run_desk(Settings(), heartbeat))
    except AmiRefused as error:
        typer.echo(
            f"Asterisk refuses the manager log-in: {error}. Mend: infolinia setup, then restart Asterisk", err=True
        )
        raise typer.Exit(3) from None
