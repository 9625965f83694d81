"""``infolinia topics``: recognise, train and judge the recogniser of topics."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infolinia.settings import Settings
from voicebot.topics.catalogue import CatalogueError, digest, load_catalogue
from voicebot.topics.model import ModelError
from voicebot.topics.recogniser import Decision, TopicRecogniser, ensure_model

if TYPE_CHECKING:
    from voicebot.topics.evaluate import Figures

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


@app.command()
def analyse(
    heldout: Annotated[
        Path | None, typer.Option(help="Zbiór kontrolny: w wierszu etykieta, tabulator, wypowiedź.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Ile pomyłek, słabych tematów i podobnych fraz pokazać.")] = 15,
) -> None:
    """Ocenia rozpoznawanie: trafność, pomyłki, słabe tematy, frazy podobne w różnych tematach, kalibracja.

    Przykład: infolinia topics analyse --heldout tests/voicebot/topics/heldout/single.tsv
    """
    from voicebot.topics import evaluate
    from voicebot.topics.train import train as fit_all

    settings = Settings()
    try:
        utterances = evaluate.read_set(heldout) if heldout else []
        catalogue = load_catalogue(settings.dialplans)
    except (CatalogueError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"Nie można ocenić: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("Uczę i oceniam, to potrwa do minuty…", err=True)
    fit = fit_all(catalogue, digest(settings.dialplans))
    truth = [phrase.label for phrase in fit.phrases]
    _print(
        "Walidacja krzyżowa (bez samej frazy i podobnych do niej)",
        evaluate.figures(truth, evaluate.unseen_rankings(fit)),
        rows,
    )
    if utterances:
        recogniser = TopicRecogniser(fit.model)
        rankings = [recogniser.predict(text) for _, text in utterances]
        _print(f"Zbiór kontrolny {heldout}", evaluate.figures([label for label, _ in utterances], rankings), rows)
    typer.echo("\nPodobne frazy różnych tematów:")
    for pair in evaluate.overlaps(fit)[:rows]:
        typer.echo(
            f"  {pair.likeness:.2f}  {pair.first.label}: {pair.first.text}  |  {pair.second.label}: {pair.second.text}"
        )


def _print(title: str, found: "Figures", rows: int) -> None:
    typer.echo(f"\n{title}: {found.utterances} wypowiedzi")
    for name, share in (
        ("pierwszy kandydat trafny", found.top1),
        ("wśród dwóch", found.top2),
        ("wśród trzech", found.top3),
        ("spoza zakresu przyjęte", found.false_acceptance),
        ("błędne i pewne", found.confident_wrong),
        ("błąd kalibracji (ECE)", found.calibration_error),
    ):
        typer.echo(f"  {name:28} {share * 100:5.1f} %")
    typer.echo("  najczęstsze pomyłki (powiedziano, rozpoznano):")
    for said, taken, count in found.confusions[:rows]:
        typer.echo(f"    {count:3}  {said} -> {taken}")
    typer.echo("  najsłabsze tematy:")
    for label, share, size in found.weakest[:rows]:
        typer.echo(f"    {share * 100:3.0f} %  {label} ({size})")


if __name__ == "__main__":
    app()
