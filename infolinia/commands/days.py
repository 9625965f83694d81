"""Days as administrators name them: Polish days, both ends included."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from ivr.calendar import WARSAW

YEARS = range(2000, 2100)
"""What can be meant: no call is older than the hotline, and no moment in them leaves what databases can hold."""

NEAR = {"wczoraj": -1, "dziś": 0, "dzisiaj": 0, "jutro": 1, "pojutrze": 2}


def day(text: str) -> date:
    """The day that ``text`` names (``2024-04-30``, ``dzisiaj``). Raises ``BadParameter`` with the mend."""
    if text.lower() in NEAR:
        return datetime.now(WARSAW).date() + timedelta(days=NEAR[text.lower()])
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"nie ma dnia „{text}”; proszę podać na przykład 2024-04-30 albo dzisiaj") from None
    if found.year not in YEARS:
        raise typer.BadParameter(f"rok {found.year} jest poza zakresem {YEARS[0]}–{YEARS[-1]}")
    return found


def first_day(otherwise: str) -> Any:
    """The option ``--from``; ``otherwise`` says which day it is without the option."""
    return _option("--from", f"Pierwszy dzień; domyślnie {otherwise}.")


def last_day(otherwise: str) -> Any:
    """The option ``--to``, likewise."""
    return _option("--to", f"Ostatni dzień, razem z nim; domyślnie {otherwise}.")


def _option(name: str, text: str) -> Any:
    return typer.Option(name, parser=day, metavar="DZIEŃ", help=text)


Since = Annotated[date | None, first_day("dzień pierwszej rozmowy")]
Until = Annotated[date | None, last_day("dzisiaj")]
"""The days of calls that a command looks at; ``span`` makes moments of them."""


def in_order(since: date | None, until: date | None) -> None:
    """Refuses days of which the last (None: today) is before the first."""
    today = datetime.now(WARSAW).date()
    if since is None or since <= (until or today):
        return
    if until is None:
        raise typer.BadParameter(f"pierwszy dzień (--from {since}) jest po dzisiejszym ({today})")
    raise typer.BadParameter(f"ostatni dzień (--to {until}) jest przed pierwszym (--from {since}); proszę je zamienić")


def span(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The days ``since``..``until``, both included, as aware moments: from, and before. None stays None. Raises
    ``BadParameter`` when they are the wrong way round."""
    in_order(since, until)
    first = None if since is None else midnight(since)
    after = None if until is None else midnight(until + timedelta(days=1))
    return first, after


def midnight(day: date) -> datetime:
    """When ``day`` begins in Poland."""
    return datetime.combine(day, time(), WARSAW)
