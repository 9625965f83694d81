"""What the world answers tells the time, by which an authentication ends."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ivr.closures import Closures
from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import Party
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
    world = World(lambda: plan, cast(Any, None), Closures(tmp_path / "closures.json"), clock=lambda: clock)
    found = (await world.look_up(Call(id="c"), what, args)).found
    assert found["open"] is True
    assert found["at"] == "2026-04-21T10:00:00+02:00"


PERSON, FIRM = Party(ref="p", label="P"), Party(ref="o", label="O", basis="uko")


@pytest.mark.parametrize(
    ("acting_for", "check", "until", "asked", "told"),
    [
        (FIRM, "c:1", "2026-04-21T10:30:00+02:00", [("c:1", "o")], {"acts": False}),
        (FIRM, "", "2026-04-21T10:30:00+02:00", [], {"acts": None}),
        (PERSON, "c:1", "2026-04-21T10:30:00+02:00", [], {}),
        (FIRM, "c:1", "2026-04-21T10:00:00+02:00", [], {}),
    ],
    ids=["proxy", "call of an older version", "for themselves", "lapsed"],
)
@pytest.mark.parametrize("what", ["hours", "queue"])
async def test_before_a_hand_off_e_us_is_asked_whether_the_mandate_holds(
    tmp_path: Path,
    plan: Plan,
    what: str,
    acting_for: Party,
    check: str,
    until: str,
    asked: list[tuple[str, str]],
    told: dict[str, bool | None],
) -> None:
    questions = []

    async def acts(check: str, ref: str) -> bool | None:
        questions.append((check, ref))
        return False

    clock = datetime(2026, 4, 21, 8, tzinfo=UTC)
    world = World(lambda: plan, cast(Any, None), Closures(tmp_path / "closures.json"), clock=lambda: clock, acts=acts)
    auth = Authentication(person=PERSON, at="", until=until, method="pesel+telepin", check=check)
    args = {"office": "malopolskie", "queue": "malopolskie-kol-pit"}
    found = (await world.look_up(Call(id="c", auth=auth, acting_for=acting_for), what, args)).found
    assert questions == asked
    assert {name: value for name, value in found.items() if name == "acts"} == told
