"""What a caller may key as an identity, and that a refusal says the same to everybody."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr

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
        assert (data["verdict"], data["authenticated"]) == ("throttled", None)


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


async def mandate(hotline: Hotline, act: str) -> None:
    """dz-15's only mandate, withdrawn or given again on the page of e-US."""
    answer = await hotline.http.post(f"{hotline.settings.eus}/konta/dz-15/uprawnienia/moc-beta/{act}")
    assert answer.status_code == 303


@scenarios
async def a_mandate_withdrawn_in_mid_call_is_gone_at_the_hand_off(hotline: Hotline) -> None:
    """First it holds, and the page says when that was confirmed; then it is withdrawn while the matter is asked."""
    async with hotline.call("lodzkie") as caller:
        await acts_for_beta(caller)
        data = (await caller.page())["data"]
        assert data["principal"]["ref"] == "moc-beta"
        assert data["principal"]["confirmed"] >= data["authenticated"]["at"]
    try:
        async with hotline.call("lodzkie") as caller:
            await acts_for_beta(caller, before_matter=lambda: mandate(hotline, "odbierz"))
            queued = (await caller.queued()).state
            assert (queued.mandate, queued.acting_for) == ("withdrawn", queued.auth and queued.auth.person)
            data = (await caller.page())["data"]
            assert (data["principal"], data["authenticated"]["person"]) == (None, "dz-15")
            assert "odebrano" in data["entitled"]["words"]
    finally:
        await mandate(hotline, "przywroc")


async def acts_for_beta(caller: Caller, before_matter: Callable[[], Awaitable[None]] | None = None) -> None:
    await caller.authenticate("dz-15")
    await caller.asked("mocodawca", "Keyed")
    await caller.keys("2")
    await caller.asked("sprawa")
    if before_matter is not None:
        await before_matter()
    await caller.keys("9")


@scenarios
async def slowly_with_long_keys_and_corrections(hotline: Hotline) -> None:
    """An old telephone in an unsure hand: a key a second, ``#`` held down, the number begun anew, a telePIN without
    ``#``."""
    async with hotline.call("podlaskie") as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        number = caller.hotline.people.keys("pesel", "dz-19").get_secret_value()
        await caller.live.keys(SecretStr(f"{number[:4]}*{number}"), None, 0.4, 0.7)
        await caller.live.keys("#", None, 1.5)
        assert (await caller.asked("telepin", "PinGiven")).state.tries == 0
        pin = caller.hotline.people.keys("pin", "dz-19")
        await caller.live.keys(pin, None, 0.5, 1.0)
        assert (await caller.event(PinChecked)).state.verdict == "ok"


@scenarios
async def the_number_twice_is_no_attempt(hotline: Hotline) -> None:
    """PESEL keyed again where the telePIN is asked for: too long for one, told so, and nothing is counted."""
    async with hotline.call("opolskie") as caller:
        await caller.number_of("dz-29")
        await caller.number_of("dz-29")
        refused = await caller.event(PinRefused)
        assert (prompts_of(refused), refused.state.checks) == (["telepin-szesc-cyfr"], 0)
        await caller.live.wait_speech()
        await caller.number_of("dz-29", "pin")
        assert (await caller.event(PinChecked)).state.verdict == "ok"


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_keying_an_identity(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]
