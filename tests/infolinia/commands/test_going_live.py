"""``infolinia deploy|versions|diff|rollback`` as an administrator uses them, without Asterisk and engines."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from infolinia import deployment, judgement
from infolinia.commands import going_live as command
from infolinia.commands.check import check
from infolinia.settings import ROOT
from ivr.dialplan import load_plan
from ivr.proof import Proof, Violation
from voicebot.topics.catalogue import digest
from voicebot.topics.versions import Versions


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``var`` of its own, with neither proof nor sounds to be made: each has tests of its own."""
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(judgement.proof, "prove", lambda plan: Proof(7, 9, 0.5, ("koniec",), (), None))
    monkeypatch.setattr(judgement, "run_all", lambda plan, settings, root, say, shown: (3, []))
    monkeypatch.setattr(judgement, "ensure_model", lambda dialplans, cache, say: cache)
    monkeypatch.setattr(deployment, "make_ready", lambda settings, plan, files, say: None)
    monkeypatch.setattr(os, "nice", lambda more: 0)
    return tmp_path / "var"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "dialplans", tmp_path / "dialplans"))


def run(function: Any, *words: object) -> Result:
    app = typer.Typer()
    app.command()(function)
    return CliRunner().invoke(app, [str(word) for word in words])


def listed() -> Any:
    return json.loads(run(command.versions, "--json").stdout)


def greet(root: Path, greeting: str) -> None:
    path = root / "offices" / "opolskie.yaml"
    text = path.read_text(encoding="utf-8").split("prompts:")[0]
    path.write_text(f"{text}prompts:\n  powitanie: {greeting}\n", encoding="utf-8")


def test_deploy_list_compare_and_go_back(root: Path, var: Path) -> None:
    assert "Nic jeszcze nie wdrożono" in run(command.versions).output
    first = run(command.deploy, root, "--by", "ania")
    assert first.exit_code == 0, first.output
    assert "Wdrożona wersja 1" in first.output
    greet(root, "Dzień dobry w Opolu.")
    told = "Urząd `opolskie`, własny komunikat `powitanie`: nowy: „Dzień dobry w Opolu.”"
    assert told in run(command.diff, 1, root).output
    second = run(command.deploy, root, "--by", "jan", "--note", "powitanie w Opolu")
    assert second.exit_code == 0, second.output
    assert told in second.output
    assert told in run(command.diff, 1, 2).output
    known = listed()
    assert [(one["number"], one["live"], one["by"], one["note"]) for one in known["versions"]] == [
        (1, False, "ania", ""),
        (2, True, "jan", "powitanie w Opolu"),
    ]
    assert known["versions"][1]["parent"] == known["versions"][0]["version"]
    assert known["versions"][1]["proof"]["states"] == 7
    assert run(command.rollback).exit_code == 0
    assert listed()["live"] == known["versions"][0]["version"]
    assert run(command.rollback).exit_code == 1, "there is nothing before the first"
    assert run(command.rollback, "2").exit_code == 0
    assert [change["what"] for change in listed()["changes"]] == ["deploy", "deploy", "rollback", "rollback"]


def test_what_is_wrong_does_not_go_live(root: Path) -> None:
    run(command.deploy, root)
    before = listed()
    path = root / "offices" / "opolskie.yaml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")  # an editor that is still writing
    refused = run(command.deploy, root)
    assert refused.exit_code == 1
    assert "offices/opolskie.yaml:" in refused.output
    assert "Nic nie zostało wdrożone" in refused.output
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert "poza folder dialplanów" in run(command.deploy, root).output
    path.unlink()
    os.mkfifo(path)
    assert run(command.deploy, root).exit_code == 1
    assert listed() == before


def test_what_the_proof_finds_does_not_go_live(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Proof(7, 9, 0.5, ("koniec",), (Violation("koniec", "rozmowa nie ma końca", "kolejka"),), None)
    monkeypatch.setattr(judgement.proof, "prove", lambda plan: found)
    refused = run(command.deploy, root)
    assert refused.exit_code == 1
    assert "rozmowa nie ma końca" in refused.output
    assert listed()["live"] is None


def test_a_trial_changes_nothing(root: Path) -> None:
    run(command.deploy, root)
    before = listed()
    greet(root, "Halo.")
    trial = run(command.deploy, root, "--dry-run")
    assert trial.exit_code == 0
    assert "„Halo.”" in trial.output
    assert "nic nie zostało wdrożone" in trial.output
    assert listed() == before


def test_the_same_content_is_no_new_version(root: Path) -> None:
    run(command.deploy, root)
    before = listed()
    assert "Ta sama treść już działa" in run(command.deploy, root).output
    assert listed() == before
    assert "nic się nie zmienia" in run(command.diff, 1, root).output


def test_what_is_made_beforehand_and_fails_leaves_the_old_version(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(command.deploy, root)
    before = listed()
    greet(root, "Halo.")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(deployment, "make_ready", full)
    assert "Nic się nie zmieniło" in run(command.deploy, root).output
    assert listed() == before


def test_a_version_is_read_back_as_it_was_deployed(root: Path, var: Path) -> None:
    run(command.deploy, root)
    greet(root, "Halo.")
    version = deployment.Versions(var / "dialplans").live()
    assert version is not None
    compiled = deployment.plan_of(version)
    assert compiled.version == version.id
    (version.folder / deployment.COMPILED).unlink()
    assert deployment.plan_of(version).prompts == compiled.prompts == load_plan(version.files).prompts


def test_queues_that_calls_under_way_may_want_stay(root: Path) -> None:
    former = load_plan(root)
    path = root / "offices" / "opolskie.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("    - kol-pit\n", ""), encoding="utf-8")
    (root / "offices" / "lubuskie.yaml").unlink()
    offices = {office.id: office for office in deployment.offices_of(load_plan(root), former)}
    assert "kol-pit" in offices["opolskie"].queues
    assert offices["lubuskie"].numbers == ()
    assert offices["opolskie"].numbers == former.offices["opolskie"].numbers


def test_names_that_are_no_versions_are_told(root: Path) -> None:
    run(command.deploy, root)
    assert "Nie ma wersji „7”. Ostatnie: 1" in run(command.rollback, "7").output
    assert "Wersja 1 już działa" in run(command.rollback, "1").output


def test_who_makes_old_content_live_again_is_listed_beside_its_author(root: Path) -> None:
    run(command.deploy, root, "--by", "ania", "--note", "początek")
    greet(root, "Dzień dobry w Opolu.")
    run(command.deploy, root, "--by", "jan")
    assert run(command.rollback, "--by", "ewa", "--note", "złe powitanie").exit_code == 0
    assert "początek  (przywrócił(a) ewa: złe powitanie)" in run(command.versions).output
    run(command.deploy, root, "--by", "olek", "--note", "jednak")
    second = next(line for line in run(command.versions).output.splitlines() if line.startswith("*"))
    assert "jan" in second
    assert second.endswith("(wdrożył(a) ponownie olek: jednak)")


def test_folders_are_compared_on_either_side(root: Path, tmp_path: Path) -> None:
    run(command.deploy, root)
    copy = Path(shutil.copytree(root, tmp_path / "kopia"))
    greet(copy, '"Witamy :100: w Opolu."')
    told = "Urząd `opolskie`, własny komunikat `powitanie`: nowy: „Witamy :100: w Opolu.”"
    assert told in run(command.diff, copy).output
    assert told in run(command.diff, root, copy).output
    assert "Dla dzwoniących nic się nie zmienia." in run(command.diff, root).output


def test_changed_phrases_name_the_command_that_judges_them(root: Path, var: Path) -> None:
    next_step = "infolinia topics deploy"
    shutil.copytree(ROOT / "dialplans/topics/phrases", root / "topics/phrases", dirs_exist_ok=True)
    phrases = root / "topics/phrases/og-wizyta.yaml"
    assert next_step not in run(command.deploy, root).output
    phrases.write_text(phrases.read_text("utf-8") + "  - chcę się z państwem zobaczyć w przyszły czwartek\n", "utf-8")
    assert "nikt nie porównał" in run(command.deploy, root).output
    model = var / "model.npz"
    model.write_bytes(b"any")
    versions = Versions(var / "topics")
    versions.set_live(versions.add(model, root / "topics", {"digest": digest(root)}).number)
    assert next_step not in run(command.deploy, root).output
    phrases.write_text(phrases.read_text("utf-8") + "  - czy da się wpaść do was bez kolejki\n", "utf-8")
    assert (
        f"(wersja 1); rozmowy rozpoznaje nadal ten model. Następny krok: {next_step}"
        in run(command.deploy, root).output
    )
    assert next_step in run(command.deploy, root).output, "said again while it is not done"


def test_an_office_does_not_disappear_without_being_named(root: Path) -> None:
    run(command.deploy, root)
    (root / "offices" / "podlaskie.yaml").unlink()
    told = run(check, root, "--no-proof")
    assert told.exit_code == 0
    assert "urząd `podlaskie` ma działająca wersja" in told.output
    refused = run(command.deploy, root)
    assert refused.exit_code == 1
    assert "infolinia deploy --remove podlaskie" in refused.output
    assert run(command.deploy, root, "--remove", "opolskie").exit_code == 1
    assert len(listed()["versions"]) == 1
    assert run(command.deploy, root, "--remove", "podlaskie").exit_code == 0
    assert len(listed()["versions"]) == 2
