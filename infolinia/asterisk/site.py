"""Where the parts of an Asterisk lie, and whether it can do what the hotline needs: asked of it, not of its name."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .trouble import AsteriskError

OLDEST = (20, 9)
KEYS_SINCE = {20: (20, 14), 21: (21, 9), 22: (22, 4)}
"""AudioSocket passes keys on (frame kind 0x03) since these versions of each branch, and in every later branch."""

_BINARIES = ("bin/asterisk", "sbin/asterisk", "usr/sbin/asterisk")
_MODULES = ("usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules",
            "lib/*/asterisk/modules", "lib/asterisk/modules", "lib64/asterisk/modules")  # fmt: skip
_DATA = ("usr/share/asterisk", "share/asterisk", "var/lib/asterisk")


@dataclass(frozen=True)
class Site:
    """An Asterisk on this machine. ``data`` holds ``documentation/``; ``version`` as it says itself: ``22.10.1``."""

    binary: Path
    modules: Path
    data: Path
    version: str

    @property
    def branch(self) -> tuple[int, int]:
        major, minor = re.findall(r"\d+", self.version)[:2]
        return int(major), int(minor)


def locate(prefix: Path) -> Site:
    """The Asterisk under ``prefix`` (``/`` for a packaged one). Raises AsteriskError naming what is not there."""
    binary = next((prefix / name for name in _BINARIES if (prefix / name).is_file()), None)
    if binary is None:
        raise AsteriskError(f"W {prefix} nie ma programu asterisk (szukano: {', '.join(_BINARIES)})")
    modules = next((found for name in _MODULES for found in sorted(prefix.glob(name))), None)
    if modules is None:
        raise AsteriskError(f"W {prefix} nie ma modułów Asteriska (szukano: {', '.join(_MODULES)})")
    data = next((prefix / name for name in _DATA if any((prefix / name / "documentation").glob("core-*.xml"))), None)
    if data is None:
        raise AsteriskError(f"W {prefix} brak documentation/core-*.xml: bez niej moduł PJSIP nie wstaje")
    return Site(binary.absolute(), modules.absolute(), data.absolute(), version(binary))


def version(binary: Path) -> str:
    """``asterisk -V`` -> ``22.10.1``. Raises AsteriskError when it does not run."""
    try:
        answer = subprocess.run([binary, "-V"], capture_output=True, text=True, timeout=10, check=True).stdout
        return str(re.findall(r"\d+\.\d+(?:\.\d+)?", answer)[0])
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        raise AsteriskError(f"{binary} nie uruchamia się ({type(error).__name__})") from error


def shortcomings(site: Site, modules: list[str]) -> list[str]:
    """What ``site`` lacks, in Polish; empty when it will do. ``modules`` as in modules.conf."""
    found = []
    if site.branch < OLDEST:
        found.append(f"wersja {site.version} jest za stara (potrzebna {'.'.join(map(str, OLDEST))} albo nowsza)")
    elif site.branch < KEYS_SINCE.get(site.branch[0], site.branch):
        found.append(f"AudioSocket wersji {site.version} nie przekazuje klawiszy (22.4, 21.9, 20.14 i nowsze: tak)")
    missing = [name for name in modules if not (site.modules / name).is_file()]
    if missing:
        found.append(f"brak modułów: {', '.join(missing)}")
    return found
