"""YAML 1.2 as dialplans use it: plain data and where each piece stands, read in one pass with bounds.

Mappings, lists and scalars, nothing else: no aliases or anchors (a few of them can stand for gigabytes), no tags, no
second document. Plain scalars follow YAML 1.2's core schema, so ``16:00``, ``no`` and ``2026-04-30`` are text. Reading
is iterative, so depth costs no stack, and stops at the first bound that is passed.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from .polish import odd_sign, syntax

MAX_DEPTH = 20
MAX_PIECES = 50_000
"""Keys, values and list entries of one file. A flow of a thousand menus has about 38,000."""

Path_ = tuple[str | int, ...]
Mark = tuple[int, int]

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE, _FALSE = re.compile(r"true|True|TRUE"), re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})?\.[0-9]+([eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Slip:
    """A fault in one text: line and column from 1, message and hint in Polish."""

    line: int
    column: int
    message: str
    hint: str = ""


@dataclass
class Document:
    """``data`` is None when the text is empty or could not be read to its end. ``marks`` maps the path of a piece to
    where its key (in a list: itself) and where its value stands."""

    data: Any = None
    marks: dict[Path_, tuple[Mark, Mark]] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list)


@dataclass
class _Open:
    """A mapping or list not yet closed; ``key`` is the one that waits for its value."""

    piece: dict[str, Any] | list[Any]
    path: Path_
    key: str | None = None
    key_mark: Mark = (1, 1)


class _Stop(Exception):
    """There is no sense in reading on."""

    def __init__(self, mark: Mark, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.slip = Slip(*mark, message, hint)


@lru_cache(maxsize=256)
def read(raw: bytes) -> Document:
    """The document in ``raw``, with all that is wrong with it. Nobody may change what it returns: it is kept."""
    reader = _Reader()
    try:
        reader.read(_decode(raw))
    except _Stop as stop:
        reader.document.slips.append(stop.slip)
        reader.document.data = None
    return reader.document


def _decode(raw: bytes) -> str:
    hint = "proszę zapisać go w kodowaniu UTF-8 (w Notatniku: Zapisz jako, Kodowanie: UTF-8)"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Stop((1, 1), "plik jest w UTF-16, a nie w UTF-8", hint)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        raise _Stop((before.count(b"\n") + 1, column), "plik nie jest w UTF-8", hint) from None
    if found := _UNPRINTABLE.search(text):
        above = text[: found.start()]
        mark = (above.count("\n") + 1, found.start() - above.rfind("\n"))
        raise _Stop(mark, f"niedozwolony znak U+{ord(found[0]):04X}", "proszę go usunąć")
    return text


class _Reader:
    def __init__(self) -> None:
        self.document = Document()
        self._open: list[_Open] = []
        self._pieces = 0

    def read(self, text: str) -> None:
        documents = 0
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                mark = (event.start_mark.line + 1, event.start_mark.column + 1)
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise _Stop(mark, "drugi dokument YAML w jednym pliku", "proszę usunąć wiersz `---`")
                self._take(event, mark)
        except MarkedYAMLError as error:
            for place in filter(None, (error.problem_mark, error.context_mark)):
                if odd := odd_sign(_line(text, place.line + 1)):
                    raise _Stop((place.line + 1, place.column + 1), *odd) from None
            at = error.problem_mark or error.context_mark
            mark = (at.line + 1, at.column + 1) if at else (1, 1)
            raise _Stop(mark, *syntax(str(error.problem), _line(text, mark[0]))) from None
        except (YAMLError, ValueError) as error:
            raise _Stop((1, 1), f"błąd składni YAML: {type(error).__name__}") from None

    def _take(self, event: Any, mark: Mark) -> None:
        if isinstance(event, AliasEvent):
            raise _Stop(mark, "odwołania YAML (`*nazwa`) nie są dozwolone", "proszę wpisać treść wprost")
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            self._piece(event, mark)

    def _piece(self, event: Any, mark: Mark) -> None:
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise _Stop(mark, f"plik ma więcej niż {MAX_PIECES} elementów", "proszę go podzielić")
        if event.anchor:
            raise _Stop(mark, f"kotwice YAML (`&{event.anchor}`) nie są dozwolone", "proszę ją usunąć")
        if event.tag and not (isinstance(event, ScalarEvent) and event.tag == "!"):
            raise _Stop(mark, f"znaczniki YAML (`{event.tag}`) nie są dozwolone", "proszę go usunąć")
        opened = self._open[-1] if self._open else None
        if opened is not None and isinstance(opened.piece, dict) and opened.key is None:
            self._key(opened, event, mark)
            return
        if isinstance(event, ScalarEvent):
            if not event.value and event.implicit[0] and opened is not None and opened.key is not None:
                mark = opened.key_mark
            self._place(opened, scalar(event.value) if event.implicit[0] else event.value, mark)
        else:
            if len(self._open) >= MAX_DEPTH:
                raise _Stop(mark, f"zagnieżdżenie głębsze niż {MAX_DEPTH} poziomów", "proszę uprościć plik")
            piece: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
            self._open.append(_Open(piece, self._place(opened, piece, mark)))

    def _key(self, opened: _Open, event: Any, mark: Mark) -> None:
        if not isinstance(event, ScalarEvent):
            hint = "klucz musi być słowem; tekst z nawiasem `{` albo `[` na początku proszę ująć w cudzysłów"
            raise _Stop(mark, "klucz nie może być listą ani mapą", hint)
        if event.value in opened.piece:
            first = self.document.marks[(*opened.path, event.value)][0][0]
            slip = Slip(*mark, f"pole `{event.value}` występuje dwa razy", f"pierwsze jest w wierszu {first}")
            self.document.slips.append(slip)
        opened.key, opened.key_mark = event.value, mark

    def _place(self, opened: _Open | None, value: Any, mark: Mark) -> Path_:
        if opened is None:
            self.document.data = value
            path: Path_ = ()
            self.document.marks[path] = (mark, mark)
        elif isinstance(opened.piece, list):
            path = (*opened.path, len(opened.piece))
            opened.piece.append(value)
            self.document.marks[path] = (mark, mark)
        else:
            assert opened.key is not None
            path = (*opened.path, opened.key)
            opened.piece[opened.key] = value
            self.document.marks[path] = (opened.key_mark, mark)
            opened.key = None
        return path


def scalar(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema, but for what dialplans do not need: octal, hexadecimal, infinity and
    NaN, and numbers that begin with a zero (``07120`` is text) are text."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""
