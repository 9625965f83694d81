"""What an operator should know of a stack that runs and yet serves nobody: nobody seated, offices closed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from desk.agents import Member, stored_members
from ivr.calendar import WARSAW, hours_on, opening
from ivr.closures import Closures, ClosuresError
from ivr.dialogue.plan import DAYS_OF_WEEK, NATIONAL, Office, Plan
from store import create_tables, open_database

from .settings import Settings

AHEAD = 21
"""Days that are searched for the next opening; past it the date is not told."""
NOBODY = (
    "Nikt nie obsługuje żadnej kolejki: kto poprosi o konsultanta, nie doczeka się. "
    "Dodaj: infolinia agent add konsultant1 --queue '*'"
)


def notices(settings: Settings, plan: Plan, now: datetime) -> list[str]:
    """Sentences for ``up`` and ``status``; ``now`` is aware. None where all is as it should be."""
    return [*_seats(_members(settings)), *_hours(settings, plan, now)]


def open_now(settings: Settings, plan: Plan, number: str, now: datetime) -> bool:
    """Whether the office that answers ``number`` is open at ``now``, by its hours and by what holds it open or
    closed."""
    office = plan.offices[plan.numbers.get(number, NATIONAL)]
    return _is_open(settings, office, now)


def next_opening(office: Office, now: datetime) -> datetime | None:
    """When ``office`` opens next after ``now``, by its hours; None when not within ``AHEAD`` days."""
    local = now.astimezone(WARSAW)
    for day in (local.date() + timedelta(n) for n in range(AHEAD)):
        for opens, _ in sorted(hours_on(office, day)):
            moment = datetime.fromisoformat(f"{day}T{opens}").replace(tzinfo=WARSAW)
            if moment > local:
                return moment
    return None


def _members(settings: Settings) -> list[Member] | None:
    async def read() -> list[Member]:
        database = open_database(settings.database_url)
        try:
            await create_tables(database)
            return await stored_members(database)
        finally:
            await database.dispose()

    try:
        return asyncio.run(read())
    except SQLAlchemyError:
        return None


def _seats(members: Sequence[Member] | None) -> list[str]:
    if members is None:
        return ["Baza nie odpowiada: nie wiadomo, kto obsługuje kolejki."]
    if not members:
        return [NOBODY]
    if all(member.paused for member in members):
        return ["Wszyscy konsultanci mają przerwę. Koniec przerwy: infolinia agent unpause konsultant1"]
    return []


def _hours(settings: Settings, plan: Plan, now: datetime) -> list[str]:
    closed = [office for office in plan.offices.values() if not _is_open(settings, office, now)]
    held = f" (INFOLINIA_HOURS={settings.hours})" if settings.hours != "plan" else ""
    if not closed:
        return [f"Wszystkie urzędy są otwarte całą dobę{held}."] if held else []
    all_, count = len(plan.offices), len(closed)
    which = "Wszystkie urzędy są teraz zamknięte" if count == all_ else f"Zamkniętych teraz urzędów: {count} z {all_}"
    told = f"{which}{held}: kto tam zadzwoni, usłyszy godziny pracy i odpowiedzi automatu, ale nie konsultanta."
    if not held and (soonest := _soonest(closed, now)):
        told += f" Najbliższe otwarcie: {soonest}."
    return [told + " Na próbę: INFOLINIA_HOURS=open infolinia restart"]


def _soonest(offices: Sequence[Office], now: datetime) -> str:
    moments = [(moment, office) for office in offices if (moment := next_opening(office, now))]
    if not moments:
        return ""
    moment, office = min(moments, key=lambda pair: pair[0])
    return f"{DAYS_OF_WEEK[moment.weekday()]} {moment:%d.%m} o {moment:%H:%M} ({office.id})"


def _is_open(settings: Settings, office: Office, now: datetime) -> bool:
    try:
        closure = Closures(settings.var / "closures.json").of(office.id, now)
    except ClosuresError:
        closure = None
    if settings.hours == "plan":
        return opening(office, now, closure).open
    return settings.hours == "open" and closure is None
