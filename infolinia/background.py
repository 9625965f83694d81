"""Background processes of one stack: started once, found again by a pid file, stopped only when they are ours."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .asterisk.port import holder, listening
from .private_folder import UMASK


class NotStarted(Exception):
    """A process did not come up; the text says why and where to look."""


class Background:
    """The process ``name`` with its pid file and output under ``var``."""

    def __init__(self, var: Path, name: str) -> None:
        self.name = name
        self._pid_file = var / "run" / f"{name}.json"
        self.output = var / "log" / f"{name}.out"

    def pid(self) -> int | None:
        """Its pid while it runs. A pid that another process was given since is not it."""
        try:
            known = json.loads(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return known["pid"] if _birth(known["pid"]) == known["birth"] and not _is_zombie(known["pid"]) else None

    def start(
        self,
        command: Sequence[str],
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 20.0,
    ) -> bool:
        """Start ``command`` unless it runs; wait until ``port`` answers. False: it ran already. Raises NotStarted."""
        if self.pid() is not None:
            return False
        if port is not None and listening(port):
            raise NotStarted(f"{self.name}: port {port} jest zajęty przez {holder(port, 'tcp') or 'inny proces'}")
        for folder in (self._pid_file.parent, self.output.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.output.touch(mode=0o600)
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
                umask=UMASK,
            )
        self._pid_file.write_text(json.dumps({"pid": process.pid, "birth": _birth(process.pid)}))
        deadline = time.monotonic() + seconds
        while port is not None and not listening(port):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise NotStarted(f"{self.name} nie wstaje:\n{self._tail()}\n(całość: {self.output})")
            time.sleep(0.05)
        return True

    def stop(self, seconds: float = 15.0) -> bool:
        """End it: SIGTERM, and SIGKILL past ``seconds``. False: it did not run."""
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)
        return True

    def _tail(self) -> str:
        try:
            return "\n".join(self.output.read_text(errors="replace").splitlines()[-12:])
        except OSError:
            return ""


def _birth(pid: int) -> str | None:
    """When the process began, in the kernel's ticks; None when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True
