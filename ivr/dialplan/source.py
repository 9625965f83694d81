"""One file of a dialplan folder: its data, and where each piece of it stands."""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .yaml12 import Document, Path_, read

MAX_BYTES = 400_000
"""Larger files are refused unread. A flow of a thousand menus is two thirds as large."""


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of a dialplan; ``line`` and ``column`` count from 1, and are 0 for a fault of a whole folder.
    ``message`` and ``hint`` are Polish."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.message}{hint}"


class Source:
    """A read file. ``data`` is plain YAML data, None when the file could not be read to its end; ``faults`` says what
    is wrong with the file itself."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path, self.name = path, path.relative_to(root).as_posix()
        self.raw, self.faults = b"", list[Fault]()
        self._document = Document()
        if problem := self._read(root):
            self.faults.append(Fault(self.name, 1, 1, *problem))
            return
        self._document = read(self.raw)
        self.faults += [Fault(self.name, s.line, s.column, s.message, s.hint) for s in self._document.slips]
        if self._document.data is None and not self.faults:
            self.faults.append(Fault(self.name, 1, 1, "plik jest pusty", "proszę go wypełnić albo usunąć"))

    @property
    def data(self) -> Any:
        return self._document.data

    def _read(self, root: Path) -> tuple[str, str] | None:
        """Fill ``raw``; else what hinders and the mend. Nothing but a regular file inside ``root`` is opened: a pipe
        would never end, a link could show any file of the machine."""
        try:
            if not self.path.resolve().is_relative_to(root.resolve()):
                return "dowiązanie prowadzi poza folder dialplanów", "proszę wstawić sam plik"
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                return "to nie jest zwykły plik", "proszę go usunąć"
            if status.st_size > MAX_BYTES:
                size = f"{status.st_size // 1000} KB, a może mieć najwyżej {MAX_BYTES // 1000} KB"
                return f"plik ma {size}", "proszę go podzielić"
            self.raw = self.path.read_bytes()
        except FileNotFoundError:
            return "dowiązanie donikąd", "proszę je usunąć"
        except (OSError, RuntimeError) as error:
            return f"nie można odczytać pliku: {getattr(error, 'strerror', None) or 'pętla dowiązań'}", ""
        return None

    def position(self, path: Path_, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of its key; of the nearest parent that exists."""
        marks = self._document.marks
        if path in marks:
            return marks[path][0 if key else 1]
        while path and path not in marks:
            path = path[:-1]
        return marks[path][0] if path in marks else (1, 1)

    def fault(self, path: Path_, message: str, hint: str = "", *, key: bool = False) -> Fault:
        """A fault of the piece at ``path``."""
        return Fault(self.name, *self.position(path, key=key), message, hint)
