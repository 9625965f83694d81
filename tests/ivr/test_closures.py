"""Emergency closures: kept, ended, taken back; never a broken file, never silence instead of a reason."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ivr.calendar import WARSAW
from ivr.closures import EVERY, LONGEST, Closures, ClosuresError

NOW = datetime(2026, 4, 30, 12, 0, tzinfo=WARSAW)


@pytest.fixture
def closures(tmp_path: Path) -> Closures:
    return Closures(tmp_path / "var" / "closures.json")


def test_a_closure_holds_until_it_is_taken_back(closures: Closures) -> None:
    assert closures.of("opolskie", NOW) is None
    closures.set("opolskie", "  Awaria\n prądu. ")
    assert closures.of("opolskie", NOW) == "Awaria prądu."
    assert closures.of("lodzkie", NOW) is None
    assert closures.clear("opolskie")
    assert not closures.clear("opolskie")
    assert closures.of("opolskie", NOW) is None


def test_a_closure_with_an_end_ends(closures: Closures) -> None:
    closures.set("opolskie", "Awaria prądu.", NOW + timedelta(hours=4))
    assert closures.of("opolskie", NOW + timedelta(hours=3)) == "Awaria prądu."
    assert closures.of("opolskie", NOW + timedelta(hours=4)) is None


def test_all_may_be_closed_and_an_offices_own_text_comes_first(closures: Closures) -> None:
    closures.set(EVERY, "Awaria łączności.")
    closures.set("opolskie", "Awaria prądu.")
    assert closures.of("lodzkie", NOW) == "Awaria łączności."
    assert closures.of("opolskie", NOW) == "Awaria prądu."


def test_an_ended_own_closure_does_not_hide_that_all_are_closed(closures: Closures) -> None:
    closures.set(EVERY, "Awaria łączności.")
    closures.set("opolskie", "Awaria prądu.", NOW)
    assert closures.of("opolskie", NOW) == "Awaria łączności."


@pytest.mark.parametrize("text", ["", "  \n", "...", "x" * (LONGEST + 1)])
def test_what_cannot_be_said_closes_nothing(closures: Closures, text: str) -> None:
    with pytest.raises(ClosuresError, match="komunikat"):
        closures.set("opolskie", text)
    assert closures.read() == {}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"opolskie": 7}', '{"opolskie": {"until": "jutro"}}', "\xff"])
def test_a_damaged_file_is_told_and_never_overwritten(closures: Closures, content: str) -> None:
    closures.path.parent.mkdir()
    closures.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ClosuresError, match="uszkodzony"):
        closures.of("opolskie", NOW)
    with pytest.raises(ClosuresError, match="uszkodzony"):
        closures.set("opolskie", "Awaria prądu.")
    assert closures.path.read_bytes() == content.encode("latin-1")


def test_a_file_of_plain_texts_will_do(closures: Closures) -> None:
    closures.path.parent.mkdir()
    closures.path.write_text('{"opolskie": "Awaria prądu.", "lodzkie": null}', encoding="utf-8")
    assert closures.of("opolskie", NOW) == "Awaria prądu."
    assert closures.of("lodzkie", NOW) is None


def test_nothing_is_left_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "closures.json").mkdir()
    with pytest.raises(ClosuresError, match="nie można"):
        Closures(tmp_path / "closures.json").set("opolskie", "Awaria prądu.")
    assert [path.name for path in tmp_path.iterdir()] == ["closures.json"]
