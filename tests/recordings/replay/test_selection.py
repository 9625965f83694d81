"""``-k``."""

import pytest

from recordings.replay.selection import SelectionError, selection

WORDS = ["pcc-samochod", "pcc", "elderly", "noisy"]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("pcc", True),
        ("samo", True),
        ("PCC", True),
        ("pit", False),
        ("not pit", True),
        ("pcc and not elderly", False),
        ("pit or noisy", True),
        ("not (pit or noisy)", False),
        ("pit and pcc or elderly", True),
        ("pit and (pcc or elderly)", False),
    ],
)
def test_expressions(text: str, holds: bool) -> None:
    assert selection(text)(WORDS) is holds


@pytest.mark.parametrize("text", ["", "and", "pcc and", "(pcc", "pcc)", "pcc pit", "not"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match="-k"):
        selection(text)
