"""Reports of the topic cycle as pages, one file each, nothing loaded: for people who label and decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.calendar import WARSAW

if TYPE_CHECKING:
    from voicebot.topics.evaluate import Figures, Overlap

STYLE = """
body{margin:0;background:#f4f6f8;color:#1d2733;font:16px/1.5 "DejaVu Sans",system-ui,sans-serif}
header{background:#12355b;color:#fff;padding:1.4rem 2rem}h1{margin:0;font-size:1.5rem}
header p{margin:.3rem 0 0;opacity:.85}
main{max-width:84rem;margin:0 auto;padding:1rem 2rem 3rem}
section{background:#fff;border-radius:8px;margin:1.2rem 0;
padding:1rem 1.4rem;box-shadow:0 1px 3px #0002}
h2{font-size:1.15rem;margin:.2rem 0 .4rem}p.note{margin:.2rem 0 .8rem;color:#52606d}
div.wide{overflow-x:auto}td{overflow-wrap:anywhere;min-width:4rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .7rem;
border-bottom:1px solid #e3e8ee;vertical-align:top}th{font-size:.85rem;color:#52606d}td.n{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}td.bad{background:#fdecea}td.good{background:#e9f7ef}
span.bar{display:inline-block;width:clamp(2.5rem,6vw,7rem);height:.7rem;
background:#e3e8ee;border-radius:4px;margin-right:.5rem}
span.bar i{display:block;height:100%;background:#2f6fab;border-radius:4px}
@media(max-width:40rem){main{padding:.5rem}section{padding:.7rem}}
"""


@dataclass(frozen=True)
class Share:
    """A share of 0..1, drawn as a bar. ``least`` or ``most``: what it should reach, or not exceed."""

    value: float
    least: float | None = None
    most: float | None = None


STYLES = {
    "": "zwykłe", "-": "zwykłe", "plain": "zwykłe",
    "colloquial": "potoczne", "elliptic": "skrótowe", "filler": "z wahaniem",
    "long": "rozwlekłe", "no-diacritics": "bez polskich znaków", "noisy": "z błędami ucha", "regional": "gwarowe",
    "senior": "osób starszych", "__none__": "spoza zakresu", "__human__": "o człowieka",
}  # fmt: skip
"""Names of styles and special labels, as people read them."""

Cell = str | int | float | Share


@dataclass(frozen=True)
class Table:
    """A section: what it shows, what the reader should know, and rows under ``heads``."""

    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)


def write_page(path: Path, title: str, lead: str, tables: Iterable[Table]) -> None:
    """Writes the report. Raises ``OSError``."""
    made = datetime.now(WARSAW).strftime("%d.%m.%Y %H:%M")
    body = "".join(map(_section, tables))
    path.write_text(
        '<!doctype html><html lang="pl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><header><h1>{escape(title)}"
        f"</h1><p>{escape(lead)} Sporządzono {made}.</p></header><main>{body}</main></body></html>\n",
        "utf-8",
    )


def _section(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    shown = f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return (
        f"<section><h2>{escape(table.title)}</h2><p class=note>{escape(table.note)}</p>"
        f"{shown if table.rows else '<p>Nie ma czego pokazać.</p>'}</section>"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, Share):
        if cell.value != cell.value:
            return '<td class="n">–</td>'
        short = cell.least is not None and cell.value < cell.least
        over = cell.most is not None and cell.value > cell.most
        judged = cell.least is not None or cell.most is not None
        mark = (" bad" if short or over else " good") if judged else ""
        width = min(max(cell.value, 0.0), 1.0) * 100
        percent = f"{cell.value * 100:.1f} %".replace(".", ",")
        return f'<td class="n{mark}"><span class="bar"><i style="width:{width:.0f}%"></i></span>{percent}</td>'
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    return f'<td class="n">{cell}</td>' if isinstance(cell, int) else f'<td class="n">{cell:.2f}</td>'


def judged(title: str, found: "Figures") -> Table:
    """What a set of utterances says of the model, beside the aims."""
    rows: list[Sequence[Cell]] = [
        ["Temat trafny od razu", Share(found.top1, least=0.88), "co najmniej 88 %"],
        ["Temat wśród dwóch pierwszych", Share(found.top2, least=0.95), "co najmniej 95 %"],
        ["Temat wśród trzech pierwszych", Share(found.top3), ""],
        ["Obsłużone pierwszym pytaniem (przyjęte albo zapytane)", Share(found.handled, least=0.95), "co najmniej 95 %"],
        ["Spoza zakresu, a przyjęte za temat", Share(found.false_acceptance, most=0.05), "najwyżej 5 %"],
        ["Prośba o człowieka rozpoznana", Share(found.human), ""],
        ["Dwie sprawy, obie trafne", Share(found.both), ""],
        ["Błędne, a pewne", Share(found.confident_wrong, most=0.02), "najwyżej 2 %"],
        ["Błąd kalibracji (ECE)", Share(found.calibration_error, most=0.05), "najwyżej 5 %"],
    ]
    note = f"{found.utterances} wypowiedzi, {found.inside} z jednym tematem, {found.outside} spoza zakresu."
    return Table(title, note, ["Miara", "Udział", "Cel"], rows)


def weak(found: "Figures", titles: dict[str, str], rows: int) -> Table:
    """The topics recognised worst."""
    shown: list[Sequence[Cell]] = [
        [titles.get(label, ""), label, size, Share(share)] for label, share, size in found.weakest[:rows]
    ]
    note = "Tu warto dopisać frazy: własne słowa dzwoniących (topics select), nie odmiany tej samej."
    return Table("Najsłabsze tematy", note, ["Temat", "Id", "Wypowiedzi", "Trafne"], shown)


def confusions(found: "Figures", rows: int) -> Table:
    """What is taken for what."""
    shown: list[Sequence[Cell]] = [[said, taken, count] for said, taken, count in found.confusions[:rows]]
    return Table(
        "Najczęstsze pomyłki", "Ile wypowiedzi jednego tematu uznano za inny.", ["Jest", "Uznano za", "Ile"], shown
    )


def overlapping(pairs: "Sequence[Overlap]", title: str = "Podobne frazy różnych tematów") -> Table:
    """Phrases of different topics that are nearly the same."""
    shown: list[Sequence[Cell]] = [
        [pair.first.label, pair.first.text, pair.second.label, pair.second.text, pair.likeness] for pair in pairs
    ]
    note = "Jedna z dwóch zwykle leży w złym temacie albo mówi za mało, żeby go wskazać. 1,00 to to samo."
    return Table(title, note, ["Temat", "Fraza", "Temat", "Fraza", "Podobieństwo"], shown)


def groups(title: str, found: "dict[str, Figures]") -> Table:
    """Figures by area or style."""
    shown: list[Sequence[Cell]] = [
        [
            STYLES.get(name, name),
            part.utterances,
            Share(part.top1),
            Share(part.top2),
            Share(part.handled),
            Share(part.confident_wrong),
        ]
        for name, part in found.items()
    ]
    heads = ["Grupa", "Wypowiedzi", "Trafne", "Wśród dwóch", "Obsłużone", "Błędne, a pewne"]
    return Table(title, "Małe grupy mówią niewiele: jedna wypowiedź z dwudziestu to pięć punktów.", heads, shown)
