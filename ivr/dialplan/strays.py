"""Files that lie where dialplans are read and are read by nobody: an office whose file was renamed must not be lost in
silence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .source import Fault

READ = {
    "offices": (".yaml", ()),
    "topics": (".yaml", ("phrases",)),
    "topics/phrases": (".yaml", ()),
    "tests": (".yaml", ()),
    "recordings": (".wav", ()),
}
"""Each folder that is read: the ending of its files, and the folders that it may hold."""
_LEFT_BEHIND = re.compile(r"\..*|.*~|#.*#|.*\.(?:bak|old|orig|rej|swp|swo|tmp|part)", re.I)
"""What editors, file managers and people who are careful leave beside a file."""
_MIGRATED = re.compile(r".*\.yaml\.v[0-9]+")
"""A file as it was before ``infolinia check --migrate``."""


@dataclass
class Strays:
    """``faults``: what somebody may believe to be read. ``warnings``: what is plainly left over."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def strays(root: Path) -> Strays:
    """What lies in the folders of ``root`` that are read, and is not read itself."""
    found = Strays()
    for folder, (ending, inner) in READ.items():
        for path in _others(root / folder, ending, inner):
            name = path.relative_to(root).as_posix()
            if _LEFT_BEHIND.fullmatch(path.name):
                hint = "jeśli to kopia edytora, można ją usunąć"
                found.warnings.append(Fault(name, 1, 1, "tego pliku nic nie czyta", hint))
            elif path.is_dir():
                hint = "proszę przenieść jego pliki wyżej albo usunąć go stąd"
                found.faults.append(Fault(name, 1, 1, "tego folderu nic nie czyta", hint))
            else:
                found.faults.append(Fault(name, 1, 1, _what(path), _mend(path, ending)))
    return found


def _others(folder: Path, ending: str, inner: tuple[str, ...]) -> Iterator[Path]:
    """Everything in ``folder`` but what is read there."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        known = path.suffix == ending and not path.name.startswith(".")
        if not known and path.name not in inner and not _MIGRATED.fullmatch(path.name):
            yield path


def _what(path: Path) -> str:
    return f"plik {path.suffix} nie jest czytany" if path.suffix else "ten plik nie jest czytany"


def _mend(path: Path, ending: str) -> str:
    """How the file would have to be called; what an editor or a browser put behind the ending is taken away."""
    if ending == ".wav":
        return "nagranie musi być plikiem .wav; inny plik proszę stąd usunąć"
    stem = re.sub(r"\.ya?ml$", "", path.stem, flags=re.I)
    return f"proszę nazwać go {stem}.yaml albo usunąć stąd"
