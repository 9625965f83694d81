"""The supervisor: starts the engines and the desk, watches their heartbeat, kills what hangs and starts what died.

A child writes one byte to its pipe twice a second from its event loop, so a busy loop is as silent as a stopped
process. The end of the pipe tells the child that the supervisor is gone: it drains and stops.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

log = structlog.get_logger(__name__)

BEAT = 0.5
SILENCE = 2.5
"""Seconds without a heartbeat after which a child is killed. A caller hears the other engine within three."""
LAST_SILENCE = 8.0
"""The same for a child whose fellow does not beat either: whoever is killed then leaves nobody to take the calls over,
and two that fall silent together mean a machine short of time rather than two that hang."""
FIRST_BEAT = 30.0
"""A child that starts loads its models first."""
BACK_OFF = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
STEADY = 30.0
"""A child that lived so long is started again at once."""


@dataclass
class Child:
    """One process under watch."""

    name: str
    command: Sequence[str]
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    last_beat: float = 0.0
    started: float = 0.0
    beats: bool = False
    pipe: asyncio.ReadTransport | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """Children of a kind take over from each other: ``engine-0`` and ``engine-1``."""
        return self.name.partition("-")[0]

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def awake(self, now: float) -> bool:
        return self.alive and self.beats and now - self.last_beat < 2 * BEAT


class Supervisor:
    """Keeps ``children`` (name to arguments of ``python -m infolinia``) running until told to stop.

    The last of them is stopped last: the desk still opens pages while the engines drain.
    ``alarm(kind, text)`` is told of every death. ``drain`` is how many seconds a stop gives the calls under way.
    """

    def __init__(self, children: Mapping[str, Sequence[str]], drain: float, alarm: Callable[[str, str], None]) -> None:
        self._children = [
            Child(name, [sys.executable, "-m", "infolinia", *arguments]) for name, arguments in children.items()
        ]
        self._drain, self._alarm = drain, alarm
        self._stopping = asyncio.Event()

    async def run(self, *beside: Coroutine[Any, Any, None]) -> None:
        """Run until SIGTERM or SIGINT, then drain. What runs ``beside`` ends when the draining begins."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        others = [asyncio.create_task(other) for other in beside]
        await self._stopping.wait()
        for task in others:
            task.cancel()
        log.info("draining", seconds=self._drain)
        *first, last = self._children
        await asyncio.gather(*(self._stop(child) for child in first))
        await self._stop(last)
        for keeper in keepers:
            keeper.cancel()

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            await self._start(child)
            assert child.process is not None
            watch = asyncio.create_task(self._watch(child))
            code = await child.process.wait()
            watch.cancel()
            if child.pipe is not None:
                child.pipe.close()
            if self._stopping.is_set():
                return
            lived = asyncio.get_running_loop().time() - child.started
            child.restarts = 0 if lived > STEADY else child.restarts + 1
            log.error("child died", name=child.name, code=code, lived=round(lived, 1))
            self._alarm("child-died", f"{child.name} ended with code {code} and is started again")
            await asyncio.sleep(BACK_OFF[min(child.restarts, len(BACK_OFF) - 1)])

    async def _start(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = os.pipe()
        child.process = await asyncio.create_subprocess_exec(
            *child.command, "--heartbeat", str(writer), pass_fds=(writer,), start_new_session=True
        )
        os.close(writer)
        child.started, child.beats = loop.time(), False
        child.last_beat = child.started + FIRST_BEAT - SILENCE
        child.pipe, _ = await loop.connect_read_pipe(lambda: _Beats(child, loop), os.fdopen(reader, "rb", 0))
        log.info("child started", name=child.name, pid=child.process.pid)

    async def _watch(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT / 2
            await asyncio.sleep(BEAT / 2)
            child.last_beat += loop.time() - due  # while we were held up ourselves, nobody could be heard
            silent = loop.time() - child.last_beat
            if self._stopping.is_set():
                return  # who drains is given the time of the drain
            if child.process is not None and child.alive and silent > self._patience(child, loop.time()):
                log.error("child hangs: killed", name=child.name, silent=round(silent, 1))
                self._alarm("child-hung", f"{child.name} gave no sign for {silent:.1f} s and was killed")
                child.process.kill()
                return

    def _patience(self, child: Child, now: float) -> float:
        fellows = [other for other in self._children if other is not child and other.kind == child.kind]
        return SILENCE if not fellows or any(other.awake(now) for other in fellows) else LAST_SILENCE

    async def _stop(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._drain + 5)
        except TimeoutError:
            log.error("child did not drain: killed", name=child.name)
            with suppress(ProcessLookupError):
                process.kill()


class _Beats(asyncio.Protocol):
    def __init__(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        self._child, self._loop = child, loop

    def data_received(self, data: bytes) -> None:
        self._child.last_beat, self._child.beats = self._loop.time(), True


async def beat(pipe: int, orphaned: Callable[[], None]) -> None:
    """A child's side: one byte every ``BEAT`` seconds; ``orphaned`` is called once nobody reads them."""
    os.set_blocking(pipe, False)
    while True:
        try:
            os.write(pipe, b".")
        except BlockingIOError:
            pass
        except OSError:
            orphaned()
            return
        await asyncio.sleep(BEAT)
