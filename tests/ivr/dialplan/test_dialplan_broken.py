"""Every fault is found where it is, said in Polish, and hides no other."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.dialplan import PlanError, examine, load_plan
from ivr.dialplan.source import MAX_BYTES
from ivr.dialplan.yaml12 import MAX_PIECES
from tests.ivr.dialplan.broken_plans import break_plan, cases, copy_shipped, edit, plain

CASES = dict(cases())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_shipped(tmp_path / "dialplans")


def test_the_shipped_dialplans_have_neither_faults_nor_warnings(root: Path) -> None:
    examined = examine(root)
    assert (examined.faults, examined.warnings) == ([], [])
    assert examined.plan is not None


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
    assert len({repr(case) for case in CASES.values()}) == len(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_broken_plan_is_refused_where_it_is_broken(name: str, root: Path) -> None:
    case: dict[str, Any] = CASES[name]
    places = break_plan(root, case)
    faults = examine(root).faults
    assert [(fault.file, fault.line, fault.column) for fault in faults] == places
    assert [plain(fault, root) for fault in faults] == case["says"]


def test_faults_of_all_files_are_told_in_one_run(root: Path) -> None:
    """One case of each file but the offices', where several are broken at once."""
    names = ("yaml: tab instead of spaces", "prompts: unknown variable", "nodes: unknown node")
    places = [place for name in names for place in break_plan(root, CASES[name])]
    for n, office in enumerate(("opolskie", "lodzkie", "slaskie")):
        path = root / "offices" / f"{office}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace('"08:00"', f'"{n}8:00"'), encoding="utf-8")
    faults = examine(root).faults
    assert {(fault.file, fault.line, fault.column) for fault in faults} >= set(places)
    assert {fault.file for fault in faults} >= {"offices/lodzkie.yaml", "offices/slaskie.yaml"}


Hostile = Callable[[Path], None]


def _big(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10_000_000)


def _bomb(path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")


def _link_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere.yaml"))


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HOSTILE: dict[str, tuple[Hostile, tuple[int, int], str]] = {
    "ten megabytes": (_big, (1, 1), "plik ma 10000 KB, a może mieć najwyżej 400 KB"),
    "bomb of aliases": (_bomb, (1, 4), "kotwice YAML"),
    "a link out of the folder": (_link_out, (1, 1), "dowiązanie prowadzi poza folder"),
    "a link to nothing": (_dangling, (1, 1), "dowiązanie donikąd"),
    "a link to itself": (_circle, (1, 1), "nie można odczytać pliku"),
    "a pipe": (_pipe, (1, 1), "to nie jest zwykły plik"),
    "a folder": (_folder, (1, 1), "to nie jest zwykły plik"),
    "another encoding": (
        lambda path: path.write_bytes("version: 1\nqueues:\n  - {id: a, name: Łódź}\n".encode("iso8859-2")) and None,
        (3, 19),
        "plik nie jest w UTF-8",
    ),
    "UTF-16": (lambda path: path.write_bytes("version: 1\n".encode("utf-16")) and None, (1, 1), "plik jest w UTF-16"),
    "zero bytes": (lambda path: path.write_bytes(b"version: 1\nqueues: \0\n") and None, (2, 9), "niedozwolony znak"),
    "nothing but brackets": (lambda path: path.write_bytes(b"[" * MAX_BYTES) and None, (1, 21), "zagnieżdżenie"),
    "nothing but dashes": (lambda path: path.write_bytes(b"- " * (MAX_BYTES // 2)) and None, (1, 41), "zagnieżdżenie"),
    "too many pieces": (
        lambda path: path.write_bytes(b"a: [" + b"1," * MAX_PIECES + b"]") and None,
        (1, 2 * MAX_PIECES - 1),
        f"więcej niż {MAX_PIECES} elementów",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, root: Path) -> None:
    make, place, message = HOSTILE[name]
    make(root / "queues.yaml")
    faults = [fault for fault in examine(root).faults if fault.file == "queues.yaml"]
    assert [(fault.line, fault.column) for fault in faults] == [place]
    assert message in faults[0].message


def test_a_large_file_is_refused_unread(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _big(root / "queues.yaml")
    read = Path.read_bytes

    def small_only(path: Path) -> bytes:
        assert path.name != "queues.yaml"
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", small_only)
    assert examine(root).plan is None


def test_what_editors_leave_is_no_fault(root: Path) -> None:
    for path in (root / "prompts.yaml", root / "offices" / "opolskie.yaml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    (root / "offices" / ".#lodzkie.yaml").symlink_to("someone@machine")
    (root / "offices" / "lodzkie.yaml~").write_text("an editor's copy")
    (root / "offices" / "lodzkie.yaml.v0").write_text("before a migration")
    examined = examine(root)
    assert examined.faults == []
    assert [(warning.file, warning.message) for warning in examined.warnings] == [
        ("offices/.#lodzkie.yaml", "tego pliku nic nie czyta"),
        ("offices/lodzkie.yaml~", "tego pliku nic nie czyta"),
    ]


def test_a_folder_among_the_offices_is_not_overlooked(root: Path) -> None:
    (root / "offices" / "stare").mkdir()
    assert [(fault.file, fault.message) for fault in examine(root).faults] == [
        ("offices/stare", "tego folderu nic nie czyta")
    ]


@pytest.mark.parametrize("special", [True, False])
def test_a_day_taken_back_needs_hours_of_its_weekday(root: Path, special: bool) -> None:
    days = '  open_on: ["2026-12-27"]\n'
    days += '  special: [{date: "2026-12-27", from: "08:00", to: "12:00"}]\n' if special else ""
    edit(root, "offices/malopolskie.yaml", "  default_queue", f"{days}  default_queue")
    assert (examine(root).plan is not None) is special


def test_times_dates_and_words_need_no_quotation_marks(root: Path) -> None:
    path = root / "offices" / "opolskie.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('from: "08:00", to: "16:00"', "from: 08:00, to: 16:00")
    text = text.replace("  default_queue", "  closed_on: [2026-06-05, 12-31]\n  default_queue")
    path.write_text(text, encoding="utf-8")
    office = load_plan(root).offices["opolskie"]
    assert (office.hours[0].opens, office.closed_on) == ("08:00", ("2026-06-05", "12-31"))


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=f"^{tmp_path}/nowhere: nie ma takiego folderu dialplanów"):
        load_plan(tmp_path / "nowhere")
    (tmp_path / "file").write_text("version: 1\n")
    with pytest.raises(PlanError, match="to nie jest folder dialplanów"):
        load_plan(tmp_path / "file")


def test_a_folder_without_topics_is_told_so(root: Path) -> None:
    shutil.rmtree(root / "topics")
    assert [str(fault) for fault in examine(root).faults] == [
        "topics: brakuje tematów (pliki tematów leżą w tym folderze, na przykład topics/pcc.yaml)"
    ]


HALVES = {
    "hotline.yaml": ("    second: dru", "plik urywa się we wpisie `odpowiedz`; brakuje w nim: `done`, `next`, `other`"),
    "prompts.yaml": ("  powitanie: ", "`powitanie` jest puste"),
    "queues.yaml": ("kol-vat-nip, na", "nawias bez pary albo brak przecinka"),
    "offices/malopolskie.yaml": ("  hours:", "plik urywa się we wpisie `office`; brakuje w nim: `queues`"),
    "topics/pcc.yaml": ("    area: P", "plik urywa się we wpisie `pcc-co-podlega`; brakuje w nim: `queue`"),
}


@pytest.mark.parametrize("name", HALVES)
def test_a_file_written_by_half_is_told_once(name: str, root: Path) -> None:
    last, message = HALVES[name]
    path = root / name
    text = path.read_text(encoding="utf-8")
    half = text[: text.index(last) + len(last)]
    path.write_text(half, encoding="utf-8")
    faults = examine(root).faults
    assert {fault.file for fault in faults} == {name}, "what the lost half held is not asked for elsewhere"
    assert message in [fault.message for fault in faults]
    assert len(faults) <= 2


def test_prompts_and_files_that_nobody_uses_are_warnings(root: Path) -> None:
    with (root / "prompts.yaml").open("a", encoding="utf-8") as file:
        file.write('  nieuzywany: "Nikt tego nie mówi."\n')
    (root / "kolejki.yaml").write_text("version: 1\n")
    examined = examine(root)
    assert examined.plan is not None
    assert [str(warning).split(": ", 1)[1] for warning in examined.warnings] == [
        "tego pliku nic nie czyta (urzędy leżą w offices/, tematy w topics/)",
        "komunikatu `nieuzywany` nikt nie mówi (można go usunąć)",
    ]


def test_the_same_files_have_the_same_version_and_others_another(root: Path) -> None:
    first = load_plan(root).version
    assert load_plan(root).version == first
    path = root / "prompts.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Dzień dobry", "Dobry dzień"), encoding="utf-8")
    assert load_plan(root).version != first
