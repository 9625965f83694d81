"""Does an Asterisk of this machine do what we need? It is started for a moment, in a folder of its own and with no port
open, with all the modules that the hotline uses. The answer is kept until the program changes.
"""

import tempfile
from pathlib import Path

from infolinia.settings import Settings

from . import conf
from .control import Asterisk
from .site import Site, shortcomings
from .trouble import AsteriskError


def faults(settings: Settings, site: Site, modules: list[str]) -> list[str]:
    """What ``site`` lacks, in Polish; empty when it will do."""
    if found := shortcomings(site, modules):
        return found
    passed = conf.folder(settings) / "probed"
    state = site.binary.stat()
    mark = f"{site.binary} {site.version} {state.st_mtime_ns} {' '.join(modules)}"
    if passed.is_file() and passed.read_text(encoding="utf-8") == mark:
        return []
    try:
        _try(settings, site)
    except AsteriskError as error:
        return [str(error)]
    passed.parent.mkdir(parents=True, exist_ok=True)
    conf.replace_file(passed, mark.encode())
    return []


def _try(settings: Settings, site: Site) -> None:
    with tempfile.TemporaryDirectory(prefix="infolinia-") as folder:
        trial = settings.model_copy(update={"var": Path(folder)})
        conf.write(trial, conf.render_bare(trial, site))
        asterisk = Asterisk(trial, site)
        try:
            asterisk.boot()
        finally:
            asterisk.stop()
