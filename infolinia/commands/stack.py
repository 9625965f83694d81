"""``infolinia setup|up|down|status|demo``: the whole hotline on one machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from infolinia.asterisk.trouble import AsteriskError
from infolinia.background import NotStarted
from infolinia.demo import Demo, DemoCaller, Outcome
from infolinia.installation import prepare
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError
from recordings.caller.people import UnknownPerson
from recordings.caller.sip import Refused

from .testcall import sip_line, sip_server

console = Console(stderr=True, highlight=False)
TALK = 6.0


def _say(text: str) -> None:
    console.print(f"==> {text}")


@contextmanager
def _plainly() -> Iterator[None]:
    """What an operator can mend is said in a sentence, not as a traceback."""
    try:
        yield
    except AsteriskError as error:
        console.print(str(error), markup=False)
        raise typer.Exit(getattr(error, "exit_code", 1)) from None
    except (NotStarted, PlanError, UnknownPerson, Refused, FileNotFoundError) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from None


def setup() -> None:
    """Makes all that the hotline needs: secrets, Asterisk, prompts, sounds, topics, models. Repeating it is harmless.

    Example:

      infolinia setup
    """
    with _plainly():
        prepare(Settings(), _say)
    _say("Set up. Next: infolinia demo, or infolinia up")


def up(
    stubs: Annotated[bool, typer.Option(help="Also start the stand-ins for e-US and the CRM")] = True,
    phones: Annotated[int, typer.Option(min=0, max=4, help="Automatic consultants' telephones")] = 0,
) -> None:
    """Starts the hotline in the background: Asterisk, engines, desk (and stubs). What runs already is left alone.

    Examples:

      infolinia up

      infolinia up --no-stubs
    """
    settings = Settings()
    with _plainly():
        prepare(settings, _say)
        Stack(settings, _say).up(stubs=stubs, consultants=settings.consultants[:phones])
    status()


def down() -> None:
    """Stops all that `up` or `demo` started here: calls with the machine are first brought to their queue.

    Example:

      infolinia down
    """
    stopped = Stack(Settings()).down()
    console.print("Stopped: " + ", ".join(stopped) if stopped else "Nothing was running.")


def status() -> None:
    """Shows what runs and where.

    Example:

      infolinia status
    """
    for row in Stack(Settings()).status():
        state = f"[green]runs[/] (pid {row.pid})" if row.pid else "[dim]stopped[/]"
        console.print(f"{row.name:18} {state:32} {row.where}")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop everything again after the call")] = False,
    caller: Annotated[str, typer.Option(help="Which fictitious caller: dz-01 to dz-30")] = "dz-01",
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as JSON on standard output")] = False,
) -> None:
    """A real call, end to end, shown live: SIP into Asterisk, PESEL and telePIN, the matter, the queue, the page.

    Leaves the hotline running, unless --once. Exit 0 only if the page of the right caller opened. The offices are held
    open around the clock meanwhile.

    Examples:

      infolinia demo

      infolinia demo --once --caller dz-15 --json
    """
    settings = Settings(hours="open")
    stack = Stack(settings, _say)
    with _plainly():
        plan = prepare(settings, _say)
        try:
            stack.up(consultants=settings.consultants[:1], talk=TALK)
            stack.agents(["add", settings.consultants[0], "--queue", "*", "--name", "Konsultant pokazowy"])
            outcome = asyncio.run(_call(settings, plan, caller))
        finally:
            if once:
                stack.down()
    if as_json:
        typer.echo(msgspec.json.encode(outcome).decode())
    _conclude(outcome, settings, once)
    raise typer.Exit(0 if outcome.ok else 1)


async def _call(settings: Settings, plan: Plan, caller: str) -> Outcome:
    line = sip_line(sip_server(settings, None))
    await line.start()
    try:
        return await Demo(settings, plan, line, console.print).run(DemoCaller(caller, plan))
    finally:
        await line.stop()


def _conclude(outcome: Outcome, settings: Settings, once: bool) -> None:
    if not outcome.ok:
        console.print(f"[red]The page did not open:[/] {outcome.failure}. Logs: {settings.var / 'log'}")
        return
    seconds = outcome.times["end"]
    console.print(f"\n[green]Done[/] in {seconds:.0f} s: {outcome.queue}, page opened for {outcome.caller}.")
    if not once:
        sip = f"sip:224605992@{settings.sip_bind}:{settings.port('sip')}"
        console.print(f"  consultants' screens  {settings.crm}/agent/{settings.consultants[0]}")
        console.print(f"  e-US (telePIN)        {settings.eus}/")
        console.print(f"  the hotline           {sip}")
        console.print("  another caller        infolinia demo --caller dz-15")
        console.print("  stop all of it        infolinia down")
