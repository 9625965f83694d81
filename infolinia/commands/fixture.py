"""``infolinia fixture``: a kept call becomes a fixture with nobody in it, or is refused."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from infolinia.commands.record import kept_calls
from infolinia.rehearsals import people
from infolinia.settings import Settings
from ivr.calendar import WARSAW, opening
from ivr.dialogue.events import LookedUp
from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError, load_plan
from recordings.anonymous.findings import Finder
from recordings.anonymous.journal import Unsure
from recordings.anonymous.kept import KeptCall
from recordings.anonymous.make import Listener, Maker
from recordings.anonymous.replacing import Replacing
from recordings.fixture.edit import change
from recordings.fixture.folder import FILE, load
from recordings.fixture.journal_file import JournalError
from voicebot.audio import AudioError
from voicebot.models import model_folder
from voicebot.numerals import fold

REFUSED = 3
MINUTE = "%Y-%m-%d %H:%M"


def fixture(
    call: Annotated[str, typer.Argument(help="Identyfikator rozmowy: infolinia record list", metavar="CALL_ID")],
    to: Annotated[Path, typer.Option("--to", help="Folder, w którym powstanie folder nagrania.")] = Path(
        "recordings/life"
    ),
    name: Annotated[str, typer.Option("--name", help="Nazwa nagrania; domyślnie z-zycia-<początek id>.")] = "",
    transcript: Annotated[
        Path | None, typer.Option("--transcript", help="Zapis słów: w wierszu numer tury, tabulator, słowa.")
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", help="Zapisz tu, co usłyszało ucho: do poprawienia, dla --transcript."),
    ] = None,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="Słowo, które nie jest nazwiskiem.")] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licencja głosu.")] = "tylko do użytku wewnętrznego urzędu",
) -> None:
    """Robi z zachowanej rozmowy nagranie bez danych osobowych, albo odmawia i mówi, czego nie jest pewne.

    PESEL, NIP, nazwiska, kwoty, adresy i e-maile są zastąpione tak samo w dzienniku i w zapisie, a w dźwięku
    zagłuszone.
    Kody wyjścia: 0 – zrobione, 2 – złe wywołanie, 3 – odmowa.

    Przykłady:

      infolinia fixture 3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f

      infolinia fixture 3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f --draft zapis.tsv

      infolinia fixture 3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f --transcript zapis.tsv --keep Wawel
    """
    settings = Settings()
    found = [folder for folder in kept_calls(settings.var / "recordings") if folder.name == call]
    if not found:
        _bad(f"nie ma zachowanej rozmowy {call}; są: infolinia record list")
    wanted = to / (name or f"z-zycia-{call[:8]}")
    if wanted.exists():
        _bad(f"{wanted}: już jest; proszę podać inną nazwę: --name")
    words = _transcript(transcript) if transcript is not None else {}
    known, kept_words = vocabulary(settings.dialplans), keep or []

    def replacing(named: Sequence[tuple[str, str]]) -> Replacing:
        return Replacing(Finder([real for real, _ in named], known, kept_words), named)

    half = Path(tempfile.mkdtemp(prefix="infolinia-fixture-")) / wanted.name
    try:
        maker = Maker(KeptCall(found[0]), replacing, people().rows, _listener(settings), words)
        try:
            notes = [*maker.write(half, licence), *_alike(half, load_plan(settings.dialplans))]
        finally:
            if draft is not None:
                draft.write_text("".join(f"{turn}\t{text}\n" for turn, text in maker.heard.items()), encoding="utf-8")
        wanted.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(half, wanted)
    except Unsure as refusal:
        typer.echo(f"Odmowa: rozmowy {call} nie zamieniono w nagranie, bo nie ma pewności:", err=True)
        for reason in refusal.reasons:
            typer.echo(f"  {reason}", err=True)
        raise typer.Exit(REFUSED) from None
    except (OSError, AudioError, JournalError, PlanError, msgspec.MsgspecError) as error:
        _bad(f"zachowanej rozmowy nie da się odczytać albo nagrania zapisać: {error}")
    finally:
        shutil.rmtree(half.parent, ignore_errors=True)
    typer.echo(f"{wanted}: {'; '.join(notes)}")
    typer.echo("Proszę tego wysłuchać przed udostępnieniem, potem: infolinia replay --journal " + str(wanted))


def _alike(made: Path, plan: Plan) -> list[str]:
    """Move the fixture's time to the next hour at which the office is open or closed as the call found it: hours may
    have been held (``INFOLINIA_HOURS``), which a replay does not know. A note of it."""
    folder = load(made)
    found = next((t for t in folder.journal if isinstance(t.event, LookedUp) and t.event.what == "hours"), None)
    office = plan.offices.get(found.after.office or "") if found is not None else None
    if found is None or office is None or not isinstance(found.event, LookedUp) or found.event.found.get("closure"):
        return []
    at = datetime.strptime(folder.fixture.at, MINUTE).replace(tzinfo=WARSAW)
    later = (at + timedelta(hours=hours) for hours in range(24 * 14))
    fitting = next((one for one in later if opening(office, one).open == found.event.found.get("open")), at)
    if fitting == at:
        return []
    change(made / FILE, {("at",): fitting.strftime(MINUTE)})
    return [f"urząd był czynny inaczej niż w dialplanie, więc `at` to {fitting.strftime(MINUTE)}"]


def _listener(settings: Settings) -> Listener | None:
    """The ear with word times; None where its model is not to be had."""
    model = model_folder(settings.var / "models", "whisper")
    if model is None:
        return None
    from voicebot.ears.word_times import word_times

    return word_times(model)  # no hint: what is to be cut must have been heard, not expected


@lru_cache(maxsize=1)
def vocabulary(dialplans: Path) -> frozenset[str]:
    """The folded words of the hotline's own business: those of its topics and prompts."""
    files = [*sorted((dialplans / "topics").rglob("*.yaml")), dialplans / "prompts.yaml", dialplans / "queues.yaml"]
    texts = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    return frozenset(word for text in texts for word in re.findall(r"[a-z]+", fold(text)))


def _transcript(path: Path) -> dict[int, str]:
    """The words of each turn; ends the command where a line says otherwise."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _bad(f"{path}: nie można odczytać zapisu: {error}")
    found = {}
    for number, line in enumerate(lines, start=1):
        turn, tab, text = line.partition("\t")
        if not line.strip() or line.startswith("#"):
            continue
        if not tab or not turn.strip().isdigit() or not text.strip():
            _bad(f"{path}:{number}: wiersz to numer tury, tabulator i słowa, na przykład: 6<TAB>chcę zapytać o podatek")
        found[int(turn)] = text.strip()
    return found


def _bad(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
