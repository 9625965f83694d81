"""Keys pressed while the call is being picked up: between the 200 OK, Asterisk's answer and the open media session."""

import asyncio

import pytest

from ivr.dialogue.events import Skipped
from tests.live.hotline import Hotline

pytestmark = [pytest.mark.live, pytest.mark.anyio]
MOMENTS = tuple(number * 0.02 for number in range(9))
"""Seconds from the 200 OK to the beginning of the key."""


async def test_a_key_pressed_right_after_the_answer_is_not_lost(hotline: Hotline) -> None:
    """``#`` for going on without telePIN, by callers who know the hotline, all picked up in the same moment."""

    async def skips(after: float) -> float:
        async with hotline.call("wielkopolskie") as caller:
            await caller.live.keys("#", asyncio.get_running_loop().time() + after)
            await caller.event(Skipped)
        return after

    heard = await asyncio.gather(*(skips(after) for after in MOMENTS), return_exceptions=True)
    lost = [f"{after * 1000:.0f} ms" for after, found in zip(MOMENTS, heard, strict=True) if found != after]
    assert lost == [], heard
