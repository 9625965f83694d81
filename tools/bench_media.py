"""AudioSocket and chan_websocket side by side, on one Asterisk, in one run; and what loss and jitter on the line do.

    .venv/bin/python tools/bench_media.py paths [--calls 10] [--load 20]   latency, barge-in, keys, processor time, kill
    .venv/bin/python tools/bench_media.py stalls                           silence added when the engine stands still
    .venv/bin/python tools/bench_media.py kill                             an engine killed while it speaks
    .venv/bin/python tools/bench_media.py line                             frames that arrive under loss and jitter

The engine is a process of its own, as in the product; telephones and engine share the machine's clock. Bounded: a
minute or two each, on loopback.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from recordings.caller.live import LiveCall
from tools.media_rig import AUDIOSOCKET, WEBSOCKET, Rig, rig, session_of
from tools.websocket_media import WebSocketServer, WebSocketSession
from voicebot.audio import RATE, level, pcm_of, silence
from voicebot.media import MediaServer, MediaSession

Figures = dict[str, Any]
Session = MediaSession | WebSocketSession
LOUD_DB = -30.0
PATHS = {"audiosocket": AUDIOSOCKET, "chan_websocket": WEBSOCKET}


def tone(seconds: float, hertz: float = 440, size: float = 9000) -> bytes:
    time_ = np.arange(round(seconds * RATE)) / RATE
    return pcm_of((np.sin(2 * np.pi * hertz * time_) * size).astype(np.int16))


def spread(values: list[float]) -> Figures:
    """p50, p95 and largest of seconds, in milliseconds."""
    if not values:
        return {"n": 0}
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    p50 = statistics.median(ordered)
    return {"n": len(ordered)} | {k: round(v * 1000) for k, v in (("p50", p50), ("p95", p95), ("max", ordered[-1]))}


# ------------------------------------------------------------------------------------------------------- the engine


class Engine:
    """Plays a tone on every call, falls silent at sound or a key, and says on stdout when it did what."""

    def __init__(self, stall: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._stall = stall
        self.frames: dict[str, int] = {}

    def tell(self, what: str, call: str) -> None:
        print(json.dumps({"what": what, "call": call, "at": self._loop.time()}), flush=True)

    def serve(self, call: str, session: Session) -> None:
        quiet_until = 0.0

        def play() -> None:
            if not session.ended.done():
                self.tell("play", call)
                session.play(tone(60))

        def hush(what: str) -> None:
            nonlocal quiet_until
            self.tell(what, call)
            session.hush()
            quiet_until = self._loop.time() + 1.0
            self._loop.call_later(1.0, play)

        def frame(pcm: bytes, at: float) -> None:
            self.frames[call] = self.frames.get(call, 0) + 1
            if at > quiet_until and level(pcm) > LOUD_DB:
                hush("heard")

        session.on_frame = frame
        session.on_key = lambda key, at: hush("key")
        self.tell("open", call)
        session.ended.add_done_callback(lambda _: self.tell(f"frames {self.frames.get(call, 0)}", call))
        play()

    async def run(self, audiosocket: int, websocket: int) -> None:
        media, sockets = MediaServer(), WebSocketServer(self.serve)
        await media.start("127.0.0.1", audiosocket)
        await sockets.start("127.0.0.1", websocket)
        for n in range(200):
            number = f"{AUDIOSOCKET}{n:04}"
            media.expect(session_of(number)).add_done_callback(
                lambda done, number=number: None if done.cancelled() else self.serve(number, done.result())
            )
        self.tell("ready", "")
        while True:
            await asyncio.sleep(0.1)
            if self._stall:
                time.sleep(self._stall)  # noqa: ASYNC251 - to stand still is the point


class EngineProcess:
    """The engine, and what it told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[dict[str, Any]] = []
        self._more = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, made: Rig, stall: float = 0.0) -> "EngineProcess":
        arguments = (str(made.audiosocket), str(made.websocket), str(stall))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tools.bench_media", "engine", *arguments), stdout=asyncio.subprocess.PIPE
        )
        engine = cls(process)
        await engine.event("ready", "", 0.0)
        return engine

    @property
    def pid(self) -> int:
        return self._process.pid

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.told.append(json.loads(line))
            self._more.set()

    async def event(self, what: str, call: str, after: float, within: float = 5.0) -> float | None:
        """When the engine told ``what`` of ``call`` after a moment; None when it does not."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for told in self.told:
                        if told["what"] == what and told["call"] == call and told["at"] > after:
                            return float(told["at"])
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            return None

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._reading.cancel()


# ------------------------------------------------------------------------------------------------------- the figures


async def silent_from(call: LiveCall, after: float, within: float = 3.0) -> float | None:
    """When the telephone last heard the tone that was playing at ``after``, once it has been silent for 0.2 s."""
    loop, hearing = asyncio.get_running_loop(), call.leg.media.hearing
    deadline = loop.time() + within
    while loop.time() < deadline:
        await asyncio.sleep(0.01)
        if hearing.segments and hearing.quiet_for(loop.time()) > 0.2 and loop.time() > after + 0.2:
            return float(hearing.segments[-1].end)
    return None


async def one_call(made: Rig, engine: EngineProcess, number: str, rounds: int = 3) -> dict[str, list[float]]:
    loop = asyncio.get_running_loop()
    found: dict[str, list[float]] = {name: [] for name in ("open", "say", "hear", "barge_in", "key", "key_silence")}
    dialled = loop.time()
    call = await made.dial(number)
    opened = await engine.event("open", number, dialled)
    if opened is None:
        call.hang_up()
        return found
    found["open"].append(opened - dialled)
    at = dialled
    for turn in range(2 * rounds):
        played = await engine.event("play", number, at)
        call.mark = loop.time() if played is None else played
        began = await call.wait_speech(5)
        if played is not None:
            found["say"].append(began - played)
        await asyncio.sleep(0.6)
        at = loop.time()
        if turn % 2:
            (press,) = await call.keys("5")
            heard, ended = await engine.event("key", number, at), await silent_from(call, at)
            if heard is not None and ended is not None:
                found["key"].append(heard - press.sent)
                found["key_silence"].append(ended - press.sent)
        else:
            call.leg.media.say(tone(0.3, 1000))
            heard, ended = await engine.event("heard", number, at), await silent_from(call, at)
            if heard is not None and ended is not None:
                found["hear"].append(heard - at)
                found["barge_in"].append(ended - at)
    call.hang_up()
    return found


def used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def under_load(made: Rig, engine: EngineProcess, prefix: str, calls: int, seconds: float = 12.0) -> Figures:
    """Processor time of Asterisk and engine with ``calls`` calls up that hear a tone."""
    live = [await made.dial(f"{prefix}{100 + n:04}") for n in range(calls)]
    await asyncio.sleep(1.0)
    pids = {"asterisk": made.asterisk.pid or 0, "engine": engine.pid}
    before = {name: used(pid) for name, pid in pids.items()}
    await asyncio.sleep(seconds)
    share = {f"{name}_percent_of_core_a_call": (used(pid) - before[name]) / seconds for name, pid in pids.items()}
    lost = sum(call.leg.media.hearing.quality.lost for call in live)
    gaps = [call.leg.media.hearing.quality.max_gap for call in live]
    for call in live:
        call.hang_up()
    await asyncio.sleep(0.5)
    found: Figures = {name: round(100 * value / calls, 3) for name, value in share.items()}
    return found | {"calls": calls, "packets_lost": lost, "longest_gap_ms": round(1000 * max(gaps))}


async def killed(made: Rig, number: str) -> Figures:
    """The engine is killed while it speaks: does the call live, and for how long is the old prompt still heard?"""
    engine = await EngineProcess.start(made)
    call = await made.dial(number)
    await call.wait_speech(5)
    await asyncio.sleep(1.0)
    at = asyncio.get_running_loop().time()
    os.kill(engine.pid, signal.SIGKILL)
    ended = await silent_from(call, at, 4.0)
    await asyncio.sleep(1.5)
    found: Figures = {
        "call_lives": not call.leg.ended.done(),
        "prompt_went_on_ms": None if ended is None else round(1000 * (ended - at)),
    }
    call.hang_up()
    await engine.close()
    return found


async def paths(calls: int, load: int) -> Figures:
    """Both paths, one call of each in turn."""
    found: Figures = {name: {} for name in PATHS}
    async with rig() as made:
        engine = await EngineProcess.start(made)
        gathered: dict[str, dict[str, list[float]]] = {name: {} for name in PATHS}
        for n in range(calls):
            for name, prefix in PATHS.items():
                for what, values in (await one_call(made, engine, f"{prefix}{n:04}")).items():
                    gathered[name].setdefault(what, []).extend(values)
        for name, prefix in PATHS.items():
            found[name] = {what: spread(values) for what, values in gathered[name].items()}
            found[name]["load"] = await under_load(made, engine, prefix, load)
        await engine.close()
        for name, prefix in PATHS.items():
            found[name]["killed"] = await killed(made, f"{prefix}0050")
    return found


async def kill() -> Figures:
    async with rig() as made:
        return {name: await killed(made, f"{prefix}0050") for name, prefix in PATHS.items()}


async def stalls(seconds: float = 8.0) -> Figures:
    """The share of 20 ms at the telephone that are silent although a tone plays, while the engine stands still for 25
    or 80 ms ten times a second."""
    found: Figures = {name: {} for name in PATHS}
    async with rig() as made:
        for stall in (0.0, 0.025, 0.08):
            engine = await EngineProcess.start(made, stall)
            for name, prefix in PATHS.items():
                call = await made.dial(f"{prefix}0010")
                began = await call.wait_speech(5)
                await asyncio.sleep(seconds)
                media = call.leg.media
                track = media.hearing.track
                first = round((began + 0.5 - track.start) * RATE) * 2
                heard = bytes(track.pcm[first : first + round((seconds - 1) * RATE) * 2])
                frames = [heard[at : at + 320] for at in range(0, len(heard) - 319, 320)]
                silent = sum(level(frame) < LOUD_DB for frame in frames)
                found[name][f"stall_{round(stall * 1000)}_ms"] = {
                    "silent_percent": round(100 * silent / len(frames), 2),
                    "longest_gap_ms": round(1000 * media.hearing.quality.max_gap),
                }
                call.hang_up()
                await asyncio.sleep(0.3)
            await engine.close()
    return found


class BadLine:
    """Stands before a telephone's socket: drops packets and delays them."""

    def __init__(self, call: LiveCall, loss: float, jitter: float) -> None:
        self._socket, self._draw = call.leg.media._socket, random.Random(7)  # type: ignore[attr-defined]
        self._loss, self._jitter = loss, jitter
        call.leg.media._socket = self  # type: ignore[attr-defined]

    def sendto(self, data: bytes, address: Any) -> None:
        if self._draw.random() < self._loss:
            return
        later = self._draw.random() * self._jitter
        asyncio.get_running_loop().call_later(later, self._socket.sendto, data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


async def line(seconds: float = 4.0) -> Figures:
    """How many of the telephone's frames reach the engine under loss (share) and jitter (seconds)."""
    found: Figures = {name: {} for name in PATHS}
    async with rig() as made:
        engine = await EngineProcess.start(made)
        number = 0
        for loss, jitter in ((0.0, 0.0), (0.01, 0.0), (0.05, 0.0), (0.1, 0.0), (0.0, 0.03), (0.0, 0.08), (0.05, 0.03)):
            for name, prefix in PATHS.items():
                number += 1
                dialled = f"{prefix}{60 + number:04}"
                call = await made.dial(dialled)
                await engine.event("open", dialled, 0.0)
                BadLine(call, loss, jitter)
                began = asyncio.get_running_loop().time()
                call.leg.media.say(silence(seconds))
                await asyncio.sleep(seconds)
                sent = (asyncio.get_running_loop().time() - began) / 0.02
                call.hang_up()
                await asyncio.sleep(0.5)
                told = [t["what"] for t in engine.told if t["call"] == dialled and t["what"].startswith("frames")]
                frames = int(told[0].split()[1]) if told else 0
                found[name][f"loss {loss:.0%}, jitter {jitter * 1000:.0f} ms"] = {
                    "arrived_percent": round(100 * frames / sent, 1)
                }
        await engine.close()
    return found


def main() -> None:
    if sys.argv[1:2] == ["engine"]:

        async def serve() -> None:
            await Engine(float(sys.argv[4])).run(int(sys.argv[2]), int(sys.argv[3]))

        asyncio.run(serve())
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("paths", "stalls", "kill", "line"))
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--load", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    run = {
        "paths": lambda: paths(min(options.calls, 40), min(options.load, 80)),
        "stalls": stalls,
        "kill": kill,
        "line": line,
    }[options.what]
    found = asyncio.run(run())
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
