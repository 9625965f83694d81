"""Editors release answers by name, from day to day: the file changes by a few lines, and the checker guards them."""

import difflib
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infolinia.commands.topic_release import app
from ivr.dialplan import examine, load_plan

DIALPLANS = Path(__file__).parents[3] / "dialplans"
TOPIC = "pcc-kto-placi"


@pytest.fixture
def dialplans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(DIALPLANS, tmp_path / "dialplans")
    monkeypatch.setenv("INFOLINIA_DIALPLANS", str(tmp_path / "dialplans"))
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    return tmp_path / "dialplans"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def lines(folder: Path) -> list[str]:
    """What changed in the topic's file, as lines added and taken away."""
    before, after = ((root / "topics/pcc.yaml").read_text("utf-8").splitlines() for root in (DIALPLANS, folder))
    return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]


def test_a_released_answer_is_spoken_by_name_from_day_to_day(dialplans: Path) -> None:
    first, last = date.today(), date.today() + timedelta(days=100)
    assert run("release", TOPIC, "--by", "Anna Nowak", "--from", str(first), "--to", str(last)).exit_code == 0
    topic = load_plan(dialplans).topics[TOPIC]
    assert (topic.released, topic.released_by) == (True, "Anna Nowak")
    assert (topic.valid_from, topic.valid_to) == (str(first), str(last))
    assert len(lines(dialplans)) == 6, "five lines in, one out: the rest of the file stands as it was"
    assert f"dopuszczona: Anna Nowak, do {last}" in run("answers").output
    assert run("withdraw", TOPIC, "--by", "Jan Kowalski").exit_code == 0
    assert not load_plan(dialplans).topics[TOPIC].released


def test_a_changed_answer_must_be_released_anew(dialplans: Path) -> None:
    run("release", TOPIC, "--by", "Anna Nowak")
    path = dialplans / "topics/pcc.yaml"
    path.write_text(
        path.read_text("utf-8").replace("Przy sprzedaży podatek płaci", "Przy sprzedaży nie płaci"), "utf-8"
    )
    faults = examine(dialplans).faults
    assert [("zmieniono po tym" in fault.message, fault.file) for fault in faults] == [(True, "topics/pcc.yaml")]


def test_an_unverified_answer_is_not_spoken_without_an_editor(dialplans: Path) -> None:
    path = dialplans / "topics/pcc.yaml"
    text = path.read_text("utf-8")
    head, tail = text.split(f"- id: {TOPIC}\n")
    path.write_text(f"{head}- id: {TOPIC}\n{tail.replace('released: false', 'released: true', 1)}", "utf-8")
    faults = examine(dialplans).faults
    assert len(faults) == 1
    assert "ani redaktora" in faults[0].message


def test_the_checker_tells_of_expired_answers(dialplans: Path) -> None:
    run("release", TOPIC, "--by", "Anna Nowak")
    path = dialplans / "topics/pcc.yaml"
    kept = load_plan(dialplans).topics[TOPIC]
    text = path.read_text("utf-8").replace(f"valid_to: '{kept.valid_to}'", "valid_to: '2021-01-31'")
    path.write_text(text.replace(f"valid_from: '{kept.valid_from}'", "valid_from: '2021-01-01'"), "utf-8")
    examined = examine(dialplans)
    assert examined.faults == []
    assert [f"`{TOPIC}` wygasła 2021-01-31" in warning.message for warning in examined.warnings] == [True]
    assert "wygasła 2021-01-31" in run("answers").output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("pcc-nie-ma",), "nie ma tematu"),
        (("og-vat",), "nie ma odpowiedzi"),
        ((TOPIC, "--to", "2020-01-01"), "miałaby obowiązywać"),
        ((TOPIC, "--by", "anna"), "imieniem i nazwiskiem"),
    ],
)
def test_what_cannot_be_released_is_refused_and_nothing_changes(
    dialplans: Path, words: tuple[str, ...], why: str
) -> None:
    by = () if "--by" in words else ("--by", "Anna Nowak")
    refused = run("release", *words, *by)
    said = " ".join(refused.output.replace("│", " ").split())
    assert (refused.exit_code, why in said) == (2 if "--to" in words else 1, True)
    assert lines(dialplans) == []
