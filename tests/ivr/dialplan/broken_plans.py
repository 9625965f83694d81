"""Broken dialplans: the shipped ones and a small patch each, kept in ``broken/*.yaml``.

A case has ``file`` and what is done to it: ``replace`` and ``with`` (``then`` another such pair), ``append``, ``write``
or ``delete``. A ``▸`` in a patch stands where a fault is expected; ``also`` names further ones by a text that stands
there. ``says`` is what is said of each, in the order of file, line and column; ``#`` stands
for a number that depends on the shipped files.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ivr.dialplan import Fault

MARK = "▸"
SHIPPED = Path(__file__).parents[3] / "dialplans"
FOLDER = Path(__file__).with_name("broken")

Place = tuple[str, int, int]


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case with its name."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in YAML(typ="safe").load(path):
            yield f"{path.stem}: {case['name']}", case


def copy_shipped(target: Path) -> Path:
    """A copy of what ``infolinia check`` reads of the shipped dialplans."""
    for path in (*SHIPPED.glob("*.yaml"), *SHIPPED.glob("offices/*.yaml"), *SHIPPED.glob("topics/*.yaml")):
        copy = target / path.relative_to(SHIPPED)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


def break_plan(root: Path, case: dict[str, Any]) -> list[Place]:
    """Do what ``case`` says to the dialplans in ``root``; the places of the faults expected, sorted."""
    path = root / case["file"]
    if case.get("delete"):
        path.unlink()
        places = [(case["file"], 1, 1)]
    else:
        marked = _patched(path, case)
        places = [(case["file"], *place) for place in _marks(marked)]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(marked.replace(MARK, ""), encoding="utf-8")
    for other in case.get("also", ()):
        text = (root / other["file"]).read_text(encoding="utf-8")
        assert other["at"] in text
        places.append((other["file"], *_position(text, text.index(other["at"]))))
    return sorted(places)


def plain(fault: Fault, root: Path) -> str:
    """What a fault says, without what the shipped files' own length and the folder's name decide."""
    text = f"{fault.message} ({fault.hint})" if fault.hint else fault.message
    return re.sub(r"(wierszu |\.yaml:|pozycja )\d+", r"\1#", text.replace(str(root), "FOLDER"))


def _patched(path: Path, case: dict[str, Any]) -> str:
    if "write" in case:
        return str(case["write"])
    text = path.read_text(encoding="utf-8")
    if "append" in case:
        return f"{text}{case['append']}"
    for change in (case, *([case["then"]] if "then" in case else [])):
        assert text.count(change["replace"]) >= 1, f"{path.name} no longer has {change['replace']!r}"
        text = text.replace(change["replace"], change["with"], 1)
    return text


def _marks(text: str) -> Iterator[tuple[int, int]]:
    at = text.find(MARK)
    while at >= 0:
        yield _position(text[:at].replace(MARK, ""), at)
        at = text.find(MARK, at + 1)


def _position(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Put ``new`` for the first ``old``, which must be there, in the file ``name`` of ``root``."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
