"""How fast the wires are: FastAGI against panoramisk's server and bare asyncio streams, and the pacing of media.

Run by `make bench`, or `python tools/bench_wires.py [--json FILE] [--calls N] [--seconds S]`. Servers run in a process
of their own, one after another, on loopback; rates are per second of the server's processor time, so that a busy
machine shifts them little; of three rounds, the servers taking turns, the best counts. Bounded: under a minute.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ivr.asterisk.fastagi import AgiChannel, AgiServer
from voicebot import audiosocket
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, silence
from voicebot.media import MediaServer

HEADER = b"".join(b"agi_%d: some value of usual length\n" % n for n in range(20)) + b"agi_network_script: ivr\n\n"
COMMANDS = [f'SET VARIABLE STEP "{n}"' if n % 2 else "GET VARIABLE CHANNEL(language)" for n in range(20)]
ROUNDS = 3
AGI_KINDS = ("ours", "bare streams", "panoramisk")
Send = Callable[[str], Awaitable[Any]]


async def dialogue(send: Send) -> None:
    for command in COMMANDS:
        await send(command)


async def serve_ours() -> int:
    async def handler(channel: AgiChannel) -> None:
        await dialogue(channel.command)

    server = AgiServer(handler)
    await server.start("127.0.0.1", 0)
    return server.port


async def serve_streams() -> int:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readline()).strip():
            pass

        async def send(command: str) -> bytes:
            writer.write(command.encode() + b"\n")
            return await reader.readline()

        await dialogue(send)
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0, backlog=1024)
    return int(server.sockets[0].getsockname()[1])


async def serve_panoramisk() -> int:
    from panoramisk.fast_agi import Application

    application = Application(loop=asyncio.get_running_loop())

    async def handler(request: Any) -> None:
        await dialogue(request.send_command)

    application.add_route("ivr", handler)
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=1024)
    return int(server.sockets[0].getsockname()[1])


async def serve_media() -> int:
    server = MediaServer()
    await server.start("127.0.0.1", 0)
    speech = silence(600)

    async def session(ident: uuid.UUID) -> None:
        media = await server.expect(ident)
        media.on_frame = lambda frame, at: None
        media.play(speech)

    for n in range(1000):
        asyncio.get_running_loop().create_task(session(uuid.UUID(int=n)))
    return server.port


SERVERS = {"ours": serve_ours, "bare streams": serve_streams, "panoramisk": serve_panoramisk, "media": serve_media}


async def serve(kind: str) -> None:
    """A server process: tells its port, then at each line of its standard input the processor time it has used."""
    port = await SERVERS[kind]()
    print(port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(time.process_time(), flush=True)


class Server:
    """A server process seen from here."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, __file__, "--serve", kind]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    def used(self) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._line())

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


class Caller(asyncio.Protocol):
    """Asterisk's side of one AGI call: answers every command, then is done."""

    def __init__(self) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.answered = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(HEADER)

    def data_received(self, data: bytes) -> None:
        self.answered += data.count(b"\n")
        self.transport.write(b"200 result=1 (pl)\n" * data.count(b"\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(self.answered)


async def agi_calls(port: int, calls: int, at_once: int = 50) -> float:
    """Seconds for ``calls`` whole calls, ``at_once`` of them side by side."""
    left = calls
    loop = asyncio.get_running_loop()

    async def line() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            _, caller = await loop.create_connection(Caller, "127.0.0.1", port)
            if await caller.done != len(COMMANDS):
                raise RuntimeError("a call ended before its last command")

    start = time.perf_counter()
    await asyncio.gather(*(line() for _ in range(at_once)))
    return time.perf_counter() - start


def bench_agi(kind: str, calls: int) -> dict[str, Any]:
    with Server(kind) as server:
        uvloop.run(agi_calls(server.port, 50))
        before = server.used()
        wall = uvloop.run(agi_calls(server.port, calls))
        used = server.used() - before
    return {"server": kind, "calls": calls, "per_core_second": round(calls / used), "per_second": round(calls / wall)}


class Listener(asyncio.Protocol):
    """Asterisk's side of one media session: notes when each frame comes."""

    def __init__(self, ident: int) -> None:
        self.ident = uuid.UUID(int=ident)
        self.times: list[float] = []
        self.bytes = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(audiosocket.identity(self.ident))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        frame = FRAME_BYTES + audiosocket.HEADER_BYTES
        whole = (self.bytes + len(data)) // frame - self.bytes // frame
        self.bytes += len(data)
        self.times += [now] * whole


async def media_sessions(port: int, sessions: int, seconds: float) -> list[Listener]:
    loop = asyncio.get_running_loop()
    listeners = []
    for n in range(sessions):
        _, listener = await loop.create_connection(lambda n=n: Listener(n), "127.0.0.1", port)  # type: ignore[misc]
        listeners.append(listener)
    frame, start = audiosocket.sound(bytes(FRAME_BYTES)), loop.time()
    for beat in range(int(seconds / FRAME_SECONDS)):
        for listener in listeners:
            listener.transport.write(frame)
        await asyncio.sleep(max(0.0, start + beat * FRAME_SECONDS - loop.time()))
    for listener in listeners:
        listener.transport.abort()
    return listeners


def bench_media(sessions: int, seconds: float) -> dict[str, Any]:
    with Server("media") as server:
        before = server.used()
        start = time.perf_counter()
        listeners = uvloop.run(media_sessions(server.port, sessions, seconds))
        wall = time.perf_counter() - start
        used = server.used() - before
    off = np.concatenate([deviations(np.array(listener.times)) for listener in listeners])
    frames = sum(len(listener.times) for listener in listeners)
    return {
        "sessions": sessions,
        "frames": frames,
        "expected": round(sessions * wall / FRAME_SECONDS),
        "off_p50_ms": round(float(np.percentile(off, 50)) * 1000, 2),
        "off_p99_ms": round(float(np.percentile(off, 99)) * 1000, 2),
        "core_percent": round(used / wall * 100, 1),
        "sessions_per_core": round(sessions * wall / used),
    }


def deviations(times: "np.ndarray[Any, np.dtype[np.float64]]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """How far each frame came from an even 20 ms grid, seconds; the grid is laid through the median."""
    off = times - np.arange(len(times)) * FRAME_SECONDS
    result: np.ndarray[Any, np.dtype[np.float64]] = np.abs(off - np.median(off))
    return result


def table(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(names))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--calls", type=int, default=1000, help="AGI calls of 20 commands for each server")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each media run")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(options.serve))
        return
    rounds = [[bench_agi(kind, options.calls) for kind in AGI_KINDS] for _ in range(ROUNDS)]
    agi = [max(column, key=lambda row: row["per_core_second"]) for column in zip(*rounds, strict=True)]
    for row in agi:
        row["ours_is_times"] = round(agi[0]["per_core_second"] / row["per_core_second"], 2)
    print(f"AGI calls of {len(COMMANDS)} commands\n{table(agi)}\n")
    media = [bench_media(sessions, options.seconds) for sessions in (50, 100)]
    print(f"AudioSocket sessions, sound both ways\n{table(media)}")
    figures = json.dumps({"agi": agi, "media": media}, indent=1)
    if options.json:
        options.json.write_text(figures + "\n")
    else:
        print(figures)


if __name__ == "__main__":
    main()
