"""``infolinia agent``: who serves which queue."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import groupby
from typing import Annotated, TypeVar

import msgspec
import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from desk.agents import AgentError, Agents, Member
from infolinia.asterisk.connection import manager
from infolinia.mishaps import of_database
from infolinia.polish_usage import refuse
from infolinia.settings import Settings
from infolinia.stack import Stack
from infolinia.telephones import unknown
from ivr.asterisk.ami import AmiError, AmiRefused
from store import create_tables, open_database

app = typer.Typer(no_args_is_help=True, help="Kto obsługuje którą kolejkę. Przykład: infolinia agent list")

T = TypeVar("T")

Agent = Annotated[str, typer.Argument(help="Telefon konsultanta, np. konsultant1 (PJSIP/konsultant1).")]
Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue", "-q", help="Kolejka lub wzorzec z *; można podać kilka razy. Bez niej: wszystkie konsultanta."
    ),
]


@app.command()
def add(
    agent: Agent,
    queue: Annotated[
        list[str],
        typer.Option("--queue", "-q", help="Kolejka lub wzorzec z *, np. 'malopolskie-*'; można podać kilka razy."),
    ],
    name: Annotated[str, typer.Option(help="Imię, które widać w zestawieniach.")] = "",
) -> None:
    """Dodaje konsultanta do kolejek. Przydział przetrwa ponowne uruchomienie Asteriska.

    Przykłady:

      infolinia agent add konsultant1 --queue malopolskie-kol-pcc-sd

      infolinia agent add konsultant1 -q 'malopolskie-*' -q krajowa-kol-ogolna --name "Anna"
    """
    if absent := unknown(Stack.found(Settings()).settings, agent):
        raise typer.Exit(refuse(absent, 2))
    _say(agent, "obsługuje", _with_agents(lambda agents: agents.add(agent, queue, name)))


@app.command()
def pause(agent: Agent, queue: Queues = None, reason: Annotated[str, typer.Option(help="Powód przerwy.")] = "") -> None:
    """Przerwa: konsultant nie dostaje nowych połączeń.

    Przykłady:

      infolinia agent pause konsultant1 --reason obiad

      infolinia agent pause konsultant1 -q '*-kol-pit'
    """
    _say(agent, "ma przerwę w", _with_agents(lambda agents: agents.pause(agent, queue or (), reason)))


@app.command()
def unpause(agent: Agent, queue: Queues = None) -> None:
    """Koniec przerwy.

    Przykład: infolinia agent unpause konsultant1
    """
    _say(agent, "znów obsługuje", _with_agents(lambda agents: agents.unpause(agent, queue or ())))


@app.command()
def remove(agent: Agent, queue: Queues = None) -> None:
    """Zabiera konsultanta z kolejek. Trwającej rozmowy to nie przerywa.

    Przykłady:

      infolinia agent remove konsultant1

      infolinia agent remove konsultant1 -q malopolskie-kol-pit
    """
    _say(agent, "nie obsługuje już", _with_agents(lambda agents: agents.remove(agent, queue or ())))


@app.command(name="list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Jako JSON, do dalszej obróbki.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Każda kolejka w osobnym wierszu.")] = False,
) -> None:
    """Pokazuje przydziały i stan telefonów; bez Asteriska same przydziały. Kolejki w tym samym stanie stoją razem.

    Przykłady:

      infolinia agent list

      infolinia agent list --all

      infolinia agent list --json | jq -r '.[] | select(.paused) | .agent'
    """
    members = _with_agents(_listed, patient=True)
    if as_json:
        typer.echo(json.dumps([msgspec.to_builtins(member) for member in members], ensure_ascii=False, indent=1))
    elif members:
        _print(sorted(members, key=lambda member: (member.agent, member.queue)), every)
    else:
        typer.echo("Nikt nie obsługuje żadnej kolejki. Dodaj: infolinia agent add konsultant1 -q 'malopolskie-*'")


def _print(members: list[Member], every: bool) -> None:
    """One block a consultant: a line for each queue, or for all queues of one office that are in one state."""
    for agent, seats in groupby(members, key=lambda member: member.agent):
        queues = list(seats)
        name = next((member.name for member in queues if member.name), "")
        typer.echo(f"{agent}{f' ({name})' if name else ''}, kolejek: {len(queues)}")
        for shown, state in _lines(queues, every):
            typer.echo(f"  {shown:36} {state}".rstrip())


def _lines(queues: list[Member], every: bool) -> Iterator[tuple[str, str]]:
    """What stands in a consultant's block: queues, and the state that they are in."""
    if every:
        yield from ((member.queue, _state(member)) for member in queues)
        return
    states: dict[str, list[str]] = {}
    for member in queues:
        states.setdefault(_state(member), []).append(member.queue)
    for state, names in states.items():
        for shown in _by_office(names):
            yield shown, state


def _by_office(queues: Iterable[str]) -> Iterator[str]:
    """An office's only queue by its name, several as a pattern with their number."""
    offices: dict[str, list[str]] = {}
    for queue in queues:
        offices.setdefault(queue.partition("-kol-")[0], []).append(queue)
    for office, own in offices.items():
        yield own[0] if len(own) == 1 else f"{office}-* ({len(own)})"


def _state(member: Member) -> str:
    paused = f"przerwa: {member.reason}" if member.reason else "przerwa" if member.paused else ""
    return f"{member.live or '—':16} {paused}".rstrip()


async def _listed(agents: Agents) -> list[Member]:
    try:
        return await agents.listed()
    except AmiError:
        typer.echo("Asterisk nie odpowiada; stan telefonów nieznany.", err=True)
        return await agents.stored()


def _say(agent: str, what: str, queues: list[str]) -> None:
    typer.echo(f"{agent} {what}: {', '.join(_by_office(queues))}")


def _with_agents(act: Callable[[Agents], Awaitable[T]], patient: bool = False) -> T:
    """Run ``act`` over a manager connection of its own; faults end the command with one line."""

    async def run() -> T:
        settings = Stack.found(Settings()).settings
        database = open_database(settings.database_url)
        await create_tables(database)
        ami = manager(settings)
        try:
            try:
                await ami.start()
            except AmiError as error:
                if not patient or isinstance(error, AmiRefused):
                    raise
            return await act(Agents(ami, database))
        finally:
            await ami.close()
            await database.dispose()

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return asyncio.run(run())
    except AmiRefused:
        code, why = (
            1,
            (
                "Asterisk nie przyjął hasła stanowiska; to nie nasz Asterisk albo sprzed zmiany sekretów "
                "(infolinia status, infolinia restart)"
            ),
        )
    except AmiError:
        port = Stack.found(Settings()).settings.port("ami")
        code, why = 1, f"Asterisk nie odpowiada na porcie poleceń {port} (infolinia status, infolinia up)"
    except (AgentError, FileNotFoundError) as error:
        code, why = 2, str(error)
    except SQLAlchemyError as error:
        code, why = 1, of_database(error, Settings())
    raise typer.Exit(refuse(f"Nie udało się: {why}", code))
