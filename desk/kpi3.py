"""KPI.3 from journals: how many of the answered calls were authenticated, and where the others stopped.

One query, on SQLite and PostgreSQL alike, over ``calls`` and the few turns that ``ivr.journal.FUNNEL`` indexes. A call
is counted at every step that it reached:

- answered: the hotline picked up;
- offered: a PESEL or NIP was asked for;
- started: the caller keyed a whole entry, sound or not;
- identified: a sound PESEL or NIP was keyed;
- authenticated: e-US confirmed the telePIN.

KPI.3 is authenticated of answered. That "answered" in the KAS report means calls picked up by the hotline, automat or
person, is our reading. Calls from ``TESTS`` numbers (the demo, test calls, the lab) are not counted unless asked for.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.calendar import WARSAW
from ivr.dialogue.plan import NATIONAL
from ivr.journal import FUNNEL
from store import UtcTime

TESTS = "+48000"
"""How the numbers of test callers begin. No number of the Polish numbering plan begins with 0: nobody real is meant."""

_SPELT = {
    "sqlite": {"hour": "substr(arrived, 1, 13)", "office": "json_extract(state, '$.office')"},
    "postgresql": {
        "hour": "to_char(arrived AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')",
        "office": "CAST(state AS json) ->> 'office'",
    },
}
_QUERY = """
WITH period AS MATERIALIZED (SELECT id, dialled, arrived FROM calls WHERE arrived >= :since AND arrived < :until
  AND (caller IS NULL OR caller NOT LIKE :tests)),
reached AS (
  SELECT id, dialled, arrived,
    max(CASE WHEN actions LIKE '%"purpose":"identity"%' THEN 1 ELSE 0 END) AS offered,
    max(CASE WHEN event LIKE '{{"type":"IdentityGiven"%' OR event LIKE '{{"type":"NumberRefused"%' THEN 1 ELSE 0 END)
      AS started,
    max(CASE WHEN event LIKE '{{"type":"IdentityGiven"%' THEN 1 ELSE 0 END) AS identified,
    max(CASE WHEN event LIKE '{{"type":"PinChecked"%' AND event LIKE '%"verdict":"ok"%' THEN 1 ELSE 0 END)
      AS authenticated
  FROM period LEFT JOIN turns ON turns.call = period.id AND ({funnel})
  GROUP BY id, dialled, arrived
)
SELECT {hour} AS hour,
  CASE WHEN dialled IN :numbers THEN dialled ELSE
    (SELECT {office} FROM turns WHERE turns.call = reached.id ORDER BY turn DESC LIMIT 1) END AS place,
  count(*), sum(offered), sum(started), sum(identified), sum(authenticated)
FROM reached GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Funnel:
    """Calls by the step they reached."""

    answered: int = 0
    offered: int = 0
    started: int = 0
    identified: int = 0
    authenticated: int = 0

    def __add__(self, other: "Funnel") -> "Funnel":
        return Funnel(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def share(self) -> float:
        """KPI.3: authenticated of answered, in percent."""
        return 100 * self.authenticated / self.answered if self.answered else 0.0


@dataclass(frozen=True)
class Cell:
    """The calls of one office that arrived in the hour that begins at ``hour`` (Warsaw)."""

    hour: datetime
    office: str
    funnel: Funnel


async def kpi3(
    database: AsyncEngine, since: datetime, until: datetime, numbers: dict[str, str], tests: bool = False
) -> list[Cell]:
    """The funnel of calls that arrived from ``since`` on and before ``until`` (both aware), by hour and office.

    ``numbers`` maps dialled numbers to offices. Who dialled a national number belongs to the office that the call came
    to, or to the national line. ``tests``: count test calls too.
    """
    own = {number: office for number, office in numbers.items() if office != NATIONAL}
    async with database.connect() as connection:
        spelt = _SPELT[connection.dialect.name]
        query = text(_QUERY.format(funnel=FUNNEL, **spelt)).bindparams(
            bindparam("since", since, type_=UtcTime),
            bindparam("until", until, type_=UtcTime),
            bindparam("tests", "" if tests else f"{TESTS}%"),
            bindparam("numbers", list(own), expanding=True),
        )
        rows = (await connection.execute(query)).all()
    return [
        Cell(_warsaw(hour), own.get(place, place or NATIONAL), Funnel(*map(int, counts)))
        for hour, place, *counts in rows
    ]


def total(cells: Iterable[Cell]) -> Funnel:
    return sum((cell.funnel for cell in cells), Funnel())


def by(cells: Collection[Cell], what: str) -> dict[str, Funnel]:
    """The funnel by ``month`` (``2024-04``), ``office`` or ``hour`` of the day (``09``), in order."""
    found: dict[str, Funnel] = {}
    for cell in cells:
        name = {"month": f"{cell.hour:%Y-%m}", "office": cell.office, "hour": f"{cell.hour:%H}"}[what]
        found[name] = found.get(name, Funnel()) + cell.funnel
    return dict(sorted(found.items()))


def _warsaw(hour: str) -> datetime:
    return datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC).astimezone(WARSAW)
