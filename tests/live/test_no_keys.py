"""Who does nothing at all is asked patiently, and then a person is there."""

import asyncio

import pytest

from ivr.dialogue.events import NothingHeard, QueueEnded
from tests.live.hotline import Hotline, trail

pytestmark = [pytest.mark.live, pytest.mark.anyio]


async def test_who_never_presses_a_key_reaches_a_person(hotline: Hotline, silent_caller: "asyncio.Task[str]") -> None:
    turns = await hotline.journal.turns(await silent_caller)
    last = turns[-1]
    assert last.state.queues_tried == ("wielkopolskie-kol-ogolna",)
    assert isinstance(last.event, QueueEnded)
    assert last.event.outcome == "served"
    assert sum(isinstance(turn.event, NothingHeard) for turn in turns) >= 4, trail(turns)
