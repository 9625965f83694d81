"""The whole hotline on one machine: Asterisk, engines, desk; for demo and tests the stubs and telephones too."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import httpx2

from . import running
from .asterisk.control import Asterisk, end, pid_of
from .asterisk.install import ensure, find
from .asterisk.trouble import AsteriskError
from .background import Background, NotStarted
from .ports import check_all_free
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
    """Starts and stops the parts of one ``var`` folder, in order. Each part that runs already is left alone.

    ``started`` names the parts that this object started.
    """

    def __init__(self, settings: Settings, say: Say = lambda text: None) -> None:
        self.settings, self._say = settings, say
        self.started: list[str] = []

    @classmethod
    def found(cls, settings: Settings, say: Say = lambda text: None) -> "Stack":
        """The stack of ``settings.var``: with the settings it was started with, when it runs."""
        stack = cls(settings, say)
        known = running.read(settings)
        if known is not None and stack.running():
            stack.settings = known.in_force(settings)
        return stack

    def up(
        self,
        *,
        stubs: bool = True,
        consultants: Sequence[str] = (),
        talk: float | None = None,
        own: tuple[str, ...] = (),
    ) -> None:
        """Start what does not run. ``consultants`` are automatic telephones; they hang up after ``talk`` seconds.
        ``own`` names the settings that the verb chose by itself.
        Raises ``NotStarted`` or ``asterisk.trouble.AsteriskError`` (``PortTaken`` before anything is started)."""
        self.check_ports(stubs=stubs)
        before = running.read(self.settings) if self.running() else None
        phones = (*(before.phones if before else ()), *consultants)
        kept_stubs, kept_own = (before.stubs, before.own) if before else (False, own)
        running.keep(self.settings, stubs=stubs or kept_stubs, phones=phones, own=kept_own)
        if stubs:
            self._start("stub-eus", ["stub", "eus"], self.settings.port("eus"))
            self._start("stub-crm", ["stub", "crm"], self.settings.port("crm"))
        self._start_asterisk()
        self._start("serve", ["serve"], self.settings.port("agi"))
        self._wait_for_engines()
        for name in consultants:
            arguments = ["consultant", name, "--answer-after", "1", *(["--talk", str(talk)] if talk else [])]
            self._start(f"phone-{name}", arguments)

    def check_ports(self, *, stubs: bool = True) -> None:
        """Raises ``PortTaken`` when a port is taken that ``up`` would need."""
        wanted = {*(("stub-eus", "stub-crm") if stubs else ()), "asterisk", "serve"}
        check_all_free(self.settings, wanted - set(self.running()))

    def down(self, only: Collection[str] | None = None) -> list[str]:
        """Stop everything of this folder (or ``only`` these parts), the last started first; names of what ran."""
        stopped = []
        for name in reversed(self._names()):
            if only is not None and name not in only:
                continue
            if Background(self.settings.var, name).stop(self.settings.drain_seconds + 10):
                stopped.append(name)
        if (only is None or "asterisk" in only) and pid_of(self.settings) is not None:
            self._stop_asterisk()
            stopped.append("asterisk")
        if not self.running():
            running.path(self.settings).unlink(missing_ok=True)
        return stopped

    def running(self) -> list[str]:
        """Names of the parts that run now."""
        found = [name for name in self._names() if Background(self.settings.var, name).pid() is not None]
        return ["asterisk", *found] if pid_of(self.settings) is not None else found

    def status(self) -> list[Row]:
        """What runs and where to find it."""
        settings = self.settings
        addresses = {
            "stub-eus": settings.eus,
            "stub-crm": settings.crm,
            "serve": f"silniki: {settings.engines}, AGI od portu {settings.port('agi')}, metryki od "
            f"{settings.port('metrics')}",
        }
        rows = [Row("asterisk", pid_of(settings), f"sip:…@{settings.sip_bind}:{settings.port('sip')}")]
        for name in self._names():
            rows.append(Row(name, Background(settings.var, name).pid(), addresses.get(name, "")))
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

    def _stop_asterisk(self) -> None:
        """None is fetched for it: one whose files are gone is stopped by a signal."""
        try:
            site = find(self.settings)
        except AsteriskError:
            site = None
        if site is not None:
            Asterisk(self.settings, site).stop()
        else:
            end(self.settings)

    def _start_asterisk(self) -> None:
        if pid_of(self.settings) is None:
            self._say("asterisk")
            self.started.append("asterisk")
        self.asterisk().start()

    def _start(self, name: str, arguments: list[str], port: int | None = None) -> None:
        process = Background(self.settings.var, name)
        if process.pid() is not None:
            return
        self._say(name)
        self.started.append(name)
        process.start([sys.executable, "-m", "infolinia", *arguments], port, env=self._environment(), seconds=60)

    def _environment(self) -> dict[str, str]:
        """The environment of children: this stack's own choices on top of the caller's."""
        chosen = {"INFOLINIA_VAR": str(self.settings.var)}
        for name in running.FIELDS:
            if (value := getattr(self.settings, name)) is not None:
                chosen[f"INFOLINIA_{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
        return {**os.environ, **chosen}

    def _wait_for_engines(self) -> None:
        """Wait until every engine listens and hears. Raises ``NotStarted``."""
        ports = {self.settings.port("metrics", n) for n in range(self.settings.engines)}
        deadline = time.monotonic() + READY_SECONDS
        while ports:
            ports = {port for port in ports if not _ready(port)}
            if time.monotonic() > deadline:
                raise NotStarted(f"Silniki nie są gotowe po {READY_SECONDS:.0f} s; zob. {self.settings.var / 'log'}")
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
