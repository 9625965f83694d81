"""The picture: every node and every way is in it, and both pages are whole."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from ivr.dialogue.node import NodeRef, references
from ivr.dialogue.plan import Hours, Plan, SpecialDay
from ivr.picture import dot, printed, viewer

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")


def test_every_node_and_every_way_is_drawn(plan: Plan) -> None:
    text = dot(plan, "malopolskie")
    for name, node in plan.nodes.items():
        assert f'"{name}" [label=' in text
        for _, ref in references(node):
            if isinstance(ref, NodeRef):
                assert f'"{name}" -> "{ref}"' in text
    assert f'"(zawsze)" -> "{plan.person}"' in text
    assert "22 460 59 92" in text
    assert "od poniedziałku do piątku" in text


def test_the_national_line_has_its_own_numbers(plan: Plan) -> None:
    assert "801 055 055" in dot(plan)


def test_hours_of_a_season_and_unlike_days_bear_their_dates(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    office = plan.offices["podlaskie"]
    in_spring = {"first": "02-15", "last": "04-30"}
    wednesday = Hours.model_validate({"days": ("sr",), "from": "08:00", "to": "18:00", "season": in_spring})
    special = SpecialDay.model_validate({"date": "2026-04-30", "from": "08:00", "to": "20:00"})
    changes = {
        "hours": (*office.hours, wednesday),
        "special": (special,),
        "closed_on": ("2026-05-02", "12-24"),
        "open_on": ("11-11",),
    }
    monkeypatch.setitem(plan.offices, "podlaskie", office.model_copy(update=changes))
    text = " ".join(re.findall(r">([^<>]+)<", dot(plan, "podlaskie")))
    assert "od poniedziałku do piątku od ósmej do szesnastej od 15.02 do 30.04: w środę od" in text
    assert "30.04.2026: od 08:00 do 20:00 nieczynne: 02.05.2026, 24.12 czynne mimo święta: 11.11" in text


def test_texts_cannot_break_the_language_of_the_graph(plan: Plan) -> None:
    spoilt = dict.fromkeys(plan.prompts, 'a "b" <c> & \\n {x}')
    view = plan.for_office(None)
    original, view.prompts = view.prompts, spoilt
    try:
        text = dot(plan)
    finally:
        view.prompts = original
    assert "<i>„a &quot;b&quot; &lt;c&gt;" in text
    assert 'tooltip="a \\"b\\" <c>' in text


@needs_dot
def test_graphviz_draws_it_and_both_pages_are_whole(plan: Plan) -> None:
    drawn = subprocess.run(
        ["dot", "-Tsvg"], input=dot(plan, brief=True), capture_output=True, text=True, check=True
    ).stdout
    sheet = ET.fromstring(printed(drawn, "Tytuł <&>").encode())
    assert (sheet.get("width"), sheet.get("height")) in (("210.0mm", "297.0mm"), ("297.0mm", "210.0mm"))
    assert "kolejka" in "".join(sheet.itertext())
    page = viewer(drawn, "Tytuł")
    assert page.count("<svg") == 1
    assert 'id="drawing"' in page
    assert "http" not in page.replace("http://www.w3.org/", "")


def test_what_graphviz_did_not_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="Graphviz"):
        printed("<svg></svg>", "x")
