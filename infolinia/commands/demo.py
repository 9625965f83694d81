"""``infolinia demo``: one real call, end to end."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from desk.agents import stored_members
from infolinia.background import NotStarted
from infolinia.demo import Demo, Outcome
from infolinia.demo_caller import DemoCaller
from infolinia.installation import prepare
from infolinia.notices import open_now
from infolinia.settings import Settings
from infolinia.stack import Stack
from ivr.dialogue.plan import Plan
from recordings.caller.people import UnknownPerson
from store import open_database

from .stack import TROUBLE, console, say
from .testcall import sip_line, sip_server

TALK = 6.0
OWN = ("hours",)
"""Settings that the demo chooses: it finds every office open."""


class Unfit(NotStarted):
    """The stack or the settings are not such that the demo could call; nothing was started."""

    exit_code = 2


def demo(
    once: Annotated[bool, typer.Option("--once", help="Po rozmowie zatrzymaj to, co demo samo uruchomiło")] = False,
    caller: Annotated[str, typer.Option(help="Który zmyślony dzwoniący: od dz-01 do dz-30")] = "dz-01",
    as_json: Annotated[bool, typer.Option("--json", help="Wynik jako JSON na standardowym wyjściu")] = False,
) -> None:
    """Prawdziwa rozmowa od początku do końca, na żywo: SIP, PESEL i telePIN, sprawa, kolejka, strona u konsultanta.

    Zostawia infolinię włączoną, chyba że --once; tego, co działało wcześniej, nie zatrzymuje nigdy. Urzędy są przy tym
    otwarte całą dobę. Ctrl-C w trakcie rozmowy kończy rozmowę, a przed nią zatrzymuje to, co demo zdążyło uruchomić.

    Kod wyjścia: 0 – otwarła się właściwa strona: z potwierdzoną osobą, a kto ma telePIN zablokowany, nieaktywny albo
    go nie ma, bez niej (w JSON expected: unauthenticated i verdict); 1 – nie otwarła się albo jest zła; 2 – odmowa
    przed startem (nie ma takiego dzwoniącego, złe ustawienia, zajęty port); 130 – Ctrl-C.

    Przykłady:

      infolinia demo

      infolinia demo --once --caller dz-15 --json
    """
    asked = Settings(hours="open")
    try:
        who = DemoCaller(caller)
    except UnknownPerson as error:
        raise _refusal(caller, str(error), as_json, 2) from None
    stack = Stack.found(asked, say)
    was_running = stack.running()
    try:
        outcome = _perform(stack, who, once, bool(was_running))
    except TROUBLE as error:
        raise _refusal(caller, str(error), as_json, getattr(error, "exit_code", 1)) from None
    if as_json:
        typer.echo(msgspec.json.encode(outcome).decode())
    _conclude(outcome, stack, once, bool(was_running))
    raise typer.Exit(0 if outcome.ok else 1)


def _perform(stack: Stack, who: DemoCaller, once: bool, found: bool) -> Outcome:
    settings, ready = stack.settings, False
    before: set[str] = set()
    try:
        _check_stand_ins(settings)
        stack.check_ports()
        plan = prepare(settings, say)
        _check_fit(stack, plan, who, found)
        stack.up(consultants=settings.consultants[:1], talk=TALK, own=OWN)
        before = asyncio.run(_queues(settings))
        stack.agents(["add", settings.consultants[0], "--queue", "*", "--name", "Konsultant pokazowy"])
        ready = True
        return asyncio.run(_call(settings, plan, who))
    except KeyboardInterrupt:
        if ready and not once:
            console.print("\nPrzerwano rozmowę. Infolinia działa dalej; zatrzymuje ją: infolinia down")
        else:
            once = True
            console.print("\nPrzerwano. Zatrzymuję to, co demo uruchomiło.")
        raise typer.Exit(130) from None
    finally:
        if once or not ready:
            _take_back(stack, before, ready)


def _check_stand_ins(settings: Settings) -> None:
    """Raises ``Unfit`` where the demo's call would reach what is not a stand-in."""
    if settings.eus_url or settings.crm_url:
        raise Unfit(
            "Demo dzwoni z danymi zmyślonych osób i potrzebuje atrap: usuń eus_url i crm_url z ustawień "
            "(INFOLINIA_EUS_URL, INFOLINIA_CRM_URL), a działającą infolinię zatrzymaj (infolinia down)."
        )


def _check_fit(stack: Stack, plan: Plan, who: DemoCaller, found: bool) -> None:
    """Raises ``Unfit`` where the demo's call could not succeed."""
    settings = stack.settings
    if found and not open_now(settings, plan, who.dialled(plan), datetime.now(UTC)):
        raise Unfit(
            f"Infolinia już działa, a urząd pod numerem {who.dialled(plan)} jest teraz zamknięty: nikt by nie odebrał. "
            "Otwórz urzędy na próbę: INFOLINIA_HOURS=open infolinia restart (zamknięcia awaryjne: infolinia closure)"
        )


async def _queues(settings: Settings) -> set[str]:
    """The queues that the demo's consultant serves already."""
    database = open_database(settings.database_url)
    try:
        members = await stored_members(database)
        return {member.queue for member in members if member.agent == settings.consultants[0]}
    finally:
        await database.dispose()


def _take_back(stack: Stack, before: set[str], seats: bool) -> None:
    """Leave a stack that the demo found as it found it: seats first, then the parts that the demo started."""
    if seats:
        now = asyncio.run(_queues(stack.settings))
        if taken := sorted(now - before):
            options = [word for queue in taken for word in ("-q", queue)]
            stack.agents(["remove", stack.settings.consultants[0], *options])
    if stack.started:
        stack.down(stack.started)


async def _call(settings: Settings, plan: Plan, who: DemoCaller) -> Outcome:
    line = sip_line(sip_server(settings, None))
    await line.start()
    try:
        return await Demo(settings, plan, line, console.print).run(who)
    finally:
        await line.stop()


def _refusal(caller: str, why: str, as_json: bool, code: int) -> typer.Exit:
    console.print(why, markup=False)
    if as_json:
        typer.echo(msgspec.json.encode(Outcome(ok=False, caller=caller, failure=why)).decode())
    return typer.Exit(code)


def _conclude(outcome: Outcome, stack: Stack, once: bool, found: bool) -> None:
    settings = stack.settings
    if not outcome.ok:
        console.print(f"[red]Nie udało się:[/] {outcome.failure}. Dzienniki: {settings.var / 'log'}")
    else:
        whose = "z potwierdzoną tożsamością" if outcome.verdict == "ok" else f"bez tożsamości ({outcome.verdict})"
        console.print(f"\n[green]Udało się[/] w {outcome.times['end']:.0f} s: {outcome.queue}, strona {whose}.")
    if once:
        console.print("Infolinia, która działała wcześniej, działa dalej." if found else "Zatrzymano wszystko.")
        return
    console.print(f"  ekrany konsultantów   {settings.crm}/")
    console.print(f"  e-US (telePIN)        {settings.eus}/")
    console.print(f"  infolinia             sip:224605992@{settings.sip_bind}:{settings.port('sip')}")
    console.print("  inny dzwoniący        infolinia demo --caller dz-15")
    console.print("  co działa             infolinia status")
    console.print("  zatrzymać             infolinia down")
