"""The topic cycle under ``infolinia topics``: select, label, check conversations, forecast, deploy, roll back."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from infolinia.settings import Settings
from ivr.calendar import WARSAW
from voicebot.topics.catalogue import CatalogueError, digest, load_catalogue
from voicebot.topics.versions import Versions

from . import topic_pages as pages
from .days import Since, Until, span
from .topics import app as app
from .topics import loaded, model_file, save, served_model

if TYPE_CHECKING:
    from ivr.conversations import Conversation
    from voicebot.topics.catalogue import Phrase
    from voicebot.topics.evaluate import Figures
    from voicebot.topics.labelling import Unsure

By = Annotated[str, typer.Option("--model", help="Tylko to, co rozstrzygał ten model, na przykład version-3.")]
Html = Annotated[Path | None, typer.Option(help="Zapisz też stronę do czytania w przeglądarce.")]
Heldout = Annotated[
    list[Path] | None, typer.Option(help="Zbiór kontrolny; bez tej opcji: zbiory niezależne z katalogu testów.")
]

PHRASES = 40
"""How many a topic should have."""
ENDED = {"keys": "wybór klawiszem", "person": "konsultant", "ended": "koniec rozmowy"}
"""How a matter without a topic ended, in words."""


def journal(settings: Settings, since: date | None, until: date | None, model: str = "") -> "list[Conversation]":
    """The conversations of these days, with the matters that topic model ``model`` decided (empty: any did). Raises
    ``BadParameter`` when the days are in the wrong order."""
    from ivr.conversations import conversations
    from store import create_tables, open_database

    moments = span(since, until)

    async def read() -> "list[Conversation]":
        database = open_database(settings.database_url)
        try:
            await create_tables(database)
            found = [call async for call in conversations(database, *moments)]
            return [_decided_by(call, model) for call in found] if model else found
        finally:
            await database.dispose()

    settings.var.mkdir(parents=True, exist_ok=True)
    return asyncio.run(read())


def _decided_by(call: "Conversation", model: str) -> "Conversation":
    return replace(call, matters=tuple(matter for matter in call.matters if matter.model == model))


@app.command()
def select(
    out: Annotated[Path, typer.Argument(help="Plik YAML do opisania; nie może jeszcze istnieć.")],
    since: Since = None,
    until: Until = None,
    most: Annotated[int, typer.Option(min=1, help="Ile grup najwyżej.")] = 200,
    model: By = "",
    html: Html = None,
) -> None:
    """Wybiera z dzienników rozmów wypowiedzi nierozpoznane i słabo rozpoznane: podobne razem, najcenniejsze najpierw.

    Przykład: infolinia topics select do-opisania.yaml --from 2026-02-15
    """
    from voicebot.topics.labelling import group, to_yaml

    settings = Settings()
    if out.exists():
        _refuse(f"{out} już istnieje: proszę podać inny plik, żeby nie stracić opisów")
    unsure = [found for call in journal(settings, since, until, model) for found in _unsure(call)]
    groups = group(loaded(served_model(settings)).model.space, unsure)[:most]
    if not groups:
        typer.echo("W tych dniach nie było niepewnych wypowiedzi: nic nie zapisano.")
        return
    out.write_text(to_yaml(groups), "utf-8")
    typer.echo(f"{len(unsure)} niepewnych wypowiedzi, {len(groups)} grup: {out}")
    if html is not None:
        rows: list[Sequence[pages.Cell]] = [
            [
                at,
                float(found.worth),
                sum(times for _, times in found.members),
                "; ".join(one.text for one, _ in found.members[:4]),
                ", ".join(f"{label} {share:.2f}" for label, share in found.members[0][0].suggested[:2]),
                ENDED.get(found.members[0][0].ended, found.members[0][0].ended),
            ]
            for at, found in enumerate(groups, 1)
        ]
        heads = ["Grupa", "Wartość", "Razy", "Co mówiono", "Najbliższe tematy", "Czym się skończyło"]
        note = f"Wartość: jak często i jak słabo zrozumiane. Etykiety wpisuje się w pliku {out.name}, nie tutaj."
        table = pages.Table("Najcenniejsze do opisania", note, heads, rows)
        save(html, "Wypowiedzi do opisania", f"{len(unsure)} niepewnych wypowiedzi, {len(groups)} grup.", [table])
    typer.echo("Proszę uzupełnić `label` (temat, __none__ albo __human__), usunąć nazwiska, potem: topics label")


def _unsure(call: "Conversation") -> "list[Unsure]":
    from voicebot.topics.catalogue import HUMAN
    from voicebot.topics.evaluate import CONFIDENT
    from voicebot.topics.labelling import Unsure

    return [
        Unsure(
            said.text,
            tuple((reading.id, reading.confidence) for reading in said.readings[:3]),
            "|".join(matter.topics) or matter.how,
            matter.model,
        )
        for matter in call.matters
        for said in matter.said
        if said.text
        and said.best.id != HUMAN
        and (
            said.best.id.startswith("__")
            or said.best.confidence < CONFIDENT
            or not set(said.best.id.split("|")) <= set(matter.topics)
        )
    ]


@app.command()
def label(
    labelled: Annotated[Path, typer.Argument(help="Plik z `topics select`, z uzupełnionymi etykietami.")],
) -> None:
    """Dopisuje opisane wypowiedzi do fraz tematów. Nieznana etykieta albo powtórzona fraza: nic nie jest zmieniane.

    Przykład: infolinia topics label do-opisania.yaml
    """
    from voicebot.topics.labelling import merge, read_labelled

    settings = Settings()
    try:
        phrases = read_labelled(labelled, load_catalogue(settings.dialplans))
    except (CatalogueError, OSError) as error:
        _refuse(str(error))
    for path, count in sorted(merge(settings.dialplans, phrases).items()):
        typer.echo(f"{count:4}  {path}")
    typer.echo(f"Dopisano {len(phrases)} fraz. Dalej: topics analyse, topics deploy")


@app.command()
def conversations(since: Since = None, until: Until = None, model: By = "", html: Html = None) -> None:
    """Sprawdza tematy na rozmowach: ile razy po rozpoznaniu proszono o człowieka, przełączono, zadzwoniono znowu.

    Przykład: infolinia topics conversations --from 2026-02-15 --to 2026-03-15
    """
    calls = journal(Settings(), since, until, model)
    rows: dict[str, list[Conversation]] = {}
    for call in calls:
        for topic in {topic for matter in call.matters if matter.recognised for topic in matter.topics}:
            rows.setdefault(topic, []).append(call)
    typer.echo(f"{'temat':32} {'rozmów':>7} {'o człowieka':>12} {'przełączone':>12} {'znowu w dobę':>13}")
    for topic, mine in sorted(rows.items(), key=lambda row: -len(row[1])):
        counts = (sum(c.wanted_human for c in mine), sum(c.rerouted for c in mine), sum(c.again for c in mine))
        typer.echo(f"{topic:32} {len(mine):7} {counts[0]:12} {counts[1]:12} {counts[2]:13}")
    lost = sum(not matter.recognised for call in calls for matter in call.matters)
    typer.echo(f"Rozmów: {len(calls)}, spraw nierozpoznanych: {lost}")
    if html is not None:
        shown: list[Sequence[pages.Cell]] = [
            [
                topic,
                len(mine),
                pages.Share(sum(c.wanted_human for c in mine) / len(mine)),
                pages.Share(sum(c.rerouted for c in mine) / len(mine)),
                pages.Share(sum(c.again for c in mine) / len(mine)),
            ]
            for topic, mine in sorted(rows.items(), key=lambda row: -len(row[1]))
        ]
        heads = ["Temat", "Rozmowy", "Prośba o człowieka", "Druga kolejka", "Znowu w ciągu doby"]
        note = "Wysokie udziały: temat rozpoznano, ale odpowiedź nie pomogła albo rozpoznano nie ten temat."
        save(
            html,
            "Tematy w rozmowach",
            f"Rozmów: {len(calls)}, spraw nierozpoznanych: {lost}.",
            [pages.Table("Po rozpoznaniu tematu", note, heads, shown)],
        )


@app.command()
def deploy(heldout: Heldout = None) -> None:
    """Uczy z bieżących fraz i wdraża, jeśli żaden dotychczasowy temat nie jest rozpoznawany gorzej o ponad punkt
    (i ponad jedną wypowiedź) niż przez model działający. Działające silniki biorą nowy model dla nowych
    rozmów w kilka sekund; rozmowy w toku zostają przy swoim.

    Przykład: infolinia topics deploy
    """
    from voicebot.topics import gate

    settings = Settings()
    utterances = _heldout(settings, heldout)
    versions = Versions(settings.var / "topics")
    new_file = model_file(settings)
    new = loaded(new_file)
    live = versions.live()
    right = gate.right(new, utterances)
    found = [] if live is None else gate.compare(loaded(live.model), right, utterances)
    if refused := [fall for fall in found if fall.refused]:
        for fall in refused:
            typer.echo(f"  {fall.label}: było {fall.before} z {fall.size}, jest {fall.after}", err=True)
        _refuse("Nie wdrożono: te tematy są rozpoznawane gorzej niż przez model działający")
    if bare := gate.unproven(new.model.labels, utterances):
        typer.echo(f"Uwaga: zbiór kontrolny nie zawiera: {', '.join(bare)}", err=True)
    if few := _few(settings):
        typer.echo(
            f"Uwaga: mniej niż {PHRASES} fraz: {', '.join(few)}. Takie tematy rozpoznaje się słabo i zabierają "
            "wypowiedzi sąsiadom; ile, mówi `infolinia topics forecast`.",
            err=True,
        )
    about = {
        "digest": digest(settings.dialplans),
        "phrases": int(new.model.about["phrases"]),
        "labels": len(new.model.labels),
        "after": None if live is None else live.number,
        "heldout": {"utterances": len(utterances), "right": sum(right.values())},
    }
    version = versions.add(new_file, settings.dialplans / "topics", about)
    versions.set_live(version.number)
    typer.echo(
        f"Wdrożono wersję {version.number}: {sum(right.values())} z {len(utterances)} wypowiedzi kontrolnych trafnie."
    )


def _few(settings: Settings) -> list[str]:
    """Topics with few phrases, as "og-cit (12)"."""
    counts = Counter(phrase.label for phrase in load_catalogue(settings.dialplans).phrases)
    return [f"{label} ({count})" for label, count in sorted(counts.items()) if count < PHRASES]


@app.command("versions")
def list_versions() -> None:
    """Wypisuje wersje modelu; gwiazdka: ta, która obsługuje rozmowy.

    Przykład: infolinia topics versions
    """
    versions = Versions(Settings().var / "topics")
    try:
        live, kept = versions.live(), versions.all()
    except CatalogueError as error:
        _refuse(str(error))
    if not kept:
        typer.echo("Nie wdrożono jeszcze żadnej wersji: rozmowy obsługuje model z bieżących fraz.")
    for version in kept:
        about, star = version.about, "*" if live and live.number == version.number else " "
        judged = about["heldout"]
        typer.echo(
            f"{star} {version.number:3}  {_local(version.made)}  {about['phrases']} fraz, {about['labels']} etykiet, "
            f"kontrola {judged['right']}/{judged['utterances']}, dane {about['digest'][:12]}"
        )


def _local(moment: str) -> str:
    """An ISO moment by the clock in Poland."""
    return datetime.fromisoformat(moment).astimezone(WARSAW).strftime("%Y-%m-%d %H:%M:%S")


@app.command()
def rollback() -> None:
    """Wraca do wersji, która działała przed obecną. Silniki biorą ją dla nowych rozmów w kilka sekund.

    Przykład: infolinia topics rollback
    """
    try:
        left, back = Versions(Settings().var / "topics").roll_back()
    except CatalogueError as error:
        _refuse(str(error))
    typer.echo(f"Wersja {left.number} wycofana, rozmowy obsłuży wersja {back.number}.")


@app.command()
def forecast(
    folder: Annotated[Path, typer.Argument(help="Kopia folderu dialplans z nowym zestawem tematów.")],
    rows: Annotated[int, typer.Option(min=1, help="Ile tematów i podobnych fraz pokazać.")] = 20,
    html: Html = None,
) -> None:
    """Zapowiada przed wdrożeniem, co nowy zestaw tematów zrobi z rozpoznawaniem (walidacja krzyżowa).

    Przykład: infolinia topics forecast kopia/dialplans
    """
    from voicebot.topics.forecast import forecast as compare

    settings = Settings()
    try:
        now, then = load_catalogue(settings.dialplans), load_catalogue(folder)
    except CatalogueError as error:
        _refuse(f"Katalog tematów jest niepoprawny: {error}")
    typer.echo("Uczę dwa razy, to potrwa do dwóch minut…", err=True)
    found = compare(now, then)
    typer.echo(_line("teraz", found.before) + "\n" + _line("po zmianie", found.after))
    typer.echo("\nTematy, które tracą najwięcej, oraz nowe i usunięte:")
    shown = [c for c in found.changes if c.before is None or c.after is None or c.fall > 0][:rows]
    for change in shown:
        typer.echo(f"  {change.label:32} {_share(change.before)} -> {_share(change.after)}")
    if not shown:
        typer.echo("  żadne")
    typer.echo("\nNowe frazy podobne do fraz innych tematów:")
    for pair in found.overlaps[:rows]:
        one, other = pair.first, pair.second
        typer.echo(f"  {pair.likeness:.2f}  {one.label}: {one.text}  |  {other.label}: {other.text}")
    if not found.overlaps:
        typer.echo("  żadne")
    if html is not None:
        nan = float("nan")
        moved: list[Sequence[pages.Cell]] = [
            [
                c.label,
                pages.Share(nan if c.before is None else c.before),
                pages.Share(nan if c.after is None else c.after),
            ]
            for c in found.changes
            if c.before is None or c.after is None or abs(c.before - c.after) > 0
        ]
        note = "Najpierw te, które tracą najwięcej; kreska: tematu nie ma przed zmianą albo po niej."
        save(
            html,
            "Zapowiedź zmiany tematów",
            f"Zestaw: {folder}.",
            [
                pages.judged("Teraz", found.before),
                pages.judged("Po zmianie", found.after),
                pages.Table("Tematy, które się zmieniają", note, ["Temat", "Teraz", "Po zmianie"], moved),
                pages.overlapping(found.overlaps[:rows], "Nowe frazy podobne do fraz innych tematów"),
            ],
        )


def _line(name: str, found: "Figures") -> str:
    return (
        f"{name:12} {found.inside} fraz z tematem: trafne {found.top1:.1%}, wśród dwóch {found.top2:.1%}, "
        f"spoza zakresu przyjęte {found.false_acceptance:.1%}"
    )


def _share(share: float | None) -> str:
    return "   –  " if share is None else f"{share:6.1%}"


def _heldout(settings: Settings, files: Sequence[Path] | None) -> "list[Phrase]":
    from voicebot.topics.evaluate import read_set

    folder = settings.root / "tests/voicebot/topics/heldout"
    chosen = list(files or ()) or sorted(folder.glob("independent-*.yaml"))
    if not chosen:
        _refuse(f"W {folder} nie ma zbiorów kontrolnych: proszę wskazać własny opcją --heldout")
    try:
        return [utterance for path in chosen for utterance in read_set(path)]
    except (CatalogueError, OSError, UnicodeDecodeError) as error:
        _refuse(f"Nie można odczytać zbioru kontrolnego: {error}")


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
