"""An Asterisk that dies is told and started again; one that was stopped is not."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.asterisk import watch as watching
from infolinia.asterisk.trouble import AsteriskError
from infolinia.asterisk.watch import watch
from infolinia.settings import Settings

pytestmark = pytest.mark.anyio


class Machine:
    """Starts nothing: notes that it was asked to."""

    def __init__(self, faults: int = 0) -> None:
        self.faults, self.starts, self.alarms = faults, 0, list[str]()

    def start(self) -> int:
        self.starts += 1
        if self.starts <= self.faults:
            raise AsteriskError("zajęty port")
        return 1

    def alarm(self, kind: str, text: str) -> None:
        self.alarms.append(kind)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(watching, "LOOK", 0.01)
    monkeypatch.setattr(watching, "BACK_OFF", (0.0,))
    (tmp_path / "asterisk").mkdir()
    return Settings(var=tmp_path)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_one_that_died_is_started_again_until_it_starts(settings: Settings) -> None:
    machine = Machine(faults=1)
    (settings.var / "asterisk" / "asterisk.pid").write_text("999999999")
    watcher = asyncio.create_task(watch(settings, machine.alarm, machine.start))
    await until(lambda: machine.starts == 2)
    assert machine.alarms[:2] == ["asterisk-died", "asterisk-died"]
    watcher.cancel()


async def test_one_that_was_stopped_is_left(settings: Settings) -> None:
    machine = Machine()
    pid_file = settings.var / "asterisk" / "asterisk.pid"
    watcher = asyncio.create_task(watch(settings, machine.alarm, machine.start))
    await asyncio.sleep(0.1)
    pid_file.write_text(str(os.getpid()))  # somebody else's by now: ours is gone
    await until(lambda: machine.starts >= 1)
    pid_file.unlink()
    await asyncio.sleep(0.05)
    starts = machine.starts
    await asyncio.sleep(0.1)
    assert machine.starts == starts
    watcher.cancel()
