"""The report of a run: what it counts, and that it says it on a page that stands alone."""

import re
from pathlib import Path
from typing import Any

import pytest

from recordings.report.drawing import Scale
from recordings.report.page import write_report
from recordings.report.scorecard import changes, confusions, false_barge_ins, scores
from recordings.report.words import marked, word_errors

CALLS = Path(__file__).parents[3] / "recordings" / "calls"
PROMPT = "Proszę powiedzieć jednym zdaniem, o co chodzi."


def heard(**changed: Any) -> dict[str, Any]:
    return {
        "step": 1, "question": "sprawa/w-jakiej-sprawie", "said": "chcę złożyć skargę na urzędnika",
        "text": "Chcę włożyć skarbowna urzędnika", "topic": "og-skarga", "reading": "__human__", "confidence": 0.8,
        "began": 4.3, "ended": 6.2, "delay": 1.5, **changed,
    }  # fmt: skip


def fixture(name: str = "og-skarga-zly", **changed: Any) -> dict[str, Any]:
    return {
        "name": name, "depth": "audio", "verdict": "fail", "why": "rozpoznano <b>co innego</b>",
        "area": "ogolne", "style": ["angry"], "path": str(CALLS / name), "facts": {}, "heard": [heard()],
        "divergence": {"turn": 5, "at": 6.2, "field": "x", "expected": "og-skarga", "actual": "-", "message": "m"},
        "timeline": [
            {"at": 0.1, "who": "bot", "what": "speaks", "text": PROMPT, "until": 3.5},
            {"at": 0.1, "who": "core", "what": "sprawa", "text": "Ask matter"},
            {"at": 4.3, "who": "caller", "what": "says", "text": "chcę złożyć skargę", "until": 6.2},
        ],
        **changed,
    }  # fmt: skip


def run(*fixtures: dict[str, Any]) -> dict[str, Any]:
    counts = {name: sum(one["verdict"] == name for one in fixtures) for name in ("pass", "fail", "refuse", "known")}
    return {**counts, "fixtures": list(fixtures)}


def test_word_errors_do_not_count_case_accents_and_figures() -> None:
    assert word_errors("mam trzydzieści siedem lat", "Mam 37 lat.").errors == 0
    found = word_errors("chcę złożyć skargę na urzędnika", "Chcę włożyć skarbowna urzędnika")
    assert (found.errors, found.words) == (3, 5)
    assert [word for word, right in marked("mam dwa psy", "Mam duże dwa psy") if not right] == ["duże"]


def test_a_scorecard_counts_by_area() -> None:
    score, total = scores(run(fixture()))
    assert (score.area, score.verdicts["fail"], score.named, score.right, score.delay) == ("ogolne", 1, 1, 0, 1.5)
    assert total.errors.rate == pytest.approx(0.6)
    assert confusions(run(fixture())) == {("og-skarga", "__human__"): 1}


def test_a_prompt_that_stops_without_the_caller_is_a_false_barge_in() -> None:
    cut = {"at": 0.1, "who": "bot", "what": "speaks", "text": PROMPT, "until": 1.0}
    later = {"at": 9.0, "who": "core", "what": "sprawa", "text": ""}
    keys = {"at": 0.9, "who": "caller", "what": "keys", "text": "#"}
    assert false_barge_ins(fixture(timeline=[cut, later])) == [1.0]
    assert false_barge_ins(fixture(timeline=[cut, keys, later])) == []
    assert false_barge_ins(fixture(timeline=[cut, later], depth="call")) is None


def test_changes_tell_what_is_otherwise() -> None:
    before = run(fixture(verdict="pass", why="", heard=[heard(reading="og-skarga")]), fixture("og-vat"))
    found = {change.name: change for change in changes(before, run(fixture()))}
    assert found["og-skarga-zly"].before == "pass"
    assert any("og-skarga → konsultant" in what for what in found["og-skarga-zly"].what)
    assert found["og-vat"].now == ""


def test_a_long_wait_is_folded_on_the_time_line() -> None:
    scale = Scale([(0, 5), (40, 42)])
    assert scale.folds == [(6.0, 39.0)]
    assert scale(40) - scale(5) == pytest.approx(2 * scale.per_second)


def test_the_page_stands_alone_and_shows_the_call(tmp_path: Path) -> None:
    page = tmp_path / "r" / "report.html"
    write_report(page, run(fixture(), fixture("nie-ma-takiego")), run(fixture()), "wczoraj.json")
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert "data:audio/wav;base64," in text
    assert 'class="wave"' in text
    assert "<mark>włożyć</mark>" in text
    assert "rozpoznano &lt;b&gt;co innego" in text
    assert "Porównanie z wczoraj.json" in text
