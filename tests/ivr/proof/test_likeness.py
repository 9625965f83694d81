"""Which changes the proof need not look at again: words, names, hours; and which it must."""

from pathlib import Path

import pytest
from small_plan import small_plan

from ivr.dialplan import load_plan
from ivr.proof import LIMITS, Bounds, grown, letters, likeness, still_holds
from tests.ivr.dialplan.broken_plans import copy_shipped, edit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_shipped(tmp_path / "dialplans")


KRAKOW = "offices/malopolskie.yaml"
WORDS = [
    ("prompts.yaml", 'powitanie: "Dzień dobry', 'powitanie: "Witamy serdecznie'),
    (KRAKOW, 'from: "08:00"', 'from: "07:00"'),
    (KRAKOW, "w Krakowie", "w Nowym Krakowie"),
    (KRAKOW, "224605992", "224605900"),
    (KRAKOW, "office:\n", 'prompts: {powitanie: "Dzień dobry z Krakowa."}\noffice:\n'),
]
SENSE = [
    (KRAKOW, "    - kol-egzekucja\n", ""),
    (KRAKOW, "  default_queue", "  overflow: [slaskie]\n  default_queue"),
    (KRAKOW, "  default_queue", "  announcements: [{text: Remont., last: '2026-05-04'}]\n  default_queue"),
    (KRAKOW, "office:\n", "nodes:\n  tozsamosc: {patience: 12}\noffice:\n"),
    (KRAKOW, "office:\n", "prompts: {konsultant-zawsze: Jesteśmy.}\noffice:\n"),
    ("prompts.yaml", 'powitanie: "Dzień dobry', 'powitanie: "Konsultant: zero. Dzień dobry'),
    ("hotline.yaml", "    tries: 2\n", "    tries: 1\n"),
    ("hotline.yaml", "done: do-widzenia", "done: nikt-nie-odebral"),
    ("queues.yaml", "name: ", "max_waiting: 5, name: "),
    ("topics/epit.yaml", "queue: kol-epit", "queue: kol-pit"),
]


@pytest.mark.parametrize("change", WORDS)
def test_words_are_no_difference(root: Path, change: tuple[str, str, str]) -> None:
    before = load_plan(root)
    edit(root, *change)
    after = load_plan(root)
    assert after.version != before.version
    assert likeness(after) == likeness(before)


@pytest.mark.parametrize("change", SENSE)
def test_sense_is_a_difference(root: Path, change: tuple[str, str, str]) -> None:
    before = likeness(load_plan(root))
    edit(root, *change)
    assert likeness(load_plan(root)) != before


def test_the_words_that_tell_of_a_machine_are_no_mere_words() -> None:
    before = likeness(small_plan())
    assert likeness(small_plan(prompts={"automat": "Mówi do Państwa maszyna."})) == before
    assert likeness(small_plan(prompts={"automat": "Dzień dobry."})) != before


def test_how_much_longer_a_turn_can_be(root: Path) -> None:
    before = letters(load_plan(root))
    assert grown(before, before) == 1.0
    edit(root, "prompts.yaml", 'powitanie: "Dzień dobry.', 'powitanie: "Dzień dobry.' + " Bardzo dobry dzień." * 20)
    factor = grown(before, letters(load_plan(root)))
    assert factor > 5
    short = Bounds(steps=500, seconds=LIMITS.seconds / 4, silent_steps=20, silent_seconds=LIMITS.silent_seconds / 4)
    assert still_holds(short, LIMITS, 4.0)
    assert not still_holds(short, LIMITS, 4.1)
