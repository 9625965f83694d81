"""What the world answers tells the time, by which an authentication ends."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ivr.closures import Closures
from ivr.dialogue.call import Call
from ivr.dialogue.plan import Plan
from ivr.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("what", "args"),
    [("hours", {"office": "malopolskie"}), ("queue", {"office": "malopolskie", "queue": "malopolskie-kol-pit"})],
)
async def test_the_time_is_told_with_the_hours_and_with_a_queue(
    tmp_path: Path, plan: Plan, what: str, args: dict[str, str]
) -> None:
    clock = datetime(2026, 4, 21, 8, tzinfo=UTC)
    world = World(plan, cast(Any, None), Closures(tmp_path / "closures.json"), clock=lambda: clock)
    found = (await world.look_up(Call(id="c"), what, args)).found
    assert found["open"] is True
    assert found["at"] == "2026-04-21T10:00:00+02:00"
