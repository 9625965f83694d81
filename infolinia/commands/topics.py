"""``infolinia topics``: recognise, train and judge the recogniser of topics."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from infolinia.settings import Settings
from voicebot.topics.catalogue import CatalogueError
from voicebot.topics.model import ModelError
from voicebot.topics.recogniser import Decision, TopicRecogniser, ensure_model

app = typer.Typer(no_args_is_help=True, help="Tematy rozmów: rozpoznawanie, uczenie, ocena.")

AsJson = Annotated[bool, typer.Option("--json", help="Jeden obiekt JSON w wierszu.")]


def model_file(settings: Settings) -> Path:
    """The model of the configured dialplans, trained now if it never was; ends the program when that cannot be."""
    try:
        return ensure_model(settings.dialplans, settings.var / "topics", lambda text: typer.echo(text, err=True))
    except CatalogueError as error:
        typer.echo(f"Katalog tematów jest niepoprawny: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def predict(as_json: AsJson = False) -> None:
    """Czyta wypowiedzi ze standardowego wejścia (jedna w wierszu) i pisze decyzje.

    Kolumny rozdzielone tabulatorem: decyzja (temat, __none__, __human__ albo a|b), pewność, drugi kandydat, pewność,
    trzeci kandydat, pewność.

    Przykład: echo "do kiedy składa się pit" | infolinia topics predict
    """
    path = model_file(Settings())
    try:
        recogniser = TopicRecogniser.load(path)
    except ModelError as error:
        typer.echo(f"Nie można wczytać modelu: {error}. Proszę usunąć ten plik, nauczy się na nowo.", err=True)
        raise typer.Exit(1) from None
    for raw in sys.stdin.buffer:
        text = raw.decode("utf-8", "replace").rstrip("\r\n")
        decision = recogniser.decide(text)
        sys.stdout.write((as_object(decision) if as_json else decision.tabbed()) + "\n")
        sys.stdout.flush()


def as_object(decision: Decision) -> str:
    """The decision as one line of JSON."""
    others = [{"id": label, "confidence": round(share, 4)} for label, share in decision.others[:2]]
    found = {"decision": decision.label, "confidence": round(decision.confidence, 4), "candidates": others}
    return json.dumps(found, ensure_ascii=False)


@app.command()
def train() -> None:
    """Uczy rozpoznawania z bieżących fraz (krócej niż minutę) i pisze, gdzie leży model.

    Przykład: infolinia topics train
    """
    typer.echo(str(model_file(Settings())))


if __name__ == "__main__":
    app()
