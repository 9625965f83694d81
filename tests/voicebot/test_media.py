"""The media server on real sockets: pairing, sound both ways, keys, ends, and peers that misbehave."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from media_peer import MediaPeer, until
from structlog.testing import capture_logs

from voicebot import audiosocket, media
from voicebot.audio import SILENCE, level, pcm_of
from voicebot.media import MediaServer, MediaSession

pytestmark = pytest.mark.anyio

TONE = pcm_of((9000 * np.sin(2 * np.pi * 440 * np.arange(1600) / 8000)).astype(np.int16))


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    server = MediaServer(limit=300)
    await server.start("127.0.0.1", 0)
    yield server
    await server.close()


async def pair(server: MediaServer) -> tuple[MediaPeer, MediaSession]:
    ident = uuid.uuid4()
    expected = server.expect(ident)
    peer = await MediaPeer.connect(server.port, ident)
    return peer, await asyncio.wait_for(expected, 5)


async def canary(server: MediaServer) -> None:
    """A whole session must work: sound and a key in, sound out, a goodbye."""
    peer, session = await pair(server)
    frames: list[bytes] = []
    keys: list[str] = []
    session.on_frame = lambda frame, at: frames.append(frame)
    session.on_key = lambda key, at: keys.append(key)
    peer.say(audiosocket.sound(TONE[:480]))
    peer.key("7")
    playback = session.play(TONE[:1280])
    assert await playback.done
    await until(lambda: keys)
    await session.finish()
    await peer.ended.wait()
    assert frames == [TONE[:320]]
    assert keys == ["7"]
    assert TONE[:1280] in b"".join(peer.heard)
    assert peer.kinds[-1] == audiosocket.TERMINATE
    assert session.ended.result() == "finished"


async def quiet(server: MediaServer) -> None:
    await until(lambda: not server.connections and not len(server.wheel))


async def test_sessions_do_not_mix(server: MediaServer) -> None:
    await asyncio.gather(*(canary(server) for _ in range(5)))
    await quiet(server)


async def test_a_peer_may_come_before_it_is_expected(server: MediaServer) -> None:
    ident = uuid.uuid4()
    peer = await MediaPeer.connect(server.port, ident)
    await until(lambda: server._strangers)
    peer.key("5")
    await asyncio.sleep(0.01)
    session = await server.expect(ident)
    keys: list[str] = []
    session.on_key = lambda key, at: keys.append(key)
    await until(lambda: keys == ["5"])
    peer.close()


async def test_a_stranger_and_one_who_says_nothing_are_refused(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "HELLO_SECONDS", 0.05)
    monkeypatch.setattr(media, "STRANGER_SECONDS", 0.05)
    with capture_logs() as logs:
        stranger = await MediaPeer.connect(server.port, uuid.uuid4())
        silent = await MediaPeer.connect(server.port)
        await asyncio.wait_for(asyncio.gather(stranger.ended.wait(), silent.ended.wait()), 5)
        await quiet(server)
    assert {entry["fault"] for entry in logs} == {"nobody expects this UUID", "no UUID came"}


async def test_a_second_connection_of_a_live_uuid_is_refused_unless_it_is_expected_anew(server: MediaServer) -> None:
    peer, session = await pair(server)
    double = await MediaPeer.connect(server.port, session.id)
    await asyncio.wait_for(double.ended.wait(), 5)
    assert not session.ended.done()
    again = server.expect(session.id)
    assert server.expect(session.id) is again
    third = await MediaPeer.connect(server.port, session.id)
    assert await asyncio.wait_for(again, 5) is not session
    for one in (peer, third):
        one.close()


async def test_an_expectation_given_up_leaves_nothing_behind(server: MediaServer) -> None:
    future = server.expect(uuid.uuid4())
    future.cancel()
    await until(lambda: not server._expected)


async def test_sound_of_any_length_is_recut_to_frames(server: MediaServer) -> None:
    peer, session = await pair(server)
    frames: list[bytes] = []
    session.on_frame = lambda frame, at: frames.append(frame)
    sound = bytes(range(256)) * 10
    for start, end in ((0, 480), (480, 482), (482, 1122), (1122, 2560)):
        peer.say(audiosocket.sound(sound[start:end]))
    await until(lambda: len(frames) == 8)
    assert b"".join(frames) == sound
    peer.close()


async def test_sound_of_another_rate_is_turned_into_8_khz(server: MediaServer) -> None:
    peer, session = await pair(server)
    frames: list[bytes] = []
    session.on_frame = lambda frame, at: frames.append(frame)
    wide = pcm_of((9000 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.int16))
    for at in range(0, len(wide), 640):
        peer.say(audiosocket.encode(0x12, wide[at : at + 640]))
    await until(lambda: len(frames) >= 45)
    assert len(frames) <= 50
    assert level(b"".join(frames[10:40])) == pytest.approx(level(wide), abs=0.5)
    peer.close()


async def test_while_deaf_no_frame_leaves_and_none_is_kept_but_keys_do(server: MediaServer) -> None:
    peer, session = await pair(server)
    frames: list[bytes] = []
    keys: list[str] = []
    session.on_frame = lambda frame, at: frames.append(frame)
    session.on_key = lambda key, at: keys.append(key)
    peer.say(audiosocket.sound(b"\1" * 100))
    peer.key("1")
    await until(lambda: keys == ["1"])
    session.deaf = True
    peer.say(audiosocket.sound(b"\2" * 640))
    peer.key("2")
    await until(lambda: keys == ["1", "2"])
    session.deaf = False
    peer.say(audiosocket.sound(b"\3" * 320))
    await until(lambda: frames)
    assert frames == [b"\3" * 320]
    assert session.deaf is False
    peer.close()


async def test_keys_typed_before_anyone_listens_are_kept_in_order_and_bounded(server: MediaServer) -> None:
    peer, session = await pair(server)
    for key in "0123456789" * 10:
        peer.key(key)
    peer.say(audiosocket.sound(b""))
    await until(lambda: len(session._early) == media.MAX_EARLY_KEYS)
    keys: list[str] = []
    session.on_key = lambda key, at: keys.append(key)
    peer.key("#")
    await until(lambda: keys[-1:] == ["#"])
    assert "".join(keys) == ("0123456789" * 10)[-len(keys) + 1 :] + "#"
    assert session.on_key is not None
    peer.close()


async def test_silence_flows_when_nothing_is_said(server: MediaServer) -> None:
    peer, session = await pair(server)
    await until(lambda: len(peer.heard) >= 5)
    assert set(peer.heard) == {SILENCE}
    assert session.idle
    playback = session.play(TONE)
    assert session.playing is playback
    await playback.done
    assert session.idle
    await until(lambda: TONE in b"".join(peer.heard))
    peer.close()


async def test_hush_ends_what_is_said(server: MediaServer) -> None:
    peer, session = await pair(server)
    playing, waiting = session.play(TONE * 50), session.play(TONE)
    await until(lambda: playing.started)
    session.hush()
    assert await playing.done is False
    assert await waiting.done is False
    peer.close()


async def test_the_ways_a_session_ends(server: MediaServer) -> None:
    def bye(peer: MediaPeer) -> None:
        peer.say(audiosocket.encode(audiosocket.TERMINATE))

    def cut(peer: MediaPeer) -> None:
        peer.say(b"\x10\x01\x40half a frame")
        peer.close()

    def fail(peer: MediaPeer) -> None:
        peer.say(audiosocket.encode(audiosocket.ERROR, b"\2"))

    def twice(peer: MediaPeer) -> None:
        peer.say(audiosocket.identity(uuid.uuid4()))

    ways: list[tuple[Callable[[MediaPeer], None], str]] = [
        (MediaPeer.close, "closed"), (MediaPeer.half_close, "closed"), (bye, "closed"), (MediaPeer.reset, "error"),
        (cut, "error"), (fail, "error"), (twice, "error"),
    ]  # fmt: skip
    for way, how in ways:
        peer, session = await pair(server)
        playing = session.play(TONE * 100)
        way(peer)
        assert await asyncio.wait_for(session.ended, 5) == how
        assert await playing.done is False
        assert await session.play(TONE).done is False
        await session.finish()
        peer.close()
    await quiet(server)


async def test_finish_does_not_wait_for_a_peer_that_never_closes(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "GOODBYE_SECONDS", 0.05)
    ident = uuid.uuid4()
    expected = server.expect(ident)
    peer = await MediaPeer.connect(server.port, ident, read=False)
    session = await expected
    await asyncio.wait_for(asyncio.gather(session.finish(), session.finish()), 5)
    assert session.ended.result() == "finished"
    peer.close()


@pytest.mark.parametrize("handler", ["on_key", "on_frame"])
async def test_a_handlers_bug_ends_its_own_session_and_tells_no_key(server: MediaServer, handler: str) -> None:
    def bug(what: object, at: float) -> None:
        raise RuntimeError(f"bug with {what!r}")

    peer, session = await pair(server)
    other_peer, other = await pair(server)
    setattr(session, handler, bug)
    with capture_logs() as logs:
        peer.key("8")
        peer.say(audiosocket.sound(bytes(320)))
        assert await asyncio.wait_for(session.ended, 5) == "error"
    assert [entry["error"] for entry in logs if entry["event"] == "media.handler_failed"] == ["RuntimeError"]
    assert "'8'" not in str(logs)
    assert not other.ended.done()
    for one in (peer, other_peer):
        one.close()


async def test_a_peer_that_never_reads_is_not_queued_for_and_is_cut_off(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "STUCK_SECONDS", 0.05)
    ident = uuid.uuid4()
    expected = server.expect(ident)
    peer = await MediaPeer.connect(server.port, ident, read=False)
    session = await expected
    session.play(TONE * 10_000)
    most = 0
    async with asyncio.timeout(10):
        while not session.ended.done():
            session._beat()
            most = max(most, session._transport.get_write_buffer_size())
            await asyncio.sleep(0.001 if session.held_back else 0)
    assert session.ended.result() == "error"
    assert session.held_back
    assert most <= media.MAX_WAITING_BYTES + 323
    await canary(server)
    peer.close()


async def test_full_turns_newcomers_away(server: MediaServer) -> None:
    server.limit = 1
    peer, _ = await pair(server)
    with capture_logs() as logs:
        other = await MediaPeer.connect(server.port, uuid.uuid4())
        await asyncio.wait_for(other.ended.wait(), 5)
    assert [entry["event"] for entry in logs] == ["media.full"]
    peer.close()


async def test_full_of_nameless_ones_the_oldest_makes_place(server: MediaServer) -> None:
    server.limit = 2
    nameless = [await MediaPeer.connect(server.port) for _ in range(2)]
    await until(lambda: server.connections == 2)
    await canary(server)
    assert nameless[0].ended.is_set()
    assert not nameless[1].ended.is_set()
    nameless[1].close()


async def test_closing_finishes_every_session(server: MediaServer) -> None:
    peer, session = await pair(server)
    expected = server.expect(uuid.uuid4())
    await server.close()
    assert session.ended.result() == "finished"
    assert expected.cancelled()
    await asyncio.wait_for(peer.ended.wait(), 5)


def rss_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def early_close(server: MediaServer) -> None:
    hello = audiosocket.identity(uuid.uuid4())
    for cut in range(len(hello)):
        peer = await MediaPeer.connect(server.port)
        peer.say(hello[:cut])
        peer.close()


async def half_close_and_reset(server: MediaServer) -> None:
    for cut in (0, 2, 19):
        for end in (MediaPeer.half_close, MediaPeer.reset):
            peer = await MediaPeer.connect(server.port)
            peer.say(audiosocket.identity(uuid.uuid4())[:cut])
            end(peer)
            await peer.ended.wait()


async def huge_garbage(server: MediaServer) -> None:
    for filler in (b"\0", b"\xff", b"\x10", b"GET / HTTP/1.1\r\n\r\n"):
        peer = await MediaPeer.connect(server.port)
        try:
            for _ in range(40):
                peer.say((filler * 65536)[:65536])
                await peer.drain()
        except ConnectionError:
            pass
        peer.close()


async def wrong_kinds_and_lengths(server: MediaServer) -> None:
    peer, session = await pair(server)
    for kind in range(0x02, 0xFF):
        for size in (0, 1, 2, 3, 319, 321, 65535):
            if kind != audiosocket.KEY:
                peer.say(audiosocket.encode(kind, bytes(size)))
        await peer.drain()
    peer.key("9")
    await until(lambda: [key for key, _ in session._early] == ["9"])
    peer.close()
    await session.ended


async def byte_by_byte(server: MediaServer) -> None:
    ident = uuid.uuid4()
    expected = server.expect(ident)
    peer = await MediaPeer.connect(server.port)
    for byte in audiosocket.identity(ident) + audiosocket.sound(TONE[:320]):
        peer.say(bytes([byte]))
        await peer.drain()
    await asyncio.wait_for(expected, 5)
    peer.close()


async def flood(server: MediaServer) -> None:
    peer, session = await pair(server)
    for _ in range(100):
        peer.say(audiosocket.sound(TONE[:320]) * 200)
        await peer.drain()
    peer.close()
    await session.ended


FAULTS = [early_close, half_close_and_reset, huge_garbage, wrong_kinds_and_lengths, byte_by_byte, flood]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_canary_session_works_during_and_after(
    server: MediaServer, fault: Callable[[MediaServer], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "HELLO_SECONDS", 0.2)
    monkeypatch.setattr(media, "STRANGER_SECONDS", 0.2)
    before = rss_kib()
    bad = asyncio.ensure_future(fault(server))
    await canary(server)
    await bad
    await canary(server)
    await quiet(server)
    assert rss_kib() - before < 12 * 1024


async def test_two_hundred_slow_hellos_hold_nobody_up(server: MediaServer) -> None:
    slow = [await MediaPeer.connect(server.port) for _ in range(200)]
    for peer in slow:
        peer.say(b"\1")
    await canary(server)
    assert server.connections == 200
    for peer in slow:
        peer.close()
    await quiet(server)
