"""The calendar: is an office open at a moment, and how its hours are said.

Hours are local (Europe/Warsaw). Public holidays come from the ``holidays`` library with Polish rules (24 December is
one from 2025: ustawa z 6.12.2024, Dz.U. 2024 poz. 1965).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from .dialogue.plan import Hours, Office

WARSAW = ZoneInfo("Europe/Warsaw")
DAYS = ("pn", "wt", "sr", "cz", "pt", "so", "nd")
DAY_GENITIVE = ("poniedziałku", "wtorku", "środy", "czwartku", "piątku", "soboty", "niedzieli")
ON_DAY = ("w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę")
HOUR_GENITIVE = (
    *("północy", "pierwszej", "drugiej", "trzeciej", "czwartej", "piątej", "szóstej", "siódmej", "ósmej", "dziewiątej"),
    *("dziesiątej", "jedenastej", "dwunastej", "trzynastej", "czternastej", "piętnastej", "szesnastej", "siedemnastej"),
    *("osiemnastej", "dziewiętnastej", "dwudziestej", "dwudziestej pierwszej", "dwudziestej drugiej"),
    *("dwudziestej trzeciej", "północy"),
)


@dataclass(frozen=True)
class Opening:
    """Whether an office is open, its hours in spoken Polish, and the text of an emergency closure, if one holds."""

    open: bool
    hours: str
    closure: str | None = None


@lru_cache(maxsize=16)
def public_holidays(year: int) -> Mapping[date, str]:
    """Days off work in Poland."""
    return dict(holidays.country_holidays("PL", years=year, language="pl"))


def opening(office: Office, now: datetime, closure: str | None = None) -> Opening:
    """How the office stands at ``now`` (aware; any zone). An emergency ``closure`` overrides the hours."""
    local = now.astimezone(WARSAW)
    spoken = spoken_hours(office.hours)
    if closure is not None:
        return Opening(False, spoken, closure)
    if is_day_off(office, local.date()):
        return Opening(False, spoken)
    clock, day = local.strftime("%H:%M"), DAYS[local.weekday()]
    return Opening(any(day in h.days and h.opens <= clock < h.closes for h in office.hours), spoken)


def is_day_off(office: Office, day: date) -> bool:
    """Whether ``day`` is closed whatever the weekday: a public holiday, or a day the office adds."""
    names = {day.isoformat(), day.strftime("%m-%d")}
    if names & set(office.open_on):
        return False
    return bool(names & set(office.closed_on)) or day in public_holidays(day.year)


def days_off(office: Office, start: date, days: int = 400) -> list[date]:
    """Every closed day among the next ``days``, for Asterisk's own calendar."""
    return [day for day in (start + timedelta(n) for n in range(days)) if is_day_off(office, day)]


def spoken_hours(hours: Sequence[Hours]) -> str:
    """ "od poniedziałku do piątku od ósmej do szesnastej" """
    return ", ".join(f"{_days(h.days)} od {_clock(h.opens)} do {_clock(h.closes)}" for h in hours)


def _days(days: Sequence[str]) -> str:
    numbers = sorted(DAYS.index(day) for day in days)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"od {DAY_GENITIVE[numbers[0]]} do {DAY_GENITIVE[numbers[-1]]}"
    return " i ".join(ON_DAY[number] for number in numbers)


def _clock(clock: str) -> str:
    hour, minute = (int(part) for part in clock.split(":"))
    spoken = HOUR_GENITIVE[hour]
    return spoken if minute == 0 else f"{spoken} {MINUTES[minute]}"


MINUTES = {
    5: "pięć", 10: "dziesięć", 15: "piętnaście", 20: "dwadzieścia", 25: "dwadzieścia pięć", 30: "trzydzieści",
    35: "trzydzieści pięć", 40: "czterdzieści", 45: "czterdzieści pięć", 50: "pięćdziesiąt", 55: "pięćdziesiąt pięć",
}  # fmt: skip
