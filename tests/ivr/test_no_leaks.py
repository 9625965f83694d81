"""No canary that a fuzzed caller keyed or said is found in anything written, also when the process was killed; and the
search that says so finds a planted one of every form."""

import base64
import json
import math
import sqlite3
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.fuzzed_calls import ROOT, Canaries, fuzz
from tests.fakes.leaks import HIGH, LOW, PAD, Leak, Search, said

CALLS = 120
PIN, PESEL = "482915", "85831410110"
SEARCH = Search([PIN, PESEL])


def _tones(path: Path, keys: str) -> None:
    samples: list[int] = []
    for key in keys:
        low, high = next((LOW[r], HIGH[row.index(key)]) for r, row in enumerate(PAD) if key in row)
        times = [n / 8000 for n in range(800)]
        samples += [
            int(6000 * (math.sin(2 * math.pi * low * t) + math.sin(2 * math.pi * high * t))) if t < 0.07 else 0
            for t in times
        ]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def _database(path: Path, *statements: str, keep: bool = False) -> None:
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
        database.commit()
    if keep:
        for suffix in ("", "-wal"):
            part = Path(f"{path}{suffix}")
            part.with_name(f"copy.db{suffix}").write_bytes(part.read_bytes())
    database.close()
    if keep:
        path.unlink()


FREED = (
    "PRAGMA secure_delete=OFF",
    "CREATE TABLE a (b TEXT)",
    f"INSERT INTO a VALUES ('pin {PIN} ' || hex(zeroblob(3000)))",
    "DELETE FROM a",
)
PLANTED: dict[str, Callable[[Path], object]] = {
    "digits": lambda at: (at / "log").write_text(f'{{"keys": "{PIN}#"}}'),
    "digits, PESEL": lambda at: (at / "log").write_text(f"number={PESEL};"),
    "digits apart": lambda at: (at / "log").write_text("DTMF " + " ".join(PIN)),
    "digits apart, lines": lambda at: (at / "log").write_text("\n".join(PIN)),
    "digits apart, JSON": lambda at: (at / "log").write_text(json.dumps(list(PESEL))),
    "digits apart, UTF-16": lambda at: (at / "log").write_bytes(f" {PIN} ".encode("utf-16-le")),
    "digits in groups": lambda at: (at / "log").write_text("482 915"),
    "hexadecimal": lambda at: (at / "log").write_text(PIN.encode().hex()),
    "Base64": lambda at: (at / "log").write_bytes(base64.b64encode(PESEL.encode())),
    "words": lambda at: (at / "log").write_text(f"Mój PIN to {said(PIN, 1)}."),
    "words in pairs": lambda at: (at / "log").write_text(said(PESEL, 2)),
    "words, escaped": lambda at: (at / "log").write_text(json.dumps({"said": said(PIN, 3)})),
    "tones": lambda at: _tones(at / "call.wav", PIN),
    "row": lambda at: _database(at / "a.db", "CREATE TABLE a (b TEXT)", f"INSERT INTO a VALUES ('{PIN}')"),
    "integer": lambda at: _database(at / "a.db", "CREATE TABLE a (b INTEGER)", f"INSERT INTO a VALUES ({PIN})"),
    "write-ahead log": lambda at: _database(
        at / "a.db",
        "PRAGMA journal_mode=WAL",
        "PRAGMA wal_autocheckpoint=0",
        "CREATE TABLE a (b TEXT)",
        f"INSERT INTO a VALUES ('{PIN}')",
        keep=True,
    ),
    "freed page": lambda at: _database(at / "a.db", *FREED),
}


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_leak_is_found(tmp_path: Path, form: str) -> None:
    PLANTED[form](tmp_path)
    assert SEARCH.folder(tmp_path)


def test_what_only_looks_like_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(
        "2026-11-21T06:44:15.482915Z 1763482915 a482915b-482915 06:48:29.15 +48482915 cztery osiem dwa"
    )
    _tones(tmp_path / "a.wav", PIN[:-1])
    assert SEARCH.folder(tmp_path) == []


@pytest.mark.anyio
async def test_fuzzed_calls_leave_no_canary(tmp_path: Path) -> None:
    canaries = await fuzz(tmp_path, CALLS, seed=7)
    written = {path.name for path in tmp_path.iterdir()}
    assert {"infolinia.db", "engine.log", "alarms.jsonl", "metrics"} <= written
    log = (tmp_path / "engine.log").read_text()
    assert "a turn could not be performed" in log, "the bug that quotes what was keyed was written about"
    assert _verdicts(tmp_path) == {"ok", "refused", "throttled", "unavailable"}
    assert Search(canaries.all).folder(tmp_path) == []


def _verdicts(folder: Path) -> set[str]:
    """What came of the checks: proof that the calls got so far."""
    with sqlite3.connect(folder / "infolinia.db") as database:
        events = [json.loads(row[0]) for row in database.execute("SELECT event FROM turns")]
    database.close()
    return {event["verdict"] for event in events if event["type"] == "PinChecked"}


def test_a_process_killed_in_the_middle_leaves_no_canary(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fakes.fuzzed_calls", str(tmp_path), "5000", "11"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(40):
            assert process.stdout.readline()
        process.kill()
    assert process.returncode == -9
    assert (tmp_path / "infolinia.db-wal").stat().st_size > 0
    assert Search(Canaries.made(1).all).folder(tmp_path) == []


def test_a_leak_names_file_and_form_and_no_digits(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(PIN)
    assert SEARCH.folder(tmp_path) == [Leak("log", "digits")]
