"""KPI.2 counts what was recognised and nothing that only looks so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from desk.kpi2 import Kpi2, by_model, by_month
from ivr.conversations import Conversation, How, Matter, Said
from ivr.dialogue.events import Candidate

pytestmark = pytest.mark.anyio
SPOKE = (Said("sprawa", (Candidate("pcc-termin", 0.5),)),)


def matter(how: How, *topics: str, said: tuple[Said, ...] = SPOKE, asked: int = 1, model: str = "") -> Matter:
    return Matter(topics, how, said, asked, model)


async def calls(*told: tuple[datetime, tuple[Matter, ...]]) -> AsyncIterator[Conversation]:
    for number, (arrived, matters) in enumerate(told):
        yield Conversation(str(number), None, arrived, matters, False, ())


async def test_calls_from_test_numbers_are_left_out_unless_asked_for() -> None:
    async def two() -> AsyncIterator[Conversation]:
        for caller in ("+48000000001", "+48600000001", None):
            moment = datetime(2026, 4, 21, tzinfo=UTC)
            yield Conversation("a", caller, moment, (matter("accepted", "pcc-termin"),), False, ())

    assert [row.stated for row in (await by_model(two())).values()] == [2]
    assert [row.stated for row in (await by_model(two(), tests=True)).values()] == [3]


async def test_only_accepted_and_confirmed_are_recognised() -> None:
    told = (
        matter("accepted", "pcc-termin"),
        matter("confirmed", "pcc-termin", asked=2),
        matter("keys"),
        matter("person"),
        matter("ended"),
    )
    months = by_month(await by_model(calls((datetime(2026, 4, 21, tzinfo=UTC), told))))
    assert months == {
        "2026-04": Kpi2(stated=5, accepted=1, confirmed=1, asked_again=1, keys=1, person=1, ended=1, unstated=0)
    }
    assert months["2026-04"].share == pytest.approx(0.4)


async def test_who_named_no_matter_is_outside_the_share() -> None:
    wish = (Said("konsultant", (Candidate("__human__", 0.9),)),)
    told = (matter("person", said=wish), matter("ended", said=()), matter("accepted", "og-vat"))
    (row,) = by_month(await by_model(calls((datetime(2026, 4, 21, tzinfo=UTC), told)))).values()
    assert (row.stated, row.unstated, row.share) == (1, 2, 1.0)


async def test_months_are_polish_months() -> None:
    last_evening = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)
    assert list(by_month(await by_model(calls((last_evening, ()))))) == ["2026-05"]
    assert by_month(await by_model(calls((last_evening, ()))))["2026-05"].share is None


async def test_each_model_answers_for_what_it_decided() -> None:
    day = datetime(2026, 4, 21, tzinfo=UTC)
    told = (matter("accepted", "pcc-termin", model="version-1"), matter("keys", model="version-2"))
    rows = await by_model(calls((day, told)))
    assert {key: row.share for key, row in rows.items()} == {("2026-04", "version-1"): 1.0, ("2026-04", "version-2"): 0}
    assert by_month(rows)["2026-04"].share == 0.5
