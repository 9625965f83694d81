"""After all calls of the suite: no telePIN, PESEL or NIP stands in anything that the hotline wrote."""

import base64
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from infolinia.asterisk import install
from infolinia.asterisk.control import Asterisk
from infolinia.demo_caller import CALLERS
from tests.fakes.leaks import Search, said
from tests.live.hotline import Hotline

pytestmark = [pytest.mark.live, pytest.mark.anyio]

NOT_WRITTEN_HERE = ("prompts", "topics", "models", "secrets")
"""Links into the checkout, and random keys."""


def numbers() -> tuple[set[str], set[str]]:
    """PESELs and NIPs, and telePINs, of all fictitious callers."""
    data = YAML(typ="safe").load(CALLERS.read_text(encoding="utf-8"))
    people = [*data["callers"], *data["parties"]]
    long = {person[kind] for person in people for kind in ("pesel", "nip") if person.get(kind)}
    return long, {person["telepin"] for person in data["callers"] if person.get("telepin")}


def pattern() -> re.Pattern[bytes]:
    """PESEL and NIP anywhere; a telePIN's six digits where they stand alone (not within a longer number or word, nor as
    the fraction of a second). Digits may have one separator between them."""
    long, pins = numbers()

    def spaced(digits: str) -> str:
        return "[ ,;._-]?".join(digits)

    whole = "|".join(spaced(number) for number in sorted(long))
    alone = "|".join(spaced(pin) for pin in sorted(pins))
    return re.compile(rf"(?:{whole})|(?<![\w.:+-])(?:{alone})(?![\w.:-])".encode())


def leaks(folder: Path) -> list[str]:
    """Files of ``folder`` with such a number in them, as digits, words or code; the database's live and deleted bytes
    too. Rehearsals say numbers in words: the versions of dialplans are searched for digits alone."""
    wanted, search = pattern(), Search(set.union(*numbers()))
    found = []
    for path in written(folder):
        data, name = path.read_bytes(), path.relative_to(folder)
        if wanted.search(data) or (name.parts[0] != "dialplans" and search.text(data)):
            found.append(str(name))
    return found


def written(folder: Path) -> Iterator[Path]:
    """What the hotline wrote: neither the e-US stub's own data nor what was linked in."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not path.is_file() or path.is_symlink() or parts[0] in NOT_WRITTEN_HERE or parts[:2] == ("stubs", "eus"):
            continue
        yield path


def _row(path: Path, text: str) -> None:
    with sqlite3.connect(path) as rows:
        rows.execute("CREATE TABLE turns (state TEXT)")
        rows.execute("INSERT INTO turns VALUES (?)", (text,))
    rows.close()


async def test_what_the_hotline_writes_is_its_owners_alone(hotline: Hotline) -> None:
    """Logs name callers and quote them; a local user of another name must not read them."""
    var = hotline.settings.var
    for folder in (var / "log", var / "asterisk" / "log", var / "asterisk" / "etc", var / "recordings"):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert [str(path) for path in files if path.stat().st_mode & 0o077] == []
    assert not var.stat().st_mode & 0o077


PLANTED: dict[str, Callable[[Path], object]] = {
    "log line": lambda folder: (folder / "a.log").write_text('{"event": "keys", "keys": "482915#"}\n'),
    "spaced digits": lambda folder: (folder / "b.log").write_text("DTMF 8 5 8 3 1 4 1 0 1 1 0\n"),
    "JSON": lambda folder: (folder / "c.jsonl").write_text('{"number":"9993000138"}'),
    "words": lambda folder: (folder / "c.log").write_text(f"usłyszano: {said('482915', 2)}"),
    "Base64": lambda folder: (folder / "c.txt").write_bytes(base64.b64encode(b"482915")),
    "database row": lambda folder: _row(folder / "d.db", "pin=482915"),
    "write-ahead log": lambda folder: (folder / "e.db-wal").write_bytes(b"\0\x11PESEL85831410110\0\xff"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_leak_is_found(tmp_path: Path, kind: str) -> None:
    PLANTED[kind](tmp_path)
    assert len(leaks(tmp_path)) == 1


def test_what_only_looks_like_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("2026-11-21T06:44:15.482915Z 1763482915 a482915b 06:44:48 2915")
    assert leaks(tmp_path) == []


TALKATIVE = (
    "logger add channel gadatliwy.log notice,warning,error,verbose,debug",
    "core set verbose 9",
    "agi set debug on",
    "manager set debug on",
    "core set debug 9 res_agi",
    "core set debug 9 app_audiosocket",
)
QUIET = (
    "core set debug off",
    "manager set debug off",
    "agi set debug off",
    "core set verbose 0",
    "logger remove channel gadatliwy.log",
)


@pytest.fixture
def talkative(hotline: Hotline) -> Iterator[Path]:
    """Asterisk tells all that it says and hears over AGI and AMI, in a file."""
    asterisk = Asterisk(hotline.settings, install.ensure(hotline.settings))
    for command in TALKATIVE:
        asterisk.rx(command)
    yield hotline.settings.var / "asterisk" / "log" / "gadatliwy.log"
    for command in QUIET:
        asterisk.rx(command)


async def test_no_secret_was_written_in_the_whole_suite(hotline: Hotline, talkative: Path) -> None:
    """Journals, outbox, vault, logs of engines, desk, stubs and Asterisk, its debugging of AGI and AMI included."""
    async with hotline.call("podlaskie") as caller:  # so that there is something to find when run alone
        await caller.authenticate("dz-01")
        await caller.asked("sprawa")
        await caller.keys("9")
        await caller.page()
    searched = {str(path.relative_to(hotline.settings.var)) for path in written(hotline.settings.var)}
    assert {"infolinia.db", "infolinia.db-wal", "log/engine-0.log", "asterisk/log/messages.log"} <= searched
    assert "stubs/crm/events.jsonl" in searched
    told = talkative.read_text(encoding="utf-8", errors="replace")
    assert "AGI Rx << GOSUB" in told, "what goes over AGI was written down"
    assert "Privilege:" in told or "manager" in told.lower()
    assert leaks(hotline.settings.var) == []
    planted = hotline.settings.var / "log" / "planted.log"
    planted.write_text("telePIN 482915")
    assert leaks(hotline.settings.var) == ["log/planted.log"], "the search looks where the hotline writes"
    planted.unlink()
