"""``infolinia closure``: what is accepted, what is refused, what callers then hear."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infolinia.commands import closure
from ivr.calendar import WARSAW
from ivr.closures import Closures


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(closure.app, list(words))


def test_closing_listing_and_opening_again(var: Path) -> None:
    assert run("set", "malopolskie", "Awaria prądu.").exit_code == 0
    tomorrow = f"{datetime.now(WARSAW) + timedelta(days=1):%Y-%m-%d %H:%M}"
    assert run("set", "wszystkie", "Awaria łączności.", "--until", tomorrow).exit_code == 0
    assert f"wszystkie (do {tomorrow}): Awaria łączności." in run("list").output
    assert "malopolskie (do odwołania): Awaria prądu." in run("list").output
    assert Closures(var / "closures.json").of("malopolskie", datetime.now(WARSAW)) == "Awaria prądu."
    assert run("clear", "malopolskie").exit_code == 0
    assert run("clear", "malopolskie").exit_code == 1
    assert run("clear", "malopolske").exit_code == 2
    assert run("clear", "wszystkie").exit_code == 0
    assert "Żaden urząd nie jest zamknięty." in run("list").output


def test_a_misspelt_office_is_not_closed_but_guessed(var: Path) -> None:
    result = run("set", "malopolske", "Awaria prądu.")
    assert result.exit_code == 2
    assert "czy chodziło o `malopolskie`?" in result.output
    assert not (var / "closures.json").exists()


@pytest.mark.parametrize("until", ["jutro", "25:00", "2026-02-30 12:00", "2020-01-01 12:00", "2999-01-01 12:00"])
def test_an_end_that_cannot_be_is_refused(var: Path, until: str) -> None:
    result = run("set", "malopolskie", "Awaria prądu.", "--until", until)
    assert result.exit_code == 1
    assert not (var / "closures.json").exists()


def test_an_empty_text_is_refused(var: Path) -> None:
    result = run("set", "malopolskie", "  ")
    assert result.exit_code == 1
    assert "dzwoniący musi usłyszeć" in result.output


def test_a_damaged_file_is_told(var: Path) -> None:
    (var / "closures.json").write_text("{")
    for words in (("list",), ("clear", "malopolskie"), ("set", "malopolskie", "Awaria prądu.")):
        result = run(*words)
        assert result.exit_code == 1
        assert "uszkodzony" in result.output


def test_the_text_is_rendered_before_it_is_in_force(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Book:
        async def prepare(self, lines: list[tuple[str, str]]) -> None:
            assert not (var / "closures.json").exists(), "no caller may come before the sound is there"
            made.extend(lines)

    monkeypatch.setattr(closure, "prompt_book", lambda settings, files: Book())
    assert run("set", "malopolskie", "  Awaria   prądu. ").exit_code == 0
    assert made == [("closure", "Awaria prądu.")]


def test_an_office_is_closed_even_without_a_voice(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def voiceless(settings: object, files: object) -> None:
        raise closure.VoiceError("nie ma głosu")

    monkeypatch.setattr(closure, "prompt_book", voiceless)
    result = run("set", "malopolskie", "Awaria prądu.")
    assert result.exit_code == 0
    assert "nie ma głosu" in result.output
    assert (var / "closures.json").exists()
