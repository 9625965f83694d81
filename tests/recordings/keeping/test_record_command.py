"""``infolinia record`` and ``infolinia fixture``: what they refuse, and that they say the mend."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from infolinia.cli import build
from ivr.dialplan import load_plan
from recordings.keeping.recorder import FACTS, SOUND, Facts

ROOT = Path(__file__).parents[3]
CALL = "3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f"


def run(*words: str) -> Result:
    return CliRunner().invoke(build(list(words)), list(words))


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    plan = load_plan(ROOT / "dialplans")
    monkeypatch.setattr("infolinia.commands.record.live_plan", lambda settings: plan)
    return tmp_path


def test_nothing_is_kept_until_it_is_switched_on() -> None:
    assert "nie są zachowywane" in run("record", "status").output
    assert run("record", "on", "--office", "malopolskie").exit_code == 0
    assert "malopolskie: włączone" in run("record", "status").output
    assert run("record", "off").exit_code == 0
    assert "wszystkie: wyłączone" in run("record", "status").output


def test_an_office_that_is_none_and_a_plan_without_the_announcement_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    none = run("record", "on", "--office", "malopolske")
    assert ("malopolskie" in none.output, none.exit_code) == (True, 2)
    plan = load_plan(ROOT / "dialplans")
    assert plan.manners is not None
    plan.manners = plan.manners.model_copy(update={"recorded": None})
    monkeypatch.setattr("infolinia.commands.record.live_plan", lambda settings: plan)
    done = run("record", "on")
    assert done.exit_code == 1
    assert "manners" in done.output


def test_kept_calls_are_listed_and_forgotten(installation: Path) -> None:
    folder = installation / "recordings" / CALL
    folder.mkdir(parents=True)
    facts = Facts(call=CALL, office="malopolskie", at="2026-04-21T10:00:00+02:00", made={})
    (folder / FACTS).write_bytes(msgspec.json.encode(facts))
    assert CALL in run("record", "list").output
    assert run("record", "forget", "--older", "1").output == "Usunięto rozmów: 0\n"
    assert run("record", "forget").exit_code == 2
    assert run("record", "forget", CALL).exit_code == 0
    assert not folder.exists()
    assert run("record", "forget", CALL).exit_code == 2


def test_a_call_whose_engine_died_is_listed_and_forgotten_too(installation: Path) -> None:
    folder = installation / "recordings" / CALL
    folder.mkdir(parents=True)
    (folder / SOUND).write_bytes(bytes(46 + 16_000))
    listed = run("record", "list").output
    assert (CALL in listed, "1.0 s" in listed, "urwane" in listed) == (True, True, True)
    assert "nie da się odczytać" in run("fixture", CALL, "--to", str(installation)).output
    assert run("record", "forget", CALL).exit_code == 0
    assert not folder.exists()


def test_a_fixture_of_no_call_and_a_bad_transcript_are_bad_input(installation: Path) -> None:
    done = run("fixture", CALL)
    assert done.exit_code == 2
    assert "record list" in done.output
    folder = installation / "recordings" / CALL
    folder.mkdir(parents=True)
    (folder / FACTS).write_text("{}")
    (installation / "zapis.tsv").write_text("słowa bez numeru\n", encoding="utf-8")
    done = run("fixture", CALL, "--to", str(installation), "--transcript", str(installation / "zapis.tsv"))
    assert done.exit_code == 2
    assert "zapis.tsv:1" in done.output
