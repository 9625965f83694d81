"""Days as administrators name them: Polish days, both ends included."""

from datetime import date, datetime, time, timedelta

import typer

from ivr.calendar import WARSAW

YEARS = range(2000, 2100)
"""What can be meant: no call is older than the hotline, and no moment in them leaves what databases can hold."""


def day(text: str) -> date:
    """The day that ``text`` names (``2024-04-30``). Raises ``BadParameter`` with the mend."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"nie ma dnia „{text}”; proszę podać na przykład 2024-04-30") from None
    if found.year not in YEARS:
        raise typer.BadParameter(f"rok {found.year} jest poza zakresem {YEARS[0]}–{YEARS[-1]}")
    return found


def in_order(since: date | None, until: date | None) -> None:
    """Refuses days of which the last (None: today) is before the first."""
    today = datetime.now(WARSAW).date()
    first, last = _date(since), _date(until) or today
    if first is None or first <= last:
        return
    if until is None:
        raise typer.BadParameter(f"pierwszy dzień (--from {first}) jest po dzisiejszym ({today})")
    raise typer.BadParameter(f"ostatni dzień (--to {last}) jest przed pierwszym (--from {first}); proszę je zamienić")


def _date(day: date | None) -> date | None:
    return day.date() if isinstance(day, datetime) else day


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
