"""Starting, asking and stopping our Asterisk: an ordinary process of the user, found again by its own pid file (its
process name is its loader's) and commanded through its socket.
"""

import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from infolinia.ports import check_all_free
from infolinia.private_folder import UMASK
from infolinia.settings import Settings

from .conf import folder, replace_file
from .site import Site
from .trouble import AsteriskError

log = structlog.get_logger(__name__)

MAX_FILES = 65536
"""Asterisk walks through all it may open when it starts a child, so more is no gain."""
SOCKET_PATH_LIMIT = 107
RELOADS = {
    "extensions.conf": "dialplan reload",
    "queues.conf": "queue reload all",
    "musiconhold.conf": "moh reload",
    "manager.conf": "manager reload",
    "logger.conf": "logger reload",
    "pjsip.conf": "module reload res_pjsip.so",
    "rtp.conf": "module reload res_rtp_asterisk.so",
}
"""How a changed file comes into force while calls go on. What is not here needs a restart."""


@dataclass(frozen=True)
class Status:
    """``calls``: channels up; ``up_seconds`` since the start."""

    pid: int
    version: str
    calls: int
    up_seconds: float


class Asterisk:
    """The Asterisk of one ``var`` folder."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings, self._site = settings, site
        self._folder = folder(settings)
        self._conf = self._folder / "etc" / "asterisk.conf"
        self._pid_file = self._folder / "asterisk.pid"

    @property
    def pid(self) -> int | None:
        """Of our running Asterisk. A pid that now belongs to another process does not count."""
        return pid_of(self._settings)

    def start(self, patience: float = 30.0) -> int:
        """Start and wait until it takes calls; the pid. One that runs already is left alone. Raises AsteriskError (a
        port taken: PortTaken, exit code 2) with the last lines of its log."""
        if (running := self.pid) is not None:
            return running
        self._check_before()
        return self.boot(patience)

    def boot(self, patience: float = 30.0) -> int:
        """Start without looking at ports first; see ``start``."""
        self._prepare_folders()
        output = self._folder / "log" / "console"
        output.touch(mode=0o600)
        with output.open("ab") as console, _many_files():
            process = subprocess.Popen(
                [self._site.binary, "-f", "-C", self._conf],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
                umask=UMASK,
            )
        _bound(process.pid, self._settings.asterisk_memory)
        replace_file(self._pid_file, str(process.pid).encode())
        self._wait_booted(process, time.monotonic() + patience)
        if idle := self._idle_modules():
            self.stop()
            raise AsteriskError(f"Asterisk nie uruchomił modułów: {', '.join(idle)}. {self._last_lines()}")
        log.info("asterisk.started", pid=process.pid, version=self._site.version)
        return process.pid

    def _check_before(self) -> None:
        if not self._conf.is_file():
            raise AsteriskError(f"Brak {self._conf}: najpierw `infolinia asterisk install`")
        control = os.fsencode(self._folder / "run" / "asterisk.ctl")
        if len(control) > SOCKET_PATH_LIMIT:
            raise AsteriskError(
                f"Ścieżka {os.fsdecode(control)} jest za długa dla gniazda: ustaw krótsze INFOLINIA_VAR"
            )
        if not Path("/usr/share/zoneinfo/Europe/Warsaw").is_file():
            raise AsteriskError("Brak strefy czasowej Europe/Warsaw (godziny urzędów): apt-get install tzdata")
        check_all_free(self._settings, {"asterisk"})

    def _prepare_folders(self) -> None:
        for name in ("run", "log", "lib/agi-bin", "lib/keys", "spool", "cache", "data/sounds", "moh"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "run").chmod(0o700)
        for name in ("documentation", "static-http", "rest-api"):
            link, target = self._folder / "data" / name, self._site.data / name
            if link.is_symlink() and link.readlink() != target:
                link.unlink()
            if target.is_dir() and not link.exists():
                link.symlink_to(target)

    def _wait_booted(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AsteriskError(f"Asterisk nie wstał (kod {process.returncode}). {self._last_lines()}")
            if "fully booted" in self._ask("core waitfullybooted", 5.0):
                return
            time.sleep(0.1)
        self.stop()
        raise AsteriskError(f"Asterisk nie wstał na czas. {self._last_lines()}")

    def _idle_modules(self) -> list[str]:
        """Modules of modules.conf that do not run."""
        wanted = re.findall(r"^load=(\S+)$", self._conf.with_name("modules.conf").read_text(encoding="utf-8"), re.M)
        shown = self._ask("module show", 5.0)
        running = {line.split()[0] for line in shown.splitlines() if " Running " in line}
        return [name for name in wanted if name not in running]

    def _last_lines(self) -> str:
        lines: list[str] = []
        for name in ("messages.log", "console"):
            with suppress(OSError):
                text = (self._folder / "log" / name).read_text(encoding="utf-8", errors="replace")
                lines += [line for line in text.splitlines() if "ERROR" in line or name == "console"][-3:]
        return f"Ostatnie wpisy w {self._folder / 'log'}: " + (" | ".join(lines) or "brak")

    def rx(self, command: str, patience: float = 10.0) -> str:
        """The answer to a CLI command. Raises AsteriskError when no Asterisk of ours listens."""
        if self.pid is None:
            raise AsteriskError("Asterisk nie działa: `infolinia asterisk start`")
        return self._ask(command, patience)

    def _ask(self, command: str, patience: float) -> str:
        asked = [str(self._site.binary), "-C", str(self._conf), "-rx", command]
        try:
            done = subprocess.run(asked, capture_output=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.decode(errors="replace")

    def status(self) -> Status | None:
        """None when it does not run."""
        pid = self.pid
        if pid is None:
            return None
        channels = self._ask("core show channels count", 5.0)
        started = (self._folder / "asterisk.pid").stat().st_mtime
        calls = next((int(line.split()[0]) for line in channels.splitlines() if "active channel" in line), 0)
        return Status(pid, self._site.version, calls, max(0.0, time.time() - started))

    def reload(self, changed: Collection[str]) -> list[str]:
        """Bring changed files into force while calls go on; returns those that wait for a restart."""
        for name in sorted(set(changed) & set(RELOADS)):
            self.rx(RELOADS[name])
        return sorted(set(changed) - set(RELOADS))

    def stop(self, drain: float = 0.0) -> None:
        """Stop: no new calls, at most ``drain`` seconds for those that are up, then the end of them."""
        pid = self.pid
        if pid is None:
            self._pid_file.unlink(missing_ok=True)
            return
        if drain > 0:
            self._ask("core stop gracefully", 5.0)
            if self._gone(pid, drain):
                return
        self._ask("core stop now", 5.0)
        if not self._gone(pid, 5.0):
            log.warning("asterisk.does_not_stop", pid=pid)
            end(self._settings)

    def _gone(self, pid: int, seconds: float) -> bool:
        return _gone(self._settings, pid, seconds)


def end(settings: Settings) -> None:
    """Stop the Asterisk of ``settings.var`` by signals, whatever became of its files. Raises AsteriskError."""
    pid = pid_of(settings)
    if pid is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _gone(settings, pid, 3.0):
            return
    raise AsteriskError(f"Asterisk (pid {pid}) nie daje się zatrzymać")


def _gone(settings: Settings, pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if pid_of(settings) is None:
            (folder(settings) / "asterisk.pid").unlink(missing_ok=True)
            return True
        time.sleep(0.05)
    return False


def pid_of(settings: Settings) -> int | None:
    """The pid of the Asterisk of ``settings.var`` while it runs."""
    try:
        pid = int((folder(settings) / "asterisk.pid").read_text(encoding="ascii"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(folder(settings) / "etc" / "asterisk.conf") in arguments and state != "Z" else None


def _bound(pid: int, mebibytes: int) -> None:
    """Let the process take no more memory of its own: a fault in it must not take the machine with it."""
    with suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (mebibytes << 20, mebibytes << 20))


@contextmanager
def _many_files() -> Iterator[None]:
    """A child started within may open as many files as the machine lets it, up to MAX_FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
