"""Media alone breaks down while AGI works: the call goes on, Asterisk plays the prompts and collects the keys."""

import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.dialogue.events import MediaLost
from tests.live.hotline import Hotline, prompts_of

pytestmark = [pytest.mark.live, pytest.mark.anyio]
ESTABLISHED = "01"
PIDFD_GETFD = 438


def media_sockets(pid: int, port: int) -> Iterator[int]:
    """The file descriptors of process ``pid`` that are open connections to its ``port``."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if os.readlink(link).removeprefix("socket:[").removesuffix("]") in inodes:
            yield int(link.name)


def break_connections(pid: int, port: int) -> int:
    """Shut those connections down under the engine, as a broken network would; how many."""
    libc = ctypes.CDLL(None, use_errno=True)
    watched = os.pidfd_open(pid)
    count = 0
    try:
        for number in media_sockets(pid, port):
            ours = libc.syscall(PIDFD_GETFD, watched, number, 0)
            if ours < 0:
                pytest.skip(f"left out: may not touch another process's sockets ({os.strerror(ctypes.get_errno())})")
            with socket.socket(fileno=ours) as connection:
                connection.shutdown(socket.SHUT_RDWR)
            count += 1
    finally:
        os.close(watched)
    return count


async def test_a_call_without_media_goes_on_with_asterisks_own_voice(hotline: Hotline) -> None:
    """From the question about the matter to the page, without the engine hearing or saying a thing."""
    async with hotline.call("opolskie", engine=1) as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        pid = hotline.engine(1)
        assert pid is not None
        assert break_connections(pid, hotline.settings.port("media", 1))
        lost = await caller.event(MediaLost)
        assert not lost.state.media
        assert "obszary" in prompts_of(lost)
        await caller.live.wait_speech()
        await caller.keys("9")
        page = await caller.page()
        assert (page["queue"], page["data"]["complete"]) == ("opolskie-kol-ogolna", True)
        assert hotline.engine(1) == pid


async def test_who_loses_the_media_at_the_telepin_hears_an_apology(hotline: Hotline) -> None:
    async with hotline.call("lodzkie", engine=0) as caller:
        await caller.asked("tozsamosc")
        await caller.number_of("dz-28")
        await caller.asked("telepin", "PinGiven")
        pid = hotline.engine(0)
        assert pid is not None
        assert break_connections(pid, hotline.settings.port("media", 0))
        lost = await caller.event(MediaLost)
        assert "eus-niedostepny" in prompts_of(lost)
        assert (lost.state.node, lost.state.verdict) == ("sprawa", "unavailable")
        await caller.live.wait_silence(2.0, 90)
        await caller.keys("9")
        assert (await caller.page())["data"]["verdict"] == "unavailable"
