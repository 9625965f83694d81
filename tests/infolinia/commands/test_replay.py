"""``infolinia replay``: verdicts for people, machines and CI."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from infolinia.cli import build
from infolinia.settings import ROOT
from recordings.fixture.edit import change

CALLS = ROOT / "recordings" / "calls"


def replay(*words: object) -> Result:
    arguments = ["replay", *map(str, words)]
    return CliRunner().invoke(build(arguments), arguments)


@pytest.fixture(autouse=True)
def _var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Two calls that pass at depth ``journal`` with the dialplans as they are."""
    for name in ("auth-nip", "rozlacza-przy-telepin"):
        shutil.copytree(CALLS / name, tmp_path / name)
    assert replay("--journal", "--update", tmp_path).exit_code in (0, 1)
    return tmp_path


def test_all_pass(calls: Path) -> None:
    done = replay("--journal", calls)
    assert done.exit_code == 0, done.output
    assert "2 nagrań; zgodne: 2" in done.stdout


def test_json_and_junit_tell_the_same(calls: Path, tmp_path: Path) -> None:
    change(calls / "auth-nip" / "fixture.yaml", {("expect", "verdict"): "refused"})
    (calls / "rozlacza-przy-telepin" / "journal.jsonl").unlink()
    done = replay("--journal", "--json", "--junit", tmp_path / "out" / "wynik.xml", calls)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["pass"], found["fail"], found["refuse"]) == (0, 1, 1)
    parted = found["fixtures"][0]["divergence"]
    assert parted["field"] == "expect.verdict"
    assert (parted["expected"], parted["actual"]) == ("refused", "ok")
    assert parted["around"]
    suite = ElementTree.parse(tmp_path / "out" / "wynik.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")


def test_only_refusals_have_a_code_of_their_own(calls: Path) -> None:
    (calls / "auth-nip" / "fixture.yaml").write_text("version: 1\n", encoding="utf-8")
    done = replay("--journal", calls)
    assert done.exit_code == 3
    assert "auth-nip/fixture.yaml:1:1: brakuje pola `title`" in done.stdout


def test_a_choice_by_words(calls: Path) -> None:
    done = replay("--journal", "-k", "hang-up and not pcc", calls)
    assert "1 nagrań" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--journal", "--audio"], "jedną głębokość"),
        (["-k", "pcc and"], "-k"),
        (["-k", "nic-takiego"], "nie ma tam nagrań"),
        (["nie-ma-mnie"], "nie ma takiego pliku"),
        (["--call", "--update"], "--update nie działa z --call"),
    ],
)
def test_bad_use_is_refused(words: list[str], told: str) -> None:
    done = replay(*words)
    assert done.exit_code == 2
    assert told in done.output


def test_an_update_accepts_and_is_small(calls: Path) -> None:
    """What is accepted: the journal and the unmet value, nothing else of the file."""
    file = calls / "auth-nip" / "fixture.yaml"
    change(file, {("expect", "verdict"): "refused"})
    before = file.read_text(encoding="utf-8").splitlines()
    done = replay("--journal", "--update", calls)
    assert "przyjęto: auth-nip: fixture.yaml" in done.stdout
    changed = [line for line in file.read_text(encoding="utf-8").splitlines() if line not in before]
    assert len(changed) == 1
    assert "verdict: ok" in changed[0]
    assert replay("--journal", calls).exit_code == 0
