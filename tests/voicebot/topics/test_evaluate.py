"""Figures: what counts as handled, refused, both; sets in both forms; faults told with their place."""

from math import isnan
from pathlib import Path

import pytest

from voicebot.topics.catalogue import HUMAN, NONE, CatalogueError, Phrase
from voicebot.topics.evaluate import Ranking, figures, grouped, offered, read_set, strangers

SURE: Ranking = (("a", 0.9), ("b", 0.05))
EITHER: Ranking = (("a", 0.5), ("b", 0.3))
LONE: Ranking = (("a", 0.5), ("b", 0.04))
LOST: Ranking = (("a", 0.15), ("b", 0.04))


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        (SURE, ("a",)),
        (EITHER, ("a", "b")),
        (LONE, ("a",)),
        (LOST, ()),
        ((("a", 0.5), (NONE, 0.3), ("c", 0.16)), ("a", "c")),
        (((NONE, 0.5), ("a", 0.4)), ("a",)),
        (((NONE, 0.9), ("a", 0.04)), (NONE,)),
        ((("a|b", 0.6), ("a", 0.2)), ("a|b",)),
    ],
)
def test_what_the_first_question_leaves_open(ranking: Ranking, expected: tuple[str, ...]) -> None:
    assert offered(ranking) == expected


def test_each_kind_of_utterance_has_its_own_share() -> None:
    cases: list[tuple[str, Ranking]] = [
        ("a", SURE),
        ("b", EITHER),
        ("b", SURE),
        (NONE, SURE),
        (NONE, ((NONE, 0.6), ("a", 0.1))),
        (HUMAN, ((HUMAN, 0.8), ("a", 0.1))),
        ("b|a", (("a|b", 0.8), ("a", 0.1))),
    ]
    found = figures([label for label, _ in cases], [ranking for _, ranking in cases])
    assert (found.inside, found.outside, found.utterances) == (3, 2, 7)
    assert (found.top1, found.top2, found.handled) == pytest.approx((1 / 3, 1.0, 2 / 3))
    assert (found.false_acceptance, found.human, found.both) == (0.5, 1.0, 1.0)
    assert found.confident_wrong == pytest.approx(2 / 6)


def test_groups_are_judged_apart() -> None:
    said = [Phrase("x", "a", "long"), Phrase("y", "a", "plain"), Phrase("z", NONE, "plain")]
    parts = grouped(said, [SURE, (("b", 0.6), ("a", 0.3)), SURE], lambda one: one.style)
    assert {style: (part.top1, part.utterances) for style, part in parts.items()} == {
        "long": (1.0, 1),
        "plain": (0.0, 2),
    }
    assert isnan(parts["long"].false_acceptance)


def test_sets_are_read_in_both_forms(tmp_path: Path) -> None:
    table, listed = tmp_path / "s.tsv", tmp_path / "s.yaml"
    table.write_text("a\tjedno zdanie\n", "utf-8")
    listed.write_text('utterances:\n  - {text: "drugie zdanie", label: "a|c", style: "long"}\n', "utf-8")
    assert read_set(table) == [Phrase("jedno zdanie", "a")]
    assert read_set(listed) == [Phrase("drugie zdanie", "a|c", "long")]
    assert strangers([*read_set(table), *read_set(listed)], {"a"}) == ["c"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("s.tsv", "a jedno zdanie\n", "s.tsv:1"),
        ("s.yaml", "utterances:\n  - {text: x}\n", "wypowiedź 1"),
        ("s.yaml", "phrases: []\n", "utterances"),
    ],
)
def test_a_set_that_cannot_be_judged_is_refused(tmp_path: Path, name: str, content: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(CatalogueError, match=told):
        read_set(path)
