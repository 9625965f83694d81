"""``infolinia setup|up|down|restart|status``: the whole hotline on one machine."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from infolinia import running
from infolinia.asterisk.connection import not_let_in
from infolinia.asterisk.trouble import AsteriskError
from infolinia.background import NotStarted
from infolinia.deployment import NotFit, live_plan, standing
from infolinia.installation import prepare, tell_voice
from infolinia.notices import notices
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.dialplan import PlanError
from store.versions import VersionError
from voicebot.voices.voice import VoiceError

console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
TROUBLE = (AsteriskError, NotStarted, NotFit, PlanError, VersionError, VoiceError, FileNotFoundError)
"""What an operator can mend: said in a sentence, not as a traceback."""


def say(text: str) -> None:
    console.print(f"==> {text}", markup=False)


@contextmanager
def plainly() -> Iterator[None]:
    """What an operator can mend is said in a sentence; Ctrl-C says what is left."""
    try:
        yield
    except TROUBLE as error:
        console.print(str(error), markup=False)
        raise typer.Exit(getattr(error, "exit_code", 1)) from None


def setup() -> None:
    """Przygotowuje wszystko, czego trzeba: sekrety, Asteriska, komunikaty, dźwięki, tematy, modele. Można powtarzać.

    Przykład:

      infolinia setup
    """
    with plainly():
        settings = Stack.found(Settings()).settings
        prepare(settings, say)
    tell_voice(settings, say)
    say("Gotowe. Dalej: infolinia demo albo infolinia up")


Stubs = Annotated[bool, typer.Option(help="Uruchom też atrapy e-US i CRM")]
Phones = Annotated[int, typer.Option(min=0, max=4, help="Ile telefonów konsultantów, które odbierają same")]


def up(stubs: Stubs = True, phones: Phones = 0) -> None:
    """Uruchamia infolinię w tle: Asteriska, silniki, stanowisko (i atrapy). Co już działa, tego nie rusza.

    Przykłady:

      infolinia up

      infolinia up --no-stubs

      INFOLINIA_HOURS=open INFOLINIA_PORT_SHIFT=100 infolinia up --phones 1
    """
    asked = Settings()
    stack = Stack.found(asked, say)
    _tell_of_other_settings(stack, asked)
    _start(stack, stubs, stack.settings.consultants[:phones])


def down() -> None:
    """Zatrzymuje wszystko, co uruchomiły tu `up` i `demo`: rozmowy z automatem trafiają najpierw do swoich kolejek.

    Przykład:

      infolinia down
    """
    with plainly():
        stopped = Stack.found(Settings()).down()
    console.print("Zatrzymano: " + ", ".join(stopped) if stopped else "Nic nie działało.")


def restart() -> None:
    """Zatrzymuje i uruchamia ponownie, z ustawieniami, które są teraz; atrapy i telefony jak przedtem.

    Zmiana dialplanów nie wymaga zatrzymania: infolinia deploy.

    Przykłady:

      infolinia restart

      INFOLINIA_HOURS=open infolinia restart
    """
    settings = Settings()
    known = running.read(settings)
    with plainly():
        live_plan(settings)
        stopped = Stack.found(settings, say).down()
    if stopped:
        say("zatrzymano: " + ", ".join(stopped))
    _start(Stack(settings, say), known is None or known.stubs, known.phones if known else ())


def status() -> None:
    """Pokazuje, co działa, gdzie, i co przeszkadza dzwoniącym. Kod wyjścia: 0 – działa, 3 – nie działa.

    Przykład:

      infolinia status
    """
    asked = Settings()
    stack = Stack.found(asked)
    _show(stack, Console(highlight=False, soft_wrap=True, emoji=False))
    _tell_of_other_settings(stack, asked)
    essential = {"asterisk", "serve"}
    if not essential <= set(stack.running()):
        console.print("Uruchom: infolinia up")
        raise typer.Exit(3)


def _start(stack: Stack, stubs: bool, phones: Sequence[str]) -> None:
    with plainly():
        try:
            stack.check_ports(stubs=stubs)
            prepare(stack.settings, say)
            stack.up(stubs=stubs, consultants=phones)
        except KeyboardInterrupt:
            stopped = stack.down(stack.started)
            console.print("Przerwano. Zatrzymano to, co się już uruchomiło: " + (", ".join(stopped) or "nic"))
            raise typer.Exit(130) from None
    _show(stack)


def _show(stack: Stack, console: Console = console) -> None:
    for row in stack.status():
        state = f"[green]działa[/] (pid {row.pid})" if row.pid else "[dim]nie działa[/]"
        console.print(f"{row.name:18} {state:32} {row.where}")
    console.print(f"{'dialplany':18} {standing(stack.settings)}", markup=False)
    if not stack.running():
        return
    with plainly():
        told = asyncio.run(not_let_in(stack.settings)) if "asterisk" in stack.running() else []
        for notice in told + notices(stack.settings, live_plan(stack.settings), datetime.now(UTC)):
            console.print(f"[yellow]![/] {notice}")


def _tell_of_other_settings(stack: Stack, asked: Settings) -> None:
    """What runs keeps the settings it was started with; those of now wait for a restart."""
    known = running.read(asked) if stack.running() else None
    if known is not None and (waiting := known.unlike(asked)):
        names = ", ".join(waiting)
        console.print(f"[yellow]![/] Działa z ustawieniami, z którymi ruszyła; na infolinia restart czekają: {names}")
