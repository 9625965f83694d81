"""What is asked for at the time: hours with closures, queues."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ivr.calendar import WARSAW
from ivr.closures import Closures
from ivr.dialogue.call import Call
from ivr.dialogue.plan import Plan
from ivr.journal import Journal
from ivr.world import World

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 4, 21, 12, 0, tzinfo=WARSAW)
CALL = Call(id="c")
QUEUE = {"queue": "slaskie-kol-pit", "office": "slaskie"}


def world(plan: Plan, folder: Path, now: datetime = NOON, **more: Any) -> World:
    return World(plan, cast(Journal, None), Closures(folder / "closures.json"), clock=lambda: now, **more)


async def test_a_closure_bites_in_the_call_that_is_under_way(plan: Plan, tmp_path: Path) -> None:
    asked = world(plan, tmp_path)
    assert (await asked.look_up(CALL, "hours", {"office": "slaskie"})).found["open"] is True
    Closures(tmp_path / "closures.json").set("slaskie", "Awaria prądu.")
    found = (await asked.look_up(CALL, "hours", {"office": "slaskie"})).found
    assert (found["open"], found["closure"]) == (False, "Awaria prądu.")
    assert (await asked.look_up(CALL, "queue", QUEUE)).found["open"] is False


async def test_a_damaged_file_of_closures_closes_nobody(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "closures.json").write_text("{")
    assert (await world(plan, tmp_path).look_up(CALL, "hours", {"office": "slaskie"})).found["open"] is True


async def test_a_queue_is_as_open_as_its_office_and_tells_what_is_known(plan: Plan, tmp_path: Path) -> None:
    async def news(queue: str) -> Mapping[str, int | float]:
        assert queue == "slaskie-kol-pit"
        return {"waiting": 3, "longest": 61.5}

    told = await world(plan, tmp_path, queues=news).look_up(CALL, "queue", QUEUE)
    assert (told.ok, told.found) == (True, {"open": True, "waiting": 3, "longest": 61.5})
    evening = NOON.replace(hour=20)
    assert (await world(plan, tmp_path, evening).look_up(CALL, "queue", QUEUE)).found == {"open": False}
