"""What the pieces of a dialplan say of each other: references, hours, seasons, numbers, words, prompts.

Each check yields faults for what is there; what could not be read is not judged.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from ..dialogue import nodes
from ..dialogue.disclosure import discloses, is_disclosure
from ..dialogue.node import NodeRef, PromptRef, QueueRef, Says, TopicRef, references, said_by
from ..dialogue.plan import DAYS_OF_WEEK, NATIONAL, Hours, Office, Season, pieces
from .draft import Draft, Piece, TopicEntry
from .polish import guess, nearest
from .source import Fault
from .speech import SPEECH

URZAD = "urzad"
"""The variable that every plan has: the office as it is spoken of."""

ANY_NODE_SAYS = {
    name
    for kind in nodes.KINDS.values()
    for field in kind.model_fields.values()
    for extra in field.metadata
    if isinstance(extra, Says)
    for name in extra.names
}
REFERENCES = {
    NodeRef: ("nodes", "nieznany węzeł"),
    PromptRef: ("prompts", "nieznany komunikat"),
    QueueRef: ("queues", "nieznana kolejka"),
    TopicRef: ("topics", "nieznany temat"),
}


MENDS = {"nodes": "proszę dopisać go w tym pliku", "prompts": "proszę dopisać go w prompts.yaml"}


SPOKEN = ("lookup", "source-doc")
"""How an answer must have been verified to be spoken without an editor's name."""
SOON = 14
"""Days before the end of an answer's validity from which the author is told."""


def check(draft: Draft, today: str | None = None) -> tuple[list[Fault], list[Fault]]:
    """Faults and warnings beyond those that reading found, sorted. ``today`` (``YYYY-MM-DD``): what has expired is
    warned of."""
    faults = [
        *_heads(draft),
        *_references(draft),
        *_reachable(draft),
        *_texts(draft),
        *_machine(draft),
        *_choices(draft),
        *_repeats(draft),
        *_queues(draft),
        *_topics(draft),
        *_offices(draft),
    ]
    expired = _expired(draft, today) if today else ()
    return sorted(set(faults)), sorted({*_unused(draft), *expired})


def _unknown(
    what: str, name: str, known: Iterable[str], piece: Piece[Any], *path: str | int, hint: str = ""
) -> Iterator[Fault]:
    if name not in known:
        yield piece.fault(*path, message=f"{what} `{name}`", hint=guess(name, known) or hint)


def _heads(draft: Draft) -> Iterator[Fault]:
    known = draft.names.get("nodes")
    for head, name in draft.heads.items():
        if draft.flow is None or known is None:
            return
        if name not in known:
            yield draft.flow.fault((head,), f"nieznany węzeł `{name}`", guess(name, known))
        elif head == "end" and name in draft.nodes and draft.nodes[name].value.node != "hangup":
            yield draft.flow.fault((head,), f"węzeł `{name}` nie kończy rozmowy", "tu może stać tylko węzeł `hangup`")


def _nodes(draft: Draft) -> Iterator[tuple[str, str, Piece[Any]]]:
    """Every valid node: office (empty: the national flow), id, piece. The manners are like one: they say prompts."""
    if draft.manners is not None:
        yield "", "manners", draft.manners
    for id_, piece in draft.nodes.items():
        yield "", id_, piece
    for office, local in draft.local.items():
        for id_, piece in local.nodes.items():
            yield office, id_, piece


def _references(draft: Draft) -> Iterator[Fault]:
    for office, _, piece in _nodes(draft):
        own = draft.local.get(office)
        extra: dict[str, Iterable[str]] = {"nodes": own.nodes, "prompts": own.prompts} if own else {}
        for path, ref in references(piece.value):
            table, what = REFERENCES[type(ref)]
            if table in draft.names:
                known = draft.names[table] | set(extra.get(table, ()))
                yield from _unknown(what, str(ref), known, piece, *path, hint=MENDS.get(table, ""))


def _reachable(draft: Draft) -> Iterator[Fault]:
    """Nodes that nothing leads to. A node that is not valid leads wherever its text names a node."""
    if draft.flow is None or "nodes" not in draft.names:
        return
    known = draft.names["nodes"].union(*(local.nodes for local in draft.local.values()))
    national = {id_: _leads_to(piece, known) for id_, piece in draft.nodes.items()}
    raw = draft.flow.data["nodes"]
    for id_ in draft.names["nodes"] - draft.nodes.keys():
        national[id_] = _named_in(raw[id_], draft.names["nodes"])
    hint = "proszę go usunąć albo do niego skierować"
    starts = {meant for head in draft.heads.values() if (meant := nearest(head, known))}
    seen = _walk(national, starts)
    for office, local in draft.local.items():
        if not local.nodes:
            continue
        view = {**national, **{id_: _leads_to(piece, known) for id_, piece in local.nodes.items()}}
        seen_here = _walk(view, starts)
        seen |= seen_here
        for id_, piece in local.nodes.items():
            if id_ not in seen_here:
                yield piece.fault(
                    message=f"w urzędzie `{office}` nic nie prowadzi do węzła `{id_}`", hint=hint, key=True
                )
    if not {"start", "person"} <= draft.heads.keys() or len(starts) < len(set(draft.heads.values())):
        return
    for id_ in draft.names["nodes"] - seen:
        yield draft.flow.fault(("nodes", id_), f"do węzła `{id_}` nic nie prowadzi", hint, key=True)


def _leads_to(piece: Piece[Any], known: set[str]) -> set[str]:
    """Where a node leads; a misspelt name leads where it was meant to."""
    refs = (str(ref) for _, ref in references(piece.value) if isinstance(ref, NodeRef))
    return {meant for ref in refs if (meant := nearest(ref, known))}


def _named_in(data: Any, known: set[str]) -> set[str]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return set().union(*(_named_in(part, known) for part in data))
    return {data} & known if isinstance(data, str) else set()


def _walk(leads: Mapping[str, set[str]], starts: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        if (id_ := todo.pop()) not in seen:
            seen.add(id_)
            todo.extend(leads.get(id_, ()))
    return seen


def _texts(draft: Draft) -> Iterator[Fault]:
    """Variables: known where they are said, values that can be said as asked, braces that match."""
    moment = _moment(draft)
    values: dict[str, list[Piece[str]]] = {name: [] for name in draft.names.get("variables", ())}
    values |= {name: [piece] for name, piece in draft.variables.items()}
    for local in draft.local.values():
        for name, piece in local.variables.items():
            values.setdefault(name, []).append(piece)
    national = {*draft.names.get("variables", set()), *draft.variables, URZAD}
    used: set[str] = set()
    for piece, known in _spoken(draft, national, moment):
        yield from _text(piece, known, values, used)
    for office, local in draft.local.items():
        for name, piece in local.variables.items():
            if name == URZAD:
                yield piece.fault(message=f"zmienna `{URZAD}` jest zajęta", hint="to pole `spoken` urzędu", key=True)
            elif name not in national and name not in used:
                hint = guess(name, national | used)
                yield piece.fault(message=f"zmiennej `{name}` nie używa żaden komunikat", hint=hint, key=True)
        for id_, piece in local.prompts.items():
            named = {str(ref) for node in local.nodes.values() for _, ref in references(node.value)}
            if "prompts" in draft.names and id_ not in draft.names["prompts"] | named:
                hint = guess(id_, draft.names["prompts"])
                message = f"w urzędzie `{office}` nic nie mówi komunikatu `{id_}`"
                yield piece.fault(message=message, hint=hint, key=True)


def _moment(draft: Draft) -> dict[str, set[str]]:
    """Prompt id -> the variables that every node which says it fills in. While a node cannot be read, the prompts that
    nobody says may use what any node fills in."""
    found: dict[str, set[str]] = {}
    for _, _, piece in _nodes(draft):
        for path, ref in references(piece.value):
            if isinstance(ref, PromptRef):
                given = set(said_by(piece.value, str(path[0])) if len(path) == 1 else ())
                found[str(ref)] = found[str(ref)] & given if str(ref) in found else given
    if not _whole(draft):
        return {id_: found.get(id_, set(ANY_NODE_SAYS)) for id_ in _all_prompts(draft)}
    return found


def _whole(draft: Draft) -> bool:
    """Whether every node of every file could be read."""
    return draft.names.get("nodes") == draft.nodes.keys() and not draft.lost_nodes


def _all_prompts(draft: Draft) -> set[str]:
    return set(draft.prompts).union(*(local.prompts for local in draft.local.values()))


def _spoken(draft: Draft, national: set[str], moment: Mapping[str, set[str]]) -> Iterator[tuple[Piece[str], set[str]]]:
    """Every text that is spoken, and the variables it may use."""
    for id_, piece in draft.prompts.items():
        yield piece, national | moment.get(id_, set())
    for office in draft.offices:
        for n, announcement in enumerate(office.value.announcements):
            own = set(draft.local[office.value.id].variables)
            yield Piece(announcement.text, office.source, (*office.at, "announcements", n, "text")), national | own
    for topic in draft.topics:
        if topic.value.answer is not None:
            yield Piece(topic.value.answer, topic.source, (*topic.at, "answer")), national
    for local in draft.local.values():
        for id_, piece in local.prompts.items():
            yield piece, national | set(local.variables) | moment.get(id_, set())


def _text(
    piece: Piece[str], known: set[str], values: Mapping[str, list[Piece[str]]], used: set[str]
) -> Iterator[Fault]:
    try:
        found = pieces(piece.value)
    except ValueError:
        yield piece.fault(message="nawias klamrowy bez pary", hint="zmienna wygląda tak: `{nazwa}`")
        return
    for _, name, how in found:
        if name is None:
            continue
        used.add(name)
        if not name:
            yield piece.fault(message="zmienna bez nazwy", hint="zmienna wygląda tak: `{nazwa}`")
            continue
        if name not in known:
            hint = guess(name, known) or f"tu można użyć: {', '.join(f'`{one}`' for one in sorted(known))}"
            yield piece.fault(message=f"nieznana zmienna `{name}`", hint=hint)
        if how and how not in SPEECH:
            hint = guess(how, SPEECH) or f"znane: {', '.join(SPEECH)}"
            yield piece.fault(message=f"nieznany sposób mówienia `{how}`", hint=hint)
        elif how and name in known:
            said = values.get(name)
            yield from _no_value(piece, name, how) if said is None else _sayable(said, how)


def _sayable(values: Iterable[Piece[str]], how: str) -> Iterator[Fault]:
    for value in values:
        try:
            SPEECH[how](value.value)
        except ValueError:
            yield value.fault(message=f"wartości `{value.value}` nie da się powiedzieć jako `{how}`")


def _no_value(piece: Piece[str], name: str, how: str) -> Iterator[Fault]:
    """What a node fills in, and the office, are words: there is nothing in them to say as an amount or a date."""
    message = f"zmienna `{name}` to gotowe słowa: nie da się ich powiedzieć jako `{how}`"
    yield piece.fault(message=message, hint=f"proszę napisać `{{{name}}}`")


def _machine(draft: Draft) -> Iterator[Fault]:
    """The prompts that must tell the caller that a machine speaks do so in words: the nation's and each office's."""
    for prompts in (draft.prompts, *(local.prompts for local in draft.local.values())):
        for id_, piece in prompts.items():
            if is_disclosure(id_) and not discloses(piece.value):
                message = f"komunikat `{id_}` nie mówi, że rozmawia automat"
                hint = "dzwoniący musi to usłyszeć przed pierwszym pytaniem, na przykład „Rozmawia z Państwem automat.”"
                yield piece.fault(message=message, hint=hint)


def _unused(draft: Draft) -> Iterator[Fault]:
    said = {str(ref) for _, _, piece in _nodes(draft) for _, ref in references(piece.value)}
    if not _whole(draft):
        return
    for id_, prompt in draft.prompts.items():
        if id_ not in said:
            yield prompt.fault(message=f"komunikatu `{id_}` nikt nie mówi", hint="można go usunąć", key=True)
    texts = [piece.value for piece, _ in _spoken(draft, set(), {})]
    for name, variable in draft.variables.items():
        if not any(f"{{{name}" in text for text in texts):
            yield variable.fault(message=f"zmiennej `{name}` nikt nie używa", hint="można ją usunąć", key=True)


def _choices(draft: Draft) -> Iterator[Fault]:
    """Menus: each key, id and word once; something to choose on every day of the year."""
    for _, id_, piece in _nodes(draft):
        for name in ("choices", "areas"):
            choices = getattr(piece.value, name, ())
            for field, what in (("key", "klawisz"), ("id", "wybór")):
                yield from _twice([getattr(c, field, None) for c in choices], piece, name, field, what)
            words: dict[str, int] = {}
            for n, choice in enumerate(choices):
                for w, word in enumerate(getattr(choice, "words", ())):
                    if words.setdefault(word.casefold(), n) != n:
                        message = f"słowo `{word}` prowadzi do dwóch wyborów"
                        yield piece.fault(name, n, "words", w, message=message)
            if choices and (empty := _day_without([choice.season for choice in choices])):
                message = f"od dnia {empty} w węźle `{id_}` nie ma czego wybrać"
                yield piece.fault(name, message=message, hint="proszę zostawić choć jeden wybór przez cały rok")


def _repeats(draft: Draft) -> Iterator[Fault]:
    """Nothing that was refused twice is asked a third time in the same words."""
    for _, id_, piece in _nodes(draft):
        tries, again = getattr(piece.value, "tries", None), getattr(piece.value, "again", None)
        if not isinstance(tries, int) or not isinstance(again, tuple) or "tries" not in piece.value.model_fields_set:
            continue
        asked = [piece.value.lines, *((prompt,) for prompt in again)]
        asked += asked[-1:] * (tries - len(asked))
        for first, second, third in zip(asked, asked[1:], asked[2:tries], strict=False):
            if first == second == third:
                message = f"węzeł `{id_}` zadaje pytanie trzeci raz tymi samymi słowami"
                yield piece.fault(
                    "tries", message=message, hint="proszę dopisać komunikat do `again` albo zmniejszyć `tries`"
                )
                break


def _day_without(seasons: list[Season]) -> str | None:
    """The first day of a year (``MM-DD``) on which none of ``seasons`` holds."""
    if any(season.first is None for season in seasons):
        return None
    for n in range(366):
        day = (date(2024, 1, 1) + timedelta(n)).isoformat()
        if not any(season.holds(day) for season in seasons):
            return day[5:]
    return None


def _twice(names: list[str | None], piece: Piece[Any], field: str, inner: str, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, name in enumerate(names):
        if name is not None and name in seen:
            yield piece.fault(field, n, inner, message=f"{what} `{name}` występuje dwa razy")
        seen.add(name or "")


def _again(entries: Iterable[Piece[Any]], what: str) -> Iterator[Fault]:
    """Entries whose id another one has already."""
    first: dict[str, Piece[Any]] = {}
    for entry in entries:
        before = first.setdefault(entry.value.id, entry)
        if before is not entry:
            line, _ = before.source.position((*before.at, "id"))
            hint = f"pierwszy raz: {before.source.name}:{line}"
            yield entry.fault("id", message=f"{what} `{entry.value.id}` występuje dwa razy", hint=hint)


def _queues(draft: Draft) -> Iterator[Fault]:
    yield from _again(draft.queues, "kolejka")


def _topics(draft: Draft) -> Iterator[Fault]:
    yield from _again(draft.topics, "temat")
    if draft.names.get("topics") == set():
        yield Fault("topics", 0, 0, "brakuje tematów", "pliki tematów leżą w tym folderze, na przykład topics/pcc.yaml")
    for topic in draft.topics:
        if topic.value.queue is not None and "queues" in draft.names:
            yield from _unknown("nieznana kolejka", topic.value.queue, draft.names["queues"], topic, "queue")
        if topic.value.released and not (topic.value.answer or "").strip():
            message = f"temat `{topic.value.id}` jest dopuszczony (`released`), a nie ma odpowiedzi"
            yield topic.fault("released", message=message, hint="proszę wpisać `answer` albo `released: false`")
        elif topic.value.released:
            yield from _released(topic)


def _released(topic: Piece[TopicEntry]) -> Iterator[Fault]:
    """An answer is spoken that was read in a source, or that an editor released by name, as it stands."""
    value = topic.value
    release = f"proszę dopuścić: infolinia topics release {value.id} --by 'Imię Nazwisko'"
    if value.verified not in SPOKEN and not value.released_by:
        message = f"odpowiedź tematu `{value.id}` nie ma źródła (`verified: {value.verified or 'brak'}`) ani redaktora"
        yield topic.fault("released", message=message, hint=release)
    if value.released_text is not None and value.released_text != fingerprint(value.answer or ""):
        message = f"odpowiedź tematu `{value.id}` zmieniono po tym, jak ją dopuszczono"
        yield topic.fault("answer", message=message, hint=release)


def _expired(draft: Draft, today: str) -> Iterator[Fault]:
    """Answers that hold no more, or only days longer: their callers go to a person."""
    soon = (date.fromisoformat(today) + timedelta(days=SOON)).isoformat()
    for topic in draft.topics:
        last = topic.value.valid_to
        if not topic.value.released or last is None or last > soon:
            continue
        when = f"wygasła {last}: dzwoniący trafia do człowieka" if last < today else f"wygasa {last}"
        hint = f"infolinia topics release {topic.value.id} albo infolinia topics withdraw {topic.value.id}"
        yield topic.fault("valid_to", message=f"odpowiedź tematu `{topic.value.id}` {when}", hint=hint)


def fingerprint(answer: str) -> str:
    """What a release holds of the answer it is for: a changed answer must be released anew."""
    return hashlib.sha256(" ".join(answer.split()).encode()).hexdigest()[:12]


def _offices(draft: Draft) -> Iterator[Fault]:
    yield from _again(draft.offices, "urząd")
    names = draft.names.get("offices")
    if names is not None and NATIONAL not in names and not any(f.file.startswith("offices/") for f in draft.faults):
        yield Fault(f"offices/{NATIONAL}.yaml", 1, 1, f"brakuje urzędu `{NATIONAL}` (linia krajowa)")
    numbers: dict[str, str] = {}
    words: dict[str, str] = {}
    for piece in draft.offices:
        office = piece.value
        yield from _office_queues(draft, piece)
        for n, number in enumerate(office.numbers):
            owner = numbers.setdefault(number, office.id)
            if owner != office.id or number in office.numbers[:n]:
                yield piece.fault("numbers", n, message=f"numer {number} ma już urząd `{owner}`")
        for n, word in enumerate(office.words):
            owner = words.setdefault(word.casefold(), office.id)
            if owner != office.id:
                yield piece.fault("words", n, message=f"słowo `{word}` oznacza już urząd `{owner}`")
        yield from _hours(piece)
        yield from _days(piece)


def _office_queues(draft: Draft, piece: Piece[Office]) -> Iterator[Fault]:
    office = piece.value
    for n, queue in enumerate(office.queues):
        if "queues" in draft.names:
            yield from _unknown("nieznana kolejka", queue, draft.names["queues"], piece, "queues", n)
        if queue in office.queues[:n]:
            yield piece.fault("queues", n, message=f"kolejka `{queue}` występuje dwa razy")
    what = f"urząd `{office.id}` nie prowadzi kolejki"
    yield from _unknown(what, office.default_queue, office.queues, piece, "default_queue")
    for queue in office.limits:
        yield from _unknown(what, queue, office.queues, piece, "limits", queue)
    for n, other in enumerate(office.overflow):
        if other == office.id:
            yield piece.fault("overflow", n, message="urząd nie może przekazywać połączeń sam sobie")
        elif "offices" in draft.names:
            yield from _unknown("nieznany urząd", other, draft.names["offices"], piece, "overflow", n)


def _hours(piece: Piece[Office]) -> Iterator[Fault]:
    """Empty hours, and hours that overlap on a day on which both hold."""
    hours = piece.value.hours
    for n, one in enumerate(hours):
        yield from _empty(piece, one.opens, one.closes, "hours", n)
        for other in hours[:n]:
            if day := _overlap(one, other):
                message = f"godziny od {one.opens} do {one.closes} nakładają się na inne ({day}, od {other.opens})"
                yield piece.fault("hours", n, message=message, hint="proszę zmienić godziny, dni albo sezon")
                break
        if len(set(one.days)) < len(one.days):
            yield piece.fault("hours", n, "days", message="ten sam dzień tygodnia występuje dwa razy")


def _overlap(one: Hours, other: Hours) -> str | None:
    """A day of the week on which both hold at one time; seasonal hours replace those of the year, so never overlap."""
    days = [day for day in DAYS_OF_WEEK if day in one.days and day in other.days]
    if not days or one.opens >= other.closes or other.opens >= one.closes:
        return None
    if (one.season.first is None) != (other.season.first is None):
        return None
    year = ((date(2024, 1, 1) + timedelta(n)).isoformat() for n in range(366))
    return days[0] if any(one.season.holds(day) and other.season.holds(day) for day in year) else None


def _empty(piece: Piece[Office], opens: str, closes: str, *path: str | int) -> Iterator[Fault]:
    if opens >= closes:
        hint = "`from` musi być wcześniej niż `to`; godziny przez północ proszę podzielić na dwie pozycje"
        yield piece.fault(*path, message=f"godziny puste: od {opens} do {closes}", hint=hint)


def _days(piece: Piece[Office]) -> Iterator[Fault]:
    """Days off, days taken back and special days must not contradict each other."""
    office = piece.value
    for name, days in (("closed_on", office.closed_on), ("open_on", office.open_on)):
        for n, day in enumerate(days):
            if day in days[:n]:
                yield piece.fault(name, n, message=f"dzień {day} występuje dwa razy")
    for n, day in enumerate(office.open_on):
        if day in office.closed_on:
            yield piece.fault("open_on", n, message=f"dzień {day} jest i w `closed_on`, i w `open_on`")
        yield from _opens_nothing(piece, n, day)
    for n, special in enumerate(office.special):
        yield from _empty(piece, special.opens, special.closes, "special", n)
        if special.date in office.closed_on:
            message = f"dzień {special.date} jest i w `closed_on`, i w `special`"
            yield piece.fault("special", n, "date", message=message)
        for other in office.special[:n]:
            if other.date == special.date and other.opens < special.closes and special.opens < other.closes:
                message = f"godziny dnia {special.date} nakładają się"
                yield piece.fault("special", n, message=message)
                break


def _opens_nothing(piece: Piece[Office], n: int, day: str) -> Iterator[Fault]:
    """``open_on`` only takes a day off back: on a day of the week without hours it opens nothing. A day without a year
    falls on other days of the week each year, and is not judged."""
    office = piece.value
    if len(day) < len("2026-12-24") or any(special.date in (day, day[5:]) for special in office.special):
        return
    try:
        name = DAYS_OF_WEEK[date.fromisoformat(day).weekday()]
    except ValueError:
        return
    if not any(name in hours.days and hours.season.holds(day) for hours in office.hours):
        message = f"dzień {day} z `open_on` zostanie nieczynny: w ten dzień tygodnia ({name}) urząd nie ma godzin"
        hint = f'proszę podać godziny tego dnia w `special`: {{date: "{day}", from: "08:00", to: "16:00"}}'
        yield piece.fault("open_on", n, message=message, hint=hint)
