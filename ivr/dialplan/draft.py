"""All of a dialplan folder that could be read, piece by piece: one bad piece hides no other.

Layout: ``hotline.yaml`` (the flow), ``prompts.yaml``, ``queues.yaml``, ``offices/*.yaml``, ``topics/*.yaml``.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from ..dialogue.manners import Manners
from ..dialogue.nodes import KINDS, NODES
from ..dialogue.plan import Office, QueueKind, Topic
from .polish import explain, field_hint, guess, problems
from .source import Fault, Source
from .strays import strays
from .yaml12 import Path_

T = TypeVar("T")
VERSION = 1
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
FILES = ("hotline.yaml", "prompts.yaml", "queues.yaml")
FOLDERS = ("offices", "topics")
MANNERS = TypeAdapter(Manners)
NOT_TOPICS = ("concepts", "rules", "phrases")
"""What the files beside the topics begin with: the recogniser's, not the flow's."""


class TopicEntry(Topic):
    """A topic as its file holds it: what the call needs, and what reviewers and the recogniser need besides."""

    description: str = ""
    verified: str | None = None
    self_service: bool = False
    wave: int | str | None = None
    released_text: str | None = None
    withdrawn_by: str | None = None


@dataclass(frozen=True)
class Piece(Generic[T]):
    """A valid piece and where it stands."""

    value: T
    source: Source
    at: Path_

    def fault(self, *path: str | int, message: str, hint: str = "", key: bool = False) -> Fault:
        return self.source.fault((*self.at, *path), message, hint, key=key)


@dataclass
class LocalPieces:
    """What an office's file has besides the office."""

    nodes: dict[str, Piece[Any]] = field(default_factory=dict)
    prompts: dict[str, Piece[str]] = field(default_factory=dict)
    variables: dict[str, Piece[str]] = field(default_factory=dict)


class Draft:
    """Reads a folder. ``names`` holds, for each table, every id that a file claims, valid or not; a table that could
    not be read is not in it: what refers to it cannot be judged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.names: dict[str, set[str]] = {}
        self.sources: list[Source] = []
        self.flow: Source | None = None
        self.heads: dict[str, str] = {}
        self.manners: Piece[Manners] | None = None
        self.nodes: dict[str, Piece[Any]] = {}
        self.prompts: dict[str, Piece[str]] = {}
        self.variables: dict[str, Piece[str]] = {}
        self.queues: list[Piece[QueueKind]] = []
        self.topics: list[Piece[TopicEntry]] = []
        self.offices: list[Piece[Office]] = []
        self.local: dict[str, LocalPieces] = {}
        self.lost_nodes = False
        """Whether a node of an office could not be read."""
        self._digest = hashlib.sha256()
        if not root.is_dir():
            what = "to nie jest folder dialplanów" if root.exists() else "nie ma takiego folderu dialplanów"
            self.faults.append(Fault(str(root), 0, 0, what, "leży w nim hotline.yaml"))
            return
        self._strays()
        self._flow()
        self._prompts()
        self._queues()
        self._topics()
        self._offices()

    @property
    def version(self) -> str:
        """Names the content of all files read."""
        return self._digest.hexdigest()[:16]

    def _strays(self) -> None:
        for path in sorted(self.root.glob("*.y*ml")):
            if path.name not in FILES and not path.name.startswith("."):
                hint = (
                    guess(path.stem, (Path(name).stem for name in FILES)) or "urzędy leżą w offices/, tematy w topics/"
                )
                self.warnings.append(Fault(path.name, 1, 1, "tego pliku nic nie czyta", hint))
        found = strays(self.root)
        self.faults += found.faults
        self.warnings += found.warnings

    def _open(self, path: Path) -> Source:
        source = Source(path, self.root)
        self._digest.update(source.name.encode() + b"\0" + source.raw + b"\0")
        self.faults += source.faults
        self.sources.append(source)
        return source

    def _file(self, name: str, required: set[str], optional: set[str]) -> tuple[Source, dict[str, Any]] | None:
        path = self.root / name
        if not path.exists() and not path.is_symlink():
            self.faults.append(Fault(name, 1, 1, "brakuje pliku", f"powinien leżeć w {self.root}"))
            return None
        source = self._open(path)
        fields = self._fields(source, required, optional)
        return None if fields is None else (source, fields)

    def _folder(self, name: str) -> Iterator[Source]:
        for path in sorted((self.root / name).glob("*.yaml")):
            if not path.name.startswith("."):
                yield self._open(path)

    def _fields(self, source: Source, required: set[str], optional: set[str]) -> dict[str, Any] | None:
        """The top of a file, when it is one of this version; its unknown and missing fields become faults."""
        data = source.data
        if data is None:
            return None
        if not isinstance(data, dict):
            what = "listą" if isinstance(data, list) else "zwykłym tekstem"
            self.faults.append(source.fault((), f"plik jest {what}, a musi mieć pola", "na przykład `version: 1`"))
            return None
        if not self._of_this_version(source, data):
            return None
        for name in data.keys() - required - optional - {"version"}:
            hint = field_hint(name, sorted(required | optional | {"version"}))
            self.faults.append(source.fault((name,), f"nieznane pole `{name}`", hint, key=True))
        for name in sorted(required - data.keys()):
            self.faults.append(source.fault((), f"brakuje pola `{name}`", "proszę je dopisać"))
        return data

    def _of_this_version(self, source: Source, data: dict[str, Any]) -> bool:
        version = data.get("version")
        migrate = "infolinia check --migrate przepisze go na nową"
        if "version" not in data:
            message, hint = (
                "brakuje pola `version`",
                f"proszę zacząć plik od `version: {VERSION}`; stary plik {migrate}",
            )
        elif not isinstance(version, int) or isinstance(version, bool) or version < 0:
            message, hint = f"wersja musi być liczbą, a jest {version!r}", f"proszę wpisać `version: {VERSION}`"
        elif version < VERSION:
            message, hint = f"plik jest w wersji {version}, a potrzebna jest {VERSION}", migrate
        elif version > VERSION:
            message, hint = (
                f"plik jest w wersji {version}, nowszej niż ta infolinia zna ({VERSION})",
                "proszę zaktualizować infolinię",
            )
        else:
            return True
        self.faults.append(source.fault(("version",), message, hint))
        return False

    def _mapping(self, source: Source, data: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The mapping under ``name``, without the keys that are no ids; empty when it is none."""
        value = data.get(name, {})
        if not isinstance(value, dict):
            hint = "na przykład `nazwa: wartość` w kolejnych wierszach"
            self.faults.append(source.fault((name,), f"pole `{name}` musi mieć pola w środku", hint))
            return {}
        for key in value:
            if not ID.fullmatch(key):
                hint = "dozwolone: małe litery bez polskich znaków, cyfry i łącznik, na przykład `po-godzinach`"
                self.faults.append(source.fault((name, key), f"niedozwolona nazwa `{key}`", hint, key=True))
        return value

    def _claim(self, table: str, data: Mapping[str, Any]) -> None:
        if isinstance(data.get(table), dict):
            self.names[table] = set(data[table])

    def _list(self, source: Source, data: Mapping[str, Any], name: str) -> list[Any]:
        value = data.get(name, [])
        if isinstance(value, list):
            return value
        self.faults.append(source.fault((name,), f"pole `{name}` musi być listą", "pozycje zaczynają się od `- `"))
        return []

    def _texts(self, source: Source, data: Mapping[str, Any], name: str) -> dict[str, Piece[str]]:
        """Texts by id, of ``prompts`` or ``variables``."""
        found = {}
        for key, value in self._mapping(source, data, name).items():
            if isinstance(value, str) and value.strip():
                found[key] = Piece(value, source, (name, key))
            elif isinstance(value, str) or value is None:
                self.faults.append(source.fault((name, key), f"`{key}` jest puste", "proszę wpisać tekst"))
            else:
                hint = f'proszę ująć wartość w cudzysłów: "{value}"' if isinstance(value, int | float) else ""
                self.faults.append(source.fault((name, key), f"`{key}` musi być tekstem", hint))
        return found

    def _valid(self, adapter: TypeAdapter[T], data: Any, source: Source, at: Path_, model: Any) -> Piece[T] | None:
        """``data`` as a piece, or its faults."""
        try:
            return Piece(adapter.validate_python(data), source, at)
        except ValidationError as error:
            for problem in problems(error):
                self._invalid(problem, source, at, model)
            return None

    def _invalid(self, problem: Any, source: Source, at: Path_, model: Any) -> None:
        loc: Path_ = problem["loc"]
        if model is None and loc and loc[0] in KINDS:
            model, loc = KINDS[str(loc[0])], loc[1:]
        of_key = problem["type"] == "extra_forbidden" or (bool(loc) and loc[-1] == "[key]")
        loc = loc[:-1] if loc and loc[-1] == "[key]" else loc
        known = field_names(model, loc[:-1]) if model is not None else ()
        message, hint = explain({**problem, "loc": loc or at}, known)
        path = (*at, "node") if problem["type"] == "union_tag_invalid" else (*at, *loc)
        self.faults.append(
            source.fault(path, message, hint, key=of_key or problem["type"] in ("missing", "union_tag_not_found"))
        )

    def _flow(self) -> None:
        read = self._file("hotline.yaml", {"start", "person", "nodes"}, {"end", "manners"})
        if read is None:
            return
        self.flow, data = read
        for head in ("start", "person", "end"):
            if isinstance(value := data.get(head), str):
                self.heads[head] = value
            elif head in data:
                self.faults.append(self.flow.fault((head,), f"pole `{head}` musi być nazwą węzła"))
        if "manners" in data:
            self.manners = self._valid(MANNERS, data["manners"], self.flow, ("manners",), Manners)
        raw = self._mapping(self.flow, data, "nodes")
        self._claim("nodes", data)
        for id_, node in raw.items():
            if piece := self._valid(NODES, node, self.flow, ("nodes", id_), None):
                self.nodes[id_] = piece

    def _prompts(self) -> None:
        read = self._file("prompts.yaml", {"prompts"}, {"variables"})
        if read is not None:
            self.prompts = self._texts(*read, "prompts")
            self.variables = self._texts(*read, "variables")
            self._claim("prompts", read[1])
            self._claim("variables", {"variables": {}, **read[1]})

    def _queues(self) -> None:
        read = self._file("queues.yaml", {"queues"}, set())
        if read is not None:
            raw = self._list(*read, "queues")
            self.queues = list(self._entries(raw, read[0], "queues", QueueKind))
            if isinstance(read[1].get("queues"), list):
                self.names["queues"] = claimed(raw)

    def _topics(self) -> None:
        names: set[str] = set()
        whole = True
        for source in self._folder("topics"):
            if isinstance(source.data, dict) and any(name in source.data for name in NOT_TOPICS):
                continue
            data = self._fields(source, {"topics"}, {"area"})
            whole = whole and data is not None
            if data is not None:
                raw = self._list(source, data, "topics")
                whole = whole and isinstance(data.get("topics"), list)
                names |= claimed(raw)
                self.topics += self._entries(raw, source, "topics", TopicEntry)
        if whole:
            self.names["topics"] = names

    def _entries(self, raw: list[Any], source: Source, name: str, model: type[Any]) -> Iterator[Piece[Any]]:
        adapter = TypeAdapter(model)
        for n, entry in enumerate(raw):
            if piece := self._valid(adapter, entry, source, (name, n), model):
                yield piece

    def _offices(self) -> None:
        names: set[str] = set()
        whole = True
        for source in self._folder("offices"):
            data = self._fields(source, {"office"}, {"nodes", "prompts", "variables"})
            if data is None or "office" not in data:
                whole, self.lost_nodes = False, True
                continue
            piece = self._valid(TypeAdapter(Office), data["office"], source, ("office",), Office)
            id_ = data["office"].get("id") if isinstance(data["office"], dict) else None
            names |= {id_} if isinstance(id_, str) else set()
            whole = whole and isinstance(id_, str)
            local = LocalPieces(prompts=self._texts(source, data, "prompts"))
            local.variables = self._texts(source, data, "variables")
            for name, node in self._mapping(source, data, "nodes").items():
                if own := self._own_node(source, name, node):
                    local.nodes[name] = own
                else:
                    self.lost_nodes = True
            if piece is not None:
                self.offices.append(piece)
                self.local.setdefault(piece.value.id, local)
        if whole:
            self.names["offices"] = names

    def _own_node(self, source: Source, name: str, node: Any) -> Piece[Any] | None:
        """A node of an office: whole, when it says its kind; else the national one with some fields changed."""
        at: Path_ = ("nodes", name)
        if not isinstance(node, dict):
            self.faults.append(source.fault(at, f"węzeł `{name}` musi mieć pola w środku", "na przykład `patience: 8`"))
            return None
        if "node" in node:
            return self._valid(NODES, node, source, at, None)
        known = self.names.get("nodes")
        if known is not None and name not in known:
            hint = guess(name, known) or "nowy węzeł musi mieć pole `node` (rodzaj węzła)"
            self.faults.append(source.fault(at, f"w scenariuszu krajowym nie ma węzła `{name}`", hint, key=True))
            return None
        national = self.nodes.get(name)
        if national is None:
            return None
        raw = national.source.data["nodes"][name]
        return self._valid(NODES, {**raw, **node}, source, at, None)


def claimed(entries: list[Any]) -> set[str]:
    """The ids that the entries of a list claim, valid or not."""
    return {entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)}


def field_names(model: type[BaseModel], path: Path_) -> list[str]:
    """The names that a mapping at ``path`` inside ``model`` may use."""
    for part in path:
        if isinstance(part, int):
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        inner = _model_in(fields[part].annotation) if part in fields else None
        model = inner or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
