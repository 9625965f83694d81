"""Engines die, hang and are stopped at every step of a call; it goes on at the same node with the other engine."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest

from ivr.dialogue.actions import Ask, CheckPin, Enqueue, RecallCheck
from ivr.dialogue.events import IdentityGiven, Keyed, PinChecked, PinGiven, QueueEnded, Resumed
from ivr.journal import Turn
from tests.live.hotline import ON_BREAK, PAUSED, Caller, Hotline, prompts_of, until

pytestmark = [pytest.mark.live, pytest.mark.anyio]


@pytest.fixture(autouse=True)
async def both_engines(hotline: Hotline) -> None:
    """Every test begins with two engines that serve."""
    await hotline.ready()


async def last(caller: Caller) -> Turn:
    return (await caller.turns())[-1]


async def survives_greeting(caller: Caller, before: Turn, other: int, since: float) -> None:
    await caller.resumed(other, before, since)
    await caller.number_of("dz-18")
    assert (await caller.event(IdentityGiven)).engine == f"engine-{other}"


async def survives_number(caller: Caller, before: Turn, other: int, since: float) -> None:
    """Digits keyed so far are gone, and asked for again."""
    resumed = await caller.resumed(other, before, since)
    assert "podaj-numer" in prompts_of(resumed)
    await caller.live.wait_speech()
    await caller.number_of("dz-18")
    assert (await caller.event(IdentityGiven)).engine == f"engine-{other}"


async def survives_pin(caller: Caller, before: Turn, other: int, since: float) -> None:
    """The number is still sealed: it is not asked for again, the telePIN is, in full."""
    await caller.resumed(other, before, since)
    await caller.live.wait_speech()
    await caller.number_of("dz-19", "pin")
    checked = await caller.event(PinChecked)
    assert checked.state.verdict == "ok"
    assert checked.state.auth is not None
    assert checked.state.auth.person.ref == "dz-19"


async def survives_check(caller: Caller, before: Turn, other: int, since: float) -> None:
    """The telePIN died with its engine, and so did the verdict: the telePIN is asked for once more,
    the number is not, and the caller ends up authenticated."""
    resumed = await caller.resumed(other, before, since)
    assert isinstance(before.actions[-1], CheckPin)
    assert isinstance(resumed.actions[-1], RecallCheck)
    assert resumed.actions[-1].check == before.actions[-1].check
    checked = await caller.event(PinChecked, after=resumed.turn)
    assert isinstance(checked.event, PinChecked)
    assert checked.event.verdict == "lost"
    assert checked.state.node == "telepin"
    assert prompts_of(checked) == ["telepin-jeszcze-raz"]
    await caller.live.wait_speech()
    await caller.number_of("dz-20", "pin")
    proved = await caller.event(PinChecked, after=checked.turn)
    assert proved.state.verdict == "ok"
    assert proved.state.auth is not None
    assert proved.state.auth.person.ref == "dz-20"


async def survives_page(caller: Caller, before: Turn, other: int, since: float) -> None:
    """The page of principals that was being read out is read out again, and its keys mean the same."""
    resumed = await caller.resumed(other, before, since)
    offered = resumed.actions[-1]
    assert isinstance(offered, Ask)
    assert offered == before.actions[-1]
    await caller.keys("2")
    matter = await caller.asked("sprawa")
    assert matter.state.acting_for is not None
    assert matter.state.acting_for.ref == offered.choices["2"]


async def survives_matter(caller: Caller, before: Turn, other: int, since: float) -> None:
    await caller.resumed(other, before, since)
    await caller.keys("1")
    page = await caller.page()
    assert page["data"]["authenticated"]["person"] == "dz-22", "what was proven stays proven"
    assert len(page_joins(caller)) == 1


async def survives_queue(caller: Caller, before: Turn, other: int, since: float) -> None:
    """No engine has the call: it stands where it stood, in one queue, and ends in one page."""
    await caller.hotline.agents.unpause(ON_BREAK)
    try:
        assert (await caller.page())["data"]["authenticated"]["person"] == "dz-24"
    finally:
        await caller.hotline.agents.pause(ON_BREAK, reason="test")
    caller.live.hang_up()
    assert (await caller.over()).ended == "served"
    assert len(page_joins(caller)) == 1
    assert await events(caller, Resumed) == 0


async def survives_talk(caller: Caller, before: Turn, other: int, since: float) -> None:
    """The talk is not touched, and who has talked is not queued again."""
    await asyncio.sleep(1)
    assert await caller.hotline.channels(caller.id)
    caller.live.hang_up()
    assert (await caller.over()).ended == "served"
    assert len(page_joins(caller)) == 1
    kinds = [message["kind"] for message in await caller.hotline.messages(caller.id)]
    assert kinds.count("session") == 1
    queued = [action for turn in await caller.turns() for action in turn.actions if isinstance(action, Enqueue)]
    assert len(queued) == 1


def page_joins(caller: Caller) -> list[dict[str, str]]:
    return caller.hotline.heard("QueueCallerJoin", caller.id)


async def events(caller: Caller, kind: type) -> int:
    return sum(isinstance(turn.event, kind) for turn in await caller.turns())


@pytest.mark.parametrize("engine", [0, 1])
async def test_a_killed_engine_is_missed_by_no_call(hotline: Hotline, engine: int) -> None:
    """Eight calls at eight steps with one engine, which is killed."""
    async with AsyncExitStack() as calls:

        async def placed(office: str) -> Caller:
            return await calls.enter_async_context(hotline.call(office, engine=engine))

        offices = ("opolskie", "opolskie", "podlaskie", "lodzkie", "dolnoslaskie", "malopolskie", "lodzkie", "opolskie")
        steps = await asyncio.gather(*(placed(office) for office in offices))
        _, number, pin, check, matter, queue, talk, page = steps
        await asyncio.gather(
            pin.number_of("dz-19"),
            check.number_of("dz-20"),
            matter.authenticate("dz-22"),
            queue.authenticate("dz-24"),
            talk.keys("#"),
            page.authenticate("dz-30"),
        )
        await page.asked("mocodawca", "Keyed")
        await page.keys("9")
        await asyncio.gather(matter.asked("sprawa"), queue.asked("sprawa"), talk.asked("sprawa"))
        await asyncio.gather(queue.keys(PAUSED[0]), talk.keys("9"))
        await asyncio.gather(queue.in_queue(PAUSED[1]), talk.page())
        await asyncio.gather(pin.asked("telepin", "PinGiven"), check.asked("telepin", "PinGiven"))
        await hotline.eus("slow", 1.9)
        await asyncio.gather(number.keys("858314"), pin.keys("538"), check.number_of("dz-20", "pin"))
        await asyncio.gather(check.event(PinGiven), page.event(Keyed))
        before = [await last(caller) for caller in steps]
        assert all(turn.engine == f"engine-{engine}" for turn in before)
        assert isinstance(before[3].event, PinGiven), "the check is still under way"
        since = await hotline.kill(engine)
        await hotline.eus()
        outcomes = (
            survives_greeting,
            survives_number,
            survives_pin,
            survives_check,
            survives_matter,
            survives_queue,
            survives_talk,
            survives_page,
        )
        async with asyncio.TaskGroup() as group:
            for outcome, caller, turn in zip(outcomes, steps, before, strict=True):
                group.create_task(outcome(caller, turn, 1 - engine, since), name=outcome.__name__)
    for caller in steps:
        await caller.left_nothing()


async def test_a_greeting_cut_short_by_a_kill_is_said_to_its_end(hotline: Hotline) -> None:
    """That it is a machine, and the clause on personal data: nobody comes to a question without having heard them."""
    async with hotline.call("podlaskie", engine=0) as caller:
        await caller.asked("tozsamosc")
        await hotline.kill(0)
        resumed = await caller.event(Resumed)
        assert {"powitanie", "automat", "rodo", "podaj-numer"} <= set(prompts_of(resumed))
        await caller.live.wait_silence(1.5, 60)
        await caller.keys("#")
        await caller.asked("sprawa")
    await hotline.ready()


async def test_a_turn_resumed_twice_goes_to_a_person(hotline: Hotline) -> None:
    async with hotline.call(engine=0) as caller:
        await caller.asked("tozsamosc")
        before = await last(caller)
        first = await caller.resumed(1, before, await hotline.kill(0))
        await hotline.ready()
        await hotline.kill(1)
        second = await caller.event(Resumed, after=first.turn)
        assert second.engine == "engine-0"
        assert second.state.wants_human
        await caller.page()


async def test_a_hung_engine_is_killed_and_its_call_goes_on(hotline: Hotline) -> None:
    async with hotline.call(engine=1) as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        before = await last(caller)
        hung = hotline.engine(1)
        since = await hotline.kill(1, signal.SIGSTOP)
        await caller.resumed(0, before, since)
        await caller.keys("9")
        await caller.page()
        await hotline.ready()
        assert hotline.engine(1) != hung
    assert "child hangs" in (hotline.settings.var / "log" / "supervisor.log").read_text()


async def test_without_any_engine_people_answer(hotline: Hotline) -> None:
    """Callers under way and new ones hear an announcement and reach the default queue of their office."""
    supervisor = hotline.supervisor
    assert supervisor is not None
    async with hotline.call("podlaskie") as midway:
        await midway.asked("tozsamosc")
        await hotline.ready()
        os.kill(supervisor, signal.SIGSTOP)
        try:
            for number in (0, 1):
                await hotline.kill(number)
            async with hotline.call("lodzkie") as new, asyncio.TaskGroup() as group:
                group.create_task(reaches_people(hotline, midway, "podlaskie-kol-ogolna"))
                group.create_task(reaches_people(hotline, new, "lodzkie-kol-ogolna"))
        finally:
            os.kill(supervisor, signal.SIGCONT)
        await hotline.ready()


async def reaches_people(hotline: Hotline, caller: Caller, queue: str) -> None:
    own = str(caller.number)

    async def said() -> bool:
        return any(one["reason"] == "no-engine" for one in hotline.heard("UserEvent", caller.dialled))

    async def talks() -> bool:
        return any(one["queue"] == queue for one in hotline.heard("AgentConnect", own))

    await until(said, "the dialplan takes the call")
    await caller.live.wait_speech()
    await until(talks, f"{queue} answers {own}")


async def test_a_stop_drains_the_automatic_part_alone(hotline: Hotline) -> None:
    """Who is being asked comes to their queue first; who waits or talks does not notice, and is served afterwards."""
    supervisor = hotline.supervisor
    assert supervisor is not None
    async with hotline.call("malopolskie") as waiting, hotline.call("lodzkie") as talking, hotline.call() as asked:
        await asyncio.gather(*(caller.keys("#") for caller in (waiting, talking, asked)))
        await asyncio.gather(*(caller.asked("sprawa") for caller in (waiting, talking, asked)))
        await asyncio.gather(waiting.keys(PAUSED[0]), talking.keys("9"))
        await asyncio.gather(waiting.in_queue(PAUSED[1]), talking.page())
        os.kill(supervisor, signal.SIGTERM)
        await until(lambda: draining(hotline), "the stop has begun")
        await asked.keys(PAUSED[0])
        await asked.in_queue(PAUSED[1])
        await until(lambda: stopped(hotline), "serve has ended")
        for caller in (waiting, talking, asked):
            assert await hotline.channels(caller.id), "the call is up"
        await asyncio.to_thread(hotline.up)
        await hotline.agents.unpause(ON_BREAK)
        try:
            await asyncio.gather(waiting.page(), served_in_turn(waiting, asked))
        finally:
            await hotline.agents.pause(ON_BREAK, reason="test")
        for caller in (waiting, talking, asked):
            caller.live.hang_up()
            assert (await caller.over()).served
            assert await events(caller, QueueEnded) == 1
            assert len(page_joins(caller)) == 1


async def served_in_turn(first: Caller, second: Caller) -> None:
    """The one consultant serves two callers, one after the other."""
    await first.page()
    first.live.hang_up()
    await second.page()


async def draining(hotline: Hotline) -> bool:
    return "draining" in (hotline.settings.var / "log" / "supervisor.log").read_text()


async def stopped(hotline: Hotline) -> bool:
    return hotline.supervisor is None
