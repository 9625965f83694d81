"""Passwords between the parts: made at set-up, 24 random bytes each, mode 600, never shown."""

import os
import secrets
from collections.abc import Iterable

from infolinia.settings import Settings

from .trouble import AsteriskError

GIVEN = {"operator": "hasło linii od operatora"}
"""Secrets that nobody can make up."""


def ensure(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """The secrets by name; those that are missing are made. Raises AsteriskError for one that must be given."""
    found = {}
    for name in names:
        path = settings.secret(name)
        if not path.exists():
            if name in GIVEN:
                raise AsteriskError(f"Wpisz do pliku {path} {GIVEN[name]} (prawa 600)")
            _make(settings, name)
        if path.stat().st_mode & 0o077:
            raise AsteriskError(f"{path} mogą czytać inni: chmod 600 {path}")
        found[name] = path.read_text(encoding="ascii").strip()
    return found


def _make(settings: Settings, name: str) -> None:
    path = settings.secret(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24))
    try:
        os.link(new, path)
    except FileExistsError:
        pass  # another process made it at the same moment: theirs holds
    finally:
        os.unlink(new)
