"""Which offices keep calls: one small JSON file, read when a call arrives. Nobody does until it is switched on."""

import os
from pathlib import Path

import msgspec

EVERY = "*"
"""Stands for all offices, the national line too."""


class SwitchError(Exception):
    """The file cannot be read or written; in Polish."""


class Switch:
    """The switch kept in ``path``: office ids, or ``EVERY``. A file that is not there keeps nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, bool]:
        """What was decided, by office. Raises ``SwitchError``."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, bool])
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SwitchError(f"nie można odczytać {self.path}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SwitchError(f"plik {self.path} jest uszkodzony: {type(error).__name__}") from error

    def on(self, office: str | None) -> bool:
        """Whether calls of ``office`` (None: not known) are kept; what is decided for the office itself goes before
        what is decided for all. A file that cannot be read keeps nothing."""
        try:
            decided = self.read()
        except SwitchError:
            return False
        return decided.get(office or EVERY, decided.get(EVERY, False))

    def set(self, office: str, on: bool) -> None:
        """Decide for ``office``; for ``EVERY``, for all and each. Raises ``SwitchError``."""
        self._write({EVERY: on} if office == EVERY else {**self.read(), office: on})

    def _write(self, decided: dict[str, bool]) -> None:
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(msgspec.json.encode(decided))
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise SwitchError(f"nie można zapisać {self.path}: {error.strerror}") from error
