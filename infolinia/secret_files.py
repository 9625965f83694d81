"""Secrets of an installation: made once at set-up, mode 600, never printed."""

import os
import secrets
from pathlib import Path

from .settings import Settings

KEYS = {"vault": 32, "telepin": 32, "webhook": 32}
"""Random keys and their sizes in bytes."""


def ensure_secrets(settings: Settings) -> list[str]:
    """Make every key that is not there yet; the names of those made."""
    made = []
    for name, size in KEYS.items():
        path = settings.secret(name)
        if not path.exists():
            write_secret(path, secrets.token_bytes(size))
            made.append(name)
    return made


def write_secret(path: Path, value: bytes) -> None:
    """Write ``value`` so that only the owner ever could read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(value)


def read_secret(settings: Settings, name: str) -> bytes:
    """The key ``name``. Raises ``FileNotFoundError`` with the mend when set-up has not been run."""
    try:
        return settings.secret(name).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"Brak {settings.secret(name)}: uruchom `infolinia setup`") from None
