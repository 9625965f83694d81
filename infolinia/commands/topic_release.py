"""The editors' release of answers under ``infolinia topics``: release, withdraw, and which answers stand how."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from infolinia.settings import Settings
from ivr.calendar import WARSAW
from ivr.dialogue.plan import Plan
from ivr.dialogue.plan import Topic as PlanTopic
from ivr.dialplan import examine
from ivr.dialplan.checks import SOON, fingerprint
from voicebot.audio import seconds
from voicebot.topics.catalogue import AREA_FILES, CatalogueError, read_list
from voicebot.voices.voice import Voice, VoiceError, find_voice

from .days import first_day, last_day
from .topic_cycle import app as app

LONGEST = 20.0
"""Seconds that a spoken answer may take."""
FIELDS = ("released", "released_by", "released_text", "withdrawn_by", "valid_from", "valid_to")
Topic = Annotated[str, typer.Argument(help="Id tematu, na przykład pcc-kto-placi")]
By = Annotated[str, typer.Option("--by", help="Imię i nazwisko redaktora, który odpowiada za treść.")]


@dataclass(frozen=True)
class Entry:
    """A topic as its file holds it."""

    file: Path
    data: Mapping[str, Any]


@app.command()
def release(
    topic: Topic,
    by: By,
    since: Annotated[date | None, first_day("dzisiaj")] = None,
    until: Annotated[date | None, last_day("rok od pierwszego")] = None,
) -> None:
    """Dopuszcza odpowiedź tematu do wypowiadania od dnia do dnia. Zmieniona później odpowiedź wymaga tego ponownie.

    Przykład: infolinia topics release pcc-kto-placi --by "Anna Nowak" --from 2026-01-01 --to 2026-12-31
    """
    settings = Settings()
    entry = _entry(settings, topic)
    if entry.data.get("requires_auth"):
        _refuse(f"temat {topic} dotyczy sprawy dzwoniącego (`requires_auth`): odpowiada człowiek")
    answer = entry.data.get("answer")
    if not answer:
        _refuse(f"temat {topic} nie ma odpowiedzi: proszę wpisać `answer` w {entry.file}")
    if not entry.data.get("source"):
        _refuse(f"temat {topic} nie ma podstawy prawnej: proszę wpisać `source` w {entry.file}")
    if len(by.split()) < 2 or any(sign in by for sign in "\"'\n:#{}[]"):
        _refuse("redaktor podpisuje się imieniem i nazwiskiem, na przykład --by 'Anna Nowak'")
    today = datetime.now(WARSAW).date()
    first = since or today
    last = until or first + timedelta(days=365)
    if last < first or last < today:
        raise typer.BadParameter(f"odpowiedź miałaby obowiązywać od {first} do {last}: proszę poprawić --from i --to")
    fields = {
        "released": "true",
        "released_by": by,
        "released_text": f"'{fingerprint(answer)}'",
        "valid_from": f"'{first}'",
        "valid_to": f"'{last}'",
    }
    _write(settings, entry, topic, fields)
    typer.echo(f"Dopuszczono odpowiedź tematu {topic}: od {first} do {last}, {by}. Podstawa: {entry.data['source']}.")
    typer.echo("Dalej: infolinia topics answers, infolinia check; rozmowy usłyszą ją po wdrożeniu scenariusza.")


@app.command()
def withdraw(topic: Topic, by: By) -> None:
    """Wycofuje odpowiedź: dzwoniący w tej sprawie trafia do człowieka.

    Przykład: infolinia topics withdraw pcc-kto-placi --by "Anna Nowak"
    """
    settings = Settings()
    entry = _entry(settings, topic)
    if not entry.data.get("released"):
        _refuse(f"odpowiedź tematu {topic} nie jest dopuszczona")
    _write(settings, entry, topic, {"released": "false", "withdrawn_by": by})
    typer.echo(f"Wycofano odpowiedź tematu {topic} ({by}).")


@app.command()
def answers(
    spoken: Annotated[bool, typer.Option(help="Zmierz głosem, jak długo trwa każda dopuszczona odpowiedź.")] = False,
) -> None:
    """Wypisuje odpowiedzi: kto dopuścił, do kiedy obowiązują; z --spoken: ile trwają i które są dłuższe niż 20 sekund.

    Przykłady:

      infolinia topics answers

      infolinia topics answers --spoken
    """
    settings = Settings()
    examined = examine(settings.dialplans)
    if examined.plan is None:
        _refuse(f"dialplany mają błędy (infolinia check): {examined.faults[0]}")
    plan, today = examined.plan, date.today().isoformat()
    lengths = _lengths(settings, plan) if spoken else {}
    for topic in plan.topics.values():
        if topic.answer:
            taken = f"{lengths[topic.id]:5.1f} s  " if topic.id in lengths else ""
            typer.echo(f"{topic.id:30} {taken}{_state(topic, today)}")
    long = [id_ for id_, taken in lengths.items() if taken > LONGEST]
    if long:
        typer.echo(f"Dłuższe niż {LONGEST:.0f} s, proszę skrócić: {', '.join(long)}", err=True)
        raise typer.Exit(1)
    if lengths:
        longest = max(lengths, key=lambda id_: lengths[id_])
        typer.echo(f"Odpowiedzi: {len(lengths)}, najdłuższa {longest}: {lengths[longest]:.1f} s.")


def _state(topic: PlanTopic, today: str) -> str:
    if not topic.released:
        return "niedopuszczona: odpowiada człowiek"
    if topic.valid_to and topic.valid_to < today:
        return f"wygasła {topic.valid_to}: odpowiada człowiek"
    by = topic.released_by or "sprawdzona w źródle"
    soon = (date.fromisoformat(today) + timedelta(days=SOON)).isoformat()
    until = f", do {topic.valid_to}{' (niedługo wygaśnie)' if topic.valid_to <= soon else ''}" if topic.valid_to else ""
    since = f", dopiero od {topic.valid_from}" if topic.valid_from and topic.valid_from > today else ""
    return f"dopuszczona: {by}{since}{until}; {topic.source or 'bez podstawy'}"


def _lengths(settings: Settings, plan: Plan) -> dict[str, float]:
    """Seconds of each released answer, as the hotline's voice says it."""
    try:
        voice: Voice = find_voice(settings.voice)
    except VoiceError as error:
        _refuse(f"głos nie działa: {error}")
    texts = {topic.id: plan.answer(topic).text for topic in plan.topics.values() if topic.released and topic.answer}
    with asyncio.Runner() as runner, typer.progressbar(texts.items(), label="Mówię", file=None) as items:
        return {id_: seconds(runner.run(voice.render(text))) for id_, text in items}


def _entry(settings: Settings, topic: str) -> Entry:
    known: list[str] = []
    try:
        for area in AREA_FILES:
            file = settings.dialplans / "topics" / f"{area}.yaml"
            for data in read_list(file, "topics"):
                if data.get("id") == topic:
                    return Entry(file, data)
                known.append(str(data.get("id")))
    except (CatalogueError, AttributeError) as error:
        _refuse(f"nie można odczytać tematów: {error}")
    near = [id_ for id_ in known if set(topic.split("-")) & set(id_.split("-"))]
    _refuse(f"nie ma tematu {topic}" + (f"; może: {', '.join(near[:5])}" if near else ""))


def _write(settings: Settings, entry: Entry, topic: str, fields: Mapping[str, str]) -> None:
    """Puts ``fields`` at the end of the topic's entry, all else in the file as it was; nothing when the dialplans
    would then be faulty."""
    before = entry.file.read_text("utf-8")
    entry.file.write_text("".join(_with(before, topic, fields)), "utf-8")
    faults = [fault for fault in examine(settings.dialplans).faults if fault.file == f"topics/{entry.file.name}"]
    if faults:
        entry.file.write_text(before, "utf-8")
        _refuse(f"nic nie zmieniono: {faults[0]}")


def _with(text: str, topic: str, fields: Mapping[str, str]) -> Iterator[str]:
    ours = False
    added = [f"    {name}: {value}\n" for name, value in fields.items()]
    for line in text.splitlines(keepends=True):
        if begun := re.match(r"  - id: ([^\s#]+)", line):
            if ours:
                yield from added
            ours = begun[1].strip("'\"") == topic
        if not (ours and re.match(rf"    ({'|'.join(FIELDS)}):", line)):
            yield line
    if ours:
        yield from added


def _refuse(why: str) -> NoReturn:
    typer.echo(f"Nie zmieniono nic: {why}", err=True)
    raise typer.Exit(1)
