"""``infolinia prompts``: what the hotline says."""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from infolinia.commands.speech import EarName, find_ear, hear
from infolinia.progress import bar
from infolinia.settings import Settings
from infolinia.voice import prompt_book
from ivr.dialogue.foresight import foreseen_lines
from ivr.dialplan import load_plan
from voicebot.cut import utterances
from voicebot.ears.crew import Crew, EarError
from voicebot.proofreading import Proof, proof
from voicebot.voices.lexicon import shipped
from voicebot.voices.voice import VoiceError

app = typer.Typer(no_args_is_help=True, help="Komunikaty. Przykład: infolinia prompts verify")
console = Console(stderr=True, emoji=False)


@app.callback()
def prompts() -> None:
    """Komunikaty, które słyszy dzwoniący."""


@app.command()
def render() -> None:
    """Nagrywa syntezą na zapas, w obu tempach, co da się przewidzieć: także nazwy tematów i urzędów w pytaniach.

    Bez tego zmienne części powstają w trakcie pierwszej rozmowy, która ich potrzebuje. Przerwane można powtórzyć.

    Przykład: infolinia prompts render
    """
    plan = load_plan(Settings().dialplans)
    lines = [(line.prompt, line.text) for line in (*plan.fixed_lines(), *foreseen_lines(plan))]
    try:
        with bar("komunikaty") as progress:
            asyncio.run(prompt_book(Settings()).prepare(lines, progress))
    except VoiceError as error:
        typer.echo(f"Błąd: głos nie działa: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("Komunikaty są gotowe.")


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Nazwy komunikatów; bez nich wszystkie.")] = None,
    ear: Annotated[EarName | None, typer.Option(help="Które ucho; bez tego najlepsze z zainstalowanych.")] = None,
    slow: Annotated[bool, typer.Option(help="W wolnym tempie.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Jeden obiekt JSON w wierszu.")] = False,
) -> None:
    """Odsłuchuje komunikaty rozpoznawaniem mowy i mówi, w których nie słychać cyfr albo słów kluczowych.

    Kod wyjścia 1, gdy jest choć jeden taki komunikat: trzeba go posłuchać (infolinia say) i nagrać albo poprawić
    zapis w słowniku wymowy.

    Przykłady:

      infolinia prompts verify

      infolinia prompts verify podaj-numer obszary --ear whisper
    """
    lines = {line.prompt: line.text for line in load_plan(Settings().dialplans).fixed_lines()}
    if unknown := set(names or ()) - set(lines):
        typer.echo(f"Błąd: nie ma komunikatów: {', '.join(sorted(unknown))}", err=True)
        raise typer.Exit(2)
    chosen = {name: text for name, text in lines.items() if not names or name in names}
    crew = find_ear(ear)
    doubtful = 0
    for name, heard, result in _verified(crew, chosen, slow=slow):
        doubtful += bool(result.missing)
        if as_json:
            found = {"prompt": name, "missing": result.missing, "share": result.share, "heard": heard, "ear": crew.name}
            typer.echo(json.dumps(found, ensure_ascii=False))
        elif result.missing:
            typer.echo(f"{name}: nie słychać: {', '.join(result.missing)} (usłyszano {result.share:.0%} słów: {heard})")
    typer.echo(f"Sprawdzono {len(chosen)}, do odsłuchania {doubtful} [{crew.name}].", err=True)
    raise typer.Exit(1 if doubtful else 0)


def _verified(crew: Crew, lines: dict[str, str], *, slow: bool) -> Iterator[tuple[str, str, Proof]]:
    book = prompt_book(Settings())
    with asyncio.Runner() as runner:
        try:
            runner.run(crew.start())
        except EarError as error:
            typer.echo(f"Błąd: ucho {crew.name} nie działa: {error}", err=True)
            raise typer.Exit(1) from None
        try:
            for name, text in track(lines.items(), "komunikaty", console=console):
                pieces = utterances(runner.run(book.audio(name, text, slow=slow)))
                parts = [runner.run(hear(crew, piece)) for piece in pieces]
                heard = " ".join(part[0] for part in parts if part is not None and part[0])
                yield name, heard, proof(shipped().spell(text), shipped().spell(heard))
        finally:
            runner.run(crew.close())
