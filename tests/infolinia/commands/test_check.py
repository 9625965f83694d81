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
from infolinia.settings import ROOT
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from ivr.dialplan import Fault
from ivr.proof import Bounds, Proof, Violation
from tests.fakes.taught import share_recogniser


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``var`` of its own."""
    share_recogniser(tmp_path / "var")
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "dialplans", tmp_path / "dialplans"))


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
        script = {"title": "x", "property": "koniec", "turns": play(plan, {"turns": [{"event": event}]})}
        return Proof(7, 9, 0.5, ("koniec",), (Violation("koniec", "bez końca", "kolejka", script),), None)

    monkeypatch.setattr(judgement.proof, "prove", breached)
    report = json.loads(run(command.check, str(root), "--json").stdout)
    assert not report["ok"]
    (shown,) = (var / "proof" / "calls").glob("*/koniec-1.yaml")
    assert report["faults"][0]["hint"].endswith(f"infolinia simulate --script {shown} --folder {root}")
    played = run(simulate, "--script", str(shown), "--folder", str(root))
    assert played.exit_code == 0
    assert "Tak wygląda błąd: x" in played.output
    (root / "hotline.yaml").write_text((root / "hotline.yaml").read_text() + "# inna treść\n")
    run(command.check, str(root))
    assert len(list((var / "proof" / "calls").glob("*/koniec-1.yaml"))) == 2, "another check takes nothing away"


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
    told = next(line for line in result.output.splitlines() if "tests/pesel-i-telepin.yaml:16" in line)
    assert told.endswith(f"infolinia simulate --script {root}/tests/pesel-i-telepin.yaml --folder {root} --update)")


def test_what_a_rehearsal_expects_is_mended_when_the_behaviour_was_meant_to_change(root: Path) -> None:
    flow = root / "hotline.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("    lines: [lacze]", "    lines: [juz-sprawdzam]"))
    broken = json.loads(run(command.check, str(root), "--json", "--no-proof").stdout)["faults"]
    for name in sorted({fault["file"] for fault in broken}):
        path = root / name
        before = path.read_text(encoding="utf-8").splitlines()
        result = run(simulate, "--script", str(path), "--folder", str(root), "--update")
        assert result.exit_code == 0, result.output
        after = path.read_text(encoding="utf-8").splitlines()
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert changed
        assert all("lacze" in old and "juz-sprawdzam" in new for old, new in changed), "all else stands as it did"
    assert run(command.check, str(root), "--no-proof").exit_code == 0


def test_a_rehearsal_whose_steps_no_longer_fit_is_left_alone(root: Path) -> None:
    path = root / "tests" / "konsultant-zerem.yaml"
    text = path.read_text(encoding="utf-8") + '  - hangup\n  - keys: "1"\n'
    path.write_text(text, encoding="utf-8")
    result = run(simulate, "--script", str(path), "--folder", str(root), "--update")
    assert result.exit_code == 1
    assert "od nowa" in result.output
    assert path.read_text(encoding="utf-8") == text


def test_a_copy_without_phrases_is_judged_with_a_warning_that_names_the_new_topic(root: Path) -> None:
    shutil.rmtree(root / "topics" / "phrases")
    path = root / "topics" / "epit.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("id: epit-dla-kogo", "id: epit-nowy"), encoding="utf-8")
    report = json.loads(run(command.check, str(root), "--json", "--no-proof").stdout)
    assert report["ok"]
    assert "nie zna on tematów: `epit-nowy`" in report["warnings"][0]["message"]


def test_what_the_recogniser_cannot_be_taught_from_is_a_fault(root: Path) -> None:
    (root / "topics" / "lexicon.yaml").unlink()
    (root / "topics" / "nowe.yaml").write_text("version: 1\ntopics: []\n")
    faults = json.loads(run(command.check, str(root), "--json", "--no-proof").stdout)["faults"]
    assert [(fault["file"], fault["message"]) for fault in faults] == [
        ("topics/lexicon.yaml", "brakuje pliku"),
        ("topics/nowe.yaml", "tego pliku rozpoznawanie tematów nie czyta"),
    ]


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
    assert run(schema, str(tmp_path / "nowhere")).exit_code == 2


def test_a_former_proof_is_called_so(root: Path, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Proof(7, 9, 50.0, ("koniec",), (), Bounds(1, 1.0, 1, 1.0))
    monkeypatch.setattr(judgement.proof, "prove", lambda plan: found)
    first = json.loads(run(command.check, str(root), "--json").stdout)["proof"]
    assert (first["seconds"], first.get("reused")) == (50.0, None)
    again = json.loads(run(command.check, str(root), "--json").stdout)["proof"]
    assert (again["states"], again["reused"]) == (7, True)
    assert again["seconds"] != 50.0
    assert "Zbadano 7 stanów rozmowy z poprzedniego dowodu." in run(command.check, str(root)).output


def test_rehearsals_beside_a_breach_are_one_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Proof(7, 9, 0.5, ("koniec",), (Violation("koniec", "rozmowa nie ma końca", "kolejka"),), None)
    monkeypatch.setattr(judgement.proof, "prove", lambda plan: found)
    unlike = [Fault(f"tests/{n % 5}.yaml", n, 1, "próba się nie zgadza: x") for n in range(9)]
    monkeypatch.setattr(judgement, "run_all", lambda *given: (5, unlike))
    faults = json.loads(run(command.check, str(root), "--json").stdout)["faults"]
    assert [fault["message"] for fault in faults] == ["rozmowa nie ma końca", "5 prób też się nie zgadza"]
