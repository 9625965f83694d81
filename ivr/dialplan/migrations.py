"""From an older version of the language to today's: one function a step, comments and order kept.

When the language changes so that an older file would mean something else or be refused, ``draft.VERSION`` rises by one
and a step is added here; steps are never changed afterwards.
"""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .draft import FILES, FOLDERS, NOT_TOPICS, VERSION
from .source import Source

Step = Callable[[str, Any], None]
"""(name of the file, its data): changes the data in place."""


def _from_0(name: str, data: Any) -> None:
    """Version 0 had no ``version``, and an office had one ``announcement`` without days."""
    office = data.get("office")
    if name.startswith("offices/") and isinstance(office, dict) and "announcement" in office:
        text = office.pop("announcement")
        if text:
            office["announcements"] = [{"text": text}]


STEPS: tuple[Step, ...] = (_from_0,)


def migrate(root: Path) -> list[str]:
    """Rewrite every file of ``root`` that is in an older version; the names of those rewritten. What was there is kept
    beside it as ``<name>.v<version>``. A file that cannot be read is left alone. Raises ``OSError``."""
    return [source.name for source in _sources(root) if _migrated(source)]


def _sources(root: Path) -> Iterator[Source]:
    paths = [root / name for name in FILES]
    for folder in FOLDERS:
        paths += sorted((root / folder).glob("*.yaml"))
    for path in paths:
        if path.is_file():
            yield Source(path, root)


def _migrated(source: Source) -> bool:
    data = source.data
    if source.faults or not isinstance(data, dict) or any(name in data for name in NOT_TOPICS):
        return False
    version = data.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < VERSION:
        return False
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 1000
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        kept = yaml.load(source.raw.decode("utf-8-sig"))
    except YAMLError:
        return False
    for step in STEPS[version:]:
        step(source.name, kept)
    if "version" in kept:
        kept["version"] = VERSION
    else:
        kept.insert(0, "version", VERSION)
    text = StringIO()
    yaml.dump(kept, text)
    source.path.with_name(f"{source.path.name}.v{version}").write_bytes(source.raw)
    new = source.path.with_name(f".{source.path.name}.new")
    new.write_text(text.getvalue(), encoding="utf-8")
    new.replace(source.path)
    return True
