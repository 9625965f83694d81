"""A person can be reached from every question by the keys that the greeting names."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivr.dialogue.events import HumanAsked
from ivr.journal import Turn
from tests.live.hotline import Caller, Hotline, Scenarios

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()
Way = Callable[[Caller], Awaitable[object]]


async def identity(caller: Caller) -> None:
    await caller.asked("tozsamosc", "IdentityGiven")


async def pin(caller: Caller) -> None:
    await caller.number_of("dz-29")
    await caller.asked("telepin", "PinGiven")


async def half_a_number(caller: Caller) -> None:
    await identity(caller)
    await caller.keys("8583")


async def half_a_pin(caller: Caller) -> None:
    await pin(caller)
    await caller.keys("111")


async def principal_menu(caller: Caller) -> None:
    await caller.authenticate("dz-21")
    await caller.asked("mocodawca", "Keyed")


async def principal_number(caller: Caller) -> None:
    await caller.authenticate("dz-30")
    await caller.asked("mocodawca", "Keyed")
    await caller.keys("8")
    await caller.asked("mocodawca", "PrincipalFound")


async def matter(caller: Caller) -> None:
    await caller.keys("#")
    await caller.asked("sprawa")


async def voivodeship(caller: Caller) -> None:
    await matter(caller)
    await caller.keys("9")
    await caller.asked("izba")


QUESTIONS: dict[str, tuple[str, Way, tuple[str, ...]]] = {
    "identity": ("malopolskie", identity, ("0#", "**")),
    "half_a_number": ("podlaskie", half_a_number, ("**",)),
    "pin": ("malopolskie", pin, ("0#", "**")),
    "half_a_pin": ("opolskie", half_a_pin, ("**",)),
    "principal_menu": ("malopolskie", principal_menu, ("0", "**")),
    "principal_number": ("opolskie", principal_number, ("0#", "**")),
    "matter": ("lodzkie", matter, ("0", "**")),
    "voivodeship": ("krajowa", voivodeship, ("0", "**")),
}
"""Each question: whom to dial to come to it, how, and the keys that ask for a person there."""


def _reach(office: str, way: Way, keys: str) -> Callable[[Hotline], Awaitable[None]]:
    async def scenario(hotline: Hotline) -> None:
        async with hotline.call(office) as caller:
            await way(caller)
            await caller.keys(keys)
            asked = await caller.event(HumanAsked)
            assert asked.state.wants_human
            page = await caller.page()
            assert page["queue"].startswith(office)

    return scenario


for _name, (_office, _way, _keys) in QUESTIONS.items():
    for _pressed in _keys:
        scenarios.add(f"{_name}_by_{_pressed}", _reach(_office, _way, _pressed))


@scenarios
async def out_of_hours_the_reason_is_told(hotline: Hotline) -> None:
    """Nobody is there: 0 and ** in the menu that says so tell it again, and no call is left without an end."""
    text = "Urząd jest dziś nieczynny z powodu awarii prądu."
    hotline.close_office("dolnoslaskie", text)
    try:
        for keys in ("0", "**"):
            async with hotline.call("dolnoslaskie") as caller:
                closed = await caller.asked("sprawa")
                assert closed.state.open is False
                await caller.keys(keys)
                menu = await caller.asked("po-godzinach")
                assert text in texts_of(menu)
                await caller.keys(keys)
                again = await caller.asked("po-godzinach", after=menu.turn)
                assert text in texts_of(again)
                await caller.keys("2")
                await caller.live.wait_hangup()
            assert (await caller.over()).ended == "finished"
    finally:
        hotline.close_office("dolnoslaskie", None)


def texts_of(turn: Turn) -> list[str]:
    return [line.text for action in turn.actions for line in getattr(action, "lines", ())]


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_a_person_is_reached(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]
