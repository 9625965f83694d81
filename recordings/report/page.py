"""The report as one HTML page: nothing is loaded from anywhere, sound and drawings lie in it."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from ivr.calendar import WARSAW
from voicebot.audio import AudioError

from ..fixture.folder import FixtureError, Folder, load
from ..fixture.journal_file import JournalError
from ..replay.judge import timeline_of
from ..replay.said import topic_name
from ..replay.wording import MOMENTS
from .drawing import Piece, drawing
from .scorecard import Fixture, Run, changes, confusions, scores
from .words import marked

WORDS = {"pass": "zgodne", "fail": "inaczej", "refuse": "odmowa", "known": "znana wada"}
DEPTHS = {"journal": "dziennik", "audio": "dźwięk", "call": "rozmowa SIP"}
WHO = {"caller": "dzwoniący", "bot": "automat", "core": "decyzja", "world": "świat"}
ORDER = ("fail", "refuse", "known", "pass")


@dataclass(frozen=True)
class Row:
    """One line of recorded against today's; ``kind``: ``same``, ``gone`` (only recorded) or ``new`` (only today)."""

    kind: str
    before: dict[str, Any] | None
    now: dict[str, Any] | None


@dataclass(frozen=True)
class Card:
    """What the page shows of one fixture."""

    fixture: Fixture
    folder: Folder | None
    svg: Markup
    sound: str
    rows: list[Row]
    heard: list[dict[str, Any]]


def write_report(path: Path, run: Run, earlier: Run | None = None, earlier_name: str = "") -> None:
    """Write the page of ``run`` (the object of ``--json --details``), compared with ``earlier``. Raises ``OSError``."""
    ordered = sorted(run["fixtures"], key=lambda one: (ORDER.index(one["verdict"]), one["name"]))
    found = {pair: count for pair, count in confusions(run).most_common() if pair[0] != pair[1]}
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            made=datetime.now(WARSAW).strftime("%d.%m.%Y %H:%M"),
            depth=", ".join(dict.fromkeys(DEPTHS.get(one["depth"], one["depth"]) for one in ordered)),
            words=WORDS,
            who=WHO,
            moments=MOMENTS,
            scores=scores(run),
            earlier=scores(earlier) if earlier is not None else [],
            earlier_name=earlier_name,
            changes=changes(earlier, run) if earlier is not None else [],
            matrix=_matrix(run),
            confused=found,
            cards=[_card(one) for one in ordered],
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(loader=PackageLoader("recordings.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"percent": percent, "seconds": _seconds, "topic": topic_name}
    return made


def percent(value: float | None) -> str:
    """A share as people read it; a dash for what was not measured."""
    return "–" if value is None else f"{100 * value:.1f}%".replace(".", ",")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s".replace(".", ",")


def _matrix(run: Run) -> tuple[list[str], list[str], dict[tuple[str, str], int]]:
    """The topics that were mistaken, those taken for them, and how often each pair came."""
    pairs = confusions(run)
    rows = sorted({said for said, read in pairs if said != read})
    columns = sorted({read for said, read in pairs if said in rows and read} | {""} & {r for _, r in pairs})
    return rows, columns, dict(pairs)


def _card(fixture: Fixture) -> Card:
    try:
        folder: Folder | None = load(Path(fixture["path"]))
    except (FixtureError, KeyError):
        folder = None
    pieces, sound = _sound(fixture, folder)
    parted = fixture["divergence"]["at"] if fixture["divergence"] else None
    timeline = fixture.get("timeline", ())
    svg = Markup(drawing(timeline, pieces, parted)) if timeline else Markup("")  # noqa: S704  # the drawing escapes
    heard = [{**one, "marked": marked(one["said"], one["text"])} for one in fixture.get("heard", ())]
    return Card(fixture, folder, svg, sound, list(_rows(fixture, folder)), heard)


def _sound(fixture: Fixture, folder: Folder | None) -> tuple[list[Piece], str]:
    """The pieces of sound that were played, and the whole file as a data URI."""
    if folder is None or not (folder.path / folder.fixture.audio.file).is_file():
        return [], ""
    try:
        pieces = sorted(_pieces(fixture, folder), key=lambda piece: piece.at)
    except (AudioError, IndexError):
        return [], ""
    if not pieces:
        return [], ""
    data = (folder.path / folder.fixture.audio.file).read_bytes()
    return pieces, f"data:audio/wav;base64,{b64encode(data).decode()}"


def _pieces(fixture: Fixture, folder: Folder) -> Iterator[Piece]:
    steps = folder.fixture.steps
    for one in fixture.get("heard", ()):
        if (piece := steps[one["step"]].sound) is not None:
            yield Piece(one["began"], folder.sound.piece(piece), piece[0], one["text"] or "(nic)")
    noises = [step.sound for step in steps if step.silence is not None and step.sound is not None]
    made = [moment for moment in fixture.get("timeline", ()) if moment["what"] == "makes a noise"]
    for moment, piece in zip(made, noises, strict=False):
        yield Piece(moment["at"], folder.sound.piece(piece), piece[0], says=False)


def _rows(fixture: Fixture, folder: Folder | None) -> Iterator[Row]:
    """The recorded journal beside today's, alike where they are alike."""
    now = [moment for moment in fixture.get("timeline", ()) if _decides(moment)]
    try:
        before = [moment.as_json() for moment in timeline_of(folder.journal)] if folder is not None else []
    except JournalError:
        before = []
    before = [moment for moment in before if _decides(moment)]
    matcher = SequenceMatcher(None, [_key(one) for one in before], [_key(one) for one in now], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from (Row("same", old, new) for old, new in zip(before[a:b], now[c:d], strict=True))
        else:
            yield from (Row("gone", old, None) for old in before[a:b])
            yield from (Row("new", None, new) for new in now[c:d])


def _decides(moment: dict[str, Any]) -> bool:
    """Whether it is what the journal tells: what the bot says, decides, or learns."""
    return moment["who"] in ("core", "world") or (moment["who"] == "bot" and moment["what"] == "says")


def _key(moment: dict[str, Any]) -> tuple[str, str, str]:
    return moment["who"], moment["what"], moment["text"]
