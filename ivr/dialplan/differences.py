"""What differs between two plans, in the words of those who write them: Polish, one fact a line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ..dialogue.plan import DAYS_OF_WEEK, Plan

LABELS = {
    "name": "nazwa",
    "spoken": "nazwa mówiona",
    "words": "słowa",
    "voivodeship": "województwo",
    "seat": "siedziba",
    "numbers": "numery",
    "hours": "godziny",
    "closed_on": "dni wolne",
    "open_on": "święta pracujące",
    "special": "dni z osobnymi godzinami",
    "queues": "kolejki",
    "default_queue": "kolejka domyślna",
    "overflow": "kto przejmuje dzwoniących",
    "limits": "progi kolejek",
    "announcements": "ogłoszenia",
    "timeout": "najdłuższe czekanie (s)",
    "max_waiting": "najwięcej czekających",
    "max_wait": "próg czekania (s)",
    "priority": "pierwszeństwo",
    "title": "tytuł",
    "area": "obszar",
    "queue": "kolejka",
    "season": "sezon",
    "answer": "odpowiedź",
    "released": "odpowiedź dopuszczona",
    "requires_auth": "wymaga uwierzytelnienia",
    "source": "źródło",
    "lines": "pytanie lub tekst",
    "again": "kolejne próby",
    "next": "dalej",
    "otherwise": "gdy się nie uda",
    "choices": "wybory",
    "areas": "obszary na klawiszach",
    "patience": "cierpliwość (s)",
    "tries": "liczba prób",
}
"""Names of fields that say more than the field's own name."""
NOTHING = "brak"


@dataclass(frozen=True)
class Difference:
    """One fact: ``where`` (which greeting, office, queue, node, topic) and ``what`` changed there; ``before`` and
    ``after`` are texts to be shown below one another, empty where ``what`` says it all."""

    where: str
    what: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if not self.before and not self.after:
            return f"{self.where}: {self.what}"
        return f"{self.where}: {self.what}\n  było: {self.before or NOTHING}\n  jest: {self.after or NOTHING}"


def differences(before: Plan, after: Plan) -> list[Difference]:
    """All that calls will notice of the step from ``before`` to ``after``, in the order of the files."""
    return [
        *_heads(before, after),
        *_models("Poza scenariuszem", _manners(before), _manners(after)),
        *_models("Węzeł", before.nodes, after.nodes),
        *_texts("Komunikat", before.prompts, after.prompts),
        *_texts("Zmienna", before.variables, after.variables),
        *_models("Kolejka", before.queues, after.queues),
        *_models("Urząd", before.offices, after.offices),
        *_local(before, after),
        *_models("Temat", before.topics, after.topics),
    ]


def _heads(before: Plan, after: Plan) -> Iterator[Difference]:
    names = {"start": "Początek rozmowy", "person": "Droga do konsultanta", "end": "Koniec, gdy nic nie pomogło"}
    for field, name in names.items():
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield Difference(name, f"węzeł `{old or NOTHING}` → `{new or NOTHING}`")


def _manners(plan: Plan) -> dict[str, Any]:
    return {} if plan.manners is None else {"manners": plan.manners}


def _texts(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for id_ in _both(before, after):
        old, new = before.get(id_), after.get(id_)
        if old is None:
            yield Difference(f"{kind} `{id_}`", f"nowy: „{new}”")
        elif new is None:
            yield Difference(f"{kind} `{id_}`", f"usunięty: „{old}”")
        elif old != new:
            yield Difference(f"{kind} `{id_}`", "inny tekst", f"„{old}”", f"„{new}”")


def _models(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for id_ in _both(before, after):
        old, new, where = before.get(id_), after.get(id_), f"{kind} `{id_}`"
        if old is None:
            yield Difference(where, f"dodano{_called(new)}")
        elif new is None:
            yield Difference(where, f"usunięto{_called(old)}")
        elif old != new:
            yield from _fields(where, _data(old), _data(new))


def _called(model: Any) -> str:
    name = getattr(model, "title", None) or getattr(model, "name", None) or getattr(model, "node", None)
    return f" ({name})" if name else ""


def _data(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)


def _fields(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in _both(before, after):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        label = LABELS.get(name, f"pole `{name}`")
        if isinstance(old, list) and isinstance(new, list) and not any(isinstance(one, dict) for one in old + new):
            yield _listed(where, label, old, new)
        elif name in ("limits",) and isinstance(old, dict) and isinstance(new, dict):
            for queue in _both(old, new):
                yield from _fields(f"{where}, kolejka `{queue}`", old.get(queue) or {}, new.get(queue) or {})
        elif _short(old) and _short(new):
            yield Difference(where, f"{label}: {_told(old)} → {_told(new)}")
        else:
            yield Difference(where, label, _told(old), _told(new))


def _listed(where: str, label: str, before: list[Any], after: list[Any]) -> Difference:
    added = [str(one) for one in after if one not in before]
    gone = [str(one) for one in before if one not in after]
    facts = [f"dodano {', '.join(added)}"] if added else []
    facts += [f"usunięto {', '.join(gone)}"] if gone else []
    return Difference(where, f"{label}: {'; '.join(facts) or 'inna kolejność: ' + ', '.join(map(str, after))}")


def _local(before: Plan, after: Plan) -> Iterator[Difference]:
    for office in _both(before.offices, after.offices):
        old, new = before.local.get(office), after.local.get(office)
        kind = f"Urząd `{office}`,"
        yield from _models(f"{kind} własny węzeł", old.nodes if old else {}, new.nodes if new else {})
        yield from _texts(f"{kind} własny komunikat", old.prompts if old else {}, new.prompts if new else {})
        yield from _texts(f"{kind} własna zmienna", old.variables if old else {}, new.variables if new else {})


def _both(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys((*before, *after)))


def _short(value: Any) -> bool:
    return not isinstance(value, list | dict) and len(str(value)) < 40


def _told(value: Any) -> str:
    if value in (None, "", [], {}):
        return NOTHING
    match value:
        case bool():
            return "tak" if value else "nie"
        case str():
            return f"„{value}”" if " " in value else value
        case list():
            return "; ".join(_told(one) for one in value)
        case {"from": _, "to": _}:
            return _hours(value)
        case {"first": first, "last": last} if set(value) == {"first", "last"}:
            return f"od {first} do {last}" if first or last else "cały rok"
        case {"text": text}:
            return f"„{text}”{_season(value)}"
        case dict():
            kept = {name: part for name, part in value.items() if part not in (None, [], {}, "")}
            return ", ".join(f"{name}: {_told(part)}" for name, part in kept.items())
    return str(value)


def _hours(hours: Any) -> str:
    """ "pn–pt 08:00–16:00 (od 02-15 do 04-30)" """
    days = _days(hours["days"]) if "days" in hours else str(hours.get("date", ""))
    return f"{days} {hours['from']}–{hours['to']}{_season(hours.get('season'))}"


def _season(season: Any) -> str:
    first, last = (season or {}).get("first"), (season or {}).get("last")
    if not first and not last:
        return ""
    return f" (od {first})" if not last else f" (do {last})" if not first else f" (od {first} do {last})"


def _days(days: list[str]) -> str:
    """ "pn–pt", "wt, cz" """
    order: list[str] = list(DAYS_OF_WEEK)
    numbers = sorted(order.index(day) for day in days)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{order[numbers[0]]}–{order[numbers[-1]]}"
    return ", ".join(order[number] for number in numbers)
