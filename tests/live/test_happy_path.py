"""The main job: who calls and what they want is known, and on the consultant's screen as they pick up."""

import asyncio

import pytest

from ivr.dialogue.actions import Enqueue
from tests.live.hotline import Hotline, Scenarios, prompts_of

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()


@scenarios
async def by_pesel(hotline: Hotline) -> None:
    async with hotline.call("podlaskie") as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.number_of("dz-01")
        await caller.asked("telepin", "PinGiven")
        await caller.number_of("dz-01", "pin")
        accepted = await caller.asked("sprawa")
        assert "potwierdzono" in prompts_of(accepted)
        await caller.keys("3")
        await caller.queued("podlaskie-kol-pcc-sd")
        page = await caller.page()
        data = page["data"]
        assert page["queue"] == "podlaskie-kol-pcc-sd"
        assert data["verdict"] == "ok"
        assert data["authenticated"]["person"] == "dz-01"
        assert data["authenticated"]["method"] == "pesel+telepin"
        assert data["caller"] == caller.number
        assert data["office"]["id"] == "podlaskie"
        assert data["complete"] is True
        await caller.live.wait_speech()
    assert (await caller.over()).ended == "served"
    kinds = [message["kind"] for message in await _settled(hotline, caller.id)]
    assert kinds == ["card", "session", "ended"]
    await caller.left_nothing()


@scenarios
async def by_nip(hotline: Hotline) -> None:
    async with hotline.call("opolskie") as caller:
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.number_of("dz-06", "nip")
        await caller.asked("telepin", "PinGiven")
        await caller.number_of("dz-06", "pin")
        await caller.asked("sprawa")
        await caller.keys("1")
        data = (await caller.page())["data"]
        assert data["authenticated"]["person"] == "dz-06"
        assert data["authenticated"]["method"] == "nip+telepin"


@scenarios
async def keys_typed_ahead_of_the_greeting(hotline: Hotline) -> None:
    """PESEL#PIN# and the area in one go, before the greeting has been heard out."""
    async with hotline.call("wielkopolskie") as caller:
        await caller.authenticate("dz-02")
        await caller.keys("4")
        await caller.queued("wielkopolskie-kol-vat-nip")
        turns = await caller.turns()
        asked = [turn.state.node for turn in turns if turn.state.node in ("tozsamosc", "telepin", "sprawa")]
        assert asked == ["tozsamosc", "telepin", "telepin", "sprawa"], "no question was put twice"
        assert (await caller.page())["data"]["authenticated"]["person"] == "dz-02"


@scenarios
async def national_number_finds_the_office_by_eus(hotline: Hotline) -> None:
    async with hotline.call("krajowa") as caller:
        await caller.authenticate("dz-05")
        await caller.asked("sprawa")
        await caller.keys("9")
        await caller.queued("lodzkie-kol-ogolna")
        assert (await caller.page())["data"]["office"]["id"] == "lodzkie"


@scenarios
async def a_principal_is_chosen(hotline: Hotline) -> None:
    """A proxy with two principals calls for the second."""
    async with hotline.call("dolnoslaskie") as caller:
        await caller.authenticate("dz-16")
        await caller.asked("mocodawca")
        await caller.keys("3")
        await caller.asked("sprawa")
        await caller.keys("9")
        data = (await caller.page())["data"]
        assert data["authenticated"]["person"] == "dz-16"
        assert data["principal"]["ref"] == "org-modrzew"


@scenarios
async def who_was_served_is_not_queued_again(hotline: Hotline) -> None:
    """The consultant hangs up: the caller hears a goodbye and stands in no queue."""
    async with hotline.call() as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys("9")
        page = await caller.page()
        for leg in list(hotline.lines[page["agent"]].legs.values()):
            leg.hang_up()
        await caller.live.wait_hangup()
    assert (await caller.over()).served
    queued = [a for turn in await caller.turns() for a in turn.actions if isinstance(a, Enqueue)]
    assert len(queued) == 1
    assert len(hotline.heard("QueueCallerJoin", caller.id)) == 1


async def _settled(hotline: Hotline, call: str) -> list[dict[str, object]]:
    """The messages of a call once its last one has come."""
    for _ in range(100):
        messages = await hotline.messages(call)
        if messages and messages[-1]["kind"] == "ended":
            break
        await asyncio.sleep(0.1)
    return messages


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_the_caller_is_known_as_the_consultant_picks_up(
    scenario: str, under_way: dict[str, "asyncio.Task[None]"]
) -> None:
    await under_way[scenario]
