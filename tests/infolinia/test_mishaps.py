"""What befalls any verb alike is said in a sentence, by the command as it is run: what, where, the mend; no SQL."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from errno import EACCES, ENOSPC
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from infolinia.mishaps import told
from infolinia.settings import Settings


def infolinia(var: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Exit code and standard error of a verb."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INFOLINIA_")}
    environment |= {"INFOLINIA_VAR": str(var), **{f"INFOLINIA_{name}": value for name, value in variables.items()}}
    done = subprocess.run(
        [sys.executable, "-m", "infolinia", *words], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_full_disk_is_told_with_its_place_and_the_mend(tmp_path: Path) -> None:
    text = told(OSError(ENOSPC, "No space left on device"), Settings(var=tmp_path / "not" / "there")) or ""
    assert text.startswith("Brak miejsca na dysku: ")
    assert "INFOLINIA_VAR=" in text
    named = told(OSError(ENOSPC, "No space left on device", str(tmp_path / "a" / "b")), Settings(var=tmp_path)) or ""
    assert str(tmp_path) in named


def test_a_full_database_is_a_full_disk_and_quotes_no_statement(tmp_path: Path) -> None:
    fault = OperationalError(
        "INSERT INTO turns", {"caller": "600"}, sqlite3.OperationalError("database or disk is full")
    )
    text = told(fault, Settings(var=tmp_path)) or ""
    assert text.startswith(f"Brak miejsca na dysku: {tmp_path}")
    assert "INSERT" not in text


def test_a_fault_among_several_at_once_is_found(tmp_path: Path) -> None:
    both = ExceptionGroup("", [ValueError(), ExceptionGroup("", [OSError(EACCES, "Permission denied", "/x")])])
    assert (told(both, Settings(var=tmp_path)) or "").startswith("/x: brak dostępu")


def test_a_fault_of_ours_is_not_talked_away(tmp_path: Path) -> None:
    assert told(ValueError("x"), Settings(var=tmp_path)) is None
    assert told(OSError("x"), Settings(var=tmp_path)) is None


def test_a_broken_database_is_named_with_the_way_back(tmp_path: Path) -> None:
    (tmp_path / "infolinia.db").write_text("this is no database, and never was one\n" * 100)
    for words, code in ((("setup",), 1), (("agent", "list"), 1), (("report", "kpi3"), 1)):
        exit_code, said = infolinia(tmp_path, *words)
        assert exit_code == code
        assert f"Baza danych {tmp_path / 'infolinia.db'} jest uszkodzona" in said
        assert "infolinia restore" in said
        assert "Traceback" not in said
        assert "CREATE" not in said


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, said = infolinia(tmp_path, "setup", DATABASE=f"postgresql+psycopg://kas:tajne@127.0.0.1:{port}/kas")
    assert code == 1
    assert f"Baza danych postgresql+psycopg://kas:***@127.0.0.1:{port}/kas nie odpowiada" in said
    assert "tajne" not in said
    assert "sqlalche.me" not in said


@pytest.mark.parametrize("stub", ["eus", "crm"])
def test_a_stub_names_who_holds_its_port(tmp_path: Path, taken: int, stub: str) -> None:
    code, said = infolinia(tmp_path, "stub", stub, "--port", str(taken))
    assert code == 2
    assert f"Port {taken}/tcp (atrapa " in said
    assert f"(pid {os.getpid()})" in said
    assert f"--port {taken + 1}" in said
    assert not tmp_path.joinpath("stubs").exists()


def test_an_asterisk_that_is_not_there_is_a_setting_to_mend(tmp_path: Path) -> None:
    code, said = infolinia(tmp_path, "asterisk", "status", ASTERISK_PREFIX="/nowhere")
    assert code == 2
    assert "/nowhere" in said
    assert "INFOLINIA_ASTERISK_PREFIX" in said


def test_the_desk_names_who_holds_its_metrics_port(tmp_path: Path, taken: int) -> None:
    code, said = infolinia(tmp_path, "desk", METRICS_PORT=str(taken + 1))
    assert code == 2
    assert f"Port {taken}/tcp (metryki stanowiska, 127.0.0.1) jest zajęty przez" in said


def test_who_only_asks_leaves_nothing_behind(tmp_path: Path) -> None:
    code, _ = infolinia(tmp_path / "none", "status")
    assert code == 3
    assert not (tmp_path / "none").exists()


def test_before_set_up_a_verb_names_it_and_the_program_gets_json(tmp_path: Path) -> None:
    """More than once: a thread of the database's driver used to outlive the loop, mostly."""
    var = tmp_path / "none"
    for words in (["agent", "list", "--json"], ["agent", "remove", "konsultant1"], ["crm", "retry"]):
        code, said = infolinia(var, *words)
        assert (code, said.count("\n")) == (1, 1), said
        assert f"Nie ma jeszcze bazy danych {var}/infolinia.db" in said
        assert "infolinia setup" in said
    assert not var.exists()


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = infolinia(tmp_path / "file" / "var", "status")
    assert code == 2
    assert f"INFOLINIA_VAR={tmp_path / 'file' / 'var'}: nie da się tam pisać" in said
