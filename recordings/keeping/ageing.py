"""Kept calls are forgotten after a stated time: they are personal data."""

import asyncio
import shutil
import time
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
EVERY = 3600.0
"""Seconds from one look to the next."""


def forget_older(root: Path, days: float) -> list[str]:
    """Remove the folders under ``root`` in which nothing was written for ``days``; their names. What cannot be removed
    stays, and is looked at again the next time."""
    before = time.time() - 86_400 * days
    old = [folder for folder in root.glob("*/") if _touched(folder) < before]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return sorted(folder.name for folder in old if not folder.exists())


async def keep_forgetting(root: Path, days: float) -> None:
    """Look every hour, until cancelled."""
    while True:
        if gone := await asyncio.to_thread(forget_older, root, days):
            log.info("kept calls forgotten", calls=len(gone), days=days)
        await asyncio.sleep(EVERY)


def _touched(folder: Path) -> float:
    """When the folder or a file in it was last written; now where it vanishes under our eyes."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return time.time()
