"""The shipped rehearsals all hold, and cover every node and way a call can end."""

from pathlib import Path

import pytest

from infolinia.rehearsals import people, run_all
from infolinia.settings import ROOT, Settings
from ivr.dialogue.plan import Plan
from tests.fakes.taught import share_recogniser

TESTS = ROOT / "dialplans" / "tests"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    share_recogniser(tmp_path)
    return Settings(var=tmp_path)


def test_the_shipped_rehearsals_hold(plan: Plan, settings: Settings) -> None:
    count, faults = run_all(plan, settings, ROOT / "dialplans")
    assert faults == []
    assert count >= 25


def test_no_shipped_rehearsal_holds_digits_of_a_person() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*.yaml"))
    for row in people().rows.values():
        for kind in ("pesel", "nip", "telepin"):
            assert not row[kind] or str(row[kind]) not in text


def test_a_rehearsal_that_no_longer_holds_is_a_fault_with_its_place(
    plan: Plan, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "tests").mkdir()
    text = (TESTS / "konsultant-zerem.yaml").read_text(encoding="utf-8").replace("kol-ogolna", "kol-pit")
    (tmp_path / "tests" / "zla.yaml").write_text(text, encoding="utf-8")
    count, faults = run_all(plan, settings, tmp_path)
    assert count == 1
    assert [(fault.file, "kol-pit" in fault.message) for fault in faults] == [("tests/zla.yaml", True)]
    assert "queue:" in text.splitlines()[faults[0].line - 1]
