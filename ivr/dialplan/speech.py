"""How a value of a prompt is said: ``{kwota:zlote}``. The table that ``load_plan`` gives to the plan.

The dialogue core knows no Polish grammar (it may import nothing but itself); it is given this table of pure functions,
as it is given the plan's texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from voicebot import polish

from ..dialogue.plan import Speech


@dataclass(frozen=True)
class Way:
    """One way to say a value: ``what`` it is for (Polish), an example ``value`` and how that is said, and the rule."""

    what: str
    value: str
    said: str
    say: Speech


def _amount(text: str) -> str:
    if not (found := re.fullmatch(r"(-?)([0-9]{1,12})(?:[.,]([0-9]{2}))?", text.replace(" ", ""))):
        raise ValueError("an amount is 21 or 21,02")
    sign, zlotys, grosze = found.groups()
    total = int(zlotys) * 100 + int(grosze or 0)
    return polish.amount(-total if sign else total)


def _date(text: str) -> str:
    if re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return polish.spoken_date(date.fromisoformat(f"2000-{text}"), year=False)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("a date is 2026-04-30 or 04-30")
    return polish.spoken_date(date.fromisoformat(text))


def _clock(text: str) -> str:
    if text == "24:00":
        return polish.hour(24, "genitive")
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise ValueError("a time is 15:30")
    return polish.clock(time.fromisoformat(text), "genitive")


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError("a whole number")
    return int(text)


def _counted(noun: polish.Noun, *, accusative: bool = False) -> Callable[[str], str]:
    return lambda text: polish.counted(_whole(text), noun, accusative=accusative)


WAYS: dict[str, Way] = {
    "zlote": Way("kwota", "21,02", "dwadzieścia jeden złotych i dwa grosze", _amount),
    "data": Way("data", "2026-04-30", "trzydziestego kwietnia dwa tysiące dwudziestego szóstego roku", _date),
    "godzina": Way("godzina po „od”, „do”, „o”", "15:30", "piętnastej trzydzieści", _clock),
    "liczba": Way("liczba", "1200", "tysiąc dwieście", lambda text: polish.cardinal(_whole(text))),
    "porzadkowo": Way("liczba porządkowa", "21", "dwudziesty pierwszy", lambda text: polish.ordinal(_whole(text))),
    "cyfry": Way("cyfra po cyfrze", "07120", "zero siedem jeden dwa zero", polish.digits),
    "telefon": Way(
        "numer telefonu",
        "224605992",
        "dwa dwa, cztery sześć zero, pięć dziewięć, dziewięć dwa",
        lambda text: polish.grouped(text, "telefon"),
    ),
    "nip": Way(
        "NIP",
        "123-456-78-90",
        "jeden dwa trzy, cztery pięć sześć, siedem osiem, dziewięć zero",
        lambda text: polish.grouped(text, "nip"),
    ),
    "dni": Way("liczba dni", "5", "pięć dni", _counted("dzień")),
    "tygodnie": Way("liczba tygodni", "2", "dwa tygodnie", _counted("tydzień")),
    "miesiace": Way("liczba miesięcy", "6", "sześć miesięcy", _counted("miesiąc")),
    "lata": Way("liczba lat", "5", "pięć lat", _counted("rok")),
    "godziny": Way("liczba godzin", "2", "dwie godziny", _counted("godzina")),
    "minuty": Way("liczba minut", "22", "dwadzieścia dwie minuty", _counted("minuta")),
    "godziny-za": Way("liczba godzin po „za”", "1", "jedną godzinę", _counted("godzina", accusative=True)),
    "minuty-za": Way("liczba minut po „za”", "1", "jedną minutę", _counted("minuta", accusative=True)),
    "osoby": Way("liczba osób", "3", "trzy osoby", _counted("osoba")),
}
SPEECH: dict[str, Speech] = {name: way.say for name, way in WAYS.items()}
