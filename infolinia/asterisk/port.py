"""Whose port is it: the process that holds one, read from ``/proc``."""

import errno
import os
import socket
from pathlib import Path
from typing import Literal

from .trouble import PortTaken

Protocol = Literal["tcp", "udp"]


def check_free(address: str, port: int, protocol: Protocol, what: str) -> None:
    """Raises PortTaken, naming the holder, when ``port`` cannot be bound for ``what`` (Polish)."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as trial:
        if protocol == "tcp":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            raise PortTaken(_refusal(address, port, protocol, what, error)) from error


def _refusal(address: str, port: int, protocol: Protocol, what: str, error: OSError) -> str:
    place = f"Port {port}/{protocol} ({what}, {address})"
    if error.errno == errno.EADDRINUSE:
        by = holder(port, protocol)
        return f"{place} jest zajęty przez {by or 'proces innego użytkownika'}"
    if error.errno == errno.EACCES:
        return f"{place}: porty poniżej 1024 są tylko dla roota. Ustaw inny port."
    return f"{place}: {error.strerror}. Sprawdź adres (sip_bind)."


def holder(port: int, protocol: Protocol) -> str | None:
    """``asterisk (pid 123)`` of the process that holds the port; None when it cannot be seen."""
    inodes = _inodes(port, protocol)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for handle in (process / "fd").iterdir():
                if os.readlink(handle) in inodes:
                    return f"{_name(process)} (pid {process.name})"
        except OSError:
            continue
    return None


def listening(port: int, protocol: Protocol = "tcp") -> bool:
    """Whether a process of this machine listens on ``port``, found out without connecting to it."""
    return bool(_inodes(port, protocol))


def _inodes(port: int, protocol: Protocol) -> set[str]:
    found = set()
    for table in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            listening = protocol == "udp" or fields[3] == "0A"
            if listening and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _name(process: Path) -> str:
    """The program's name; of one run through a loader, the program that it was told to be; of ours, its verb too."""
    arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    if arguments[1:3] == ["-m", "infolinia"]:
        return " ".join(["infolinia", *arguments[3:5]]).rstrip()
    if "--argv0" in arguments:
        return Path(arguments[arguments.index("--argv0") + 1]).name
    return Path(arguments[0]).name or (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
