"""A command that cannot be meant is refused in Polish, with where help is to be had; help has Polish headings."""

import re
import sys
from pathlib import Path

import pytest

from infolinia.cli import app

ENGLISH = re.compile(
    r"\b(usage|options?|arguments?|commands?|errors?|missing|invalid|no such|try|required|default|show this|got|"
    r"unexpected|input|should)\b",
    re.I,
)


def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["infolinia", *words.split()])
    with pytest.raises(SystemExit) as end:
        app()
    told = capsys.readouterr()
    return int(str(end.value.code)), told.out + told.err


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    monkeypatch.setattr("os.umask", lambda mask: 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("agent list --nope", "nie ma opcji --nope"),
        ("demo --calller x", "nie ma opcji --calller; czy chodziło o --caller?"),
        ("say -5", "nie ma opcji -5; tekst, który zaczyna się od kreski, podaje się po „--”"),
        ("nic", "nie ma polecenia „nic”"),
        ("agent lst", "nie ma polecenia „lst”; czy chodziło o 'list'?"),
        ("agent add", "brak argumentu „agent”"),
        ("agent add konsultant1", "brak opcji --queue albo -q\n"),
        ("status zbedny", "za dużo argumentów: zbedny"),
        ("testcall --to", "opcja --to wymaga wartości"),
        ("agent list --json=1", "opcja --json nie ma wartości"),
        ("testcall --listen abc", "zła wartość --listen: to nie jest liczba"),
        ("up --phones 9", "zła wartość --phones: za dużo; najwięcej 4"),
        ("up --phones 1.5", "zła wartość --phones: to nie jest liczba całkowita"),
        ("listen x.wav --ear ucho", "zła wartość --ear: 'ucho' to nie jest żadna z wartości: 'vosk', 'whisper'"),
    ],
)
def test_a_command_that_cannot_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    code, told = called(monkeypatch, capsys, words)
    assert (code, f"Błąd: {said}" in told) == (2, True), told
    assert "Pomoc: infolinia" in told
    assert not ENGLISH.search(re.sub(r"--\S+", "", told)), told


@pytest.mark.parametrize("words", ["", "--help", "agent", "agent add --help", "testcall --help", "demo --help"])
def test_help_has_polish_headings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    code, told = called(monkeypatch, capsys, words)
    assert code == (2 if words in ("", "agent") else 0)
    assert "Użycie: infolinia" in told
    assert not re.search(r"Usage|Options|Arguments|Commands|Show this|\[required\]|\[default|OPTIONS|ARGS", told), told
