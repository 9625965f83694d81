"""Reports as pages: what people read is there, what callers said can do nothing, and nothing is loaded."""

from pathlib import Path

from infolinia.commands.topic_pages import Share, Table, judged, write_page
from voicebot.topics.evaluate import figures


def test_a_page_shows_its_tables_and_escapes_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    rows = [["<script>alert(1)</script>", 3, Share(0.5, least=0.9)], ["bez liczby", 1, Share(float("nan"))]]
    write_page(path, "Tytuł & reszta", "Wstęp.", [Table("Tabela", "Nota.", ["Co", "Ile", "Udział"], rows)])
    page = path.read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "50,0 %" in page
    assert "bad" in page.split("50,0 %")[0].rsplit("<td", 1)[1]
    assert "http" not in page


def test_figures_stand_beside_their_aims() -> None:
    found = figures(["a", "a", "__none__"], [[("a", 0.9)], [("b", 0.9)], [("__none__", 0.8)]])
    rows = {row[0]: row[1] for row in judged("Zbiór", found).rows}
    top, wrong = rows["Temat trafny od razu"], rows["Błędne, a pewne"]
    assert isinstance(top, Share)
    assert (top.value, top.least) == (0.5, 0.88)
    assert isinstance(wrong, Share)
    assert (round(wrong.value, 3), wrong.most) == (0.333, 0.02)
