"""What a caller may key as an identity, and that a refusal says the same to everybody."""

import asyncio

import pytest

from ivr.dialogue.events import IdentityGiven, NumberRefused, PinChecked, PinRefused
from ivr.journal import Turn
from tests.live.hotline import Caller, Hotline, Scenarios, prompts_of

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()
WRONG_PIN = "111122#"
"""Nobody's."""


async def refused_once(caller: Caller, person: str, pin: str | None) -> Turn:
    """Key ``person``'s PESEL and ``pin`` (None: the real one); the turn with the verdict."""
    await caller.asked("tozsamosc", "IdentityGiven")
    await caller.number_of(person)
    await caller.asked("telepin", "PinGiven")
    if pin is None:
        await caller.number_of(person, "pin")
    else:
        await caller.keys(pin)
    return await caller.event(PinChecked)


@scenarios
async def wrong_blocked_inactive_and_unset_are_one_refusal(hotline: Hotline) -> None:
    """Words, verdict and what may follow are the same: the answer tells nothing about the account."""

    async def one(office: str, person: str, pin: str | None) -> tuple[object, ...]:
        async with hotline.call(office) as caller:
            turn = await refused_once(caller, person, pin)
            assert isinstance(turn.event, PinChecked)
            state = turn.state
            return turn.event.verdict, prompts_of(turn), state.node, state.awaits, state.auth, state.office == office

    told = await asyncio.gather(
        one("podlaskie", "dz-13", WRONG_PIN),
        one("wielkopolskie", "dz-08", None),
        one("dolnoslaskie", "dz-10", None),
        one("opolskie", "dz-12", WRONG_PIN),
    )
    assert told[0][0] == "refused"
    assert told[0][1] == ["odmowa"]
    assert [one for one in told if one != told[0]] == []


async def hears_the_refusal(caller: Caller) -> None:
    """The refusal is spoken at one time after the last key, whatever was wrong; "Sprawdzam" before it is none."""
    await asyncio.sleep(2.5)
    caller.live.mark = asyncio.get_running_loop().time()
    await caller.live.wait_speech()


@scenarios
async def right_after_wrong(hotline: Hotline) -> None:
    async with hotline.call("malopolskie") as caller:
        refused = await refused_once(caller, "dz-03", WRONG_PIN)
        await caller.asked("telepin", "PinGiven", after=refused.turn - 1)
        await hears_the_refusal(caller)
        await caller.number_of("dz-03", "pin")
        await caller.asked("sprawa")
        await caller.keys("1")
        assert (await caller.page())["data"]["authenticated"]["person"] == "dz-03"


@scenarios
async def three_wrong_lead_on_without(hotline: Hotline) -> None:
    """The call goes on, unauthenticated, and says so on the page."""
    async with hotline.call("wielkopolskie") as caller:
        turn = await refused_once(caller, "dz-14", WRONG_PIN)
        for _ in range(2):
            await caller.asked("telepin", "PinGiven", after=turn.turn - 1)
            await hears_the_refusal(caller)
            await caller.keys(WRONG_PIN)
            turn = await caller.event(PinChecked, after=turn.turn)
        assert prompts_of(turn)[0] == "odmowa-koniec"
        await caller.asked("sprawa")
        await caller.keys("9")
        data = (await caller.page())["data"]
        assert (data["verdict"], data["authenticated"]) == ("refused", None)


@scenarios
async def a_wrong_number_is_said_before_anybody_is_asked(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.keys("85831410111#")  # checksum
        first = await caller.event(NumberRefused)
        assert prompts_of(first)[0] == "bledny-numer"
        await caller.live.wait_speech()
        await caller.keys("8583141#")
        second = await caller.event(NumberRefused, after=first.turn)
        assert prompts_of(second)[0] == "zla-dlugosc"
        await caller.live.wait_speech()
        await caller.number_of("dz-28")
        await caller.event(IdentityGiven)


@scenarios
async def five_digits_are_no_attempt(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.number_of("dz-28")
        await caller.asked("telepin", "PinGiven")
        await caller.keys("11112#")
        refused = await caller.event(PinRefused)
        assert refused.state.checks == 0
        assert prompts_of(refused) == ["telepin-szesc-cyfr"]


@scenarios
async def an_entry_is_cleared_by_a_star(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.keys("999*")
        await caller.number_of("dz-28")
        assert (await caller.event(IdentityGiven)).state.tries == 0


@scenarios
async def a_lone_hash_leads_on_without(hotline: Hotline) -> None:
    async with hotline.call() as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys("9")
        data = (await caller.page())["data"]
        assert (data["verdict"], data["authenticated"]) == ("skipped", None)


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_keying_an_identity(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]
