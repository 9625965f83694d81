"""The fictitious callers of a YAML file, for scripts that name a person instead of writing a secret down.

The file holds lists (``callers``, ``parties``, ``principals``, ``organizations``) of entries with an ``id`` and any of
``pesel``, ``nip``, ``telepin``, all as text.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from recordings.caller.unreadable import unreadable

Kind = Literal["pin", "pesel", "nip"]
_FIELDS: dict[Kind, str] = {"pin": "telepin", "pesel": "pesel", "nip": "nip"}
_LISTS = ("callers", "parties", "principals", "organizations")


class UnknownPerson(ValueError):
    """Nobody of that id, or without such a number. Says it in Polish."""


class People:
    """Looks secrets up by person: ``people.keys("pin", "dz-01")``."""

    def __init__(self, numbers: Mapping[tuple[str, Kind], SecretStr] | None = None) -> None:
        self._numbers = dict(numbers or {})

    @classmethod
    def load(cls, path: Path) -> "People":
        """Read ``path``. Raises ``UnknownPerson`` when it is no such file."""
        try:
            data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        except (OSError, YAMLError, UnicodeDecodeError) as error:
            raise UnknownPerson(f"{path}: nie da się odczytać danych dzwoniących: {unreadable(error)}") from None
        lists = [data.get(name) or [] for name in _LISTS] if isinstance(data, dict) else []
        found: dict[tuple[str, Kind], SecretStr] = {}
        for entry in (entry for entries in lists if isinstance(entries, list) for entry in entries):
            for kind, name in _FIELDS.items():
                if isinstance(entry, dict) and isinstance(entry.get(name), str) and isinstance(entry.get("id"), str):
                    found[entry["id"], kind] = SecretStr(entry[name])
        if not found:
            raise UnknownPerson(
                f"{path}: brak list {', '.join(_LISTS)} z polami id, pesel, nip, telepin (w cudzysłowie)"
            )
        return cls(found)

    def keys(self, kind: Kind, person: str) -> SecretStr:
        """The digits of ``person``. Raises ``UnknownPerson``, without naming any digits."""
        try:
            return self._numbers[person, kind]
        except KeyError:
            known = ", ".join(sorted({name for name, _ in self._numbers})[:12]) or "żadnych"
            raise UnknownPerson(f"nie ma numeru „{_FIELDS[kind]}” osoby „{person}”; znane osoby: {known}") from None
