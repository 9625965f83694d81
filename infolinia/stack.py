"""The whole hotline on one machine: Asterisk, engines, desk; for demo and tests the stubs and telephones too."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from .asterisk.control import Asterisk
from .asterisk.install import ensure
from .background import Background, NotStarted
from .settings import Settings

Say = Callable[[str], None]
READY_SECONDS = 90.0


@dataclass(frozen=True)
class Row:
    """One line of ``infolinia status``."""

    name: str
    pid: int | None
    where: str


class Stack:
    """Starts and stops the parts of one ``var`` folder, in order. Each part that runs already is left alone."""

    def __init__(self, settings: Settings, say: Say = lambda text: None) -> None:
        self.settings, self._say = settings, say

    def up(self, *, stubs: bool = True, consultants: Sequence[str] = (), talk: float | None = None) -> None:
        """Start what does not run. ``consultants`` are automatic telephones; they hang up after ``talk`` seconds.
        Raises ``NotStarted`` or ``asterisk.trouble.AsteriskError``."""
        if stubs:
            self._start("stub-eus", ["stub", "eus"], self.settings.port("eus"))
            self._start("stub-crm", ["stub", "crm"], self.settings.port("crm"))
        self._say("Asterisk")
        self.asterisk().start()
        self._start("serve", ["serve"], self.settings.port("agi"))
        self._wait_for_engines()
        for name in consultants:
            arguments = ["consultant", name, "--answer-after", "1", *(["--talk", str(talk)] if talk else [])]
            self._start(f"phone-{name}", arguments)

    def down(self) -> list[str]:
        """Stop everything of this folder, the last started first; names of what ran."""
        stopped = []
        for name in reversed(self._names()):
            if Background(self.settings.var, name).stop(self.settings.drain_seconds + 10):
                stopped.append(name)
        if (self.settings.var / "asterisk").exists():
            asterisk = self.asterisk()
            if asterisk.pid is not None:
                asterisk.stop()
                stopped.append("asterisk")
        return stopped

    def status(self) -> list[Row]:
        """What runs and where to find it."""
        addresses = {
            "stub-eus": self.settings.eus,
            "stub-crm": self.settings.crm,
            "serve": f"{self.settings.engines} engines, AGI from port {self.settings.port('agi')}",
        }
        rows = [Row("asterisk", self.asterisk().pid, f"sip:…@{self.settings.sip_bind}:{self.settings.port('sip')}")]
        for name in self._names():
            rows.append(Row(name, Background(self.settings.var, name).pid(), addresses.get(name, "")))
        return rows

    def asterisk(self) -> Asterisk:
        return Asterisk(self.settings, ensure(self.settings))

    def agents(self, arguments: Sequence[str]) -> None:
        """Run ``infolinia agent …``; raises ``NotStarted`` with what it said when it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "infolinia", "agent", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotStarted(f"infolinia agent {' '.join(arguments)}: {done.stderr or done.stdout}")

    def _start(self, name: str, arguments: list[str], port: int | None = None) -> None:
        process = Background(self.settings.var, name)
        if process.pid() is None:
            self._say(name)
        process.start([sys.executable, "-m", "infolinia", *arguments], port, env=self._environment(), seconds=60)

    def _environment(self) -> dict[str, str]:
        """The environment of children: this stack's own choices on top of the caller's."""
        chosen = {"VAR": str(self.settings.var), "HOURS": self.settings.hours, "PORT_SHIFT": self.settings.port_shift}
        return {**os.environ, **{f"INFOLINIA_{name}": str(value) for name, value in chosen.items()}}

    def _wait_for_engines(self) -> None:
        """Wait until every engine listens and hears. Raises ``NotStarted``."""
        ports = {self.settings.port("metrics", n) for n in range(self.settings.engines)}
        deadline = time.monotonic() + READY_SECONDS
        while ports:
            ports = {port for port in ports if not _ready(port)}
            if time.monotonic() > deadline:
                raise NotStarted(f"engines are not ready after {READY_SECONDS:.0f} s; see {self.settings.var / 'log'}")
            time.sleep(0.1)

    def _names(self) -> list[str]:
        phones = sorted(path.stem for path in (self.settings.var / "run").glob("phone-*.json"))
        return ["stub-eus", "stub-crm", "serve", *phones]


def _ready(port: int) -> bool:
    """Whether the engine with this metrics port has loaded all that it will."""
    try:
        return "infolinia_ready 1.0" in httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    except httpx2.HTTPError:
        return False
