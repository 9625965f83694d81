"""All ports are looked at before anything is started."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infolinia.asterisk.port import listening
from infolinia.asterisk.trouble import PortTaken
from infolinia.ports import check_all_free, uses
from infolinia.settings import Settings


@pytest.fixture
def held() -> Iterator[tuple[int, int]]:
    """A TCP and a UDP port that this process holds."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        yield tcp.getsockname()[1], udp.getsockname()[1]


def test_every_port_of_every_part_is_known() -> None:
    found = {(use.part, use.number, use.protocol) for use in uses(Settings(engines=3, port_shift=100))}
    assert {("asterisk", 5160, "udp"), ("asterisk", 5160, "tcp"), ("asterisk", 5138, "tcp")} <= found
    assert {("serve", 4675, "tcp"), ("serve", 4695, "tcp"), ("serve", 9566, "tcp"), ("serve", 9563, "tcp")} <= found
    assert {("stub-eus", 8561, "tcp"), ("stub-crm", 8562, "tcp")} <= found


def test_all_that_are_taken_are_told_with_their_holders_and_the_mend(held: tuple[int, int], tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, port_shift=23_000).model_copy(
        update={"media_port": held[0] - 23_001, "sip_port": held[1] - 23_000}
    )
    with pytest.raises(PortTaken) as caught:
        check_all_free(settings, {"asterisk", "serve", "stub-eus"})
    told = str(caught.value)
    assert f"Port {held[0]}/tcp (AudioSocket silnika 1" in told
    assert f"Port {held[1]}/udp (SIP" in told
    assert told.count(f"(pid {os.getpid()})") == 2
    assert "INFOLINIA_PORT_SHIFT=" in told
    check_all_free(settings, {"stub-eus", "stub-crm"})


def test_whether_a_port_is_listened_on_is_known_without_connecting(held: tuple[int, int]) -> None:
    assert listening(held[0])
    assert not listening(held[1])
