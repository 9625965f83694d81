"""Days as administrators name them: Polish days, both ends included."""

from datetime import datetime, time, timedelta

from ivr.calendar import WARSAW


def span(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The days ``since``..``until``, both included, as aware moments: from, and before. None stays None."""
    first = None if since is None else datetime.combine(since.date(), time(), WARSAW)
    after = None if until is None else datetime.combine(until.date() + timedelta(days=1), time(), WARSAW)
    return first, after
