"""``infolinia simulate``: call the hotline from the terminal."""

import asyncio
import sys
from collections.abc import Collection
from datetime import datetime
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from infolinia.mishaps import reason
from infolinia.rehearsals import option, people, proven, same_call, saved, stage_of, tell_mismatches, updated
from infolinia.settings import Settings
from infolinia.terminal_caller import Screen, TypingCaller
from infolinia.unknown_number import nine_digits, without_automaton
from ivr.calendar import WARSAW
from ivr.closures import EVERY, Closures, ClosuresError
from ivr.dialogue.actions import Action
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from ivr.dialplan import PlanError, load_plan
from ivr.rehearsal import Outcome, Stage, load, rehearse
from ivr.rehearsal.run import Time, converse

STAND_INS = "Próba nie może zawierać cyfr numeru ani telePIN-u, także ich części: zamiast nich są zastępcze"
ADVICE = (
    "Zapisze się rozmowa, w której numer i telePIN (najlepiej osoby zmyślonej) są podane tam, gdzie infolinia o nie "
    "pyta, a w menu naciskane są pojedyncze klawisze, które ono przyjmuje."
)
AT = "%Y-%m-%d %H:%M"


def simulate(
    number: Annotated[str, typer.Option(help="Wybrany numer, dziewięć cyfr.")] = "224605992",
    at: Annotated[
        str | None, typer.Option(help='Dzień i godzina rozmowy, np. "2026-04-30 15:59"; domyślnie teraz.')
    ] = None,
    caller: Annotated[str | None, typer.Option(help="Numer dzwoniącego, np. +48000000001.")] = "+48000000001",
    withheld: Annotated[bool, typer.Option("--withheld", help="Zastrzeż numer dzwoniącego.")] = False,
    keypad: Annotated[bool, typer.Option("--keypad", help="Bez rozpoznawania mowy: tylko klawisze.")] = False,
    script: Annotated[
        Path | None, typer.Option(help="Odtwórz zapisaną rozmowę (próbę albo kontrprzykład dowodu).")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Zapisz rozmowę jako próbę, np. dialplans/tests/moja.yaml.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Z --script: popraw w próbie to, co ma być teraz inaczej.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="Folder dialplanów; domyślnie dialplans/")] = None,
) -> None:
    """Dzwoni na infolinię z terminala: cyfry, # i * to klawisze, inny tekst to mowa, pusty wiersz to cisza.

    !hangup rozłącza, !lost zrywa dźwięk, !resume przejmuje rozmowę innym silnikiem, !queue timeout kończy kolejkę,
    !verdict refused wybiera wynik następnego sprawdzenia telePIN, !clock 16:01 przestawia zegar. telePIN-u nikt nie
    słucha, a do zapisanej próby trafia tylko osoba zmyślona, nie cyfry. Bez --at obowiązują też nagłe zamknięcia, które
    trwają.

    Przykłady:

    infolinia simulate --number 224605992 --at "2026-04-30 15:59"

    infolinia simulate --script dialplans/tests/pesel-i-telepin.yaml

    infolinia simulate --script dialplans/tests/koniec-dnia.yaml --update

    printf '#\\nile wynosi pcc od samochodu\\n2\\n' | infolinia simulate --save dialplans/tests/samochod.yaml
    """
    settings = Settings()
    root = folder or settings.dialplans
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    try:
        plan = load_plan(root)
    except PlanError as error:
        for fault in error.faults:
            console.print(str(fault))
        raise typer.Exit(1) from None
    if script is not None:
        raise typer.Exit(0 if _played(plan, settings, root, script, console, update) else 1)
    moment = _moment(at)
    time = Time(moment.strftime(AT))
    number = nine_digits(number)
    if number not in plan.numbers:
        for line in without_automaton(plan, settings, number, time.now):
            console.print(line)
        return
    closures = _closures(settings, time.now) if at is None else {}
    for office, text in closures.items():
        console.print(f"Trwa zamknięcie ({'wszystkie urzędy' if office == EVERY else office}): „{text}”")
    screen = Screen(console, plan)
    typing = TypingCaller(screen, people(), plan.topics, time, sys.stdin)
    arrived = CallArrived(
        dialled=number,
        caller=None if withheld else caller,
        at=time.now.isoformat(timespec="seconds"),
        hears=not keypad,
    )
    screen.begin(arrived)
    stage = stage_of(plan, settings, lambda text: console.print(text), root)

    def on_turn(call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        typing.recognised(event)
        screen.turn(call, event, actions)

    call = asyncio.run(converse(stage, typing, time, arrived, closures=closures, tell=screen.action, on_turn=on_turn))
    typing.finish(call)
    screen.end(call)
    if save is not None:
        title = f"{number}, {moment.strftime(AT)}"
        text = saved(title, arrived, moment.strftime(AT), typing.steps, closures)
        raise typer.Exit(0 if _kept(save, text, stage, console, typing.replaced) else 1)


def _kept(path: Path, text: str, stage: Stage, console: Console, replaced: Collection[int]) -> bool:
    """Save the rehearsal ``text`` when it plays as the call did; its steps ``replaced`` hold stand-ins for numbers, so
    that it may come to another call than the one that was typed."""
    mended, faults = proven(text, stage)
    if faults or not same_call(text, mended):
        console.print("Nie zapisano: odtworzona rozmowa przebiega inaczej niż wpisana.")
        for fault in faults:
            console.print(f"  {fault}")
        if replaced:
            steps = ", ".join(str(step + 1) for step in sorted(replaced))
            console.print(f"{STAND_INS} (kroki: {steps}), a z nimi wychodzi inna rozmowa.")
            console.print(ADVICE)
        return False
    if replaced:
        console.print(f"{STAND_INS}.")
    if mended != text:
        console.print("Odtworzona rozmowa przebiega nieco inaczej niż wpisana; zapisano to, co daje odtworzenie.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(mended, encoding="utf-8")
    console.print(f"Zapisano: {path}. Uruchamia ją infolinia check.")
    return True


def _closures(settings: Settings, now: datetime) -> dict[str, str]:
    """The emergency closures in force, by office."""
    try:
        kept = Closures(settings.var / "closures.json").read()
    except ClosuresError:
        return {}
    return {name: held.text for name, held in kept.items() if held.until is None or now < held.until}


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now(WARSAW)
    try:
        return datetime.strptime(at, AT)
    except ValueError:
        typer.echo(f'--at: nie rozumiem „{at}”; na przykład "2026-04-30 15:59"', err=True)
        raise typer.Exit(2) from None


def _played(plan: Plan, settings: Settings, root: Path, path: Path, console: Console, update: bool) -> bool:
    """Play a rehearsal, or the turns of a counter-example; whether all came as written, or was mended by ``update``."""
    try:
        text = path.read_text(encoding="utf-8")
        data = YAML(typ="safe", pure=True).load(text)
    except FileNotFoundError:
        console.print(f"{path}: nie ma takiego pliku. Próby leżą w {root / 'tests'}, kontrprzykłady podaje check.")
        raise typer.Exit(2) from None
    except OSError as error:
        console.print(f"{path}: nie można odczytać: {reason(error)}")
        return False
    except (UnicodeDecodeError, YAMLError):
        console.print(f"{path}: to nie jest plik YAML w UTF-8, więc i nie próba")
        return False
    if isinstance(data, dict) and "turns" in data:
        return _replayed(plan, data, console)
    rehearsal, source, faults = load(path, path.parent)
    if rehearsal is None:
        for fault in faults:
            console.print(str(fault))
        return False
    screen = Screen(console, plan)
    outcome = asyncio.run(rehearse(stage_of(plan, settings, root=root), rehearsal))
    console.print(rehearsal.title)
    for event, call, actions in outcome.turns:
        screen.event(event)
        for action in actions:
            screen.action(action)
        screen.turn(call, event, actions)
    screen.end(outcome.call)
    same = tell_mismatches(outcome, source, console, path, option(root, settings))
    return same or (update and _updated(path, text, outcome, console))


def _updated(path: Path, text: str, outcome: Outcome, console: Console) -> bool:
    """Write into the rehearsal at ``path`` what its call comes to now."""
    mended = updated(text, outcome)
    if mended is None:
        console.print(f"{path}: rozmowa ma inne kroki niż próba. Proszę nagrać ją od nowa: --save {path}")
        return False
    path.write_text(mended, encoding="utf-8")
    old, new = text.splitlines(), mended.splitlines()
    for line in unified_diff(old, new, str(path), "po poprawieniu", lineterm="", n=0):
        console.print(line)
    console.print(f"Poprawione: {path}. Proszę przeczytać, czy tak ma być.")
    return True


def _replayed(plan: Plan, data: dict[str, Any], console: Console) -> bool:
    """A recorded call: the same events, through today's ``step``."""
    console.print(str(data.get("title", "")))
    try:
        turns = play(plan, data)
    except Exception as error:
        # A counter-example may show that a node itself fails; that is what there is to see.
        console.print(f"węzeł zawiódł: {type(error).__name__}: {error}")
        return False
    same: bool = turns == data["turns"]
    for turn in turns:
        console.print(f"← {turn['event'].get('type')}")
        for text in turn["says"]:
            console.print(f"   „{text}”")
        console.print(f"   [{turn['node']}] {'; '.join(turn['does'])} {turn.get('ended', '')}".rstrip())
    if "property" in data:
        shown = f"Tak wygląda błąd: {data.get('title', '')}"
        console.print(shown if same else "Rozmowa przebiega dziś inaczej: czy błąd jest nadal, powie infolinia check.")
    else:
        console.print("Rozmowa przebiega jak zapisana." if same else "Rozmowa przebiega dziś inaczej niż zapisana.")
    return same
