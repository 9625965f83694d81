"""Backup and restore of what matters under ``var/``: the database, the secrets, closures, Asterisk's own database.

What can be made again (Asterisk itself, rendered prompts, models, logs) is left out. The archive holds secrets: it is
written with mode 600 and belongs where the office keeps such things.
"""

import gzip
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete

from telepin.vault import SEALED

from .mishaps import reason

KEPT = (
    *("secrets", "closures.json", "recording.json", "dialplans", "topics"),
    *("asterisk/lib", "asterisk/db", "asterisk/moh", "stubs"),
)
"""Recorded calls are not among them: an archive would outlive the days for which they may be kept."""

DATABASES = ("infolinia.db",)
SHORT_LIVED = {SEALED.name: str(delete(SEALED))}
"""Tables that no archive may hold: sealed identities and verdicts of calls under way, whose key is in it too."""


class BackupError(Exception):
    """The archive cannot be used, or the place is not free; the text says why and what to do."""


def backup(var: Path, target: Path) -> list[str]:
    """Write the archive ``target`` (``.tar.gz``), whole or not at all; names of what it holds. Calls may go on
    meanwhile. Raises ``BackupError``, or ``OSError`` where it cannot be written."""
    if target.exists():
        raise BackupError(f"{target} już istnieje: podaj inną nazwę")
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            names = _write(var, file)
    except OSError:
        target.unlink(missing_ok=True)
        raise
    if not names:
        target.unlink()
        raise BackupError(f"w {var} nie ma czego zachować")
    return names


def _write(var: Path, file: BinaryIO) -> list[str]:
    names = []
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        with tempfile.TemporaryDirectory() as folder:
            for name in DATABASES:
                if (var / name).exists():
                    archive.add(_snapshot(var / name, Path(folder) / name), name)
                    names.append(name)
        for name in KEPT:
            if (var / name).exists():
                archive.add(var / name, name)
                names.append(name)
    return names


def restore(source: Path, var: Path) -> Path | None:
    """Put the archive's content in its place; where the former content was moved to, if there was any.

    Unpacks in ``var/restoring`` first, so that a damaged archive changes nothing. The former content holds secrets too:
    it is kept in ``var/before-…``, mode 700. What no archive holds (Asterisk, prompts, models) stays. The hotline must
    be stopped.
    """
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = var / "restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _unpack(source, fresh)
        return _exchange(fresh, var)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _unpack(source: Path, fresh: Path) -> None:
    """The archive in ``fresh``, looked through. Raises ``BackupError``."""
    try:
        with gzip.open(source) as stream:
            while stream.read(1 << 20):  # to its checksum: tarfile reads no further than the last member
                pass
        with tarfile.open(source, "r:gz") as archive:
            members = archive.getmembers()
            if foreign := next((member.name for member in members if not _ours(member.name)), None):
                raise BackupError(
                    f"{source} nie jest kopią infolinii (jest w niej {foreign}); archiwum zapisuje infolinia backup. "
                    "Niczego nie zmieniono"
                )
            archive.extractall(fresh, filter="data")
            for folder in filter(tarfile.TarInfo.isdir, members):
                (fresh / folder.name).chmod(folder.mode & 0o700)  # the filter drops it
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        known = isinstance(error, OSError) and error.errno is not None
        why = reason(error) if known and isinstance(error, OSError) else "ucięta albo uszkodzona"
        raise BackupError(f"{source} nie jest kopią, którą da się odczytać ({why}); niczego nie zmieniono") from None
    if not members:
        raise BackupError(f"{source} jest puste; niczego nie zmieniono")
    for name in DATABASES:
        if (fresh / name).exists():
            _check(fresh / name)


def _ours(name: str) -> bool:
    """Whether ``backup`` writes a member of this name."""
    return any(name == kept or name.startswith(f"{kept}/") for kept in (*DATABASES, *KEPT))


def _exchange(fresh: Path, var: Path) -> Path | None:
    """What lies in ``fresh``, to its place in ``var``; where the former content is now."""
    aside = var / f"before-{datetime.now():%Y%m%d-%H%M%S-%f}"
    moved = False
    for name in (name for name in (*DATABASES, *KEPT) if (fresh / name).exists()):
        for present in (name, f"{name}-wal", f"{name}-shm"):
            if (var / present).exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                (aside / present).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(var / present, aside / present)
                moved = True
        (var / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh / name, var / name)
    return aside if moved else None


def _snapshot(database: Path, copy: Path) -> Path:
    """A consistent copy of a database that others may be writing to, without what may live no longer than a call."""
    with sqlite3.connect(database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    target = sqlite3.connect(copy, isolation_level=None)
    for name, emptied in SHORT_LIVED.items():
        if target.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone():
            target.execute(emptied)
    target.execute("VACUUM")
    target.close()
    return copy


def _check(database: Path) -> None:
    """Raises ``BackupError`` unless this is a sound database with tables in it."""
    try:
        connection = sqlite3.connect(database)
        try:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        verdict, tables = str(error), 0
    if verdict != "ok" or not tables:
        what = "jest pusta" if verdict == "ok" else f"jest uszkodzona ({verdict})"
        raise BackupError(f"baza w kopii {what}; niczego nie zmieniono")
