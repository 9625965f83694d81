"""e-US, the CRM and consultants that do not answer: the call goes on, and what had to be told is told in the end."""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infolinia.settings import Settings
from ivr.dialogue.events import PinChecked, QueueEnded
from recordings.caller.consultant import Behaviour
from tests.live.hotline import AWAY, BUSY, EMPTY, RINGING, SPARE, Hotline, Scenarios, prompts_of, until

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()


@pytest.fixture(autouse=True, scope="module")
async def mended(hotline: Hotline) -> AsyncIterator[None]:
    """This file begins and ends with systems that work."""
    await hotline.ready()
    yield
    await hotline.eus()
    await hotline.crm()


@scenarios
async def eus_gives_no_verdict(hotline: Hotline) -> None:
    """Down, garbled, about somebody else or too slow: an apology, and the call goes on unauthenticated."""
    for fault in ("down", "garbage", "other-person", "slow"):
        await hotline.eus(fault)
        async with hotline.call("malopolskie") as caller:
            await caller.authenticate("dz-28")
            checked = await caller.event(PinChecked)
            assert (fault, checked.state.verdict, checked.state.auth) == (fault, "unavailable", None)
            assert "eus-niedostepny" in prompts_of(checked)
            assert checked.state.node == "sprawa"
            await caller.keys("9")
            data = (await caller.page())["data"]
            assert (fault, data["verdict"], data["authenticated"]) == (fault, "unavailable", None)
    await _while_one_waits_for_eus(hotline)


async def _while_one_waits_for_eus(hotline: Hotline) -> None:
    """A caller without telePIN comes to a person while another's check waits for its time-out."""
    await hotline.eus("slow", 10)
    async with hotline.call("opolskie") as checked, hotline.call("lodzkie") as other:
        await asyncio.gather(checked.number_of("dz-28"), other.keys("#"))
        await asyncio.gather(checked.asked("telepin", "PinGiven"), other.asked("sprawa"))
        await checked.number_of("dz-28", "pin")
        await other.keys("9")
        await asyncio.gather(other.page(), checked.event(PinChecked))


async def _heard(hotline: Hotline, event: str, text: str) -> bool:
    return bool(hotline.heard(event, text))


async def _told(hotline: Hotline, call: str, kinds: list[str]) -> bool:
    return [message["kind"] for message in await hotline.messages(call)] == kinds


@scenarios
async def nobody_seated_anywhere_is_an_announced_end(hotline: Hotline) -> None:
    """The office's queue, the national one, then an apology: no music without an end."""
    async with hotline.call("opolskie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys(EMPTY[0])
        await caller.live.wait_hangup()
        state = await caller.over()
        assert state.ended == "no agent"
        assert state.queues_tried == (f"opolskie-{EMPTY[1]}", f"krajowa-{EMPTY[1]}")
        ends = [turn.event.outcome for turn in await caller.turns() if isinstance(turn.event, QueueEnded)]
        assert ends == ["joinempty", "joinempty"]
        assert "nikt-nie-odebral" in prompts_of((await caller.turns())[-1])
        await caller.left_nothing()


@scenarios
async def who_does_not_answer_loses_the_card_and_another_gets_it(hotline: Hotline) -> None:
    queue = f"podlaskie-{RINGING[1]}"
    hotline.phones[SPARE].behaviour = Behaviour(0.2)
    async with hotline.call("podlaskie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys(RINGING[0])
        await until(lambda: _told(hotline, caller.id, ["card"]), "the first telephone rings")
        await hotline.agents.add(SPARE, [queue])
        try:
            page = await caller.page()
        finally:
            await hotline.agents.remove(SPARE, [queue])
        assert page["agent"] == SPARE
        messages: list[dict[str, Any]] = await hotline.messages(caller.id)
        told = [(message["kind"], message["agent"]) for message in messages]
        assert told == [("card", AWAY), ("withdrawn", AWAY), ("card", SPARE), ("session", SPARE)]
        assert messages[1]["data"]["reason"] == "no-answer"
    assert len(hotline.heard("QueueCallerJoin", caller.id)) == 1


@scenarios
async def a_busy_telephone_is_passed_over(hotline: Hotline) -> None:
    """It refuses with 486: no page for it, the next one has the caller."""
    queue = f"wielkopolskie-{EMPTY[1]}"
    hotline.phones[BUSY].behaviour = Behaviour(reject=486)
    async with hotline.call("wielkopolskie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await hotline.agents.add(BUSY, [queue])
        try:
            await caller.keys(EMPTY[0])
            await until(lambda: _refused(hotline), "the telephone refuses")
            assert not [one for one in await hotline.messages(caller.id) if one["kind"] == "session"]
            hotline.phones[BUSY].behaviour = Behaviour(0.2)
            assert (await caller.page())["agent"] == BUSY
        finally:
            await hotline.agents.remove(BUSY, [queue])


async def _refused(hotline: Hotline) -> bool:
    return any(served.end.by == "refused" for served in hotline.phones[BUSY].served)


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_the_call_goes_on(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]


async def test_a_crm_that_was_away_learns_all_in_order(hotline: Hotline) -> None:
    """The talk is not held up; once the CRM is back it has every message once, in the order of events."""
    await hotline.crm("down")
    async with hotline.call("lodzkie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.keys("1")
        await caller.queued()
        await until(lambda: _heard(hotline, "AgentConnect", str(caller.number)), "a consultant picks up")
        assert await hotline.messages(caller.id) == []
        caller.live.hang_up()
        await caller.over()
        await hotline.crm("lost")
        await until(lambda: _told(hotline, caller.id, ["card"]), "a message whose answer is lost")
        await hotline.crm()
        await until(lambda: _told(hotline, caller.id, ["card", "session", "ended"]), "all is delivered", 60)
        messages = await hotline.messages(caller.id)
        assert [message["sequence"] for message in messages] == [1, 2, 3]
        assert not any(message["out_of_order"] for message in messages)
        assert len({message["id"] for message in messages}) == 3


@contextmanager
def locked(hotline: Hotline) -> Iterator[None]:
    """The database takes nothing from anybody."""
    holder = sqlite3.connect(hotline.settings.var / "infolinia.db", timeout=20, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


async def _events(hotline: Hotline) -> Counter[str]:
    """How many turns each kind of event made, in all engines."""
    found: Counter[str] = Counter()
    for number in range(hotline.settings.engines):
        shown = await hotline.http.get(f"http://127.0.0.1:{hotline.settings.port('metrics', number)}/metrics")
        for name, value in re.findall(r'infolinia_turns_total\{event="(\w+)"\} ([0-9.]+)', shown.text):
            found[name] += int(float(value))
    return found


async def _page(hotline: Hotline, number: str) -> bool:
    events = (await hotline.http.get(f"{hotline.settings.crm}/api/events")).json()
    return any(one["kind"] == "session" and one["data"]["caller"] == number for one in events)


@pytest.mark.skipif(bool(Settings().database), reason="locks the SQLite file of its own stack")
async def test_without_a_journal_typed_numbers_choose_no_queue_and_the_page_still_comes(hotline: Hotline) -> None:
    """PESEL and telePIN typed into the greeting; authentication is off, which is said; then the caller's own key."""
    before = await _events(hotline)
    with locked(hotline):
        async with hotline.call("dolnoslaskie") as caller:
            await caller.authenticate("dz-28")
            await caller.live.wait_silence(2.5, 60)
            await caller.live.keys("9")
            await until(lambda: _heard(hotline, "AgentConnect", str(caller.number)), "a consultant picks up")
            await until(lambda: _page(hotline, str(caller.number)), "the page comes from memory")
            (connected,) = hotline.heard("AgentConnect", str(caller.number))
            assert connected["queue"] == "dolnoslaskie-kol-ogolna"
            call = connected["chanvariable"].partition("IVR_CALL=")[2][:36]
            assert [one["kind"] for one in await hotline.messages(call)] == ["card", "session"]
    after = await _events(hotline)
    wanted = {"AuthenticationStopped": 1, "Keyed": 1, "IdentityGiven": 0, "PinChecked": 0}
    assert {name: after[name] - before[name] for name in wanted} == wanted
    await until(
        lambda: _told(hotline, call, ["card", "session", "ended"]), "each once, although the outbox sends again"
    )
