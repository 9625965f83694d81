"""KPI.2 counts what was recognised and nothing that only looks so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from desk.kpi2 import Kpi2, by_month
from ivr.conversations import Conversation, How, Matter, Said
from ivr.dialogue.events import Candidate

pytestmark = pytest.mark.anyio
SPOKE = (Said("sprawa", (Candidate("pcc-termin", 0.5),)),)


def matter(how: How, *topics: str, said: tuple[Said, ...] = SPOKE, asked: int = 1) -> Matter:
    return Matter(topics, how, said, asked)


async def calls(*told: tuple[datetime, tuple[Matter, ...]]) -> AsyncIterator[Conversation]:
    for number, (arrived, matters) in enumerate(told):
        yield Conversation(str(number), None, arrived, matters, False, ())


async def test_only_accepted_and_confirmed_are_recognised() -> None:
    told = (
        matter("accepted", "pcc-termin"),
        matter("confirmed", "pcc-termin", asked=2),
        matter("keys"),
        matter("person"),
        matter("ended"),
    )
    months = await by_month(calls((datetime(2026, 4, 21, tzinfo=UTC), told)))
    assert months == {
        "2026-04": Kpi2(stated=5, accepted=1, confirmed=1, asked_again=1, keys=1, person=1, ended=1, unstated=0)
    }
    assert months["2026-04"].share == pytest.approx(0.4)


async def test_who_named_no_matter_is_outside_the_share() -> None:
    wish = (Said("konsultant", (Candidate("__human__", 0.9),)),)
    told = (matter("person", said=wish), matter("ended", said=()), matter("accepted", "og-vat"))
    (row,) = (await by_month(calls((datetime(2026, 4, 21, tzinfo=UTC), told)))).values()
    assert (row.stated, row.unstated, row.share) == (1, 2, 1.0)


async def test_months_are_polish_months() -> None:
    last_evening = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)
    assert list(await by_month(calls((last_evening, ())))) == ["2026-05"]
    assert (await by_month(calls((last_evening, ()))))["2026-05"].share is None
