"""Dialplans go live beside calls under way: those keep their version, through a killed engine too; a closure and the
length of a queue bite at once."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infolinia import deployment, judgement
from infolinia.settings import ROOT
from ivr.journal import Turn
from ivr.proof import Proof
from store.versions import Version
from tests.live.hotline import PAUSED, Caller, Hotline, prompts_of, until

pytestmark = [pytest.mark.live, pytest.mark.anyio]
OFFICE = "offices/malopolskie.yaml"
MARK = "Nowa wersja"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dialplans with a greeting of another wording, and a queue that one caller fills."""
    copy = tmp_path_factory.mktemp("edited") / "dialplans"
    shutil.copytree(ROOT / "dialplans", copy)
    prompts = copy / "prompts.yaml"
    text = prompts.read_text(encoding="utf-8")
    for prompt in ("lacze", "obszary"):
        assert f'\n  {prompt}: "' in text
        text = text.replace(f'\n  {prompt}: "', f'\n  {prompt}: "{MARK}. ')
    prompts.write_text(text, encoding="utf-8")
    office = copy / OFFICE
    text = office.read_text(encoding="utf-8")
    more = f"  overflow: [opolskie]\n  limits: {{{PAUSED[1]}: {{max_waiting: 1}}}}\n  default_queue:"
    office.write_text(text.replace("  default_queue:", more), encoding="utf-8")
    return copy


@pytest.fixture(scope="module", autouse=True)
def proved_elsewhere() -> Iterator[None]:
    """These versions differ in words; what the proof keeps out is tested without a telephone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judgement.proof, "prove", lambda plan: Proof(1, 1, 0.0, (), (), None))
        patch.setattr(judgement, "run_all", lambda *_: (0, []))
        yield


@pytest.fixture(scope="module", autouse=True)
async def as_it_was(hotline: Hotline) -> AsyncIterator[None]:
    await hotline.ready()
    before = deployment.versions_of(hotline.settings).live()
    assert before is not None
    yield
    await serve(hotline, before)


async def go_live(hotline: Hotline, root: Path) -> Version:
    done = await asyncio.to_thread(deployment.deploy, hotline.settings, root, by="tests")
    assert done.version is not None
    await served(hotline, done.version)
    return done.version


async def serve(hotline: Hotline, version: Version) -> None:
    live = deployment.versions_of(hotline.settings).live_id()
    if live != version.id:
        await asyncio.to_thread(deployment.roll_back, hotline.settings, str(version.number), by="tests")
    await served(hotline, version)


async def served(hotline: Hotline, version: Version) -> None:
    async def by_all() -> bool:
        for number in range(hotline.settings.engines):
            shown = await hotline.http.get(f"http://127.0.0.1:{hotline.settings.port('metrics', number)}/metrics")
            if f'infolinia_plan{{version="{version.id}"}} 1.0' not in shown.text:
                return False
        return True

    await until(by_all, f"all engines serve {version.id}")


def words(turn: Turn) -> str:
    return " ".join(line.text for action in turn.actions for line in getattr(action, "lines", ()))


async def test_a_call_keeps_its_version_whichever_engine_has_it(hotline: Hotline, root: Path) -> None:
    old = deployment.versions_of(hotline.settings).live()
    assert old is not None
    async with hotline.call("malopolskie", engine=0) as before:
        await before.asked("tozsamosc")
        new = await go_live(hotline, root)
        async with hotline.call("opolskie") as after:
            await after.keys("#")
            assert MARK in words(await after.asked("sprawa"))
            assert (await after.first()).state.plan == new.id
        killed = await hotline.kill(0)
        await before.resumed(1, (await before.turns())[-1], killed)
        await before.keys("#")
        asked = await before.asked("sprawa")
        assert (asked.state.plan, MARK in words(asked)) == (old.id, False)
        await before.keys("9")
        queued = await before.queued()
        assert (queued.state.plan, MARK in words(queued)) == (old.id, False)
        await before.page()
    await hotline.ready()
    await served(hotline, new)
    await serve(hotline, old)
    async with hotline.call("opolskie") as back:
        assert (await back.first()).state.plan == old.id


async def test_a_closure_bites_in_a_call_under_way(hotline: Hotline) -> None:
    async with hotline.call("opolskie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        hotline.close_office("opolskie", "Z powodu awarii urząd jest dziś zamknięty.")
        try:
            await caller.keys("9")
            told = await caller.asked("po-godzinach")
        finally:
            hotline.close_office("opolskie", None)
        assert "closure" in prompts_of(told)
        assert "awarii" in words(told)


async def _waits(caller: Caller) -> str:
    await caller.keys("#")
    await caller.asked("sprawa")
    await caller.keys(PAUSED[0])
    await caller.in_queue()
    return (await caller.turns())[-1].state.queues_tried[-1]


async def test_a_full_queue_sends_the_next_caller_to_another_office(hotline: Hotline, root: Path) -> None:
    await go_live(hotline, root)
    async with hotline.call("malopolskie") as first:
        assert await _waits(first) == f"malopolskie-{PAUSED[1]}"
        async with hotline.call("malopolskie") as second:
            assert await _waits(second) == f"opolskie-{PAUSED[1]}"
            found = [turn.event for turn in await second.turns() if getattr(turn.event, "what", "") == "queue"]
            assert [event.found.get("waiting") for event in found] == [1, 0]  # type: ignore[union-attr]
