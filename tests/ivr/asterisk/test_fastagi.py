"""The FastAGI server on real sockets: one call, many calls, and peers that misbehave."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from asterisk_peer import HEADER, Peer, until
from structlog.testing import capture_logs

from ivr.asterisk.fastagi import AgiChannel, AgiError, AgiHungUp, AgiServer

pytestmark = pytest.mark.anyio

Start = Callable[..., Awaitable[AgiServer]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[AgiServer] = []

    async def begin(handler: Callable[[AgiChannel], Awaitable[None]], **options: float) -> AgiServer:
        server = AgiServer(handler, **options)  # type: ignore[arg-type]
        await server.start("127.0.0.1", 0)
        servers.append(server)
        return server

    yield begin
    for server in servers:
        await server.close()


async def echo(channel: AgiChannel) -> None:
    """A conversation that proves itself: each value asked for goes into the next command."""
    for name in channel.request.args:
        value = await channel.get_variable(name)
        await channel.set_variable("GOT", value or "")


async def canary(server: AgiServer) -> None:
    """A whole conversation with values nobody else knows must work."""
    value = uuid.uuid4().hex
    peer = await Peer.connect(server.port, HEADER)
    assert await peer.hear() == b"GET VARIABLE canary\n"
    peer.say(f"200 result=1 ({value})\n".encode())
    assert await peer.hear() == f"SET VARIABLE GOT {value}\n".encode()
    peer.say(b"200 result=1\n")
    assert await peer.hear() == b""
    peer.close()


async def quiet(server: AgiServer) -> None:
    """Until no handler runs and no connection owes a header."""
    await until(lambda: not server.calls and not server._owing)


async def test_two_calls_do_not_mix(start: Start) -> None:
    server = await start(echo)
    await asyncio.gather(canary(server), canary(server))


async def outcome(start: Start, replies: bytes, *, ending: str = "close") -> list[object]:
    """What a handler that sends two commands sees when Asterisk answers so."""
    seen: list[object] = []

    async def handler(channel: AgiChannel) -> None:
        for command in ("EXEC TryExec x", "CHANNEL STATUS"):
            try:
                seen.append((await channel.command(command)).result)
            except (AgiError, AgiHungUp) as error:
                seen.append(type(error))
        seen.append(channel.hung_up.is_set())

    server = await start(handler)
    peer = await Peer.connect(server.port, HEADER)
    await peer.hear()
    peer.say(replies)
    if ending == "close":
        await peer.writer.drain()
        peer.half_close()
    await quiet(server)
    peer.close()
    return seen


async def test_hangup_line_then_511_is_a_hang_up(start: Start) -> None:
    peer_says = b"HANGUP\n511 Command Not Permitted on a dead channel or intercept routine\n"
    assert await outcome(start, peer_says) == [AgiHungUp, AgiHungUp, True]


async def test_failure_before_the_hangup_line_is_a_reply_and_after_it_a_hang_up(start: Start) -> None:
    assert (await outcome(start, b"200 result=-1\n"))[:1] == ["-1"]
    assert (await outcome(start, b"HANGUP\n200 result=-1\n"))[:1] == [AgiHungUp]


async def test_an_end_instead_of_a_reply_is_a_hang_up(start: Start) -> None:
    assert await outcome(start, b"") == [AgiHungUp, AgiHungUp, True]
    assert await outcome(start, b"200 resu") == [AgiHungUp, AgiHungUp, True]


@pytest.mark.parametrize("code", [b"510 no", b"520 no", b"520-no\nusage\n520 End of proper usage.", b"503 no"])
async def test_a_refused_command_is_an_error_of_ours_and_the_next_one_works(start: Start, code: bytes) -> None:
    faults: list[str] = []

    async def handler(channel: AgiChannel) -> None:
        try:
            await channel.command("EXEC", "Nonsense")
        except AgiError as error:
            faults.append(error.fault)
        await channel.set_variable("NEXT", "x")

    server = await start(handler)
    peer = await Peer.connect(server.port, HEADER)
    await peer.hear()
    peer.say(code + b"\n")
    assert await peer.hear() == b"SET VARIABLE NEXT x\n"
    assert faults == ["ours"]
    peer.close()
    await quiet(server)


async def test_garbage_instead_of_a_reply_is_the_peers_fault_and_ends_the_call(start: Start) -> None:
    assert await outcome(start, b"what?\n", ending="none") == [AgiError, AgiError, True]


async def test_a_second_command_is_refused_while_one_is_under_way(start: Start) -> None:
    faults: list[AgiError] = []

    async def handler(channel: AgiChannel) -> None:
        long = asyncio.create_task(channel.command("EXEC", "TryExec", "AudioSocket(x)"))
        await asyncio.sleep(0)
        try:
            await channel.command("CHANNEL STATUS")
        except AgiError as error:
            faults.append(error)
        await long
        await channel.command("VERBOSE", "end")

    server = await start(handler)
    peer = await Peer.connect(server.port, HEADER)
    assert await peer.hear() == b"EXEC TryExec AudioSocket(x)\n"
    peer.say(b"200 result=0\n")
    assert await peer.hear() == b"VERBOSE end\n"
    assert [error.fault for error in faults] == ["ours"]
    peer.close()


async def test_after_a_cancelled_command_its_reply_is_not_taken_for_the_next_ones(start: Start) -> None:
    got: list[str | None] = []

    async def handler(channel: AgiChannel) -> None:
        first = asyncio.create_task(channel.get_variable("FIRST"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        got.append(await channel.get_variable("SECOND"))

    server = await start(handler)
    peer = await Peer.connect(server.port, HEADER)
    assert await peer.hear() == b"GET VARIABLE FIRST\n"
    peer.say(b"200 result=1 (first)\n")
    assert await peer.hear() == b"GET VARIABLE SECOND\n"
    peer.say(b"200 result=1 (second)\n")
    assert await peer.hear() == b""
    assert got == ["second"]
    peer.close()


async def test_a_handlers_bug_ends_its_call_alone_and_is_logged_without_local_values(start: Start) -> None:
    async def handler(channel: AgiChannel) -> None:
        secret = await channel.get_variable("PIN")
        raise RuntimeError("bug" if secret else "")

    server = await start(handler)
    peer = await Peer.connect(server.port, HEADER)
    await peer.hear()
    with capture_logs() as logs:
        peer.say(b"200 result=1 (918273)\n")
        assert await peer.hear() == b""
        await quiet(server)
    assert [entry["event"] for entry in logs] == ["agi.handler_failed"]
    assert repr(logs[0]["exc_info"]) == "RuntimeError('bug')"
    assert "918273" not in str(logs)
    peer.close()


async def test_closing_waits_for_calls_then_cuts_them_off(start: Start) -> None:
    ends: list[str] = []
    may_end = asyncio.Event()

    async def handler(channel: AgiChannel) -> None:
        try:
            if channel.request.why == "arrive":
                await may_end.wait()
            else:
                await asyncio.Event().wait()
            ends.append("whole")
        except asyncio.CancelledError:
            ends.append("cut off")
            raise

    server = await start(handler)
    owing = await Peer.connect(server.port, b"agi_x: 1\n")
    peers = [await Peer.connect(server.port, head) for head in (HEADER, b"agi_network_script: stuck\n\n")]
    await until(lambda: server.calls == 2)
    port = server.port
    closing = asyncio.create_task(server.close(grace=0.3))
    await asyncio.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert await owing.hear() == b""
    may_end.set()
    await closing
    assert ends == ["whole", "cut off"]
    for peer in (owing, *peers):
        peer.close()


async def test_a_header_that_takes_too_long_is_dropped(start: Start) -> None:
    server = await start(echo, header_seconds=0.05)
    peer = await Peer.connect(server.port, HEADER[:-1])
    assert await peer.hear() == b""
    peer.close()


async def test_full_of_calls_turns_newcomers_away_but_a_slow_header_makes_place(start: Start) -> None:
    hold = asyncio.Event()

    async def handler(channel: AgiChannel) -> None:
        await hold.wait()

    server = await start(handler, limit=2)
    first = await Peer.connect(server.port, HEADER)
    slow = await Peer.connect(server.port, HEADER[:5])
    await until(lambda: server.calls == 1 and len(server._owing) == 1)
    second = await Peer.connect(server.port, HEADER)
    assert await slow.hear() == b""
    await until(lambda: server.calls == 2)
    third = await Peer.connect(server.port, HEADER)
    assert await third.hear() == b""
    assert server.turned_away == 1
    hold.set()
    assert await first.hear() == await second.hear() == b""
    for peer in (first, slow, second, third):
        peer.close()


def rss_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def early_close(port: int) -> None:
    for cut in range(0, len(HEADER), 7):
        (await Peer.connect(port, HEADER[:cut])).close()


async def half_close(port: int) -> None:
    for cut in (0, 10, len(HEADER)):
        peer = await Peer.connect(port, HEADER[:cut])
        peer.half_close()
        while await peer.hear():
            pass
        peer.close()


async def reset(port: int) -> None:
    for cut in (0, 10, len(HEADER)):
        (await Peer.connect(port, HEADER[:cut])).reset()


async def nul(port: int) -> None:
    peer = await Peer.connect(port, b"agi_a\0b: c\n\n")
    assert await peer.hear() == b""
    peer.close()


async def huge_line(port: int) -> None:
    peer = await Peer.connect(port, HEADER)
    await peer.hear()
    try:
        for _ in range(10 * 16):
            peer.say(b"x" * 65536)
            await peer.writer.drain()
    except ConnectionError:
        pass
    peer.close()


async def huge_header(port: int) -> None:
    peer = await Peer.connect(port)
    try:
        for _ in range(10 * 16):
            peer.say(b"agi_x: y\n" * 7000)
            await peer.writer.drain()
    except ConnectionError:
        pass
    peer.close()


async def odd_replies(port: int) -> None:
    for reply in (b"520-x\nusage\n", b"HANGUP\n", b"HANGUP\nHANGUP\n511 dead\n", b"\n", b"200 result=1 (\n", b"\xff\n"):
        peer = await Peer.connect(port, HEADER)
        await peer.hear()
        peer.say(reply)
        peer.half_close()
        while await peer.hear():
            pass
        peer.close()


async def flood_of_replies(port: int) -> None:
    peer = await Peer.connect(port, HEADER + b"200 result=1\n" * 5000)
    while await peer.hear():
        pass
    peer.close()


async def byte_by_byte(port: int) -> None:
    peer = await Peer.connect(port)
    for byte in HEADER:
        peer.say(bytes([byte]))
        await peer.writer.drain()
    assert await peer.hear() == b"GET VARIABLE canary\n"
    peer.close()


async def http(port: int) -> None:
    peer = await Peer.connect(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await peer.hear() == b""
    peer.close()


FAULTS = [
    early_close,
    half_close,
    reset,
    nul,
    huge_line,
    huge_header,
    odd_replies,
    flood_of_replies,
    byte_by_byte,
    http,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_canary_call_works_during_and_after(start: Start, fault: Callable[[int], Awaitable[None]]) -> None:
    server = await start(echo)
    before = rss_kib()
    bad = asyncio.create_task(fault(server.port))  # type: ignore[arg-type]
    await canary(server)
    await bad
    await canary(server)
    await quiet(server)
    assert rss_kib() - before < 8 * 1024


async def test_two_hundred_slow_headers_hold_nobody_up(start: Start) -> None:
    server = await start(echo)
    slow = [await Peer.connect(server.port, HEADER[:20]) for _ in range(200)]
    await canary(server)
    for peer in slow:
        peer.say(HEADER[20:21])
    await canary(server)
    assert len(server._owing) == 200
    for peer in slow:
        peer.close()
    await quiet(server)


async def test_a_peer_that_never_reads_blocks_only_itself(start: Start) -> None:
    server = await start(echo)
    peer = await Peer.connect(server.port, HEADER)
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await canary(server)
    assert server.calls == 1
    peer.reset()
    await quiet(server)
