"""The versions of the dialplans that one engine serves: new calls get the live one, a call keeps the one it began with.

The engine looks for a change several times a second and loads what is new beside the calls; only then new calls get it.
What cannot be loaded changes nothing: the engine goes on with what it has, and says so.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from ivr.dialplan import PlanError
from ivr.hotline import Edition
from store.versions import Version, VersionError, Versions

log = structlog.get_logger(__name__)

LOOK = 0.2
"""Seconds between two looks for a new version."""
KEPT = 8
"""Versions kept loaded for calls that began with them; an older one is loaded again when a call needs it."""


class NothingToServe(Exception):
    """No version was ever deployed, or none can be read; the text (Polish) has the mend."""


class Editions:
    """``load`` makes an edition of a version (in a thread; raises ``VersionError`` or ``PlanError``); ``tell`` is told
    the version that new calls get, ``alarm(kind, text)`` of those that cannot be served. ``also`` are files whose
    change loads the live version anew."""

    def __init__(
        self,
        versions: Versions,
        load: Callable[[Version], Edition],
        tell: Callable[[str], None],
        alarm: Callable[[str, str], None],
        also: tuple[Path, ...] = (),
    ) -> None:
        self._versions, self._load, self._tell = versions, load, tell
        self._alarm, self._also = alarm, also
        self._kept: OrderedDict[str, Edition] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Edition]] = {}
        self._live: Edition | None = None
        self._seen: Any = None

    @property
    def live(self) -> Edition:
        """What calls get that arrive now. Call ``start`` first."""
        assert self._live is not None
        return self._live

    def start(self) -> None:
        """Load the live version; when it is damaged, the last one before it that is not. Raises ``NothingToServe``."""
        self._seen = self._stamp()
        try:
            way = self._versions.way_back()
        except VersionError as error:
            self._alarm("dialplans-damaged", str(error))
            way = [version.id for version in reversed(self._versions.all())]
        for id_ in way:
            try:
                self._set(self._load(self._versions.get(id_)))
                return
            except (VersionError, PlanError) as error:
                log.error("version cannot be served", version=id_, why=str(error))
                self._alarm("dialplans-damaged", f"{error}; działa wcześniejsza wersja")
        raise NothingToServe("Nie ma dialplanów, które można obsłużyć. Proszę uruchomić: infolinia deploy")

    async def of(self, id_: str) -> Edition:
        """The edition of version ``id_``, with which a call began; the live one when it is not to be had."""
        if id_ == self.live.plan.version:
            return self.live
        if id_ in self._kept:
            self._kept.move_to_end(id_)
            return self._kept[id_]
        task = self._loading.get(id_)
        if task is None:
            task = self._loading[id_] = asyncio.create_task(asyncio.to_thread(self._old, id_))
            task.add_done_callback(lambda _: self._loading.pop(id_, None))
        try:
            return self._keep(await asyncio.shield(task))
        except (VersionError, PlanError) as error:
            log.error("a call's version is gone: the live one serves it", version=id_, why=str(error))
            return self.live

    def _old(self, id_: str) -> Edition:
        return self._load(self._versions.get(id_))

    async def watch(self) -> None:
        """Follow the live version for ever."""
        while True:
            await asyncio.sleep(LOOK)
            seen = self._stamp()
            if seen != self._seen:
                self._seen = seen
                await self._follow()

    async def _follow(self) -> None:
        try:
            edition = await asyncio.to_thread(self._newest)
        except (VersionError, PlanError, OSError) as error:
            log.error("new version cannot be served", why=str(error))
            self._alarm("dialplans-damaged", f"{error}; działa dalej wersja {self.live.plan.version}")
            return
        if edition is not None:
            self._set(edition)
            log.info("version live", version=edition.plan.version)

    def _newest(self) -> Edition | None:
        version = self._versions.live()
        return None if version is None else self._load(version)

    def _set(self, edition: Edition) -> None:
        self._live = self._keep(edition)
        self._tell(edition.plan.version)

    def _keep(self, edition: Edition) -> Edition:
        id_ = edition.plan.version
        self._kept[id_] = edition
        self._kept.move_to_end(id_)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return edition

    def _stamp(self) -> tuple[Any, ...]:
        return (self._versions.stamp(), *map(_changed, self._also))


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
