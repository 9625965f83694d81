"""A crew of recogniser processes behind one ear.

A native recogniser cannot be interrupted, so each lives in a process that can be killed. An utterance has a deadline;
when it passes, the answer is None, and a worker that was busy with it is killed and replaced. When nobody is free,
``listen`` returns None and the call goes on by keys.
"""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import Iterator, Mapping

import msgspec
import structlog

from . import wire
from .ear import Question, Utterance

log = structlog.get_logger(__name__)

MAX_BACKLOG = 1 << 20
MAX_SOUND = 20 * 16000
LONGEST_PAUSE = 30.0


class EarError(RuntimeError):
    """No recogniser could be started: says why, in Polish."""


class Crew:
    """An ``Ear``. ``engine`` is ``module:Class`` with ``options`` as its arguments (see ``worker``).

    ``streaming`` engines get sound as it comes; others get an utterance at once, when it is over. ``capacity`` bounds
    the utterances of one worker, ``deadline`` the seconds from the end of an utterance to its text.
    """

    def __init__(
        self,
        name: str,
        engine: str,
        options: Mapping[str, str | int],
        *,
        streaming: bool,
        workers: int = 1,
        capacity: int = 8,
        deadline: float = 4.0,
        boot: float = 60.0,
    ) -> None:
        self.name, self.streaming = name, streaming
        self.capacity, self.deadline, self.boot = capacity, deadline, boot
        self._command = (sys.executable, "-m", "voicebot.ears.worker", engine, json.dumps(dict(options)))
        self.streams = itertools.count(1)
        self._workers = [_Worker(self, self._command) for _ in range(workers)]

    async def start(self) -> None:
        """Start all workers and wait until they are warm. Raises ``EarError``."""
        try:
            await asyncio.gather(*(worker.start() for worker in self._workers))
        except EarError:
            await self.close()
            raise

    def listen(self, question: Question) -> "_Hearing | None":
        worker = min(self._workers, key=lambda worker: (not worker.ready, worker.load))
        if not worker.ready or worker.load >= self.capacity:
            log.warning("ear.overloaded", ear=self.name, ready=worker.ready, what="this answer is by keys only")
            return None
        return _Hearing(next(self.streams), question, worker)

    async def close(self) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that run."""
        return [worker.pid for worker in self._workers if worker.pid is not None]


class _Hearing:
    """One utterance at one worker. Of an utterance-at-a-time engine, a pause of the caller makes a ``guess``: the
    utterance as far as it goes, answered while the turn taking still waits. ``guessed``: this is one."""

    def __init__(self, stream: int, question: Question, worker: "_Worker", *, guessed: bytes = b"") -> None:
        self.stream, self.question, self.guessed = stream, question, bool(guessed)
        self.partial = ""
        self.ended = False
        self.ended_at = 0.0
        self.answer: asyncio.Future[Utterance | None] = asyncio.get_running_loop().create_future()
        self._worker = worker
        self._sound = bytearray(guessed)
        self._guess: _Hearing | None = None
        worker.hearings[stream] = self
        if worker.streaming:
            worker.send(wire.Begin(stream, question))

    def feed(self, pcm: bytes) -> None:
        if self.ended or self.answer.done():
            return
        if self._worker.streaming:
            self._worker.send(wire.Sound(self.stream, pcm))
        elif len(self._sound) < MAX_SOUND:
            self._sound += pcm

    def pause(self) -> None:
        """Guess, unless that keeps somebody else's answer waiting."""
        if self._worker.streaming or self.ended or not self._sound or self._guess or self._worker.busy():
            return
        self._guess = _Hearing(self._worker.next_stream(), self.question, self._worker, guessed=bytes(self._sound))
        self._guess.answer.add_done_callback(self._guessed)
        self._guess.end()

    def resume(self) -> None:
        if self._guess is not None and not self.ended:
            self._guess.drop()
            self._guess, self.partial = None, ""

    def _guessed(self, answer: "asyncio.Future[Utterance | None]") -> None:
        found = answer.result()
        if found is not None and self._guess is not None and self._guess.answer is answer:
            self.partial = found.text

    async def finish(self) -> Utterance | None:
        guess = self._guess
        if guess is not None and not (guess.answer.done() and guess.answer.result() is None):
            self.ended = True
            self._worker.hearings.pop(self.stream, None)
            try:
                return await guess.finish()
            finally:
                self.drop()
        self.end()
        try:
            async with asyncio.timeout(self._worker.deadline):
                return await asyncio.shield(self.answer)
        except TimeoutError:
            log.warning("ear.late", ear=self._worker.name, deadline=self._worker.deadline)
            self._worker.overdue(self)
            return None
        finally:
            self.drop()

    def end(self) -> None:
        """Have the worker answer."""
        if not self.ended and not self.answer.done():
            self.ended, self.ended_at = True, asyncio.get_running_loop().time()
            for order in self.orders():
                self._worker.send(order)

    def drop(self) -> None:
        if self._guess is not None:
            self._guess.drop()
        if self._worker.hearings.pop(self.stream, None) is not None and not self.answer.done():
            self._worker.send(wire.Drop(self.stream))
        self.settle(None)

    def settle(self, utterance: Utterance | None) -> None:
        if not self.answer.done():
            self.answer.set_result(utterance)

    def orders(self) -> Iterator[wire.Order]:
        """What makes a worker answer this utterance once it has ended."""
        if not self._worker.streaming:
            yield wire.Begin(self.stream, self.question)
            yield wire.Sound(self.stream, bytes(self._sound))
        yield wire.End(self.stream)


def _has_ended(hearing: _Hearing) -> bool:
    return hearing.ended


def _end(hearing: _Hearing) -> float:
    return hearing.ended_at


class _Worker:
    """One process and its replacement, and the replacement of that."""

    def __init__(self, crew: Crew, command: tuple[str, ...]) -> None:
        self.name, self.streaming, self.deadline = crew.name, crew.streaming, crew.deadline
        self.hearings: dict[int, _Hearing] = {}
        self.ready = False
        self._boot = crew.boot
        self._streams = crew.streams
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def load(self) -> int:
        """The callers who are listened to."""
        return sum(not hearing.guessed for hearing in self.hearings.values())

    def next_stream(self) -> int:
        return next(self._streams)

    async def start(self) -> None:
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name=f"ear-{self.name}")

    async def close(self) -> None:
        self._closing = True
        self.ready = False
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        await self._kill()
        self._lose(final=True)

    def send(self, order: wire.Order) -> None:
        process = self._process
        if not self.ready or process is None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(wire.pack(order))
        if process.stdin.transport.get_write_buffer_size() > MAX_BACKLOG:
            log.warning("ear.stuck", ear=self.name, what="the recogniser takes no sound; it is replaced")
            self._shoot()

    def overdue(self, hearing: _Hearing) -> None:
        """``hearing`` got no answer in time: if the worker is busy with it, it is stuck."""
        if self.busy() is hearing:
            log.warning("ear.stuck", ear=self.name, what="the recogniser hangs; it is replaced")
            self._shoot()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._boot):
                report = await self._next()
        except TimeoutError:
            report = None
        if not isinstance(report, wire.Ready):
            await self._kill()
            why = report.reason if isinstance(report, wire.Fault) else f"nie jest gotowe po {self._boot:g} s"
            raise EarError(f"ucho {self.name} nie działa: {why}")
        self.ready = True

    async def _keep(self) -> None:
        pause = 0.25
        while not self._closing:
            if self.ready:
                pause = 0.25
                await self._listen()
                self._lose(final=False)
                log.warning("ear.gone", ear=self.name, what="the recogniser process ended; starting another")
            await self._kill()
            try:
                await self._spawn()
                for hearing in sorted(filter(_has_ended, self.hearings.values()), key=_end):
                    for order in hearing.orders():
                        self.send(order)
            except (EarError, OSError) as error:
                log.error("ear.cannot_start", ear=self.name, why=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _listen(self) -> None:
        while (report := await self._next()) is not None:
            match report:
                case wire.Partial(stream, text) if stream in self.hearings:
                    self.hearings[stream].partial = text
                case wire.Final(stream, utterance) if stream in self.hearings:
                    self.hearings.pop(stream).settle(msgspec.structs.replace(utterance, ear=self.name))
                case wire.Fault(stream, reason) if stream in self.hearings:
                    log.error("ear.failed", ear=self.name, why=reason)
                    self.hearings.pop(stream).settle(None)

    async def _next(self) -> wire.Report | None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            header = await self._process.stdout.readexactly(4)
            return wire.decode_report(await self._process.stdout.readexactly(wire.length(header)))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return None

    def _lose(self, *, final: bool) -> None:
        """The process is gone. The utterance it was busy with gets None; those whose sound is still here stay for the
        next process."""
        self.ready = False
        busy = self.busy()
        for stream, hearing in tuple(self.hearings.items()):
            if final or self.streaming or hearing is busy:
                del self.hearings[stream]
                hearing.settle(None)

    def busy(self) -> _Hearing | None:
        """The utterance the worker is at: it answers them in the order in which they ended."""
        return min((hearing for hearing in self.hearings.values() if hearing.ended), key=_end, default=None)

    def _shoot(self) -> None:
        self.ready = False
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _kill(self) -> None:
        self._shoot()
        if self._process is not None:
            await self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
