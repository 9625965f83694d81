"""What befalls any verb alike, told to an operator (Polish): a full disk, a file that may not be touched, a taken port,
a database that does not answer or is broken. Where it happened, and the mend; never SQL, which may quote callers.
"""

import errno
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from .asterisk.trouble import AsteriskError
from .settings import Settings

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
LOG = "var/log/command.log"


_REASONS = {
    errno.ENOENT: "nie ma takiego pliku ani folderu",
    errno.EISDIR: "to jest folder, a potrzeba pliku",
    errno.ENOTDIR: "część ścieżki to plik, a nie folder",
    errno.EEXIST: "już istnieje",
    errno.EACCES: "brak uprawnień (zmień je: chmod, chown)",
    errno.EPERM: "brak uprawnień (zmień je: chmod, chown)",
    errno.EROFS: "dysk jest tylko do odczytu",
    errno.ENOSPC: "brak miejsca na dysku",
    errno.EDQUOT: "przydział miejsca na dysku jest wyczerpany",
    errno.ENAMETOOLONG: "nazwa jest za długa",
    errno.ELOOP: "pętla dowiązań",
    errno.EADDRINUSE: "adres jest zajęty przez inny program",
    errno.EADDRNOTAVAIL: "tego adresu nie ma na tym komputerze",
    errno.EIO: "błąd odczytu albo zapisu (uszkodzony dysk?)",
}


def reason(error: OSError) -> str:
    """Why the system refused, in Polish; its own words where they are rare."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def told(error: BaseException, settings: Settings) -> str | None:
    """The sentence for ``error``; None for a fault of ours, which no operator can mend."""
    if isinstance(error, BaseExceptionGroup):
        return next((text for part in error.exceptions if (text := told(part, settings))), None)
    if isinstance(error, AsteriskError):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return of_database(error, settings)
    if isinstance(error, OSError) and error.errno in FULL:
        return full(settings, error.filename)
    if isinstance(error, OSError) and error.errno in FORBIDDEN and error.filename is not None:
        return (
            f"{error.filename}: brak dostępu. Zmień właściciela albo prawa (chown, chmod), albo "
            "wskaż inny folder: INFOLINIA_VAR=/folder"
        )
    return None


def full(settings: Settings, file: str | None = None) -> str:
    """Which disk is full: that of ``file``, else the one with the least room of those that we write to."""
    places = [Path(file)] if file else [settings.var, Path(tempfile.gettempdir())]
    place = min((_there(one) for one in places), key=lambda one: shutil.disk_usage(one).free)
    usage = shutil.disk_usage(place)
    return (
        f"Brak miejsca na dysku: {place} (wolne {usage.free / 1e6:.1f} MB z {usage.total / 1e6:.0f} MB). Nic nie "
        "przepadło: zwolnij miejsce (zob. df -h, du -sh) albo wskaż inny dysk (INFOLINIA_VAR=/folder, "
        "TMPDIR=/folder) i powtórz polecenie."
    )


def of_database(error: SQLAlchemyError, settings: Settings) -> str:
    """What is wrong with the database, and the mend."""
    cause = str(getattr(error, "orig", None) or "").strip().split("\n")[0]
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        where = url.render_as_string(hide_password=True)
        mend = "Sprawdź, czy serwer działa i czy adres w INFOLINIA_DATABASE jest dobry"
        return f"Baza danych {where} nie odpowiada albo odmawia: {cause or type(error).__name__}. {mend}."
    file = Path(url.database or "")
    if "disk is full" in cause or "disk I/O error" in cause:
        return full(settings, str(file))
    if "not a database" in cause or "malformed" in cause:
        mend = "Odtwórz ją z kopii: infolinia down && infolinia restore PLIK"
        return f"Baza danych {file} jest uszkodzona. {mend}"
    if "unable to open" in cause and not file.parent.is_dir():
        return f"Nie ma jeszcze bazy danych {file}. Zrobi ją: infolinia setup (albo popraw INFOLINIA_VAR)"
    if "unable to open" in cause or "readonly" in cause:
        return f"Bazy danych {file} nie da się otworzyć do zapisu. Sprawdź jej prawa i folder: ls -l {file.parent}"
    if "locked" in cause:
        return f"Baza danych {file} jest zajęta przez inny proces. Powtórz polecenie za chwilę (infolinia status)."
    if isinstance(error, DBAPIError) and "no such" in cause:
        return f"Baza danych {file} jest z innej wersji programu ({cause}). Pomoże: infolinia setup"
    return f"Baza danych {file}: {cause or type(error).__name__}. Szczegóły: {LOG}"


def _there(path: Path) -> Path:
    """``path``, or the nearest folder above it that is there."""
    while not path.exists():
        path = path.parent
    return path
