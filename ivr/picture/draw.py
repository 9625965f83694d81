"""A plan as a graph in Graphviz's language, with Polish labels: what is said in short, keys, queues, hours."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ..calendar import spoken_hours
from ..dialogue.node import Node, NodeRef, PromptRef, references
from ..dialogue.nodes.matter import MatterNode
from ..dialogue.nodes.menu import MenuNode
from ..dialogue.nodes.queue import QueueNode
from ..dialogue.plan import NATIONAL, Office, Plan


@dataclass(frozen=True)
class Room:
    """How much of a node is shown: letters in a line, lines of what it says, whether its kind is named and all queues
    are listed; how wide the gaps between nodes and ranks are (inches) and those inside a node (points)."""

    width: int
    lines: int
    whole: bool
    gaps: str
    padding: int


FULL = Room(34, 4, True, "nodesep=0.3 ranksep=0.4", 3)
BRIEF = Room(24, 2, False, "nodesep=0.12 ranksep=0.2", 1)
"""On an A4 sheet the shipped flow's letters are then 6.8 points high, instead of 4.2."""
_VARIABLE = re.compile(r"\{[^}]*\}")
INK, FAINT, PAPER = "#1f2933", "#52606d", "#ffffff"

KINDS = {
    "announcement": ("ogłoszenie", "#e3f0fb"),
    "answer": ("odpowiedź automatu", "#e4f5e8"),
    "earlier": ("powrót do przerwanej rozmowy", "#fdf3d8"),
    "hangup": ("koniec", "#e4e7eb"),
    "hours": ("godziny", "#ece6fa"),
    "identity": ("PESEL albo NIP", "#fde5dc"),
    "matter": ("pytanie otwarte", "#fdf3d8"),
    "menu": ("menu", "#fdf3d8"),
    "office": ("województwo", "#fdf3d8"),
    "principal": ("w czyjej sprawie", "#fde5dc"),
    "queue": ("kolejka", "#d6ebe9"),
    "say": ("komunikat", "#e3f0fb"),
    "telepin": ("telePIN", "#fde5dc"),
    "transfer": ("przekazanie", "#d6ebe9"),
}
"""What a kind of node is called, and its colour."""

WAYS = {
    "answer": {"next": "2: konsultant, albo\nodpowiada człowiek", "other": "3: inna sprawa", "done": "4: koniec"},
    "earlier": {"found": "1: tak", "next": "2: nie, albo\nnie było rozmowy"},
    "hours": {"open": "czynne", "closed": "nieczynne"},
    "identity": {"next": "numer poprawny", "without": "# albo bez numeru"},
    "matter": {"next": "temat albo klawisz", "otherwise": "nie zrozumiano", "done": "rezygnacja"},
    "menu": {"otherwise": "brak odpowiedzi"},
    "queue": {"served": "po rozmowie", "failed": "nikt nie odebrał"},
    "telepin": {"next": "telePIN dobry", "without": "# albo odmowa"},
    "transfer": {"next": "po rozmowie", "otherwise": "nikt nie odebrał"},
}
"""What the way out of a node by a field is called."""


STAGES = {
    **{"earlier": "beginning", "announcement": "beginning"},
    **{"identity": "authentication", "telepin": "authentication", "principal": "authentication"},
    **{"matter": "matter", "answer": "matter", "office": "matter"},
}
"""Kinds of nodes that are drawn in one row."""


@dataclass(frozen=True)
class Way:
    source: str
    target: str
    label: str


def dot(plan: Plan, office: str | None = None, *, brief: bool = False) -> str:
    """The flow as ``office`` has it (None: the national line), for Graphviz's ``dot``. ``brief`` leaves out what a
    printed sheet has no room for."""
    text = BRIEF if brief else FULL
    view = plan.for_office(office)
    lines = [
        "digraph {",
        f'bgcolor="{PAPER}" rankdir=TB {text.gaps} splines=spline concentrate=false newrank=true',
        f'node [shape=plain fontname="DejaVu Sans" fontsize=10 fontcolor="{INK}"]',
        f'edge [fontname="DejaVu Sans" fontsize=9 color="{FAINT}" fontcolor="{INK}" arrowsize=0.7 penwidth=1.1]',
        _beginning(view, plan.offices[office or NATIONAL]),
    ]
    lines += [_node(view, name, node, text) for name, node in view.nodes.items()]
    lines += [_way(way) for name, node in view.nodes.items() for way in _ways(name, node)]
    lines += _rows(view)
    lines += _always(view)
    return "\n".join([*lines, "}"])


def _rows(plan: Plan) -> list[str]:
    """Nodes that make one stage of a call stand side by side: the picture then fits a sheet."""
    stage = {name: STAGES.get(str(getattr(node, "node", ""))) for name, node in plan.nodes.items()}
    rows = []
    for wanted in dict.fromkeys(filter(None, stage.values())):
        names = " ".join(_id(name) for name, found in stage.items() if found == wanted)
        rows.append(f"{{rank=same {names}}}")
    return rows


def _beginning(plan: Plan, office: Office) -> str:
    """Who is called, when it answers, and where a call starts."""
    numbers = ", ".join(map(_number, office.numbers)) or "bez własnego numeru"
    rows = [
        _row(office.name, bold=True),
        _row(f"tel. {numbers}"),
        *(_row(line) for text in _hours(office) for line in _wrapped(text, 40, 3)),
    ]
    label = _table(rows, "#ffffff", border=2)
    return f'"(start)" [label={label}]\n"(start)" -> {_id(plan.start)} [penwidth=2 color="{INK}"]'


def _hours(office: Office) -> Iterator[str]:
    """The hours of the whole year, those of each season, and the days that are unlike their week."""
    for season in dict.fromkeys(hours.season for hours in sorted(office.hours, key=lambda h: h.season.first or "")):
        told = spoken_hours([hours for hours in office.hours if hours.season == season])
        yield f"od {_day(season.first)} do {_day(season.last)}: {told}" if season.first and season.last else told
    for day in office.special:
        yield f"{_day(day.date)}: od {day.opens} do {day.closes}"
    if office.closed_on:
        yield f"nieczynne: {', '.join(map(_day, office.closed_on))}"
    if office.open_on:
        yield f"czynne mimo święta: {', '.join(map(_day, office.open_on))}"


def _day(day: str) -> str:
    """As it is written in Poland: 30.04.2026, or 30.04 of every year."""
    return ".".join(reversed(day.split("-")))


def _number(number: str) -> str:
    """As it is written in Poland: 22 460 59 92, but 801 055 055."""
    groups = (3, 6) if number.startswith("80") else (2, 5, 7)
    return " ".join(number[first:last] for first, last in pairwise((0, *groups, len(number))))


def _node(plan: Plan, name: str, node: Node, room: Room) -> str:
    kind = str(getattr(node, "node", ""))
    title, colour = KINDS.get(kind, (kind, "#ffffff"))
    text = _said(plan, node)
    rows = [_row(name, bold=True), *([_row(title, faint=True)] if room.whole else [])]
    rows += [_row(line, italic=True) for line in _wrapped(f"„{text}”", room.width, room.lines) if text]
    rows += [_row(line) for line in _facts(plan, node, room)]
    return f"{_id(name)} [label={_table(rows, colour, padding=room.padding)} tooltip={_quoted(text or name)}]"


def _said(plan: Plan, node: Node) -> str:
    """What the node says first: the prompts of its first speaking field."""
    found: list[str] = []
    first: str | int | None = None
    for path, ref in references(node):
        if not isinstance(ref, PromptRef):
            continue
        first = path[0] if first is None else first
        if path[0] == first:
            found.append(plan.prompts[ref])
    return _VARIABLE.sub("…", " ".join(found))


def _facts(plan: Plan, node: Node, room: Room) -> Iterator[str]:
    """Keys and queues, one line each."""
    if isinstance(node, MatterNode):
        for area in node.areas:
            yield from _wrapped(f"{area.key}  {plan.queues[str(area.queue)].name}", room.width + 4, 1)
    if isinstance(node, QueueNode) and room.whole:
        yield "temat albo klawisz wybiera jedną z:"
        for queue in plan.queues.values():
            yield from _wrapped(f"• {queue.name} ({queue.timeout // 60} min)", room.width + 8, 1)
    if isinstance(node, MenuNode):
        for choice in node.choices:
            words = ", ".join(choice.words[:2])
            yield from _wrapped(f"{choice.key}  {words or choice.id}", room.width, 1)


def _ways(name: str, node: Node) -> Iterator[Way]:
    kind = str(getattr(node, "node", ""))
    found: dict[str, list[str]] = {}
    for path, ref in references(node):
        if isinstance(ref, NodeRef):
            label = WAYS.get(kind, {}).get(str(path[0]), "")
            if isinstance(node, MenuNode) and path[0] == "choices":
                label = node.choices[int(path[1])].key
            found.setdefault(str(ref), []).append(label)
    for target, labels in found.items():
        yield Way(name, target, "\n".join(filter(None, dict.fromkeys(labels))))


def _way(way: Way) -> str:
    return f"{_id(way.source)} -> {_id(way.target)} [label={_quoted(way.label)}]"


def _always(plan: Plan) -> list[str]:
    """What is true at every question, drawn once instead of from each."""
    label = _table([_row("z każdego pytania", bold=True), _row("0, ** albo „konsultant”")], "#fff8c5", border=1)
    lines = [f'"(zawsze)" [label={label}]', f'"(zawsze)" -> {_id(plan.person)} [style=dashed]']
    if plan.end is not None:
        label = _table([_row("po zbyt wielu okrążeniach", bold=True)], "#fff8c5", border=1)
        lines += [f'"(okrążenia)" [label={label}]', f'"(okrążenia)" -> {_id(plan.end)} [style=dashed]']
    return lines


def _wrapped(text: str, width: int, lines: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=lines, placeholder=" …")


def _row(text: str, *, bold: bool = False, italic: bool = False, faint: bool = False) -> str:
    shown = escape(text)
    if bold:
        shown = f'<b><font point-size="11">{shown}</font></b>'
    if italic:
        shown = f"<i>{shown}</i>"
    if faint:
        shown = f'<font color="{FAINT}" point-size="9">{shown}</font>'
    return f'<tr><td align="left">{shown}</td></tr>'


def _table(rows: list[str], colour: str, border: int = 1, padding: int = 3) -> str:
    look = (
        f'border="{border}" cellborder="0" cellspacing="{min(1, padding - 1)}" cellpadding="{padding}" style="rounded"'
    )
    return f'<<table {look} bgcolor="{colour}" color="{FAINT}">{"".join(rows)}</table>>'


def _id(name: str) -> str:
    return _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
