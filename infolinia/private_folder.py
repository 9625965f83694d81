"""What lies in ``var`` (names, numbers and words of callers, secrets) is for the account of the hotline alone."""

import os
import stat
from contextlib import suppress
from pathlib import Path

UMASK = 0o077
"""Of every process of ours: what it makes, its owner alone may read."""


SIGNS = ("infolinia.db", "secrets/vault", "run/stack.json", "log/command.log", "log/engine-0.log")
"""Files that a folder of ours has, any of them."""
PARTS = (
    *("asterisk", "closures.json", "dialplans", "infolinia.db", "log", "models", "prompts", "recording.json"),
    *("recordings", "run", "secrets", "stubs", "topics"),
)
"""What we put directly into our folder first of all."""


def foreign(folder: Path) -> bool:
    """Whether ``folder`` holds something, and nothing of it is ours: a home, ``/etc``, somebody's data."""
    if any((folder / sign).exists() for sign in SIGNS):
        return False
    names = {entry.name for entry in folder.iterdir()} - {"lost+found"}
    return bool(names) and not names & set(PARTS)


def tighten(folder: Path) -> bool:
    """Take ``folder`` and what lies directly in it from everybody else, if it is the hotline's (SIGNS) and others may
    look into it; whether that was so. A folder that all write to (sticky, as /tmp is) is left as it is."""
    try:
        found = folder.stat()
    except OSError:
        return False
    if (
        not stat.S_ISDIR(found.st_mode)
        or not found.st_mode & UMASK
        or found.st_uid != os.geteuid()
        or found.st_mode & stat.S_ISVTX
        or not any((folder / sign).exists() for sign in SIGNS)
    ):
        return False
    folder.chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
    for entry in folder.iterdir():
        with suppress(OSError):
            inside = entry.lstat()
            if inside.st_uid == found.st_uid and not stat.S_ISLNK(inside.st_mode):
                entry.chmod(stat.S_IMODE(inside.st_mode) & ~UMASK)
    return True
