"""``infolinia topics``: recognise, train and judge the recogniser of topics."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infolinia.mishaps import reason
from infolinia.settings import Settings
from voicebot.topics.catalogue import CatalogueError, digest, load_catalogue
from voicebot.topics.model import ModelError
from voicebot.topics.recogniser import Decision, TopicRecogniser, ensure_model
from voicebot.topics.versions import live_model

from . import topic_pages as pages

if TYPE_CHECKING:
    from voicebot.topics.evaluate import Figures

app = typer.Typer(
    no_args_is_help=True, help="Tematy rozmów: rozpoznawanie, uczenie, ocena. Przykład: infolinia topics analyse"
)

AsJson = Annotated[bool, typer.Option("--json", help="Jeden obiekt JSON w wierszu.")]


def served_model(settings: Settings) -> Path:
    """The model that calls are served with: the deployed one, else that of the present phrases."""
    try:
        return live_model(settings.var / "topics") or model_file(settings)
    except CatalogueError as error:
        typer.echo(f"Zapis wersji modelu jest uszkodzony: {error}", err=True)
        raise typer.Exit(1) from None


def model_file(settings: Settings) -> Path:
    """The model of the configured dialplans, trained now if it never was; ends the program when that cannot be."""
    try:
        return ensure_model(settings.dialplans, settings.var / "topics", lambda text: typer.echo(text, err=True))
    except CatalogueError as error:
        typer.echo(f"Katalog tematów jest niepoprawny: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def predict(
    as_json: AsJson = False,
    draft: Annotated[bool, typer.Option(help="Model z bieżących fraz zamiast wdrożonego.")] = False,
) -> None:
    """Czyta wypowiedzi ze standardowego wejścia (jedna w wierszu) i pisze decyzje.

    Kolumny rozdzielone tabulatorem: decyzja (temat, __none__, __human__ albo a|b), pewność, drugi kandydat, pewność,
    trzeci kandydat, pewność.

    Przykład: echo "do kiedy składa się pit" | infolinia topics predict
    """
    recogniser = loaded(model_file(Settings()) if draft else served_model(Settings()))
    for number, raw in enumerate(sys.stdin.buffer, 1):
        decision = recogniser.decide(_decoded(raw, number))
        sys.stdout.write((as_object(decision) if as_json else decision.tabbed()) + "\n")
        sys.stdout.flush()


def _decoded(raw: bytes, number: int) -> str:
    """Line ``number`` of the input; what is not UTF-8 is read as older Windows programs write Polish."""
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        typer.echo(f"Wiersz {number} nie jest w UTF-8: czytam go jako Windows-1250.", err=True)
        return raw.decode("cp1250", "replace").rstrip("\r\n")


def loaded(path: Path) -> TopicRecogniser:
    """The recogniser with the model at ``path``; ends the program when it cannot be read."""
    try:
        return TopicRecogniser.load(path)
    except ModelError as error:
        typer.echo(f"Nie można wczytać modelu: {error}. Proszę usunąć ten plik, nauczy się na nowo.", err=True)
        raise typer.Exit(1) from None


def as_object(decision: Decision) -> str:
    """The decision as one line of JSON."""
    others = [{"id": label, "confidence": round(share, 4)} for label, share in decision.others[:2]]
    found = {"decision": decision.label, "confidence": round(decision.confidence, 4), "candidates": others}
    return json.dumps(found, ensure_ascii=False)


@app.command()
def train() -> None:
    """Uczy rozpoznawania z bieżących fraz (krócej niż minutę) i pisze, gdzie leży model. Rozmów to nie zmienia: nowy
    model obsługuje je dopiero po `infolinia topics deploy`.

    Przykład: infolinia topics train
    """
    typer.echo(str(model_file(Settings())))


@app.command()
def analyse(
    heldout: Annotated[
        list[Path] | None,
        typer.Option(help="Zbiór kontrolny: YAML z listą utterances albo w wierszu etykieta, tabulator, wypowiedź."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Ile pomyłek, słabych tematów i podobnych fraz pokazać.")] = 15,
    html: Annotated[Path | None, typer.Option(help="Zapisz też stronę do czytania w przeglądarce.")] = None,
) -> None:
    """Ocenia rozpoznawanie: trafność, pomyłki, słabe tematy, frazy podobne w różnych tematach, kalibracja.

    Przykłady:

      infolinia topics analyse --heldout tests/voicebot/topics/heldout/independent-a.yaml

      infolinia topics analyse --html ocena.html
    """
    from voicebot.topics import evaluate
    from voicebot.topics.train import train as fit_all

    settings = Settings()
    try:
        utterances = [utterance for path in heldout or () for utterance in evaluate.read_set(path)]
        catalogue = load_catalogue(settings.dialplans)
        if unknown := evaluate.strangers(utterances, catalogue.labels):
            raise CatalogueError(f"w zbiorze kontrolnym są nieznane etykiety: {', '.join(unknown)}")
    except (CatalogueError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"Nie można ocenić: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("Uczę i oceniam, to potrwa do minuty…", err=True)
    fit = fit_all(catalogue, digest(settings.dialplans))
    truth = [phrase.label for phrase in fit.phrases]
    crossed, name = evaluate.figures(truth, evaluate.unseen_rankings(fit)), "Walidacja krzyżowa"
    _print(f"{name} (bez samej frazy i podobnych do niej)", crossed, rows)
    titles = {topic.id: topic.title for topic in catalogue.topics.values()}
    tables = [pages.judged(f"{name}: frazy uczące, każda bez siebie i podobnych", crossed)]
    worst = crossed
    if utterances:
        recogniser = TopicRecogniser(fit.model)
        rankings = [recogniser.predict(utterance.text) for utterance in utterances]
        found = evaluate.figures([utterance.label for utterance in utterances], rankings)
        _print(title := f"Zbiór kontrolny {', '.join(path.name for path in heldout or ())}", found, rows)
        areas = {topic.id: topic.area for topic in catalogue.topics.values()}
        by_area = evaluate.grouped(utterances, rankings, lambda said: _area(areas, said.label))
        by_style = evaluate.grouped(utterances, rankings, lambda said: said.style or "-")
        _table("obszar", by_area)
        _table("styl", by_style)
        tables = [
            pages.judged(title, found),
            pages.groups("Obszary", by_area),
            pages.groups("Style", by_style),
            *tables,
        ]
        worst = found
    typer.echo("\nPodobne frazy różnych tematów:")
    alike = evaluate.overlaps(fit)[:rows]
    tables += [pages.weak(worst, titles, rows), pages.confusions(worst, rows), pages.overlapping(alike)]
    if html is not None:
        save(html, "Rozpoznawanie tematów", f"{len(titles)} tematów, {len(fit.phrases)} fraz uczących.", tables)
    for pair in alike:
        typer.echo(
            f"  {pair.likeness:.2f}  {pair.first.label}: {pair.first.text}  |  {pair.second.label}: {pair.second.text}"
        )


def save(path: Path, title: str, lead: str, tables: "Sequence[pages.Table]") -> None:
    """Writes a report as a page, says where; ends the program when it cannot be written."""
    try:
        pages.write_page(path, title, lead, tables)
    except OSError as error:
        typer.echo(f"Nie można zapisać {path}: {reason(error)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Strona: {path}", err=True)


def _area(areas: Mapping[str, str], label: str) -> str:
    return "dwie sprawy" if "|" in label else areas.get(label, label)


def _print(title: str, found: "Figures", rows: int) -> None:
    typer.echo(f"\n{title}: {found.utterances} wypowiedzi, {found.inside} z tematem, {found.outside} spoza zakresu")
    for name, share in (
        ("pierwszy kandydat trafny", found.top1),
        ("wśród dwóch", found.top2),
        ("wśród trzech", found.top3),
        ("obsłużone (przyjęte, pytane)", found.handled),
        ("spoza zakresu przyjęte", found.false_acceptance),
        ("prośba o człowieka", found.human),
        ("dwie sprawy, obie trafne", found.both),
        ("błędne i pewne", found.confident_wrong),
        ("błąd kalibracji (ECE)", found.calibration_error),
    ):
        typer.echo(f"  {name:28} {_percent(share)} %")
    typer.echo("  najczęstsze pomyłki (powiedziano, rozpoznano):")
    for said, taken, count in found.confusions[:rows]:
        typer.echo(f"    {count:3}  {said} -> {taken}")
    typer.echo("  najsłabsze tematy:")
    for label, share, size in found.weakest[:rows]:
        typer.echo(f"    {share * 100:3.0f} %  {label} ({size})")


def _table(title: str, groups: "Mapping[str, Figures]") -> None:
    typer.echo(
        f"\n{title:16} {'liczba':>6} {'1.':>6} {'w 2':>6} {'obsł.':>6} {'spoza':>6} {'błędne pewne':>13} {'ECE':>6}"
    )
    for name, found in groups.items():
        shares = (found.top1, found.top2, found.handled, found.false_acceptance)
        cells = " ".join(f"{_percent(share):>6}" for share in shares)
        typer.echo(
            f"{name:16} {found.utterances:6} {cells} {_percent(found.confident_wrong):>13} "
            f"{_percent(found.calibration_error):>6}"
        )


def _percent(share: float) -> str:
    return "    –" if math.isnan(share) else f"{share * 100:5.1f}"
