"""Finding our process and the holder of a port."""

import os
import socket
from pathlib import Path

import pytest

from infolinia.asterisk import port
from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.site import Site
from infolinia.asterisk.trouble import AsteriskError, PortTaken
from infolinia.settings import Settings

SITE = Site(Path("/bin/false"), Path("/nowhere"), Path("/nowhere"), "22.10.1")


@pytest.mark.parametrize(("kind", "protocol"), [(socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")])
def test_a_taken_port_is_told_with_its_holder(kind: socket.SocketKind, protocol: port.Protocol) -> None:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        if protocol == "tcp":
            held.listen()
        number = held.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {number}/{protocol} \(SIP, .*pid {os.getpid()}\)") as caught:
            port.check_free("127.0.0.1", number, protocol, "SIP")
        assert caught.value.exit_code == 2
    port.check_free("127.0.0.1", number, protocol, "SIP")
    assert port.holder(number, protocol) is None


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(PortTaken, match="sip_bind"):
        port.check_free("192.0.2.1", 5060, "udp", "SIP")


@pytest.mark.parametrize("content", ["", "nonsense", str(os.getpid()), "999999999"])
def test_a_pid_file_of_something_else_is_no_asterisk(tmp_path: Path, content: str) -> None:
    settings = Settings(var=tmp_path)
    (tmp_path / "asterisk").mkdir()
    (tmp_path / "asterisk" / "asterisk.pid").write_text(content)
    asterisk = Asterisk(settings, SITE)
    assert asterisk.pid is None
    assert asterisk.status() is None
    asterisk.stop()
    assert not (tmp_path / "asterisk" / "asterisk.pid").exists()


def test_without_set_up_or_with_a_path_too_long_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AsteriskError, match="infolinia asterisk install"):
        Asterisk(Settings(var=tmp_path), SITE).start()
    deep = tmp_path / ("x" * 90)
    (deep / "asterisk" / "etc").mkdir(parents=True)
    (deep / "asterisk" / "etc" / "asterisk.conf").touch()
    with pytest.raises(AsteriskError, match="za długa"):
        Asterisk(Settings(var=deep), SITE).start()


def test_a_program_that_ends_at_once_is_reported(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    (tmp_path / "asterisk" / "etc").mkdir(parents=True)
    (tmp_path / "asterisk" / "etc" / "asterisk.conf").touch()
    with pytest.raises(AsteriskError, match=r"nie wstał \(kod 1\)"):
        Asterisk(settings, SITE).boot()
