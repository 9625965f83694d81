"""Versions of the model: kept with their data, deployed, rolled back; damage is told, not guessed around."""

import tarfile
from pathlib import Path

import pytest

from voicebot.topics.catalogue import CatalogueError
from voicebot.topics.versions import Versions, live_model


@pytest.fixture
def made(tmp_path: Path) -> tuple[Versions, Path, Path]:
    model, data = tmp_path / "model", tmp_path / "topics"
    model.write_bytes(b"model one")
    data.mkdir()
    (data / "pcc.yaml").write_text("topics: []")
    return Versions(tmp_path / "var"), model, data


def test_nothing_is_live_before_the_first_deployment(tmp_path: Path) -> None:
    assert live_model(tmp_path) is None
    assert Versions(tmp_path).all() == []


def test_a_version_keeps_its_model_and_its_data(made: tuple[Versions, Path, Path], tmp_path: Path) -> None:
    versions, model, data = made
    version = versions.add(model, data, {"digest": "abc"})
    model.write_bytes(b"model two")
    assert versions.live() is None
    versions.set_live(version.number)
    assert live_model(tmp_path / "var") == version.model
    assert version.model.read_bytes() == b"model one"
    assert version.about["digest"] == "abc"
    with tarfile.open(version.model.parent / "data.tar.gz") as archive:
        member = archive.extractfile("topics/pcc.yaml")
        assert member is not None
        assert member.read() == b"topics: []"


def test_roll_back_goes_to_the_version_that_was_live_before(made: tuple[Versions, Path, Path]) -> None:
    versions, model, data = made
    for number in (1, 2, 3):
        assert versions.add(model, data, {}).number == number
    versions.set_live(1)
    versions.set_live(3)
    left, back = versions.roll_back()
    assert (left.number, back.number) == (3, 1)
    live = versions.live()
    assert live is not None
    assert live.number == 1
    with pytest.raises(CatalogueError, match="wcześniejszej"):
        versions.roll_back()


def test_what_is_not_there_cannot_go_live(made: tuple[Versions, Path, Path], tmp_path: Path) -> None:
    versions, model, data = made
    with pytest.raises(CatalogueError, match="nie ma takiej wersji"):
        versions.set_live(7)
    versions.set_live(versions.add(model, data, {}).number)
    (tmp_path / "var/live").write_text("one")
    with pytest.raises(CatalogueError, match="numery wersji"):
        versions.live()
