"""``infolinia check`` and ``infolinia schema`` as an administrator uses them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from infolinia import judgement
from infolinia.commands import check as command
from infolinia.commands.schema import schema
from infolinia.commands.simulate import simulate
from infolinia.settings import ROOT, Settings
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from ivr.proof import Proof, Violation
from tests.ivr.dialplan.broken_plans import copy_shipped


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``var`` of its own; the recogniser that set-up taught is shared: it takes minutes to make."""
    topics = Settings().var / "topics"
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    if topics.is_dir():
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "topics").symlink_to(topics)
    return tmp_path / "var"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copied = copy_shipped(tmp_path / "dialplans")
    shutil.copytree(ROOT / "dialplans" / "tests", copied / "tests", dirs_exist_ok=True)
    return copied


def run(function: Any, *words: str) -> Result:
    app = typer.Typer()
    app.command()(function)
    return CliRunner().invoke(app, list(words))


def spoil(root: Path) -> None:
    path = root / "offices" / "opolskie.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"16:00"', '"07:00"'), encoding="utf-8")


def test_a_plan_in_order(root: Path) -> None:
    result = run(command.check, str(root), "--no-proof")
    assert result.exit_code == 0
    assert "Dialplany w porządku" in result.output


def test_faults_are_told_with_their_place_and_exit_is_1(root: Path) -> None:
    spoil(root)
    result = run(command.check, str(root), "--no-proof")
    assert result.exit_code == 1
    assert "offices/opolskie.yaml:12:7: godziny puste: od 08:00 do 07:00" in result.output
    assert "Błędów: 1." in result.output


def test_the_report_as_json(root: Path) -> None:
    good = json.loads(run(command.check, str(root), "--json", "--no-proof").stdout)
    assert good.pop("rehearsals") >= 25
    assert good == {"ok": True, "faults": [], "warnings": [], "proof": None}
    spoil(root)
    bad = json.loads(run(command.check, str(root), "--json").stdout)
    assert (bad["ok"], bad["proof"]) == (False, None)
    fault = bad["faults"][0]
    assert set(fault) == {"file", "line", "column", "message", "hint"}
    assert (fault["file"], fault["line"], fault["column"]) == ("offices/opolskie.yaml", 12, 7)


def test_what_the_proof_finds_is_a_fault_of_its_node(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Proof(7, 9, 0.5, ("koniec", "automat"), (Violation("koniec", "rozmowa nie ma końca", "kolejka"),), None)
    monkeypatch.setattr(judgement.proof, "prove", lambda plan: found)
    report = json.loads(run(command.check, str(root), "--json").stdout)
    assert report["proof"] == {"states": 7, "seconds": 0.5, "properties": {"koniec": False, "automat": True}}
    place = next(n for n, line in enumerate((root / "hotline.yaml").read_text().split("\n"), 1) if line == "  kolejka:")
    assert [(fault["file"], fault["line"], fault["message"]) for fault in report["faults"]] == [
        ("hotline.yaml", place, "rozmowa nie ma końca")
    ]


def test_a_breach_leaves_the_call_that_shows_it(root: Path, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"type": "CallArrived", "dialled": "224605992", "caller": None, "at": "2026-04-21T10:00:00+02:00"}

    def breached(plan: Plan) -> Proof:
        script = {"title": "x", "turns": play(plan, {"turns": [{"event": event}]})}
        return Proof(7, 9, 0.5, ("koniec",), (Violation("koniec", "bez końca", "kolejka", script),), None)

    monkeypatch.setattr(judgement.proof, "prove", breached)
    (var / "proof").mkdir(parents=True, exist_ok=True)
    (var / "proof" / "automat-1.yaml").write_text("stary", encoding="utf-8")
    report = json.loads(run(command.check, str(root), "--json").stdout)
    assert not report["ok"]
    assert [path.name for path in (var / "proof").iterdir()] == ["koniec-1.yaml"]
    shown = var / "proof" / "koniec-1.yaml"
    assert str(shown) in report["faults"][0]["hint"]
    assert run(simulate, "--script", str(shown), "--folder", str(root)).exit_code == 0


def test_a_rehearsal_that_no_longer_holds_is_a_fault(root: Path) -> None:
    path = root / "prompts.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Łączę z konsultantem.", "Już łączę."), encoding="utf-8")
    assert run(command.check, str(root), "--no-proof").exit_code == 0, "other words are no other call"
    flow = root / "hotline.yaml"
    text = flow.read_text(encoding="utf-8").replace("    lines: [lacze]", "    lines: [juz-sprawdzam]")
    flow.write_text(text, encoding="utf-8")
    result = run(command.check, str(root), "--no-proof")
    assert result.exit_code == 1
    assert "tests/pesel-i-telepin.yaml:16" in result.output


def test_older_files_are_migrated_and_checked(root: Path) -> None:
    path = root / "queues.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 1\n", ""), encoding="utf-8")
    assert run(command.check, str(root), "--no-proof").exit_code == 1
    result = run(command.check, str(root), "--migrate", "--no-proof")
    assert result.exit_code == 0
    assert "queues.yaml: przepisany" in result.output


def test_schemas_are_written_and_do_not_disturb(root: Path) -> None:
    result = run(schema, str(root))
    assert result.exit_code == 0
    assert sorted(path.name for path in (root / "schema").iterdir()) == [
        "hotline.json",
        "office.json",
        "prompts.json",
        "queues.json",
        "topics.json",
    ]
    mapping = json.loads(result.stdout[result.stdout.index("{") :])["yaml.schemas"]
    assert all(json.loads(Path(name).read_text())["title"] for name in mapping)
    assert run(command.check, str(root), "--no-proof").exit_code == 0


def test_schemas_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert run(schema, str(tmp_path / "nowhere")).exit_code == 1
