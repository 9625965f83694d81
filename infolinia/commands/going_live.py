"""``infolinia deploy|versions|rollback|diff``: dialplans go live, and back."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
import msgspec
import typer
from rich.console import Console

from infolinia.asterisk.trouble import AsteriskError
from infolinia.background import Background
from infolinia.deployment import NotFit, changes_between, plan_of, roll_back, versions_of, who
from infolinia.deployment import deploy as make_live
from infolinia.polish_usage import refuse
from infolinia.settings import Settings
from ivr.calendar import WARSAW
from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError, examine
from ivr.dialplan.differences import Difference
from store.versions import Change, NoSuchVersion, Version, VersionError, Versions
from voicebot.topics.catalogue import CatalogueError, digest
from voicebot.topics.versions import Versions as Models
from voicebot.voices.voice import VoiceError

from .check import no_folder, summary

console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)
ENGINES_SECONDS = 5.0
"""How long a command waits for the engines to say that they serve the new version."""
By = Annotated[str | None, typer.Option("--by", help="Kto wdraża; domyślnie zalogowany użytkownik")]


def _say(text: str) -> None:
    console.print(f"==> {text}")


@contextmanager
def _plainly() -> Iterator[None]:
    """What an administrator can mend is said in a sentence, and that nothing has changed."""
    try:
        yield
    except NotFit as error:
        console.print(f"{error} Działa dalej dotychczasowa wersja.")
        raise typer.Exit(1) from None
    except PlanError as error:
        for fault in error.faults:
            console.print(str(fault))
        console.print("Tej wersji nie da się już odczytać. Nic się nie zmieniło.")
        raise typer.Exit(1) from None
    except (VersionError, AsteriskError, VoiceError, CatalogueError, OSError) as error:
        console.print(f"{error}. Nic się nie zmieniło.".replace("..", "."))
        raise typer.Exit(2 if isinstance(error, NoSuchVersion) else 1) from None


def deploy(
    folder: Annotated[Path | None, typer.Argument(help="Folder dialplanów; domyślnie dialplans/")] = None,
    by: By = None,
    note: Annotated[str, typer.Option(help="Po co ta zmiana: zostaje przy wersji")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tylko sprawdź i pokaż, co by się zmieniło")] = False,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", help="Urząd, którego w tej wersji ma już nie być; można powtórzyć")
    ] = None,
) -> None:
    """Wdraża dialplany: sprawdzenie, próby rozmów, dowód, komunikaty, potem zmiana w jednej chwili.

    Nowe rozmowy idą od razu według nowej wersji, trwające kończą się według swojej. Dopóki jest choć jeden błąd, działa
    wersja dotychczasowa. Cofnięcie zajmuje sekundy: infolinia rollback.

    Przykłady:

      infolinia deploy --dry-run

      infolinia deploy --note "Godziny w maju"

      infolinia deploy kopia/dialplans --by anna.nowak

      infolinia deploy --remove podlaskie
    """
    settings = Settings()
    if folder is not None and not folder.is_dir():
        raise typer.Exit(refuse(f"{no_folder(folder)}. Nic się nie zmieniło.", 2))
    os.nice(10)  # the proof must take nothing from calls under way
    with _plainly():
        done = make_live(
            settings,
            folder or settings.dialplans,
            by=by or who(),
            note=note,
            trial=dry_run,
            remove=remove or (),
            say=_say,
        )
    for warning in done.judgement.warnings:
        console.print(f"{warning} [uwaga]")
    typer.echo(summary(done.judgement, done.plan))
    if not done.new and done.version is not None:
        typer.echo(f"Ta sama treść już działa: wersja {done.version.number}. Nic nie trzeba zmieniać.")
        _tell_of_topics(settings, done.version)
        return
    if done.changes is not None:
        _tell_changes(done.changes)
    if done.version is None:
        typer.echo("Próba: nic nie zostało wdrożone. Wdrożenie: infolinia deploy")
        return
    _confirm(settings, done.version)
    if done.changes is not None:
        typer.echo("Cofnięcie: infolinia rollback")
    _tell_of_topics(settings, done.version)


def _tell_of_topics(settings: Settings, version: Version) -> None:
    """What is yet to be done where phrases have changed: the gate that compares recognition is a command of its own."""
    taught = digest(version.files)
    try:
        live = Models(settings.var / "topics").live()
        before = None if version.parent is None else versions_of(settings).find(version.parent).files
    except (CatalogueError, VersionError) as error:
        console.print(f"Uwaga: nie wiadomo, jaki model rozpoznaje tematy: {error}")
        return
    if live is not None and live.about.get("digest") != taught:
        typer.echo(
            f"Uwaga: tematy albo frazy są inne niż te, których nauczono działający model (wersja {live.number}); "
            "rozmowy rozpoznaje nadal ten model. Następny krok: infolinia topics deploy"
        )
    elif live is None and before is not None and digest(before) != taught:
        typer.echo(
            "Uwaga: tematy albo frazy się zmieniły, a modelu nikt nie porównał z poprzednim: rozmowy rozpoznaje już "
            "nowy. Porównanie i wdrożenie modelu: infolinia topics deploy"
        )


def rollback(
    version: Annotated[str | None, typer.Argument(help="Numer wersji; domyślnie ta, która działała wcześniej")] = None,
    by: By = None,
    note: Annotated[str, typer.Option(help="Dlaczego: zostaje przy wersji")] = "",
) -> None:
    """Przywraca wcześniejszą wersję dialplanów, od razu; trwające rozmowy kończą się według swojej.

    Przykłady:

      infolinia rollback

      infolinia rollback 3 --note "złe godziny w Opolu"
    """
    settings = Settings()
    with _plainly():
        left, now = roll_back(settings, version, by=by or who(), note=note, say=_say)
    typer.echo(f"Wycofana wersja {left.number}.")
    _confirm(settings, now)
    typer.echo("Folder dialplans/ się nie zmienił: przed następnym wdrożeniem proszę go poprawić.")


def versions(
    as_json: Annotated[bool, typer.Option("--json", help="Wynik jako JSON: live, versions, changes")] = False,
) -> None:
    """Pokazuje wersje dialplanów: kto, kiedy i po co je wdrożył. Gwiazdka: ta, która działa.

    Przykład:

      infolinia versions
    """
    store = versions_of(Settings())
    with _plainly():
        kept, live, changes = store.all(), store.live_id(), store.changes()
    if as_json:
        shown = {
            "live": live,
            "versions": [_shown(one, live) for one in kept],
            "changes": [c.__dict__ for c in changes],
        }
        typer.echo(msgspec.json.encode(shown).decode())
        return
    if not kept:
        typer.echo("Nic jeszcze nie wdrożono. Pierwszą wersję wdraża infolinia up, następne: infolinia deploy")
    for version in kept:
        last = next((change for change in reversed(changes) if change.version == version.id), None)
        star, proof = "*" if version.id == live else " ", version.about.get("proof") or {}
        proved = f"dowód: {proof['states']} stanów" if proof else "bez dowodu"
        when = _local(last.at if last is not None else version.made)
        typer.echo(
            f"{star} {version.number:3}  {version.id[:8]}  {when}  {version.by:16} {proved}{_why(version, last)}"
        )


def _why(version: Version, last: Change | None) -> str:
    """The note of a version, and who made it live again."""
    note = f"  {version.note}" if version.note else ""
    if last is None or (last.by, last.note) == (version.by, version.note):
        return note
    again = "przywrócił(a)" if last.what == "rollback" else "wdrożył(a) ponownie"
    return f"{note}  ({again} {last.by}{f': {last.note}' if last.note else ''})"


def _shown(version: Version, live: str | None) -> dict[str, Any]:
    return {
        "number": version.number,
        "version": version.id,
        "live": version.id == live,
        "made": version.made,
        "by": version.by,
        "note": version.note,
        "parent": version.parent,
        "files": len(version.hashes),
        **version.about,
    }


def diff(
    before: Annotated[
        str | None, typer.Argument(help="Numer wersji albo folder; sam folder: wobec wersji, która działa")
    ] = None,
    after: Annotated[
        str | None, typer.Argument(help="Numer wersji albo folder; domyślnie folder dialplans/, jeszcze nie wdrożony")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Wynik jako JSON: changes")] = False,
) -> None:
    """Pokazuje, co się zmieni albo zmieniło: powitania, godziny, kolejki, węzły, tematy.

    Przykłady:

      infolinia diff            co zmieniłoby wdrożenie folderu dialplans/

      infolinia diff 3          folder wobec wersji 3

      infolinia diff 3 4        wersja 4 wobec wersji 3

      infolinia diff kopia      co zmieniłoby wdrożenie folderu kopia/
    """
    settings = Settings()
    store = versions_of(settings)
    with _plainly():
        if before is not None and after is None and Path(before).is_dir():
            before, after = None, before
        old = _side(store, before) if before is not None else _live(store)
        new = _side(store, after if after is not None else str(settings.dialplans))
        changes = changes_between(*old, *new)
    if as_json:
        typer.echo(msgspec.json.encode({"changes": changes}).decode())
    else:
        _tell_changes(changes)


def _side(store: Versions, name: str) -> tuple[Path, Plan]:
    """The files and the plan of the folder or version called ``name``."""
    if not Path(name).is_dir():
        version = store.find(name)
        return version.files, plan_of(version)
    plan = examine(Path(name)).plan
    if plan is None:
        raise VersionError(f"{name} ma błędy (infolinia check {name}): nie ma czego porównać")
    return Path(name), plan


def _live(store: Versions) -> tuple[Path, Plan]:
    version = store.live()
    if version is None:
        raise VersionError("Nic jeszcze nie wdrożono: infolinia deploy")
    return version.files, plan_of(version)


def _tell_changes(changes: list[Difference]) -> None:
    if not changes:
        typer.echo("Dla dzwoniących nic się nie zmienia.")
    for change in changes:
        typer.echo(str(change))


def _confirm(settings: Settings, version: Version) -> None:
    """Tell that ``version`` is live, and since when engines serve it."""
    name = f"wersja {version.number} ({version.id[:8]})"
    if Background(settings.var, "serve").pid() is None:
        typer.echo(f"Wdrożona {name}. Silniki nie działają; wczytają ją przy uruchomieniu: infolinia up")
        return
    begun = time.monotonic()
    waiting = set(range(settings.engines))
    while waiting and time.monotonic() < begun + ENGINES_SECONDS:
        waiting = {n for n in waiting if not _serves(settings.port("metrics", n), version.id)}
        time.sleep(0.02)
    if waiting:
        names = ", ".join(f"engine-{n}" for n in sorted(waiting))
        logs = settings.var / "log"
        console.print(f"Wdrożona {name}, ale nie obsługuje jej jeszcze {names}: proszę zajrzeć do {logs}")
        raise typer.Exit(1)
    typer.echo(f"Działa {name}, silniki wczytały ją w {time.monotonic() - begun:.1f} s.")


def _serves(port: int, version: str) -> bool:
    try:
        shown = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=1).text
    except httpx2.HTTPError:
        return False
    return f'infolinia_plan{{version="{version}"}} 1.0' in shown


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(WARSAW).strftime("%Y-%m-%d %H:%M")
