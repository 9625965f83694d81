"""A crew of real processes that answer, hang and die."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from voicebot.ears.crew import Crew, EarError, _Hearing
from voicebot.ears.ear import Question

pytestmark = pytest.mark.anyio
OPEN = Question("matter")
ENGINE = "tests.fakes.engines:Echo"


@asynccontextmanager
async def crew(*, streaming: bool = True, capacity: int = 8, deadline: float = 5.0) -> AsyncIterator[Crew]:
    crew = Crew("test", ENGINE, {}, streaming=streaming, capacity=capacity, deadline=deadline)
    await crew.start()
    try:
        yield crew
    finally:
        await crew.close()


async def ask(crew: Crew, size: int) -> str | None:
    hearing = crew.listen(OPEN)
    assert hearing is not None
    hearing.feed(bytes(size))
    utterance = await hearing.finish()
    return None if utterance is None else utterance.text.split(" by ")[0]


async def again(crew: Crew) -> None:
    """Wait until the crew takes utterances once more."""
    async with asyncio.timeout(20):
        while (hearing := crew.listen(OPEN)) is None:
            await asyncio.sleep(0.02)
    hearing.drop()


@pytest.mark.parametrize("streaming", [True, False])
async def test_utterances_are_answered_side_by_side(streaming: bool) -> None:
    async with crew(streaming=streaming) as ear:
        assert await asyncio.gather(*(ask(ear, 100 + n) for n in range(6))) == [f"{100 + n} bytes" for n in range(6)]


async def test_partials_come_while_the_caller_speaks() -> None:
    async with crew() as ear:
        hearing = ear.listen(OPEN)
        assert hearing is not None
        hearing.feed(bytes(320))
        async with asyncio.timeout(5):
            while hearing.partial != "320 so far":
                await asyncio.sleep(0.01)
        hearing.drop()


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_recogniser_that_hangs_is_killed_and_replaced(streaming: bool) -> None:
    async with crew(streaming=streaming, deadline=0.3) as ear:
        (before,) = ear.processes
        assert await ask(ear, 1) is None
        await again(ear)
        (after,) = ear.processes
        assert after != before
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)
        ear._workers[0].deadline = 5.0
        assert await ask(ear, 44) == "44 bytes"


async def test_a_recogniser_that_dies_is_replaced() -> None:
    async with crew() as ear:
        assert await ask(ear, 2) is None
        await again(ear)
        assert await ask(ear, 44) == "44 bytes"


async def test_an_utterance_waiting_behind_one_that_kills_the_recogniser_is_answered_by_the_next() -> None:
    async with crew(streaming=False, deadline=20.0) as ear:
        assert await asyncio.gather(ask(ear, 2), ask(ear, 44), ask(ear, 45)) == [None, "44 bytes", "45 bytes"]


async def test_a_failure_touches_one_utterance_only() -> None:
    async with crew() as ear:
        (before,) = ear.processes
        assert await asyncio.gather(ask(ear, 3), ask(ear, 44)) == [None, "44 bytes"]
        assert ear.processes == [before]


async def test_overload_sheds_to_keys() -> None:
    async with crew(capacity=2) as ear:
        held = [ear.listen(OPEN), ear.listen(OPEN)]
        assert ear.listen(OPEN) is None
        assert held[0] is not None
        held[0].drop()
        assert ear.listen(OPEN) is not None


async def test_no_process_outlives_the_crew() -> None:
    async with crew() as ear:
        (pid,) = ear.processes
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_model_that_is_not_there_is_said() -> None:
    ear = Crew("test", ENGINE, {"refuse": "no such model"}, streaming=True)
    with pytest.raises(EarError, match="no such model"):
        await ear.start()
    assert ear.processes == []


async def guess(hearing: _Hearing) -> str:
    async with asyncio.timeout(5):
        while not hearing.partial:
            await asyncio.sleep(0.01)
    return hearing.partial.split(" by ")[0]


async def test_a_pause_lets_an_ear_look_at_what_there_is() -> None:
    async with crew(streaming=False) as ear:
        hearing = ear.listen(OPEN)
        assert hearing is not None
        hearing.feed(bytes(100))
        hearing.pause()
        hearing.pause()
        assert await guess(hearing) == "100 bytes"
        hearing.feed(bytes(20))
        utterance = await hearing.finish()
        assert utterance is not None
        assert utterance.text.startswith("100 bytes"), "what came in the pause was silence"
        assert not ear._workers[0].hearings


async def test_who_speaks_on_after_a_pause_is_heard_whole() -> None:
    async with crew(streaming=False) as ear:
        hearing = ear.listen(OPEN)
        assert hearing is not None
        hearing.feed(bytes(100))
        hearing.pause()
        await guess(hearing)
        hearing.resume()
        assert hearing.partial == ""
        hearing.feed(bytes(20))
        utterance = await hearing.finish()
        assert utterance is not None
        assert utterance.text.startswith("120 bytes")


async def test_a_guess_that_hangs_is_killed_with_its_recogniser() -> None:
    async with crew(streaming=False, deadline=0.3) as ear:
        hearing = ear.listen(OPEN)
        assert hearing is not None
        hearing.feed(bytes(1))
        hearing.pause()
        assert await hearing.finish() is None
        await again(ear)
        ear._workers[0].deadline = 5.0
        assert await ask(ear, 44) == "44 bytes"


async def test_a_guess_keeps_nobody_elses_answer_waiting_and_takes_nobodys_place() -> None:
    async with crew(streaming=False, capacity=2, deadline=0.5) as ear:
        first, second = ear.listen(OPEN), ear.listen(OPEN)
        assert first is not None
        assert second is not None
        assert ear.listen(OPEN) is None
        first.feed(bytes(1))
        second.feed(bytes(50))
        waiting = asyncio.create_task(first.finish())
        await asyncio.sleep(0)
        second.pause()
        assert len(ear._workers[0].hearings) == 2, "no guess while somebody waits"
        waiting.cancel()
        second.drop()
        await asyncio.gather(waiting, return_exceptions=True)
        third = ear.listen(OPEN)
        assert third is not None
        third.feed(bytes(50))
        third.pause()
        assert ear.listen(OPEN) is not None, "a guess is no caller"
