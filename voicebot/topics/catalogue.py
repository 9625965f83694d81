"""The topic catalogue as the recogniser sees it: labels and the phrases that teach them.

Layout of ``dialplans/topics``: ``<area>.yaml`` (topics), ``phrases/<topic id>.yaml``, ``out-of-scope.yaml``,
``precedence.yaml`` (for people), ``lexicon.yaml`` (words of one meaning).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

NONE = "__none__"
HUMAN = "__human__"
HUMAN_TOPIC = "ctl-konsultant"
"""The topic whose phrases teach ``__human__``: a caller who wants a person and names no matter."""

AREA_FILES = ("epit", "ogolne", "pcc", "sterowanie", "zezn")


class CatalogueError(Exception):
    """A file of the catalogue is unusable; the text says which, where and why."""


@dataclass(frozen=True)
class Topic:
    """One matter. ``season`` is (first, last) as ``MM-DD``, both included, or None: all year."""

    id: str
    title: str
    description: str
    area: str
    queue: str | None
    season: tuple[str, str] | None
    answer: str | None
    verified: str | None
    self_service: bool
    released: bool
    wave: int | None


@dataclass(frozen=True)
class Phrase:
    """What somebody may say, the label it teaches, and the style its author meant ("" when plain)."""

    text: str
    label: str
    style: str = ""


@dataclass(frozen=True)
class Catalogue:
    """``topics`` by id; ``phrases`` of every label; ``lexicon`` maps a concept to the beginnings of its words."""

    topics: dict[str, Topic]
    phrases: tuple[Phrase, ...]
    lexicon: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels the recogniser may give, sorted: topic ids, ``__human__`` for ``ctl-konsultant``, ``__none__``."""
        return tuple(sorted({label_of(topic) for topic in self.topics} | {NONE}))


def label_of(topic: str) -> str:
    """The recogniser's label of a topic id."""
    return HUMAN if topic == HUMAN_TOPIC else topic


def load_catalogue(dialplans: Path) -> Catalogue:
    """Reads ``dialplans/topics``. Raises ``CatalogueError`` for a missing or malformed file."""
    root = dialplans / "topics"
    topics: dict[str, Topic] = {}
    for area in AREA_FILES:
        path = root / f"{area}.yaml"
        for entry in read_list(path, "topics"):
            topic = _topic(path, entry)
            if topic.id in topics:
                raise CatalogueError(f"{path}: temat {topic.id} jest dwa razy")
            topics[topic.id] = topic
    phrases = [phrase for topic in topics for phrase in _phrases(root / "phrases" / f"{topic}.yaml", label_of(topic))]
    phrases += _phrases(root / "out-of-scope.yaml", NONE)
    strangers = {path.stem for path in (root / "phrases").glob("*.yaml")} - set(topics)
    if strangers:
        raise CatalogueError(
            f"{root / 'phrases'}: pliki, którym nie odpowiada żaden temat: {', '.join(sorted(strangers))}"
        )
    lexicon = _read(root / "lexicon.yaml").get("concepts", {})
    return Catalogue(topics, tuple(phrases), {name: tuple(words) for name, words in lexicon.items()})


def digest(dialplans: Path) -> str:
    """SHA-256 of all that teaches the recogniser, as 64 hex digits: phrases, lexicon and which topics there are, not
    their answers. Reads no YAML: cheap enough for every start."""
    root = dialplans / "topics"
    total = hashlib.sha256()
    areas = {f"{area}.yaml" for area in AREA_FILES}
    for path in sorted([*root.glob("*.yaml"), *(root / "phrases").glob("*.yaml")]):
        content = path.read_bytes()
        if path.parent == root and path.name in areas:
            content = b"\n".join(line for line in content.splitlines() if line.lstrip(b" -").startswith(b"id:"))
        total.update(path.relative_to(root).as_posix().encode() + b"\0" + content + b"\0")
    return total.hexdigest()


def _topic(path: Path, entry: dict[str, Any]) -> Topic:
    try:
        season = entry.get("season")
        return Topic(
            id=entry["id"],
            title=entry["title"],
            description=entry.get("description", ""),
            area=entry["area"],
            queue=entry["queue"],
            season=(season["first"], season["last"]) if season else None,
            answer=entry.get("answer"),
            verified=entry.get("verified"),
            self_service=entry.get("self_service", False),
            released=entry.get("released", False),
            wave=entry.get("wave"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: w temacie brakuje pola albo jest błędne ({error}): {str(entry)[:80]}") from None


def _phrases(path: Path, label: str) -> Iterator[Phrase]:
    for entry in read_list(path, "phrases"):
        fields = entry if isinstance(entry, dict) else {"text": entry}
        text, style = fields.get("text"), fields.get("style", "")
        if not isinstance(text, str) or not text.strip() or not isinstance(style, str):
            raise CatalogueError(f"{path}: fraza musi być tekstem, a jest: {entry!r}")
        yield Phrase(text, label, style)


def read_list(path: Path, key: str) -> list[Any]:
    """The list ``key`` of the YAML file at ``path``. Raises ``CatalogueError`` when it is not there."""
    entries = _read(path).get(key)
    if not isinstance(entries, list):
        raise CatalogueError(f"{path}: brakuje listy `{key}`")
    return entries


def _read(path: Path) -> dict[str, Any]:
    try:
        data = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise CatalogueError(f"{path}: nie ma takiego pliku") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: to nie jest poprawny YAML: {_place(error)}") from None
    if not isinstance(data, dict):
        raise CatalogueError(f"{path}: oczekiwano pól w postaci `nazwa: wartość`")
    return data


def _place(error: YAMLError | UnicodeDecodeError) -> str:
    """Where the file is broken, as people count lines."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"wiersz {mark.line + 1}, kolumna {mark.column + 1}"
    return "znaki nie są w UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
