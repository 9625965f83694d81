"""``infolinia topics predict``: its form is a contract with whoever pipes utterances through it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import infolinia.commands.topics as command
from voicebot.topics.catalogue import load_catalogue
from voicebot.topics.train import fit

ROOT = Path(__file__).parents[3]
SAID = "ile mam dni na pcc\n\njak zrobić korektę pcc\nna jakie konto pcc oraz do kiedy składa się pit\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model: the form of the output does not depend on how much it knows."""
    catalogue = load_catalogue(ROOT / "dialplans")
    some = ("pcc-termin", "pcc-rachunek", "pcc-korekta", "zezn-termin", "__none__", "__human__")
    path = tmp_path_factory.mktemp("topics") / "m.npz"
    fit([phrase for phrase in catalogue.phrases if phrase.label in some], catalogue.lexicon).model.save(path)
    return path


@pytest.fixture
def run(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    monkeypatch.setattr(command, "model_file", lambda settings: model)
    return lambda *arguments, said=SAID: CliRunner().invoke(command.app, ["predict", *arguments], input=said)


def test_six_columns_a_line(run) -> None:
    result = run()
    assert result.exit_code == 0
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [line[0] for line in lines] == ["pcc-termin", "__none__", "pcc-korekta", "pcc-rachunek|zezn-termin"]
    for line in lines:
        assert len(line) == 6
        assert all(0 <= float(share) <= 1 for share in line[1::2])
        assert len({line[0], line[2], line[4]}) == 3


def test_json_says_the_same(run) -> None:
    lines = run().stdout.splitlines()
    objects = [json.loads(line) for line in run("--json").stdout.splitlines()]
    for line, found in zip(lines, objects, strict=True):
        cells = [found["decision"], found["confidence"]]
        for candidate in found["candidates"]:
            cells += [candidate["id"], candidate["confidence"]]
        assert [cell if isinstance(cell, str) else f"{cell:.4f}" for cell in cells] == line.split("\t")


def test_bytes_that_are_no_text_are_survived(run) -> None:
    result = run(said=b"\xff\xfe pcc \xc5\n\x00\n")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2


def test_damaged_model_is_told(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"nothing")
    monkeypatch.setattr(command, "model_file", lambda settings: broken)
    result = CliRunner().invoke(command.app, ["predict"], input="a\n")
    assert result.exit_code == 1
    assert "broken.npz" in result.stderr
    assert result.stdout == ""
