"""One YAML 1.2 file, its data and where each piece of it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

MAX_BYTES = 1_000_000
"""Larger files are refused unread: no dialplan comes near it."""

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault of a dialplan; ``line`` and ``column`` count from 1. ``message`` and ``hint`` are Polish."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class Source:
    """A read file: ``data`` is plain YAML data with positions; ``fault`` says why it could not be read."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path, self.name = path, str(path.relative_to(root))
        self.data: Any = None
        self.fault: Fault | None = None
        self.raw = b""
        try:
            self._read()
        except OSError as error:
            self.fault = Fault(self.name, 1, 1, f"nie można odczytać pliku: {error.strerror}")

    def _read(self) -> None:
        size = self.path.stat().st_size
        if size > MAX_BYTES:
            text = f"plik ma {size // 1024} KiB, a dialplan może mieć najwyżej {MAX_BYTES // 1024} KiB"
            self.fault = Fault(self.name, 1, 1, text, "proszę podzielić plik")
            return
        self.raw = self.path.read_bytes()
        try:
            text = self.raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = self.raw[: error.start].count(b"\n") + 1
            self.fault = Fault(self.name, line, 1, "plik nie jest w UTF-8", "proszę zapisać go w kodowaniu UTF-8")
            return
        try:
            if alias := next((e for e in YAML().parse(text) if isinstance(e, AliasEvent)), None):
                mark = alias.start_mark
                message = "odwołania YAML (`*nazwa`) nie są dozwolone"
                self.fault = Fault(self.name, mark.line + 1, mark.column + 1, message, "proszę wpisać treść wprost")
                return
            self.data = YAML().load(text)
        except DuplicateKeyError as error:
            self.fault = self._marked(error, "to samo pole występuje dwa razy", "proszę usunąć jedno z nich")
        except MarkedYAMLError as error:
            self.fault = self._marked(
                error, f"błąd składni YAML: {error.problem}", "proszę sprawdzić wcięcia i cudzysłowy"
            )
        except (YAMLError, RecursionError, ValueError) as error:
            self.fault = Fault(self.name, 1, 1, f"błąd składni YAML: {type(error).__name__}")

    def _marked(self, error: MarkedYAMLError, message: str, hint: str) -> Fault:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Fault(self.name, line, column, message, hint)

    def position(self, path: Path_, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of its key; of the nearest parent that exists."""
        line, column, node = 0, 0, self.data
        for depth, part in enumerate(path):
            last = depth == len(path) - 1
            try:
                if isinstance(node, CommentedMap):
                    line, column = node.lc.key(part) if key and last else node.lc.value(part)
                elif isinstance(node, CommentedSeq) and isinstance(part, int):
                    line, column = node.lc.item(part)
                else:
                    break
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return line + 1, column + 1

    def fault_at(self, path: Path_, message: str, hint: str = "", *, key: bool = False) -> Fault:
        line, column = self.position(path, key=key)
        return Fault(self.name, line, column, message, hint)
