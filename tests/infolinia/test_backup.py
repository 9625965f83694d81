"""Backup and restore of a var folder."""

import sqlite3
import stat
import tarfile
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from infolinia.background import Background
from infolinia.backup import BackupError, backup, restore
from infolinia.cli import build


@pytest.fixture
def var(tmp_path: Path) -> Path:
    var = tmp_path / "var"
    var.mkdir()
    (var / "secrets").mkdir(mode=0o700)
    (var / "secrets" / "vault").write_bytes(b"key")
    (var / "log").mkdir()
    (var / "log" / "engine-0.log").write_text("noise")
    with sqlite3.connect(var / "infolinia.db") as database:
        database.execute("CREATE TABLE t (n)")
        database.execute("INSERT INTO t VALUES (42)")
    return var


def number(var: Path) -> int:
    with sqlite3.connect(var / "infolinia.db") as database:
        return int(database.execute("SELECT n FROM t").fetchone()[0])


def test_what_was_kept_comes_back_and_the_former_state_is_moved_aside(var: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    assert backup(var, archive) == ["infolinia.db", "secrets"]
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with sqlite3.connect(var / "infolinia.db") as database:
        database.execute("UPDATE t SET n = 7")
    aside = restore(archive, var)
    assert number(var) == 42
    assert aside is not None
    assert number(aside) == 7
    assert (var / "log" / "engine-0.log").read_text() == "noise"
    assert aside.parent == var, "what is moved aside holds secrets and stays where git does not look"
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (aside, var / "secrets")] == [0o700, 0o700]


def test_what_no_archive_holds_stays(var: Path, tmp_path: Path) -> None:
    (var / "asterisk" / "lib").mkdir(parents=True)
    (var / "asterisk" / "lib" / "astdb").write_text("members")
    (var / "asterisk" / "prefix").mkdir()
    archive = tmp_path / "kept.tar.gz"
    backup(var, archive)
    restore(archive, var)
    assert (var / "asterisk" / "prefix").is_dir()
    assert (var / "asterisk" / "lib" / "astdb").read_text() == "members"


def test_what_a_call_sealed_is_in_no_archive(var: Path, tmp_path: Path) -> None:
    with sqlite3.connect(var / "infolinia.db") as database:
        database.execute("CREATE TABLE telepin_sealed (ref TEXT, sealed BLOB)")
        database.execute("INSERT INTO telepin_sealed VALUES ('id-1', x'5345414c4544')")
    archive = tmp_path / "kept.tar.gz"
    backup(var, archive)
    restored = tmp_path / "restored"
    restore(archive, restored)
    assert number(restored) == 42
    assert b"SEALED" in (var / "infolinia.db").read_bytes()
    assert b"SEALED" not in (restored / "infolinia.db").read_bytes()


def test_a_damaged_archive_changes_nothing(var: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    backup(var, archive)
    archive.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(BackupError, match="niczego nie zmieniono"):
        restore(archive, var)
    assert number(var) == 42


def test_an_existing_file_is_not_overwritten(var: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    archive.write_text("precious")
    with pytest.raises(BackupError, match="już istnieje"):
        backup(var, archive)
    assert archive.read_text() == "precious"


def test_an_empty_var_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nie ma czego zachować"):
        backup(tmp_path, tmp_path / "kept.tar.gz")
    assert not (tmp_path / "kept.tar.gz").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    done = CliRunner().invoke(build(["backup"]), ["backup", str(tmp_path / "nowhere" / "x.tar.gz")])
    assert done.exit_code == 2
    assert f"nie ma folderu {tmp_path / 'nowhere'}" in done.stderr


def test_a_foreign_archive_is_refused(var: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("text")
    for names in (["docs"], ["docs", "var/infolinia.db"], []):
        archive = tmp_path / "foreign.tar.gz"
        with tarfile.open(archive, "w:gz") as file:
            for name in names:
                file.add(tmp_path / name, name)
        with pytest.raises(BackupError, match="iczego nie zmieniono"):
            restore(archive, var)
        assert number(var) == 42
        assert not (var / "restoring").exists()


def test_a_byte_that_flipped_changes_nothing_wherever_it_is(var: Path, tmp_path: Path) -> None:
    long = Random(1).randbytes(20_000)
    (var / "secrets" / "long").write_bytes(long)
    archive = tmp_path / "kept.tar.gz"
    backup(var, archive)
    whole, refused = archive.read_bytes(), 0
    for place in range(20, len(whole), len(whole) // 25):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            restore(archive, tmp_path / "other")
        except BackupError:
            refused += 1
        else:
            assert (tmp_path / "other" / "secrets" / "long").read_bytes() == long, place
    assert refused >= 20


@pytest.mark.parametrize("content", [b"", b"this is no database" * 100])
def test_a_database_that_is_none_is_not_put_in_place(var: Path, tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad"
    (bad / "secrets").mkdir(parents=True)
    (bad / "secrets" / "vault").write_bytes(b"other key")
    (bad / "infolinia.db").write_bytes(content)
    archive = tmp_path / "bad.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(bad / "secrets", "secrets")
        file.add(bad / "infolinia.db", "infolinia.db")
    with pytest.raises(BackupError, match="niczego nie zmieniono"):
        restore(archive, var)
    assert number(var) == 42
    assert (var / "secrets" / "vault").read_bytes() == b"key"
    assert not (var / "restoring").exists(), "it held secrets"


def test_nothing_is_restored_under_what_runs(var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(var))
    archive = tmp_path / "kept.tar.gz"
    backup(var, archive)
    stub = Background(var, "stub-crm")
    stub.start(["sleep", "60"])
    try:
        done = CliRunner().invoke(build(["restore"]), ["restore", str(archive)])
    finally:
        stub.stop()
    assert done.exit_code == 1
    assert "stub-crm" in done.stderr
    assert "infolinia down" in done.stderr
