"""``infolinia whatif``: the calls of a month on a plan or a topic model that is not live yet."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from desk.kpi2 import TARGET
from infolinia.commands.days import Since, Until, span
from infolinia.commands.topic_pages import Table, write_page
from infolinia.progress import bar
from infolinia.settings import Settings
from infolinia.what_if import Candidate, WhatIf, listed, of_database, of_files
from ivr.dialplan import PlanError
from voicebot.topics.catalogue import CatalogueError
from voicebot.topics.model import ModelError
from voicebot.topics.recogniser import ensure_model

SHOWN, MOST = 15, 200


def whatif(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Foldery nagrań zamiast dzienników z bazy.", metavar="PATH")
    ] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="Folder kandydata; domyślnie dialplany robocze.")] = None,
    topics: Annotated[
        str, typer.Option("--topics", help="Plik modelu tematów (.npz) albo `nowy`: uczony na zwrotach kandydata.")
    ] = "",
    since: Since = None,
    until: Until = None,
    as_data: Annotated[bool, typer.Option("--json", help="Wynik jako jeden obiekt JSON.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Zapisz stronę HTML.")] = None,
    jobs: Annotated[int, typer.Option(help="Ile procesów naraz; 0: tyle, ile rdzeni.", min=0, max=64)] = 0,
) -> None:
    """Odtwarza dzienniki rozmów na planie albo modelu tematów, który jeszcze nie działa, i mówi, ilu dzwoniących
    trafiłoby gdzie indziej, jak zmienią się KPI i których rozmów warto posłuchać.

    Bez --topics wypowiedzi są rozumiane tak jak wtedy. Niczego nie zmienia. Kod wyjścia 2: złe wywołanie, także dni,
    w których nie było rozmów.

    Przykłady:

      infolinia whatif --from 2026-04-01 --to 2026-04-30

      infolinia whatif --plan kandydat/ --topics nowy --report co-gdyby.html

      infolinia whatif recordings/calls --plan kandydat/ --json
    """
    settings, moments = Settings(), span(since, until)
    root = plan or settings.dialplans
    if not (root / "hotline.yaml").is_file():
        _bad(f"{root}: nie ma tam dialplanu (hotline.yaml)")
    for path in paths or []:
        if not path.exists():
            _bad(f"{path}: nie ma takiego folderu")
    began = time.monotonic()
    try:
        model = _model(settings, root, topics)
        with bar("dzienniki") as tell:
            if paths:
                found = of_files(Candidate(root, settings.dialplans, model), paths, tell)
            else:
                Candidate(root, root, model)  # faults are told here, not by each process
                candidate = (root, root, model)
                found = asyncio.run(of_database(settings, candidate, moments, jobs or os.cpu_count() or 1, tell))
    except PlanError as error:
        _bad("\n".join(map(str, error.faults)))
    except (CatalogueError, ModelError) as error:
        _bad(f"modelu tematów nie da się użyć: {error}")
    took = time.monotonic() - began
    if not found.calls:
        _bad(
            "w tych folderach nie ma dzienników rozmów" if paths else "w tych dniach nie było rozmów; proszę podać inne"
        )
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        _page(report, found)
    if as_data:
        typer.echo(json.dumps(found.as_json(MOST), ensure_ascii=False, indent=1))
    else:
        _tell(found, took)


def _model(settings: Settings, root: Path, topics: str) -> Path | None:
    if not topics:
        return None
    if topics == "nowy":
        return ensure_model(root, settings.var / "topics", lambda text: typer.echo(text, err=True))
    return Path(topics)


def _tell(found: WhatIf, took: float) -> None:
    typer.echo(f"Rozmów: {found.calls}, w {took:.1f} s ({found.calls / max(took, 0.001):.0f} na sekundę)")
    typer.echo(f"  trafiłoby tam, gdzie wtedy: {found.same} (w tym innymi słowami: {found.words})")
    typer.echo(f"  trafiłoby gdzie indziej:    {found.elsewhere}")
    typer.echo(f"  nie da się ocenić:          {sum(found.unjudged.values())}")
    for name, before, now in _kpis(found):
        typer.echo(f"{name}: {before} → {now}")
    typer.echo(f"Modele tematów wtedy (spraw): {_models(found.models[0])}; na kandydacie: {_models(found.models[1])}")
    if found.moves:
        typer.echo("Skąd dokąd:")
        for (was, now), count in found.moves.most_common(SHOWN):
            typer.echo(f"  {count:6}  {was} → {now}")
    if found.unjudged:
        typer.echo("Czego nie da się ocenić:")
        for why, count in found.unjudged.most_common(SHOWN):
            typer.echo(f"  {count:6}  {why}")
    worst = found.worst(SHOWN)
    if worst:
        typer.echo("Do posłuchania:")
        for one in worst:
            typer.echo(f"  {one.call}  {one.arrived[:16]}  {_moved(listed(one))}  {'; '.join(one.said)}".rstrip())


def _kpis(found: WhatIf) -> list[tuple[str, str, str]]:
    (was2, now2), (was3, now3) = found.kpi2, found.kpi3()
    return [
        (f"KPI.2 (rozpoznane sprawy, cel {TARGET:.0%})", _percent(was2.share), _percent(now2.share)),
        ("KPI.3 (uwierzytelnione rozmowy)", _percent(was3), _percent(now3)),
    ]


def _models(counted: Mapping[str, int]) -> str:
    """The topic models that decided, with how many matters each."""
    shown = sorted(counted.items(), key=lambda item: -item[1])
    return ", ".join(f"{model or 'nieznany'} {count}" for model, count in shown) or "żaden"


def _moved(one: dict[str, str]) -> str:
    if one["to"] is None:
        return one["why"]
    if one["from"] == one["to"]:
        return f"{one['from']}: temat {one['topic_from']} → {one['topic_to']}"
    return f"{one['from']} → {one['to']}"


def _page(path: Path, found: WhatIf) -> None:
    counts = [
        ("trafiłoby tam, gdzie wtedy", found.same),
        ("– w tym innymi słowami automatu", found.words),
        ("trafiłoby gdzie indziej", found.elsewhere),
        ("nie da się ocenić", sum(found.unjudged.values())),
    ]
    listen = [
        (one["call"], one["arrived"][:16], _moved(one), "; ".join(one["said"]))
        for one in map(listed, found.worst(MOST))
    ]
    tables = [
        Table("Rozmowy", "Te same wypowiedzi i klawisze na planie kandydata.", ("", "rozmów"), counts),
        Table("KPI", "Tylko z rozmów, które dało się ocenić.", ("", "wtedy", "kandydat"), _kpis(found)),
        Table("Skąd dokąd", "Dokąd rozmowa trafiła wtedy i dokąd trafiłaby teraz.", ("wtedy", "kandydat", "rozmów"),
              [(was, now, count) for (was, now), count in found.moves.most_common()]),
        Table("Modele tematów", "Który model rozstrzygał, ile spraw.", ("", "modele"),
              [("wtedy", _models(found.models[0])), ("na kandydacie", _models(found.models[1]))]),
        Table("Do posłuchania", "Najpierw te, w których zmiana najwięcej znaczy dla dzwoniącego.",
              ("rozmowa", "przyszła", "co się zmienia", "co rozumie się inaczej"), listen),
        Table("Czego nie da się ocenić", "Dzwoniący nie odpowiadał wtedy na to, o co kandydat pyta.",
              ("dlaczego", "rozmów"), found.unjudged.most_common()),
    ]  # fmt: skip
    write_page(path, "Co gdyby", f"{found.calls} rozmów na kandydacie.", tables)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.2f}%".replace(".", ",")


def _bad(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
