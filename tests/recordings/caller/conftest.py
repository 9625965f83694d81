"""A small Asterisk for the session and lines to it. Without an Asterisk the live tests are left out, and say so."""

import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from small_asterisk import SmallAsterisk

from infolinia.asterisk import install
from infolinia.settings import Settings
from recordings.caller.sip_line import SipLine


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def small_asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallAsterisk]:
    site = install.find(Settings())
    if site is None:
        pytest.skip("left out: no Asterisk on this machine; make setup gets one (or set INFOLINIA_ASTERISK_PREFIX)")
    run: Path = tmp_path_factory.mktemp("phones")
    asterisk = SmallAsterisk(site, run, free_port(), 30000 + secrets.randbelow(1000) * 2, secrets.token_hex(12))
    try:
        asterisk.wait_ready()
        yield asterisk
    finally:
        asterisk.stop()


@pytest.fixture
async def line(small_asterisk: SmallAsterisk) -> AsyncIterator[SipLine]:
    line = SipLine(small_asterisk.sip)
    await line.start()
    yield line
    await line.stop()
