"""Alarms: to the log, a metric, and a command or webhook that the office chose. Never in a call's way.

An alarm has a kind (a fixed word, the metric's label) and a Polish or English text without personal data; runs of six
or more digits are masked in case one slips in.
"""

import queue
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import msgspec
import structlog
from prometheus_client import Counter

from .privacy import mask_digits

log = structlog.get_logger(__name__)

ALARMS = Counter("infolinia_alarms_total", "alarms raised, by kind", ["kind"])


class Alarm(msgspec.Struct, frozen=True):
    """``kind`` such as ``crm-down``; ``text`` says what is wrong; ``silenced``: alike ones held back before it."""

    kind: str
    text: str
    at: str
    silenced: int = 0


class Alarms:
    """Call it: ``alarms("crm-down", "CRM: HTTP 503")``. Returns at once; telling others happens on a thread of its own.

    One alarm of a kind goes out per ``quiet`` seconds. ``command`` gets kind and text as its last two arguments (no
    shell); ``webhook`` gets ``{"kind", "text", "at", "silenced"}`` as JSON. Both empty: log and metric only.
    """

    def __init__(
        self,
        *,
        command: str = "",
        webhook: str = "",
        quiet: float = 60.0,
        limit: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = shlex.split(command)
        self._webhook = webhook
        self._quiet = quiet
        self._limit = limit
        self._monotonic = monotonic
        self._last: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._waiting: queue.Queue[Alarm] = queue.Queue(maxsize=100)
        if self._command or self._webhook:
            threading.Thread(target=self._tell_all, name="alarms", daemon=True).start()

    def __call__(self, kind: str, text: str) -> None:
        ALARMS.labels(kind).inc()
        silenced = self._admit(kind)
        if silenced is None:
            return
        alarm = Alarm(kind, mask_digits(text)[0], datetime.now(UTC).isoformat(timespec="seconds"), silenced)
        log.error("alarm", kind=kind, text=alarm.text, silenced=silenced)
        if self._command or self._webhook:
            try:
                self._waiting.put_nowait(alarm)
            except queue.Full:
                log.error("alarm_not_told", kind=kind, reason="100 alarms are waiting for the command or webhook")

    def flush(self) -> None:
        """Wait until all that was raised has been told (at the end of a process)."""
        self._waiting.join()

    def _admit(self, kind: str) -> int | None:
        """None to hold this one back, else how many were held back since the last."""
        now = self._monotonic()
        with self._lock:
            last = self._last.get(kind)
            if last and now - last[0] < self._quiet:
                self._last[kind] = (last[0], last[1] + 1)
                return None
            self._last[kind] = (now, 0)
            return last[1] if last else 0

    def _tell_all(self) -> None:
        while True:
            alarm = self._waiting.get()
            try:
                self._run_command(alarm)
                self._post(alarm)
            finally:
                self._waiting.task_done()

    def _run_command(self, alarm: Alarm) -> None:
        if not self._command:
            return
        try:
            done = subprocess.run(
                [*self._command, alarm.kind, alarm.text],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._limit,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.error("alarm_command_failed", command=self._command[0], error=str(error)[:200])
            return
        if done.returncode:
            log.error("alarm_command_failed", command=self._command[0], code=done.returncode)

    def _post(self, alarm: Alarm) -> None:
        if not self._webhook:
            return
        headers = {"Content-Type": "application/json"}
        try:
            answer = httpx2.post(
                self._webhook, content=msgspec.json.encode(alarm), headers=headers, timeout=self._limit, trust_env=False
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.error("alarm_webhook_failed", error=type(error).__name__)
            return
        if answer.status_code >= 300:
            log.error("alarm_webhook_failed", status=answer.status_code)
