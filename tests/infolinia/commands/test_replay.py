"""``infolinia replay``: verdicts for people, machines and CI."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from infolinia.cli import build
from infolinia.settings import ROOT
from recordings.fixture.edit import change
from recordings.replay.verdict import Result as Replayed

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
    assert "2 nagrania; zgodne: 2" in done.stdout


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


def test_an_interrupted_run_tells_what_it_judged(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_and_stop(paths: list[Path], make: object, options: object, jobs: int, done: Callable[..., bool]) -> None:
        done(Replayed(paths[0].name, str(paths[0]), "journal", "pass"))
        raise KeyboardInterrupt

    monkeypatch.setattr("infolinia.commands.replay.run", one_and_stop)
    out = tmp_path / "out"
    done = replay("--journal", "--json", "--junit", out / "wynik.xml", "--report", out / "dzis.html", calls)
    assert done.exit_code == 130
    found = json.loads(done.stdout)
    assert (found["pass"], found["interrupted"], found["left"]) == (1, True, ["rozlacza-przy-telepin"])
    suites = ElementTree.parse(out / "wynik.xml").getroot()
    assert [(suite.get("name"), suite.get("tests"), suite.get("errors")) for suite in suites] == [
        ("journal", "1", "0"),
        ("interrupted", "1", "1"),
    ]
    assert "Przerwano: nie osądzono 1 " in (out / "dzis.html").read_text(encoding="utf-8")
    assert "PRZERWANO, nie osądzono 1: rozlacza-przy-telepin" in replay("--journal", calls).stdout


def test_a_dialplan_with_a_fault_is_told_and_nothing_is_judged(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "dialplans", tmp_path / "plan")
    file = tmp_path / "plan" / "hotline.yaml"
    text = file.read_text(encoding="utf-8")
    assert "served: po-rozmowie" in text
    file.write_text(text.replace("served: po-rozmowie", "served: po-rozmowi", 1), encoding="utf-8")
    monkeypatch.setenv("INFOLINIA_DIALPLANS", str(tmp_path / "plan"))
    done = replay("--audio", "--jobs", "2", calls)
    assert done.exit_code == 2
    assert "czy chodziło o" in done.output


def test_a_limit_interrupts(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infolinia.commands.replay.load_plan", lambda folder: time.sleep(60))
    for handler in (signal.default_int_handler, signal.SIG_IGN):
        before = signal.signal(signal.SIGINT, handler)
        try:
            done = replay("--journal", "--json", "--limit", "0.01s", calls)
        finally:
            signal.signal(signal.SIGINT, before)
        assert done.exit_code == 130
        assert json.loads(done.stdout)["left"]


def test_a_choice_by_words(calls: Path) -> None:
    done = replay("--journal", "-k", "hang-up and not pcc", calls)
    assert "1 nagranie" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--journal", "--audio"], "jedną głębokość"),
        (["-k", "pcc and"], "-k"),
        (["-k", "nic-takiego"], "nie ma tam nagrań"),
        (["nie-ma-mnie"], "nie ma takiego pliku"),
        (["--call", "--update"], "--update nie działa z --call"),
        (["--journal", "--ear", "whisper"], "--ear nie działa z --journal"),
        (["--ear", "vosk"], "INFOLINIA_VOSK_MODEL"),
        (["--limit", "dwa"], "--limit dwa"),
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
    assert done.exit_code == 0, "what was accepted is replayed again"
    changed = [line for line in file.read_text(encoding="utf-8").splitlines() if line not in before]
    assert len(changed) == 1
    assert "verdict: ok" in changed[0]
    assert replay("--journal", calls).exit_code == 0
