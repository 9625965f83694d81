"""The supervisor with real children: one that dies, one that hangs, one that drains."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

import infolinia.supervisor as supervisor
from infolinia.supervisor import Child, Supervisor

pytestmark = pytest.mark.anyio

BEATS = """
import os, sys, time
pipe = int(sys.argv[sys.argv.index("--heartbeat") + 1])
note = open(sys.argv[1], "a"); print(os.getpid(), file=note, flush=True)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    os.write(pipe, b".")
    time.sleep(0.05)
"""


def child(tmp_path: Path, name: str, code: str, beats_for: float) -> Child:
    return Child(name, [sys.executable, "-c", code, str(tmp_path / name), str(beats_for)])


async def pids(path: Path, count: int) -> list[int]:
    while not path.exists() or len(path.read_text().split()) < count:
        await asyncio.sleep(0.02)
    return [int(pid) for pid in path.read_text().split()]


@pytest.fixture
def alarms() -> list[str]:
    return []


def watch(monkeypatch: pytest.MonkeyPatch, alarms: list[str], *children: Child) -> Supervisor:
    monkeypatch.setattr(supervisor, "SILENCE", 0.6)
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.0,))
    watcher = Supervisor({}, drain=1.0, alarm=lambda kind, text: alarms.append(kind))
    watcher._children = list(children)
    return watcher


async def test_a_child_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: list[str]
) -> None:
    watcher = watch(monkeypatch, alarms, child(tmp_path, "dies", BEATS, 60))
    running = asyncio.create_task(watcher.run())
    (first,) = await pids(tmp_path / "dies", 1)
    os.kill(first, signal.SIGKILL)
    assert len(set(await pids(tmp_path / "dies", 2))) == 2
    assert alarms == ["child-died"]
    watcher._stopping.set()
    await running


async def test_a_child_that_hangs_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: list[str]
) -> None:
    watcher = watch(monkeypatch, alarms, child(tmp_path, "hangs", BEATS, 60))
    running = asyncio.create_task(watcher.run())
    (first,) = await pids(tmp_path / "hangs", 1)
    await asyncio.sleep(0.3)
    os.kill(first, signal.SIGSTOP)
    await pids(tmp_path / "hangs", 2)
    assert alarms[:1] == ["child-hung"]
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    watcher._stopping.set()
    await running


async def test_two_that_fall_silent_together_are_given_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: list[str]
) -> None:
    """Killing both would leave nobody to take their calls over; who hangs for good is killed all the same."""
    monkeypatch.setattr(supervisor, "LAST_SILENCE", 3.0)
    monkeypatch.setattr(supervisor, "BEAT", 0.1)
    names = ("engine-0", "engine-1")
    watcher = watch(monkeypatch, alarms, *(child(tmp_path, name, BEATS, 60) for name in names))
    running = asyncio.create_task(watcher.run())
    stopped = [(await pids(tmp_path / name, 1))[0] for name in names]
    await asyncio.sleep(0.3)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(1.5)
    assert alarms == []
    os.kill(stopped[1], signal.SIGCONT)
    await pids(tmp_path / "engine-0", 2)
    assert (await pids(tmp_path / "engine-1", 1)) == [stopped[1]]
    assert alarms[:1] == ["child-hung"]
    watcher._stopping.set()
    await running


async def test_stopping_leaves_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: list[str]) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + BEATS
    monkeypatch.setattr(supervisor, "BEAT", 0.1)
    watcher = watch(monkeypatch, alarms, child(tmp_path, "gentle", BEATS, 60), child(tmp_path, "stubborn", stubborn, 3))
    running = asyncio.create_task(watcher.run())
    found = [*await pids(tmp_path / "gentle", 1), *await pids(tmp_path / "stubborn", 1)]
    watcher._stopping.set()
    await running
    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


HELD_UP = """
import asyncio, sys
import infolinia.supervisor as supervisor
supervisor.SILENCE = 0.6
watcher = supervisor.Supervisor({}, drain=1.0, alarm=lambda kind, text: print(kind, flush=True))
watcher._children = [supervisor.Child("healthy", sys.argv[1:])]
asyncio.run(watcher.run())
"""


async def test_a_supervisor_held_up_itself_kills_nobody(tmp_path: Path) -> None:
    """Stopped for longer than it bears silence, as on a machine that was suspended."""
    healthy = child(tmp_path, "healthy", BEATS, 60)
    watcher = await asyncio.create_subprocess_exec(sys.executable, "-c", HELD_UP, *healthy.command, stdout=PIPE)
    (first,) = await pids(tmp_path / "healthy", 1)
    await asyncio.sleep(0.3)
    watcher.send_signal(signal.SIGSTOP)
    await asyncio.sleep(1.2)
    watcher.send_signal(signal.SIGCONT)
    await asyncio.sleep(0.5)
    watcher.terminate()
    told, _ = await watcher.communicate()
    assert b"child-" not in told, "no alarm"
    assert await pids(tmp_path / "healthy", 1) == [first]
