"""The desk as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from infolinia.secret_files import ensure_secrets, write_secret
from infolinia.settings import Settings


def test_a_desk_whose_supervisor_is_gone_ends_though_asterisk_never_came(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, port_shift=21_000)
    ensure_secrets(settings)
    write_secret(settings.secret("ami-desk"), b"geheimnis")
    reader, writer = os.pipe()
    environment = {**os.environ, "INFOLINIA_VAR": str(tmp_path), "INFOLINIA_PORT_SHIFT": "21000"}
    desk = subprocess.Popen(
        [sys.executable, "-m", "infolinia", "desk", "--heartbeat", str(writer)], pass_fds=(writer,), env=environment
    )
    os.close(writer)
    try:
        assert os.read(reader, 1) == b"."
        os.close(reader)
        assert desk.wait(30) == 0
    finally:
        desk.kill()
