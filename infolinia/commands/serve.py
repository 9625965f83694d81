"""``infolinia serve``: the hotline in the foreground; and the processes it starts."""

import asyncio
from typing import Annotated

import typer

from desk.alarms import Alarms
from infolinia import logs
from infolinia.asterisk.watch import watch
from infolinia.ports import check_all_free
from infolinia.settings import Settings
from infolinia.supervisor import Supervisor


def serve(
    engines: Annotated[
        int | None, typer.Option(min=1, max=16, help="Ile silników; każdy przejmuje rozmowy pozostałych")
    ] = None,
) -> None:
    """Uruchamia silniki i stanowisko pod nadzorcą, który wznawia, co padnie (Asteriska też), i zabija, co zawiśnie.

    SIGTERM opróżnia: rozmowy z automatem trafiają do swoich kolejek, czekających i rozmawiających nie rusza.
    Dzienniki: var/log/.

    Przykłady:

      infolinia serve

      infolinia serve --engines 4
    """
    settings = Settings()
    if engines is not None:
        settings = settings.model_copy(update={"engines": engines})
    check_all_free(settings, {"serve"})
    logs.to_file(settings.var / "log" / "supervisor.log")
    children = {f"engine-{n}": ["engine", str(n)] for n in range(settings.engines)}
    children["desk"] = ["desk"]
    alarms = Alarms(command=settings.alarm_command, webhook=settings.alarm_webhook)
    asyncio.run(Supervisor(children, settings.drain_seconds, alarms).run(watch(settings, alarms)))
    alarms.flush()


def engine(
    number: Annotated[int, typer.Argument(min=0, max=15)],
    heartbeat: Annotated[int | None, typer.Option(help="File descriptor for the supervisor's heartbeat")] = None,
) -> None:
    """One engine (started by `infolinia serve`)."""
    import uvloop

    from infolinia.editions import NothingToServe
    from infolinia.engine import run_engine

    try:
        uvloop.run(run_engine(Settings(), number, heartbeat))
    except NothingToServe as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


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
            f"Asterisk nie wpuszcza stanowiska: {error}. Pomoże infolinia setup, a potem infolinia restart", err=True
        )
        raise typer.Exit(3) from None
