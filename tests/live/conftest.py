"""Tests that place real calls, with real parts alone: a SIP telephone of ours rings a real Asterisk, whose dialplan
asks two real engines; what came of it is read from the journal, the CRM stub and Asterisk's events.

One stack (``hotline``) serves all files; it works by keypad, as an office without a recogniser does. ``test_speech.py``
starts a second one with the recogniser that set-up fetched, and is left out where there is none. Calls of one file are
placed at the same time (``hotline.Scenarios``). The longest call, of somebody who never presses a key, is begun first
and looked at once the other files have had their turn; files that break media, engines and systems come after it, and
the search for secrets in all that was written comes last.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.live.hotline import Hotline, own_settings

ORDER = (
    "asterisk_boot",
    "early_keys",
    "happy_path",
    "authentication",
    "bad_input",
    "hang_up",
    "person",
    "replay_call",
    "recording",
    "speech",
    "no_keys",
    "media_lost",
    "engines_killed",
    "deployed",
    "systems_down",
    "secrets",
)
"""Subjects in the order in which their files run."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop for all: telephones stay registered between tests."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if unordered := {f"test_{subject}" for subject in ORDER} ^ {path.stem for path in here.glob("test_*.py")}:
        raise pytest.UsageError(f"{here.name}: ORDER and the files differ in {', '.join(sorted(unordered))}")
    live = [item for item in items if item.path.parent == here]
    ranks = {f"test_{subject}": rank for rank, subject in enumerate(ORDER)}
    ordered = iter(sorted(live, key=lambda item: ranks[item.path.stem]))
    items[:] = [next(ordered) if item.path.parent == here else item for item in items]


@pytest.fixture(scope="session")
def running_stack(request: pytest.FixtureRequest) -> Iterator[Hotline]:
    """The stack's processes. Its folder is kept, and named, when a test failed."""
    folder = Path(tempfile.mkdtemp(prefix="inf-"))
    hotline = Hotline(own_settings(folder, 20_000, 27_200, whisper=False))
    failed_before = request.session.testsfailed
    try:
        hotline.start()
        yield hotline
    finally:
        hotline.stop()
        if request.session.testsfailed > failed_before:
            print(f"\nwhat the stack wrote is kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def hotline(running_stack: Hotline, anyio_backend: str) -> AsyncIterator[Hotline]:
    """The whole hotline, consultants seated, everybody ready."""
    await running_stack.open()
    try:
        yield running_stack
    finally:
        await running_stack.close()


@pytest.fixture(scope="session")
async def silent_caller(hotline: Hotline) -> AsyncIterator["asyncio.Task[str]"]:
    """Somebody who dials and does nothing until a consultant picks up; the call. The hotline asks for minutes, so this
    call goes on beside the others."""

    async def listen() -> str:
        async with hotline.call("wielkopolskie") as caller:
            await caller.page(within=400)
        return caller.id

    task = asyncio.create_task(listen())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True, scope="session")
def begin_the_longest_call_first(request: pytest.FixtureRequest) -> None:
    if any("silent_caller" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("silent_caller")


@pytest.fixture(scope="module")
async def under_way(hotline: Hotline, request: pytest.FixtureRequest) -> AsyncIterator[dict[str, "asyncio.Task[None]"]]:
    """The scenarios of this file that are selected, all begun."""
    names = [
        item.callspec.params["scenario"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
        if "scenario" in item.callspec.params
    ]
    tasks = request.module.scenarios.start(hotline, names)
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
