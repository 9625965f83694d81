"""Emergency closures: what an office says instead of answering, until it is taken back. One small JSON file.

It is read at the time of every question, so a closure bites in calls under way; it is written whole or not at all.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

EVERY = "*"
"""Stands for all offices, the national line too."""
LONGEST = 400
"""Characters of a closure's text: half a minute of speech."""


class Closure(msgspec.Struct, frozen=True, omit_defaults=True):
    """``text`` is what callers hear; past ``until`` (aware; None: until it is taken back) it holds no more."""

    text: str
    until: datetime | None = None


class ClosuresError(Exception):
    """The file cannot be read or written, or a text cannot be said; in Polish."""


def spoken(text: str) -> str:
    """``text`` as it is said. Raises ``ClosuresError`` for one that cannot be said."""
    said = " ".join(text.split())
    if not any(map(str.isalpha, said)):
        raise ClosuresError("komunikat o zamknięciu jest pusty: dzwoniący musi usłyszeć, co się stało")
    if len(said) > LONGEST:
        raise ClosuresError(f"komunikat ma {len(said)} znaków, a może mieć najwyżej {LONGEST}")
    return said


class Closures:
    """The closures kept in ``path``, by office id or ``EVERY``. A file that is not there holds none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Closure]:
        """All that are kept, past ones too; in the file a text alone will do. Raises ``ClosuresError``."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes(), type=dict[str, Closure | str | None])
            return {name: Closure(held) if isinstance(held, str) else held for name, held in kept.items() if held}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ClosuresError(f"nie można odczytać {self.path}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ClosuresError(f"plik {self.path} jest uszkodzony: {type(error).__name__}") from error

    def of(self, office: str, now: datetime) -> str | None:
        """What ``office`` says instead of answering at ``now`` (aware), or None. Raises ``ClosuresError``."""
        closures = self.read()
        for name in (office, EVERY):
            closure = closures.get(name)
            if closure is not None and (closure.until is None or now < closure.until):
                return closure.text
        return None

    def set(self, office: str, text: str, until: datetime | None = None) -> None:
        """Close ``office``. Raises ``ClosuresError`` for a text that cannot be said."""
        self._write({**self.read(), office: Closure(spoken(text), until)})

    def clear(self, office: str) -> bool:
        """Open ``office`` again; False when it was not closed."""
        closures = self.read()
        if office not in closures:
            return False
        del closures[office]
        self._write(closures)
        return True

    def _write(self, closures: Mapping[str, Closure]) -> None:
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(msgspec.json.format(msgspec.json.encode(closures), indent=1))
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise ClosuresError(f"nie można zapisać {self.path}: {error.strerror}") from error
