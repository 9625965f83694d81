"""KPI.2: the share of callers' matters recognised, month by month, beside the months that KAS published.

A matter counts once it was stated in words. It counts as recognised when its topic was accepted on a calibrated
confidence or confirmed by the caller; never when the caller was led on by keys, handed to a person, or hung up.
KAS defines KPI.2 for the chat; the voice line is counted the same way and apart from it. Calls from test numbers are
left out, as from KPI.3.
"""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, fields

from ivr.calendar import WARSAW
from ivr.conversations import Conversation, Matter

from .kpi3 import TESTS

TARGET = 0.95
PUBLISHED = {
    "2023-11": 0.9303,
    "2023-12": 0.9347,
    "2024-01": 0.9344,
    "2024-02": 0.7707,
    "2024-03": 0.7894,
    "2024-04": 0.8727,
}
"""KPI.2 of the chat as the KAS report gives it; 20 new topics went live in February 2024."""


@dataclass
class Kpi2:
    """Counts of one month. ``stated`` matters are ``accepted``, ``confirmed``, ``keys``, ``person`` or ``ended``;
    ``asked_again``: those for which the open question was put more than once; ``unstated``: rounds of the question in
    which no matter was named (a person asked for at once, keys, silence), outside the share."""

    stated: int = 0
    accepted: int = 0
    confirmed: int = 0
    asked_again: int = 0
    keys: int = 0
    person: int = 0
    ended: int = 0
    unstated: int = 0

    @property
    def share(self) -> float | None:
        """Recognised of stated, 0..1; None when none was stated."""
        return (self.accepted + self.confirmed) / self.stated if self.stated else None

    def __add__(self, other: "Kpi2") -> "Kpi2":
        return Kpi2(*(getattr(self, name) + getattr(other, name) for name in COUNTS))

    def add(self, matter: Matter) -> None:
        """Counts one matter."""
        if not matter.stated:
            self.unstated += 1
            return
        self.stated += 1
        self.asked_again += matter.asked > 1
        setattr(self, matter.how, getattr(self, matter.how) + 1)


COUNTS = tuple(field.name for field in fields(Kpi2))


async def by_model(calls: AsyncIterable[Conversation], tests: bool = False) -> dict[tuple[str, str], Kpi2]:
    """Counts by the month (``YYYY-MM``, Polish time) in which the call arrived, and by the topic model that decided.
    Calls without a matter stand under the model ``""``, as do those of which it is not known. ``tests``: count test
    calls too."""
    rows: dict[tuple[str, str], Kpi2] = {}
    async for call in calls:
        if not tests and call.caller is not None and call.caller.startswith(TESTS):
            continue
        month = call.arrived.astimezone(WARSAW).strftime("%Y-%m")
        if not call.matters:
            rows.setdefault((month, ""), Kpi2())
        for matter in call.matters:
            rows.setdefault((month, matter.model), Kpi2()).add(matter)
    return dict(sorted(rows.items()))


def by_month(rows: Mapping[tuple[str, str], Kpi2]) -> dict[str, Kpi2]:
    """Counts of ``by_model`` by month alone."""
    months: dict[str, Kpi2] = {}
    for (month, _), row in rows.items():
        months[month] = months.get(month, Kpi2()) + row
    return months
