"""Versions of a folder of files: immutable, addressed by their content, one of them live.

``versions/<id>/`` holds ``files/`` (the copy), what was made of it, and ``manifest.json``; ``live.json`` holds every
change of the live version, the present one last. Each is written beside its place and renamed into it, synced to disk:
a power cut leaves the old state or the new one. Nothing is ever changed or removed here.
"""

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

ID_LENGTH = 16
What = Literal["deploy", "rollback"]


class VersionError(Exception):
    """No such version, a damaged one, or somebody else is changing them; Polish, with the mend."""


class NoSuchVersion(VersionError):
    """None of the versions is called so."""


@dataclass(frozen=True)
class Version:
    """One version. ``id`` names its content, ``number`` the order in which contents first came here; ``folder`` holds
    its ``files``. ``made`` is ISO 8601, UTC; ``hashes`` are SHA-256 by file; ``about`` whatever its maker noted."""

    id: str
    number: int
    folder: Path
    made: str
    by: str
    note: str
    parent: str | None
    hashes: Mapping[str, str]
    about: Mapping[str, Any]

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def verify(self) -> None:
        """Raises ``VersionError`` when a file is not what it was."""
        for name, digest in self.hashes.items():
            try:
                same = _digest(self.files / name) == digest
            except OSError as error:
                raise VersionError(f"wersja {self.number} jest uszkodzona: {name}: {error.strerror}") from None
            if not same:
                raise VersionError(f"wersja {self.number} jest uszkodzona: {name} zmieniono po wdrożeniu")


@dataclass(frozen=True)
class Change:
    """One change of the live version: to which ``version`` (id), when (ISO 8601, UTC), by whom."""

    version: str
    at: str
    by: str
    what: What
    note: str = ""


@dataclass
class Draft:
    """A copy that is no version yet: ``files`` may be read and judged, and what the copy is cannot change any more."""

    folder: Path
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def id(self) -> str:
        total = hashlib.sha256()
        for name, digest in sorted(self.hashes.items()):
            total.update(f"{name}\0{digest}\0".encode())
        return total.hexdigest()[:ID_LENGTH]


class Versions:
    """The versions kept in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept, self._log, self._lock = folder / "versions", folder / "live.json", folder / "lock"

    # What there is

    def all(self) -> list[Version]:
        """All versions, oldest first. Raises ``VersionError`` for a manifest that cannot be read."""
        kept = [self._read(path.name) for path in self._kept.glob("[0-9a-f]*")]
        return sorted(kept, key=lambda version: version.number)

    def get(self, id_: str) -> Version:
        """The version with this content. Raises ``VersionError``."""
        return self._read(id_)

    def find(self, name: str) -> Version:
        """The version that a person calls ``name``: its number, its id, or the id's first digits."""
        kept = self.all()
        found = [version for version in kept if str(version.number) == name or version.id == name]
        if not found and len(name) >= 4:
            found = [version for version in kept if version.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(str(version.number) for version in kept[-10:]) or "żadnej"
        raise NoSuchVersion(f"Nie ma wersji „{name}”. Ostatnie: {known}. Wszystkie pokazuje: infolinia versions")

    def live(self) -> Version | None:
        """The version in force; None when there never was one. Raises ``VersionError``."""
        id_ = self.live_id()
        return None if id_ is None else self._read(id_)

    def live_id(self) -> str | None:
        changes = self.changes()
        return changes[-1].version if changes else None

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes whenever the live version does: cheap enough to look at several times a second."""
        try:
            status = self._log.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def changes(self) -> list[Change]:
        """Every change of the live version, oldest first. Raises ``VersionError``."""
        try:
            return [Change(**one) for one in json.loads(self._log.read_text("utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            raise VersionError(f"{self._log}: nie można odczytać, co jest wdrożone: {error}") from None

    def way_back(self) -> list[str]:
        """Ids from the live version back: each the one that was live before the next was deployed. A version that was
        rolled back is not on the way."""
        way: list[str] = []
        for change in self.changes():
            if change.what == "rollback" and change.version in way:
                del way[way.index(change.version) + 1 :]
            elif not way or way[-1] != change.version:
                way.append(change.version)
        return way[::-1]

    # Changing it

    @contextmanager
    def changing(
        self, who: str, patience: float = 300.0, waits: Callable[[str], None] = lambda holder: None
    ) -> Iterator[None]:
        """Keeps everybody else from changing these versions. ``waits`` is told once who holds them. Raises
        ``VersionError``, naming the holder, after ``patience`` seconds. A process that dies lets go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+", encoding="utf-8") as file:
            deadline, told = time.monotonic() + patience, False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    holder = _holder(self._lock)
                    if time.monotonic() >= deadline:
                        raise VersionError(
                            f"Trwa inne wdrożenie: {holder}. Proszę spróbować, gdy się skończy"
                        ) from None
                    if not told:
                        waits(holder)
                        told = True
                    time.sleep(0.1)
            file.truncate(0)
            file.write(f"{who}, proces {os.getpid()}, od {datetime.now():%H:%M:%S}")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    @contextmanager
    def draft(self, source: Path, names: Iterable[str]) -> Iterator[Draft]:
        """A copy of the files ``names`` (relative) of ``source``, gone at the end unless it was kept. Files equal to
        those of the live version share their place on disk. Raises ``OSError``."""
        self._kept.mkdir(parents=True, exist_ok=True)
        for left in self._kept.glob(".part-*"):
            shutil.rmtree(left, ignore_errors=True)
        live = self.live()
        part = Draft(Path(tempfile.mkdtemp(prefix=".part-", dir=self._kept)))
        try:
            for name in sorted(names):
                part.hashes[name] = _copy(source / name, part.files / name, name, live)
            yield part
        finally:
            shutil.rmtree(part.folder, ignore_errors=True)

    def keep(
        self,
        draft: Draft,
        *,
        by: str,
        note: str = "",
        about: Mapping[str, Any] | None = None,
        made_of_it: Mapping[str, bytes] | None = None,
    ) -> Version:
        """Makes ``draft`` a version, not yet live; one of the same content that is there already is taken as it is.
        ``made_of_it``: files to lie beside ``files``, by name."""
        if (self._kept / draft.id).is_dir():
            return self._read(draft.id)
        manifest = {
            "version": draft.id,
            "number": max((version.number for version in self.all()), default=0) + 1,
            "made": _now(),
            "by": by,
            "note": note,
            "parent": self.live_id(),
            "files": draft.hashes,
            "about": about or {},
        }
        for name, content in (made_of_it or {}).items():
            _write(draft.folder / name, content)
        _write(draft.folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        for path in [draft.folder, *(path for path in draft.folder.rglob("*") if path.is_dir())]:
            path.chmod(0o755)
            _sync(path)
        draft.folder.rename(self._kept / draft.id)
        _sync(self._kept)
        return self._read(draft.id)

    def go_live(self, version: Version, *, by: str, what: What = "deploy", note: str = "") -> None:
        """From now on ``version`` is the live one: in one rename. Raises ``OSError``; the old one is then live."""
        changes = [*self.changes(), Change(version.id, _now(), by, what, note)]
        content = json.dumps([change.__dict__ for change in changes], ensure_ascii=False, indent=1)
        new = self._log.with_name(f".{self._log.name}")
        try:
            _write(new, content.encode())
            new.replace(self._log)
        finally:
            new.unlink(missing_ok=True)
        _sync(self.folder)

    def _read(self, id_: str) -> Version:
        folder = self._kept / id_
        try:
            kept = json.loads((folder / "manifest.json").read_text("utf-8"))
            return Version(
                id=kept["version"],
                number=kept["number"],
                folder=folder,
                made=kept["made"],
                by=kept["by"],
                note=kept["note"],
                parent=kept["parent"],
                hashes=kept["files"],
                about=kept["about"],
            )
        except FileNotFoundError:
            raise VersionError(f"nie ma wersji {id_}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VersionError(f"{folder}: wersja jest uszkodzona: {error}") from None


def _copy(source: Path, target: Path, name: str, live: Version | None) -> str:
    """Copies one file and returns its digest: of what was copied, whatever becomes of the source."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if live is not None and live.hashes.get(name) == digest and _same(live.files / name, digest):
        try:
            os.link(live.files / name, target)
        except OSError:
            pass  # a file system without links
        else:
            return digest
    _write(target, content)
    target.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    return digest


def _same(path: Path, digest: str) -> bool:
    try:
        return _digest(path) == digest
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Makes the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _holder(lock: Path) -> str:
    try:
        return lock.read_text("utf-8") or "inny proces"
    except OSError:
        return "inny proces"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
