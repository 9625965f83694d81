"""Versions of a folder: immutable, by content, one live; whatever breaks in between, the old one or the new one."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from store.versions import Version, VersionError, Versions


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source" / "offices").mkdir(parents=True)
    (tmp_path / "source" / "flow.yaml").write_text("one")
    (tmp_path / "source" / "offices" / "a.yaml").write_text("a")
    return tmp_path / "source"


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "kept")


NAMES = ("flow.yaml", "offices/a.yaml")


def keep(versions: Versions, source: Path, text: str, by: str = "ania") -> Version:
    (source / "flow.yaml").write_text(text)
    with versions.draft(source, NAMES) as draft:
        version = versions.keep(draft, by=by, note=text, about={"proof": 1}, made_of_it={"plan.json": b"{}"})
    versions.go_live(version, by=by)
    return version


def test_before_the_first_one(versions: Versions) -> None:
    assert versions.live() is None
    assert versions.stamp() is None
    assert versions.all() == []
    with pytest.raises(VersionError, match="Nie ma wersji"):
        versions.find("1")


def test_a_version_is_its_content(versions: Versions, source: Path) -> None:
    one, two = keep(versions, source, "one"), keep(versions, source, "two", by="jan")
    again = keep(versions, source, "one")
    assert again == one
    assert one.id != two.id
    assert [version.number for version in versions.all()] == [1, 2]
    assert (one.files / "flow.yaml").read_text() == "one"
    assert (one.folder / "plan.json").read_bytes() == b"{}"
    assert (two.parent, two.by, two.note, two.about) == (one.id, "jan", "two", {"proof": 1})
    assert versions.live() == one
    assert versions.find("2") == versions.find(two.id) == versions.find(two.id[:6]) == two


def test_a_change_afterwards_does_not_touch_it(versions: Versions, source: Path) -> None:
    one = keep(versions, source, "one")
    (source / "flow.yaml").write_text("half")
    one.verify()
    assert (one.files / "flow.yaml").read_text() == "one"
    two = keep(versions, source, "two")
    shared = [version.files / "offices" / "a.yaml" for version in (one, two)]
    assert os.path.samefile(*shared)
    shared[0].chmod(0o644)
    shared[0].write_text("tampered")
    with pytest.raises(VersionError, match=r"offices/a\.yaml zmieniono"):
        one.verify()
    three = keep(versions, source, "three")
    three.verify()
    assert (three.files / "offices" / "a.yaml").read_text() == "a"


def test_the_way_back(versions: Versions, source: Path) -> None:
    one, two, three = (keep(versions, source, text) for text in ("one", "two", "three"))
    versions.go_live(two, by="ania", what="rollback")
    assert versions.way_back() == [two.id, one.id]
    four = keep(versions, source, "four")
    assert versions.way_back() == [four.id, two.id, one.id]
    versions.go_live(three, by="ania", what="rollback")
    assert versions.way_back() == [three.id, four.id, two.id, one.id]
    assert [change.what for change in versions.changes()] == ["deploy"] * 3 + ["rollback", "deploy", "rollback"]


def test_the_stamp_tells_every_change(versions: Versions, source: Path) -> None:
    one = keep(versions, source, "one")
    seen = {versions.stamp()}
    for _ in range(20):
        versions.go_live(one, by="ania")
        seen.add(versions.stamp())
    assert len(seen) == 21


def test_what_cannot_be_written_leaves_the_old_one(
    versions: Versions, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = keep(versions, source, "one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(versions, source, "two")
    with pytest.raises(OSError, match="No space"):
        versions.go_live(one, by="ania")
    monkeypatch.undo()
    assert versions.live() == one
    assert [version.number for version in versions.all()] == [1]
    assert not [path.name for path in versions.folder.rglob(".*")]


def _deploy_for_ever(folder: str, source: str) -> None:
    versions = Versions(Path(folder))
    for number in range(10_000):
        keep(versions, Path(source), f"text {number}" * 1000)


def test_killed_at_any_moment_leaves_the_old_or_the_new(versions: Versions, source: Path) -> None:
    """A SIGKILL in the midst, twenty times: the live version is whole, and the next deployment works."""
    keep(versions, source, "one")
    context = multiprocessing.get_context("fork")
    for round_ in range(20):
        process = context.Process(target=_deploy_for_ever, args=(str(versions.folder), str(source)))
        process.start()
        time.sleep(0.02 + round_ * 0.003)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        live = versions.live()
        assert live is not None
        live.verify()
        for version in versions.all():
            version.verify()
    assert keep(versions, source, "last") == versions.live()
    assert not list(versions.folder.glob("versions/.part-*"))


def test_one_at_a_time_and_the_other_is_named(versions: Versions) -> None:
    told: list[str] = []
    with versions.changing("anna.nowak"):
        named = rf"Trwa inne wdrożenie: anna\.nowak, proces {os.getpid()}, od "
        with pytest.raises(VersionError, match=named), versions.changing("jan", patience=0.0):
            raise AssertionError("two at once")
        with pytest.raises(VersionError), versions.changing("jan", patience=0.3, waits=told.append):
            raise AssertionError("two at once")
    assert len(told) == 1
    with versions.changing("jan", patience=0.0):
        pass


def test_a_damaged_record_is_told(versions: Versions, source: Path) -> None:
    one = keep(versions, source, "one")
    (versions.folder / "live.json").write_text("[{")
    with pytest.raises(VersionError, match="nie można odczytać, co jest wdrożone"):
        versions.live()
    (versions.folder / "live.json").write_text(json.dumps([{"version": one.id, "at": "", "by": "", "what": "deploy"}]))
    (one.folder / "manifest.json").write_text("{}")
    with pytest.raises(VersionError, match="uszkodzona"):
        versions.live()
