"""``infolinia replay``: yesterday's calls on today's code."""

import json
import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infolinia import replays
from infolinia.commands.stack import TROUBLE
from infolinia.interruptions import interruptible
from infolinia.mishaps import reason
from infolinia.replay_calls import replay_calls
from infolinia.settings import ROOT, Settings
from ivr.dialplan import PlanError, load_plan
from recordings.fixture.folder import FixtureError, find, load
from recordings.replay.junit import junit, told
from recordings.replay.run import Replay, run
from recordings.replay.selection import SelectionError, selection
from recordings.replay.verdict import Result, as_json, exit_code
from voicebot.polish import plural

CALLS = ROOT / "recordings" / "calls"
CALLS_AT_ONCE = 3
NAMED = 8


class Ear(StrEnum):
    """The ears that may listen to a replay."""

    WHISPER = "whisper"
    VOSK = "vosk"


WORDS = {"pass": "zgodne", "fail": "INACZEJ", "refuse": "odmowa", "known": "znana wada"}
COLOURS = {"pass": "green", "fail": "bold red", "refuse": "yellow", "known": "cyan"}


def replay(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Foldery nagrań; domyślnie recordings/calls.", metavar="PATH")
    ] = None,
    journal: Annotated[bool, typer.Option("--journal", help="Zdarzenia przez dzisiejszy rdzeń.")] = False,
    audio: Annotated[
        bool, typer.Option("--audio", help="Głos przez cały silnik, na zegarze wirtualnym (domyślnie).")
    ] = False,
    call: Annotated[
        bool, typer.Option("--call", help="Prawdziwe rozmowy SIP z infolinią uruchomioną na ten czas.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Przyjmij dzisiejszy przebieg; pokaże go git diff.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Słuchaj wszystkiego od nowa, bez pamięci ucha.")] = False,
    as_data: Annotated[bool, typer.Option("--json", help="Wynik jako jeden obiekt JSON.")] = False,
    details: Annotated[bool, typer.Option("--details", help="W JSON-ie także oś czasu i usłyszane zdania.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Zapisz wynik jako JUnit XML.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Zapisz stronę HTML z falą, odtwarzaniem i kartą wyników.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Porównaj na stronie z zapisanym wynikiem --json --details.")
    ] = None,
    words: Annotated[str, typer.Option("-k", help="Wybór, np. -k 'pcc and not elderly' (nazwa, obszar, styl).")] = "",
    first: Annotated[
        bool, typer.Option("--first", "-x", help="Skończ na pierwszym, które przebiegło inaczej.")
    ] = False,
    ear: Annotated[
        Ear | None,
        typer.Option("--ear", help="Które ucho słucha; domyślnie whisper, a przy --call ucho instalacji."),
    ] = None,
    limit: Annotated[
        str, typer.Option("--limit", help="Przerwij po tym czasie, np. 5m; co osądzono, zostaje.", metavar="CZAS")
    ] = "",
    jobs: Annotated[int, typer.Option(help="Ile naraz; 0: tyle, ile rdzeni.", min=0, max=64)] = 0,
) -> None:
    """Odtwarza nagrane rozmowy na dzisiejszym kodzie i mówi, co pierwsze przebiegło inaczej.

    Kod wyjścia: 0 – wszystko zgodne, 1 – coś przebiegło inaczej, 2 – złe wywołanie, 3 – nic nie przebiegło inaczej,
    ale czegoś nie dało się ocenić, 130 – przerwano (Ctrl-C, SIGTERM, --limit): wynik mówi, co osądzono.

    Przykłady:

    infolinia replay

    infolinia replay recordings/calls/pcc-samochod-pesel --journal

    infolinia replay -k pcc --update; git diff recordings/calls

    infolinia replay -k "telepin and not hang-up" --json --junit wynik.xml

    infolinia replay --call --limit 5m --json > rozmowy.json

    INFOLINIA_VOSK_MODEL=/opt/vosk-pl infolinia replay --ear vosk

    infolinia replay --json --details > wczoraj.json; infolinia replay --report dzis.html --against wczoraj.json
    """
    settings = Settings()
    console = Console(stderr=True, highlight=False, emoji=False)
    chosen = _chosen(paths or [CALLS], words)
    if journal + audio + call > 1:
        _bad("proszę wybrać jedną głębokość: --journal, --audio albo --call")
    if call and update:
        _bad("--update nie działa z --call: dziennik prawdziwej rozmowy za każdym razem jest trochę inny")
    settings = _with_ear(settings, ear, "journal" if journal else "call" if call else "audio", update=update)
    earlier, most = _earlier(against, report), _seconds(limit)
    kind = "whisper" if ear is None else ear.value
    plan: tuple[Callable[..., Replay], tuple[object, ...], int]
    plan = (
        (replays.by_journal, (settings, update), 1)
        if journal
        else (replays.by_audio, (settings, update, fresh, kind), 0)
    )
    make, options, at_once = plan
    judged: dict[str, Result] = {}
    left: list[str] = []
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress:
            task = progress.add_task("nagrania", total=len(chosen))

            def done(result: Result) -> bool:
                judged[result.path] = result
                progress.update(task, completed=len(judged))
                return not first or result.verdict not in ("fail", "refuse")

            with interruptible(most):
                load_plan(settings.dialplans)  # its faults are told here, not by every process
                if call:
                    replay_calls(settings, chosen, jobs or CALLS_AT_ONCE, progress.console.print, done)
                else:
                    run(chosen, make, options, at_once or workers(jobs), done)
    except KeyboardInterrupt:
        left = [path.name for path in chosen if str(path) not in judged]
    except PlanError as error:
        for fault in error.faults:
            console.print(str(fault), markup=False)
        raise typer.Exit(2) from None
    except TROUBLE as error:
        console.print(str(error), markup=False)
        raise typer.Exit(2) from None
    results = [judged[str(path)] for path in chosen if str(path) in judged]
    if junit_file is not None:
        junit_file.parent.mkdir(parents=True, exist_ok=True)
        junit_file.write_bytes(junit(results, left))
    if report is not None:
        from recordings.report.page import write_report

        write_report(report, as_json(results, details=True, left=left), earlier, against.name if against else "")
        console.print(f"raport: {report}", markup=False)
    if as_data:
        typer.echo(json.dumps(as_json(results, details=details, left=left), ensure_ascii=False, indent=1))
    else:
        _tell(results, left, Console(highlight=False, soft_wrap=True, emoji=False))
    raise typer.Exit(exit_code(results, left))


def _with_ear(settings: Settings, ear: Ear | None, depth: str, *, update: bool) -> Settings:
    """``settings`` in which ``ear`` is the one that hears; ends the program where it cannot be."""
    if ear is None:
        return settings
    if depth == "journal":
        _bad("--ear nie działa z --journal: dziennik mówi, co usłyszano, więc nikt tam nie słucha")
    if update and ear is Ear.VOSK:
        _bad("--update nie działa z --ear vosk: nagrania projektu trzymają to, co słyszy Whisper")
    if ear is Ear.VOSK and settings.vosk_model is None:
        _bad(replays.NO_VOSK)
    if ear is Ear.VOSK:
        return settings.model_copy(update={"whisper": False, "ears": {}})
    return settings.model_copy(update={"vosk_model": None, "whisper": True, "ears": {}})


def _seconds(text: str) -> float:
    """``--limit`` in seconds; 0 where there is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m)?", text or "0")
    if match is None or (text and not float(match[1])):
        _bad(f"--limit {text}: proszę podać na przykład 90s albo 5m")
    return float(match[1]) * (60 if match[2] == "m" else 1)


def _bad(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


def _earlier(against: Path | None, report: Path | None) -> dict[str, Any] | None:
    """The run to compare with; ends the program where the file is no such thing."""
    if against is None:
        return None
    fault = "" if report is not None else "--against porównuje na stronie, więc proszę dodać --report PLIK.html"
    try:
        earlier: dict[str, Any] = json.loads(against.read_text(encoding="utf-8")) if not fault else {}
        if not fault and not all("timeline" in one for one in earlier["fixtures"]):
            fault = f"{against}: to przebieg bez szczegółów; proszę go zapisać z --json --details"
    except OSError as error:
        fault = f"{against}: nie można odczytać: {reason(error)}"
    except (ValueError, KeyError, TypeError):
        fault = f"{against}: to nie jest wynik infolinia replay --json --details"
    if fault:
        typer.echo(fault, err=True)
        raise typer.Exit(2)
    return earlier


def _chosen(paths: list[Path], words: str) -> list[Path]:
    """The fixture folders meant; ends the program where there are none."""
    for path in paths:
        if not path.exists():
            typer.echo(f"{path}: nie ma takiego pliku ani folderu", err=True)
            raise typer.Exit(2)
    try:
        test = selection(words) if words else None
    except SelectionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    chosen = [path for path in find(paths) if test is None or test(_words(path))]
    if not chosen:
        where = ", ".join(map(str, paths))
        typer.echo(f"{where}: nie ma tam nagrań" + (f" pasujących do -k „{words}”" if words else ""), err=True)
        raise typer.Exit(2)
    return chosen


def _words(path: Path) -> list[str]:
    """What ``-k`` looks at; of a folder that cannot be read, its name."""
    try:
        fixture = load(path).fixture
    except FixtureError:
        return [path.name]
    return [path.name, fixture.area, *fixture.style]


def _tell(results: list[Result], left: list[str], console: Console) -> None:
    for result in results:
        if result.verdict == "pass":
            continue
        console.print(f"{WORDS[result.verdict]}: {result.name}", style=COLOURS[result.verdict], markup=False)
        if result.verdict in ("refuse", "known"):
            console.print(f"  {result.why}", markup=False)
        if result.verdict == "fail" or result.divergence is not None:
            for line in told(result):
                console.print(f"  {line}", markup=False)
    for result in results:
        if changed := result.facts.get("accepted"):
            console.print(f"przyjęto: {result.name}: {', '.join(changed)}", style="cyan", markup=False)
    counts = [f"{WORDS[name].lower()}: {sum(r.verdict == name for r in results)}" for name in WORDS]
    judged = f"{len(results)} {plural(len(results), 'nagranie', 'nagrania', 'nagrań')}"
    console.print(f"{judged}; " + ", ".join(counts), style="bold")
    for line in _not_compared(results):
        console.print(line, style="yellow", markup=False)
    if left:
        console.print(f"PRZERWANO, nie osądzono {len(left)}: {', '.join(left)}", style="bold red", markup=False)


def _not_compared(results: list[Result]) -> Iterator[str]:
    """What the verdicts do not speak of."""
    if prompts := sorted({prompt for result in results for prompt in result.facts.get("reworded", ())}):
        named = ", ".join(prompts[:NAMED]) + ("…" if len(prompts) > NAMED else "")
        yield f"Zmieniły się słowa komunikatów ({len(prompts)}): {named}; porównuje je --journal"
    if doubted := [result.name for result in results if result.facts.get("doubted")]:
        named = ", ".join(doubted[:NAMED]) + ("…" if len(doubted) > NAMED else "")
        told = f"Automat dopytał, choć w nagraniu nie, albo odwrotnie ({len(doubted)})"
        yield f"{told}, poza tym tak samo: {named}"
    if bare := [result.name for result in results if result.facts.get("unrecorded")]:
        named = ", ".join(bare[:NAMED]) + ("…" if len(bare) > NAMED else "")
        yield f"Bez dziennika, porównano tylko `expect` ({len(bare)}): {named}"


def workers(jobs: int) -> int:
    """How many processes ``--jobs`` means."""
    return jobs or os.cpu_count() or 1
