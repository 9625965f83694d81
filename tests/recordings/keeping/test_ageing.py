"""What was kept longer than stated is gone; what is newer stays."""

import os
import time
from pathlib import Path

from recordings.keeping.ageing import forget_older


def kept(root: Path, name: str, days: float) -> Path:
    """A kept call, last written ``days`` ago."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "call.wav").write_bytes(b"sound")
    for path in (folder / "call.wav", folder):
        os.utime(path, (time.time() - 86_400 * days,) * 2)
    return folder


def test_only_what_is_older_is_forgotten(tmp_path: Path) -> None:
    old, new = kept(tmp_path, "old", 31), kept(tmp_path, "new", 29)
    assert forget_older(tmp_path, 30) == ["old"]
    assert (old.exists(), new.exists()) == (False, True)


def test_a_call_that_is_being_written_stays(tmp_path: Path) -> None:
    folder = kept(tmp_path, "long", 31)
    (folder / "recording.json").write_text("{}")
    os.utime(folder, (time.time() - 86_400 * 31,) * 2)
    assert forget_older(tmp_path, 30) == []


def test_where_nothing_was_ever_kept_nothing_is_forgotten(tmp_path: Path) -> None:
    assert forget_older(tmp_path / "recordings", 30) == []
