"""What differs between two plans, as an administrator reads it."""

from pathlib import Path

import pytest

from ivr.dialplan import compile_plan, load_plan, read_compiled
from ivr.dialplan.differences import differences
from tests.ivr.dialplan.broken_plans import copy_shipped, edit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_shipped(tmp_path / "dialplans")


MALOPOLSKIE = "offices/malopolskie.yaml"
EDITS = [
    (
        MALOPOLSKIE,
        '{days: [pn, wt, sr, cz, pt], from: "08:00", to: "16:00"}',
        '{days: [pn, wt, sr, cz, pt], from: "07:30", to: "18:00", season: {first: "02-15", last: "04-30"}}\n'
        '    - {days: [wt, cz], from: "08:00", to: "16:00"}',
        [
            "Urząd `malopolskie`: godziny\n  było: pn–pt 08:00–16:00\n"
            "  jest: pn–pt 07:30–18:00 (od 02-15 do 04-30); wt, cz 08:00–16:00"
        ],
    ),
    (
        MALOPOLSKIE,
        "    - kol-egzekucja\n",
        "",
        ["Urząd `malopolskie`: kolejki: usunięto kol-egzekucja"],
    ),
    (
        MALOPOLSKIE,
        "  default_queue: kol-ogolna",
        "  announcements: [{text: Remont., last: '2026-05-04'}]\n  overflow: [slaskie]\n"
        "  limits: {kol-pit: {max_waiting: 5}}\n  default_queue: kol-ogolna",
        [
            "Urząd `malopolskie`: kto przejmuje dzwoniących: dodano slaskie",
            "Urząd `malopolskie`, kolejka `kol-pit`: najwięcej czekających: brak → 5",
            "Urząd `malopolskie`: ogłoszenia\n  było: brak\n  jest: „Remont.” (do 2026-05-04)",
        ],
    ),
    (
        MALOPOLSKIE,
        "office:\n",
        "prompts:\n  powitanie: Dzień dobry z Krakowa.\noffice:\n",
        ["Urząd `malopolskie`, własny komunikat `powitanie`: nowy: „Dzień dobry z Krakowa.”"],
    ),
    ("hotline.yaml", "    tries: 2\n", "    tries: 1\n", ["Węzeł `po-godzinach`: liczba prób: 2 → 1"]),
    ("hotline.yaml", "person: konsultant", "person: kolejka", ["Droga do konsultanta: węzeł `konsultant` → `kolejka`"]),
]


@pytest.mark.parametrize(("file", "old", "new", "told"), EDITS)
def test_a_change_is_told_in_words(root: Path, file: str, old: str, new: str, told: list[str]) -> None:
    before = load_plan(root)
    edit(root, file, old, new)
    assert sorted(map(str, differences(before, load_plan(root)))) == sorted(told)


OWN = (
    "nodes:\n  tozsamosc: {patience: 12}\nvariables: {adres: Wiślna}\n"
    "prompts: {powitanie: 'Dzień dobry, {adres}.'}\noffice:\n"
)


def test_there_and_back(root: Path) -> None:
    before = load_plan(root)
    edit(root, "queues.yaml", "name: ", "timeout: 120, name: ")
    after = load_plan(root)
    assert differences(before, before) == []
    there, back = differences(before, after), differences(after, before)
    assert [one.where for one in there] == [one.where for one in back] != []


def test_a_compiled_plan_is_the_plan(root: Path) -> None:
    edit(root, MALOPOLSKIE, "office:\n", OWN)
    plan = load_plan(root, "a-version")
    again = read_compiled(compile_plan(plan))
    assert again is not None
    assert again.version == "a-version"
    assert differences(plan, again) == []
    names = (
        "nodes",
        "prompts",
        "variables",
        "offices",
        "queues",
        "topics",
        "numbers",
        "local",
        "manners",
        "start",
        "person",
        "end",
    )
    assert {name: getattr(plan, name) for name in names} == {name: getattr(again, name) for name in names}
    assert list(plan.fixed_lines()) == list(again.fixed_lines())
    own = (plan.for_office("malopolskie").nodes["tozsamosc"], again.for_office("malopolskie").nodes["tozsamosc"])
    assert repr(own[0]) == repr(own[1])
    assert "patience=12" in repr(own[1])


def test_what_another_program_compiled_is_not_read(root: Path) -> None:
    text = compile_plan(load_plan(root))
    assert read_compiled(text.replace(b'"program": "', b'"program": "x')) is None
    assert read_compiled(text[: len(text) // 2]) is None
    assert read_compiled(b"[]") is None
