"""``infolinia load``: many recorded calls at once, by real SIP, to the hotline that runs here."""

import asyncio
import json
import os
import re
import time
from collections import Counter
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import select

from infolinia import running
from infolinia.asterisk.port import listening
from infolinia.commands.replay import CALLS as SHIPPED
from infolinia.commands.testcall import sip_line
from infolinia.deployment import live_plan
from infolinia.interruptions import interruptible
from infolinia.rehearsals import people
from infolinia.settings import Settings
from ivr.dialplan import PlanError
from ivr.journal import CALLS, Journal
from recordings.fixture.folder import FixtureError, Folder, find
from recordings.fixture.folder import load as load_fixture
from recordings.load.measures import Measured
from recordings.load.placing import LATE, Load, place, playable, without_consultants
from recordings.replay.live import Lines
from recordings.replay.selection import SelectionError, selection
from recordings.replay.verdict import INTERRUPTED
from store import open_database
from store.versions import VersionError

FIRST_NUMBER = 601_000_001
SHOWN = 10
MOST = 1000
RUNS = 9_000
"""Whoever broke off a call is asked about it for some minutes: each second's run calls from numbers of its own."""


def load(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Foldery nagrań; domyślnie recordings/calls.", metavar="PATH")
    ] = None,
    calls: Annotated[int, typer.Option("--calls", help="Ile rozmów.", min=1, max=MOST)] = 20,
    ramp: Annotated[str, typer.Option("--ramp", help="W ile czasu mają się zacząć, np. 30s albo 2m.")] = "30s",
    words: Annotated[str, typer.Option("-k", help="Wybór, np. -k 'pcc and not elderly'.")] = "",
    as_data: Annotated[bool, typer.Option("--json", help="Wynik jako jeden obiekt JSON.")] = False,
) -> None:
    """Odtwarza nagrania naraz jako prawdziwe rozmowy SIP z działającą infolinią i liczy zgubione klawisze, złe trasy i
    zwłoki.

    W kolejce dzwoniący się rozłącza: konsultantów to nie zajmuje. Nagrania, które wymagają innego stanu infolinii, są
    pominięte. Tylko na tej maszynie: dzwoniący zabierają jej czas, więc wynik mówi też, jak bardzo sami się spóźniali.
    Kod wyjścia: 0 – nic nie zginęło i wszyscy trafili, gdzie mieli, 1 – inaczej, 2 – złe wywołanie,
    130 – przerwano (Ctrl-C, SIGTERM): wynik mówi o rozmowach, które się skończyły.

    Przykłady:

      infolinia load --calls 100 --ramp 30s

      infolinia load -k "keypad or fast-keys" --calls 20 --json
    """
    settings = Settings()
    started = running.read(settings)
    settings = started.in_force(settings) if started is not None else settings
    if not _loopback(settings.sip_bind):
        _bad(f"{settings.sip_bind}: rozmowy pod obciążeniem idą tylko do tej maszyny (127.0.0.1)")
    seconds = _seconds(ramp)
    folders, left_out = _chosen(paths or [SHIPPED], words)
    if not folders:
        _bad("żadnego z wybranych nagrań nie da się tak odtworzyć: " + ", ".join(left_out))
    if not listening(settings.port("agi", 0)):
        _bad("infolinia nie działa; proszę ją uruchomić: infolinia up")
    console, found, interrupted = Console(stderr=True, highlight=False, emoji=False), Load(), False
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
        ) as progress:
            task = progress.add_task("rozmowy", total=calls)

            def done(one: Measured) -> None:
                progress.advance(task)
                if not console.is_terminal:
                    console.print(f"{progress.tasks[0].completed:.0f} z {calls}: {one.name}", markup=False)

            with interruptible():
                asyncio.run(_place(settings, folders, calls, seconds, done, found))
    except KeyboardInterrupt:
        interrupted = True
    except (PlanError, VersionError) as error:
        _bad(str(error))
    except OSError as error:
        _bad(f"infolinia nie działa (infolinia up): {error}")
    told = _told(found, len(folders), left_out)
    if interrupted:
        told |= {"interrupted": True, "not_ended": calls - len(found.calls)}
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1) if as_data else _text(told))
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(1 if told["keys_lost"] or told["wrong_routes"] or told["failed"] else 0)


async def _place(settings: Settings, folders: list[Folder], calls: int, ramp: float, done: Any, load: Load) -> None:
    plan = live_plan(settings)
    database = open_database(settings.database_url)
    line = sip_line((settings.sip_bind, settings.port("sip")))
    await line.start()

    async def known(dialled: str, caller: str | None, since: datetime) -> str | None:
        query = select(CALLS.c.id).where(
            CALLS.c.dialled == dialled, CALLS.c.arrived >= since, CALLS.c.caller.is_(caller)
        )
        async with database.connect() as connection:
            return (await connection.execute(query)).scalars().first()

    try:
        lines = Lines(line, Journal(database, "load"), known, plan, people())
        first = FIRST_NUMBER + int(time.time()) % RUNS * MOST
        await place(lines, folders, calls, ramp, lambda n: f"+48{first + n}", done, load)
    finally:
        await line.stop()
        await database.dispose()


def _chosen(paths: list[Path], words: str) -> tuple[list[Folder], Counter[str]]:
    """The fixtures that can be played, and why others are left out. Withheld callers cannot be told apart at once."""
    try:
        test = selection(words) if words else None
    except SelectionError as error:
        _bad(str(error))
    chosen, left_out = [], Counter[str]()
    for path in find(paths):
        try:
            folder = load_fixture(path)
        except FixtureError:
            left_out["nie da się odczytać"] += 1
            continue
        if test is not None and not test([folder.name, folder.fixture.area, *folder.fixture.style]):
            continue
        why = "numer zastrzeżony" if folder.fixture.caller is None else playable(folder)
        if why:
            left_out[why] += 1
        else:
            chosen.append(without_consultants(folder))
    return chosen, left_out


def _told(found: Load, fixtures: int, left_out: Counter[str]) -> dict[str, Any]:
    delays = [delay for one in found.calls for delay in one.delays]
    answered = [one.answered for one in found.calls if one.answered is not None]
    late = _percentile(found.late, 0.95)
    return {
        "calls": len(found.calls),
        "fixtures": fixtures,
        "left_out": dict(left_out),
        "seconds": round(found.seconds, 1),
        "most_at_once": found.most,
        "entries": sum(one.entries for one in found.calls),
        "keys_lost": _listed(found.calls, "lost"),
        "wrong_routes": _listed(found.calls, "wrong"),
        "failed": [f"{one.name}: {one.failed}" for one in found.calls if one.failed],
        "answered_after": {"p50": _percentile(answered, 0.5), "p95": _percentile(answered, 0.95)},
        "delay": {"p50": _percentile(delays, 0.5), "p95": _percentile(delays, 0.95), "utterances": len(delays)},
        "callers_late": {"p95": late, "most": max(found.late, default=None)},
        "load_average": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "callers_kept_time": late is not None and late <= LATE,
    }


def _listed(calls: list[Measured], what: str) -> list[str]:
    return [f"{one.name}: {text}" for one in calls for text in getattr(one, what)]


def _text(told: dict[str, Any]) -> str:
    lines = [
        f"Rozmów: {told['calls']} z {told['fixtures']} nagrań w {told['seconds']} s, "
        f"najwięcej naraz {told['most_at_once']}",
        f"  wpisy klawiszami: {told['entries']}, zgubione: {len(told['keys_lost'])}",
        f"  złe trasy: {len(told['wrong_routes'])}, nieudane: {len(told['failed'])}",
        f"  odebranie: {_ms(told['answered_after'])}",
        f"  od ostatniego słowa do decyzji ({told['delay']['utterances']}): {_ms(told['delay'])}",
        f"  dzwoniący na tej samej maszynie (rdzeni {told['cores']}, obciążenie {told['load_average']:.1f}) "
        f"spóźniali się: 95% poniżej {(told['callers_late']['p95'] or 0) * 1000:.0f} ms",
    ]
    if told.get("interrupted"):
        lines.append(f"  PRZERWANO: {told['not_ended']} rozmów się nie skończyło albo nie zaczęło")
    if not told["callers_kept_time"]:
        lines.append("  UWAGA: sami dzwoniący się spóźniali, więc zwłoki i zgubione klawisze mogą być ich winą")
    for name, word in (("keys_lost", "zgubione"), ("wrong_routes", "zła trasa"), ("failed", "nieudana")):
        lines += [f"  {word}: {text}" for text in told[name][:SHOWN]]
    lines += [f"  pominięte: {count} ({why})" for why, count in told["left_out"].items()]
    return "\n".join(lines)


def _ms(spread: dict[str, float | None]) -> str:
    if spread["p50"] is None or spread["p95"] is None:
        return "–"
    return f"p50 {spread['p50']:.2f} s, p95 {spread['p95']:.2f} s"


def _percentile(values: list[float], share: float) -> float | None:
    return round(sorted(values)[round(share * (len(values) - 1))], 4) if values else None


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m)?", text)
    if match is None or float(match[1]) > 3600:
        _bad(f"--ramp {text}: proszę podać na przykład 30s albo 2m")
    return float(match[1]) * (60 if match[2] == "m" else 1)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bad(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
