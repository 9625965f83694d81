"""Watches our Asterisk from beside the engines: one that dies by itself is told as an alarm and started again.

A deliberate stop removes the pid file; a death leaves it. Asterisk outlives the supervisor, so its calls do too.
"""

import asyncio
from collections.abc import Callable

import structlog

from infolinia.settings import Settings

from .conf import folder
from .control import Asterisk, pid_of
from .install import find
from .trouble import AsteriskError

log = structlog.get_logger(__name__)

LOOK = 1.0
BACK_OFF = (0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds before each start; a start that failed waits for the next."""
STEADY = 300.0
"""An Asterisk that lived so long is started again at once."""


async def watch(settings: Settings, alarm: Callable[[str, str], None], start: Callable[[], int] | None = None) -> None:
    """Never returns. ``start`` starts Asterisk and returns its pid (``AsteriskError`` when it cannot)."""
    loop, failures, born = asyncio.get_running_loop(), 0, 0.0
    begin = start or (lambda: _start(settings))
    while True:
        await asyncio.sleep(LOOK)
        if not _died(settings):
            continue
        await asyncio.sleep(LOOK)  # who stops it removes the file a moment later
        if not _died(settings):
            continue
        failures = 0 if loop.time() - born > STEADY else failures + 1
        log.error("asterisk died", failures=failures)
        alarm("asterisk-died", "Asterisk ended by itself: all calls were lost; it is started again")
        await asyncio.sleep(BACK_OFF[min(failures, len(BACK_OFF) - 1)])
        born = loop.time()
        try:
            pid = await asyncio.to_thread(begin)
        except AsteriskError as error:
            log.error("asterisk does not start", why=str(error))
        else:
            log.info("asterisk started again", pid=pid)


def _died(settings: Settings) -> bool:
    return (folder(settings) / "asterisk.pid").exists() and pid_of(settings) is None


def _start(settings: Settings) -> int:
    site = find(settings)
    if site is None:
        raise AsteriskError("Nie ma Asteriska: `infolinia asterisk install`")
    return Asterisk(settings, site).start()
