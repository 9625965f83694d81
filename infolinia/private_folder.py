"""What lies in ``var`` (names, numbers and words of callers, secrets) is for the account of the hotline alone."""

import os
import stat
from contextlib import suppress
from pathlib import Path

UMASK = 0o077
"""Of every process of ours: what it makes, its owner alone may read."""


def tighten(folder: Path) -> bool:
    """Take ``folder`` and what lies directly in it from everybody else, if it is ours and others may look into it;
    whether that was so. A folder where others write too (sticky, as /tmp is) is left as it is."""
    try:
        found = folder.stat()
    except OSError:
        return False
    if (
        not stat.S_ISDIR(found.st_mode)
        or not found.st_mode & UMASK
        or found.st_uid != os.geteuid()
        or found.st_mode & stat.S_ISVTX
    ):
        return False
    folder.chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
    for entry in folder.iterdir():
        with suppress(OSError):
            inside = entry.lstat()
            if inside.st_uid == found.st_uid and not stat.S_ISLNK(inside.st_mode):
                entry.chmod(stat.S_IMODE(inside.st_mode) & ~UMASK)
    return True
