"""Which Asterisk to run: the one in the settings, one that the machine has, or Debian's, unpacked into ``var``."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from infolinia.settings import Settings

from . import debian, probe
from .debian import Progress
from .site import Site, locate
from .trouble import AsteriskError, UnfitAsterisk

log = structlog.get_logger(__name__)


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def prefix(settings: Settings) -> Path:
    """Where set-up unpacks an Asterisk."""
    return settings.var / "asterisk" / "prefix"


def needed_modules(settings: Settings) -> list[str]:
    """The modules that our modules.conf loads."""
    text = (settings.root / "asterisk-conf" / "modules.conf.j2").read_text(encoding="utf-8")
    return re.findall(r"^load=(\S+)$", text, re.MULTILINE)


def find(settings: Settings) -> Site | None:
    """An Asterisk that will do, without fetching any. Raises AsteriskError when the one named in the settings won't."""
    modules = needed_modules(settings)
    if settings.asterisk_prefix is not None:
        return _named(settings, settings.asterisk_prefix, modules)
    for place in (prefix(settings), Path("/"), Path("/usr/local")):
        try:
            site = locate(place)
        except AsteriskError:
            continue
        faults = probe.faults(settings, site, modules)
        if not faults:
            return site
        log.info("asterisk.passed_over", place=str(place), version=site.version, faults=faults)
    return None


def _named(settings: Settings, place: Path, modules: list[str]) -> Site:
    mend = "Popraw INFOLINIA_ASTERISK_PREFIX albo usuń je: infolinia setup przygotuje własnego."
    try:
        site = locate(place)
    except AsteriskError as error:
        raise UnfitAsterisk(f"Nie ma Asteriska z ustawień ({place}): {error}. {mend}") from None
    if faults := probe.faults(settings, site, modules):
        raise UnfitAsterisk(f"Asterisk z ustawień ({place}) nie wystarczy: {'; '.join(faults)}. {mend}")
    return site


def ensure(settings: Settings, progress: Progress = silent) -> Site:
    """An Asterisk that will do, unpacked first if the machine has none. Raises AsteriskError."""
    with _alone(settings):
        return find(settings) or _fetch(settings, progress)


def update(settings: Settings, progress: Progress = silent) -> Site:
    """Fetch today's Debian packages, whatever is there. A running Asterisk goes on with the old one until restarted.
    Raises AsteriskError; the old one then stays."""
    if settings.asterisk_prefix is not None:
        raise AsteriskError(f"Używasz własnego Asteriska ({settings.asterisk_prefix}): zaktualizuj go tam.")
    with _alone(settings):
        return _fetch(settings, progress)


def sources(settings: Settings) -> list[str]:
    """Versions and SHA-256 of the packages unpacked; empty for an Asterisk that is not ours."""
    record = prefix(settings) / "SOURCES"
    return record.read_text(encoding="utf-8").splitlines() if record.is_file() else []


def _fetch(settings: Settings, progress: Progress) -> Site:
    modules = needed_modules(settings)
    debian.unpack(prefix(settings), settings.var / "asterisk" / "fetch", modules, progress)
    site = locate(prefix(settings))
    if faults := probe.faults(settings, site, modules):
        raise AsteriskError(f"Asterisk z Debiana ({site.version}) nie wystarczy: {'; '.join(faults)}")
    return site


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One set-up at a time in one ``var``."""
    folder = settings.var / "asterisk"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
