"""Callers hang up whenever they like. The journal ends, the vault is emptied and Asterisk keeps no channel."""

import asyncio

import pytest

from ivr.dialogue.events import PinGiven
from tests.live.hotline import AWAY, PAUSED, RINGING, Caller, Hotline, Scenarios, until

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()


async def gone(caller: Caller) -> None:
    """Hang up now; nothing is left of the call, and nobody is said to have been served."""
    caller.live.hang_up()
    state = await caller.over()
    assert (state.ended or "").startswith("hung up")
    assert not state.served
    await caller.left_nothing()


@scenarios
async def in_the_greeting(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.live.wait_speech()
        await gone(caller)


@scenarios
async def before_a_word_was_said(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        caller.live.hang_up()
        await caller.over()
        await caller.left_nothing()


@scenarios
async def in_the_middle_of_a_number(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.asked("tozsamosc")
        await caller.keys("8583141")
        await gone(caller)


@scenarios
async def in_the_middle_of_a_pin(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.number_of("dz-04")
        await caller.asked("telepin", "PinGiven")
        assert await hotline.sealed(caller.id) > 0
        await caller.keys("6183")
        await gone(caller)


@scenarios
async def while_the_pin_is_checked(hotline: Hotline) -> None:
    """e-US still answers; the verdict of a call that is over is not kept."""
    async with hotline.call() as caller:
        await caller.number_of("dz-04")
        await caller.asked("telepin", "PinGiven")
        await hotline.eus("slow", 1.5)
        try:
            await caller.number_of("dz-04", "pin")
            await caller.event(PinGiven)
            await gone(caller)
            await asyncio.sleep(2.0)  # for the verdict that nobody waits for any more
            await caller.left_nothing()
        finally:
            await hotline.eus()


@scenarios
async def at_the_matter(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await gone(caller)


@scenarios
async def among_the_principals(hotline: Hotline) -> None:
    """In the middle of a principal's number, with the disguised numbers of all of them in the vault."""
    async with hotline.call() as caller:
        await caller.authenticate("dz-17")
        await caller.asked("mocodawca", "Keyed")
        await caller.keys("8")
        await caller.asked("mocodawca", "PrincipalFound")
        await caller.keys("9991")
        await gone(caller)


@scenarios
async def at_the_voivodeship(hotline: Hotline) -> None:
    async with hotline.call("krajowa") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys("9")
        await caller.asked("izba")
        await gone(caller)


@scenarios
async def as_the_hand_off_is_announced(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys(PAUSED[0])
        await caller.queued()
        await gone(caller)


@scenarios
async def in_the_queue(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys(PAUSED[0])
        await caller.in_queue(PAUSED[1])
        await gone(caller)
        assert await hotline.messages(caller.id) == []


@scenarios
async def while_a_telephone_rings(hotline: Hotline) -> None:
    """The card that was shown is taken back."""
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys(RINGING[0])
        await caller.in_queue(RINGING[1])
        await until(lambda: _kinds(hotline, caller, ["card"]), "a card is shown")
        await gone(caller)
        await until(lambda: _kinds(hotline, caller, ["card", "withdrawn"]), "the card is withdrawn")
        card, withdrawn = await hotline.messages(caller.id)
        assert card["agent"] == withdrawn["agent"] == AWAY
        assert withdrawn["data"]["reason"] in ("abandoned", "cancelled"), (
            "whose leg Asterisk ends first is its own affair"
        )


async def _kinds(hotline: Hotline, caller: Caller, kinds: list[str]) -> bool:
    return [message["kind"] for message in await hotline.messages(caller.id)] == kinds


@scenarios
async def in_the_talk(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys("9")
        await caller.page()
        caller.live.hang_up()
        assert (await caller.over()).ended == "served"
        await caller.left_nothing()


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_nothing_is_left_of_a_call(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]
