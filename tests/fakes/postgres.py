"""A PostgreSQL of the test session's own."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private PostgreSQL cluster on a socket of its own; left out, and said so, where its programs are missing."""
    folder = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    initdb = shutil.which("initdb", path=str(folder)) if folder else shutil.which("initdb")
    user = _plain_user()
    if initdb is None or user is None:
        pytest.skip("left out: no PostgreSQL programs (initdb) on this machine, or no plain user to run them as")
    programs = Path(initdb).parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(
        subprocess.run(["mktemp", "-d", "/tmp/infolinia-pg-XXXXXX"], capture_output=True, text=True).stdout.strip()
    )
    os.chown(home, user.pw_uid, user.pw_gid)
    run: dict[str, Any] = {"check": True, "capture_output": True, "cwd": home}
    if os.geteuid() == 0:
        run |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        subprocess.run([initdb, "-D", home / "data", "-U", "infolinia", "-A", "trust", "-E", "UTF8"], **run)
        start = [programs / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start"]
        subprocess.run(start, **{**run, "capture_output": False, "stdout": subprocess.DEVNULL})
        try:
            yield f"postgresql+psycopg://infolinia@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([programs / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _plain_user() -> pwd.struct_passwd | None:
    """Who may run a database server: not root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known.get("nobody")
