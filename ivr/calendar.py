"""The calendar: is an office open at a moment, and how its hours are said.

Hours are local (Europe/Warsaw). Public holidays come from the ``holidays`` library with Polish rules (24 December is
one from 2025: ustawa z 6.12.2024, Dz.U. 2024 poz. 1965).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from voicebot import polish

from .dialogue.plan import DAYS_OF_WEEK as DAYS
from .dialogue.plan import Hours, Office

WARSAW = ZoneInfo("Europe/Warsaw")
AHEAD = 7
"""Days, today included, whose exceptions callers are told along with the hours."""
DAY_GENITIVE = ("poniedziałku", "wtorku", "środy", "czwartku", "piątku", "soboty", "niedzieli")
ON_DAY = ("w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę")


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
    spoken = spoken_days(office, local.date())
    if closure is not None:
        return Opening(False, spoken, closure)
    clock = local.strftime("%H:%M")
    return Opening(any(opens <= clock < closes for opens, closes in hours_on(office, local.date())), spoken)


def hours_on(office: Office, day: date) -> list[tuple[str, str]]:
    """When the office is open on ``day``: pairs of ``HH:MM``. A special day's hours come before all; then days off;
    then the hours of the season, then those of the whole year."""
    names = (day.isoformat(), day.strftime("%m-%d"))
    for name in names:
        if special := [(own.opens, own.closes) for own in office.special if own.date == name]:
            return special
    if is_day_off(office, day):
        return []
    return [(hours.opens, hours.closes) for hours in week(office, day) if DAYS[day.weekday()] in hours.days]


def week(office: Office, day: date) -> list[Hours]:
    """The hours of an ordinary week about ``day``: on the days of the week that a season in force speaks of, its hours
    replace those of the whole year."""
    seasonal = [h for h in office.hours if h.season.first is not None and h.season.holds(day.isoformat())]
    taken = {name for hours in seasonal for name in hours.days}
    found = list(seasonal)
    for hours in office.hours:
        left = tuple(name for name in hours.days if name not in taken)
        if hours.season.first is None and left:
            found.append(hours.model_copy(update={"days": left}))
    return sorted(found, key=lambda hours: (min(map(DAYS.index, hours.days)), hours.opens))


def is_day_off(office: Office, day: date) -> bool:
    """Whether ``day`` is closed whatever the weekday: a public holiday, or a day the office adds."""
    names = {day.isoformat(), day.strftime("%m-%d")}
    if names & set(office.open_on):
        return False
    return bool(names & set(office.closed_on)) or day in public_holidays(day.year)


def exceptions(office: Office, start: date, days: int = 400) -> dict[date, list[tuple[str, str]]]:
    """Every day among the next ``days`` whose hours are not those of the whole year, for Asterisk's own calendar: days
    off (no hours), special days, days in a season."""
    found = {}
    ordinary = [hours for hours in office.hours if hours.season.first is None]
    for day in (start + timedelta(n) for n in range(days)):
        usual = [(hours.opens, hours.closes) for hours in ordinary if DAYS[day.weekday()] in hours.days]
        actual = hours_on(office, day)
        if is_day_off(office, day) or sorted(actual) != sorted(usual):
            found[day] = actual
    return found


def spoken_days(office: Office, today: date) -> str:
    """The hours of the week, and on which of the ``AHEAD`` days from ``today`` on they are others: "od poniedziałku do
    piątku od ósmej do szesnastej, wyjątkowo dziś od ósmej do dwudziestej, jutro nieczynne"."""
    usual = week(office, today)
    unlike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for n in range(AHEAD):
        day = today + timedelta(n)
        actual = sorted(hours_on(office, day))
        if actual != sorted((hours.opens, hours.closes) for hours in usual if DAYS[day.weekday()] in hours.days):
            name = ("dziś", "jutro")[n] if n < 2 else ON_DAY[day.weekday()]
            unlike.setdefault(tuple(actual), []).append(name)
    told = [f"{_and(days)} {_opens(hours)}" for hours, days in unlike.items()]
    return spoken_hours(usual) + (f", wyjątkowo {', '.join(told)}" if told else "")


def _opens(hours: Sequence[tuple[str, str]]) -> str:
    return _and([f"od {_clock(opens)} do {_clock(closes)}" for opens, closes in hours]) if hours else "nieczynne"


def _and(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} i {last}" if first else last


def spoken_hours(hours: Sequence[Hours]) -> str:
    """ "od poniedziałku do piątku od ósmej do szesnastej" """
    return ", ".join(f"{_days(h.days)} od {_clock(h.opens)} do {_clock(h.closes)}" for h in hours)


def _days(days: Sequence[str]) -> str:
    numbers = sorted(DAYS.index(day) for day in days)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"od {DAY_GENITIVE[numbers[0]]} do {DAY_GENITIVE[numbers[-1]]}"
    return _and([ON_DAY[number] for number in numbers])


def _clock(clock: str) -> str:
    return polish.hour(24, "genitive") if clock == "24:00" else polish.clock(time.fromisoformat(clock), "genitive")
