"""Versions of the topic model under ``var/topics``: each with the data that made it, one of them live.

``versions/<number>/`` holds ``model.npz``, ``data.tar.gz`` (the catalogue as it was taught) and ``about.json``; the
file ``live`` holds the numbers that were live, the present one last, so that a roll back knows where to.
"""

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .catalogue import CatalogueError

KEPT = "versions"
"""The folder of the versions; each lies in one named by its number."""


@dataclass(frozen=True)
class Version:
    """One version: its number, when it was made (ISO 8601, UTC) and what is known of it."""

    number: int
    model: Path
    made: str
    about: Mapping[str, Any]


class Versions:
    """The versions kept in ``folder`` (``var/topics``)."""

    def __init__(self, folder: Path) -> None:
        self._kept, self._pointer = folder / KEPT, folder / "live"

    def all(self) -> list[Version]:
        """All versions, oldest first. Raises ``CatalogueError`` for one whose ``about.json`` cannot be read."""
        folders = sorted((path for path in self._kept.glob("[0-9]*") if path.name.isdigit()), key=lambda p: int(p.name))
        return [self._read(int(path.name)) for path in folders]

    def live(self) -> Version | None:
        """The version calls are served with; None when none was ever deployed."""
        history = self._history()
        return self._read(history[-1]) if history else None

    def add(self, model: Path, catalogue: Path, about: Mapping[str, Any]) -> Version:
        """Keeps a copy of the file ``model`` and of the topics folder ``catalogue`` that taught it. Not yet live."""
        self._kept.mkdir(parents=True, exist_ok=True)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=self._kept))
        try:
            shutil.copyfile(model, part / "model.npz")
            with tarfile.open(part / "data.tar.gz", "w:gz") as archive:
                archive.add(catalogue, "topics")
            (part / "about.json").write_text(json.dumps({**about, "made": made}, ensure_ascii=False, indent=1), "utf-8")
            number = max((version.number for version in self.all()), default=0) + 1
            part.chmod(0o755)
            part.rename(self._kept / str(number))
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return self._read(number)

    def set_live(self, number: int) -> None:
        """Makes version ``number`` live for calls that begin from now on. Raises ``CatalogueError``: no such one."""
        self._read(number)
        self._point([*self._history(), number])

    def roll_back(self) -> tuple[Version, Version]:
        """Back to the version live before; returns the one left and the one live now. Raises ``CatalogueError``."""
        history = self._history()
        if len(history) < 2:
            raise CatalogueError("nie ma wcześniejszej wersji, do której można wrócić")
        left, back = self._read(history[-1]), self._read(history[-2])
        self._point(history[:-1])
        return left, back

    def _read(self, number: int) -> Version:
        folder = self._kept / str(number)
        try:
            about = json.loads((folder / "about.json").read_text("utf-8"))
            return Version(number, folder / "model.npz", about["made"], about)
        except (OSError, ValueError, KeyError) as error:
            raise CatalogueError(f"{folder}: nie ma takiej wersji albo jest uszkodzona: {error}") from None

    def _history(self) -> list[int]:
        try:
            return [int(word) for word in self._pointer.read_text("ascii").split()]
        except FileNotFoundError:
            return []
        except ValueError as error:
            raise CatalogueError(f"{self._pointer}: oczekiwane numery wersji: {error}") from None

    def _point(self, history: list[int]) -> None:
        handle, name = tempfile.mkstemp(dir=self._pointer.parent, suffix=".part")
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(map(str, history)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self._pointer)


def live_model(folder: Path) -> Path | None:
    """File of the deployed model in ``folder``, or None. Raises ``CatalogueError`` when the record is damaged."""
    version = Versions(folder).live()
    return None if version is None else version.model
