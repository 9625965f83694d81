"""Which words tell that a machine speaks."""

import pytest

from ivr.dialogue.disclosure import discloses, is_disclosure


@pytest.mark.parametrize(
    "text",
    [
        "Rozmawia z Państwem automat.",
        "Ja, automat, mogę odpowiedzieć.",
        "Rozmawiają Państwo z automatem, nie z człowiekiem.",
        "Tu automatyczny asystent.",
        "Mówi do Państwa maszyna.",
        "Odpowie voicebot.",
        "Jestem robotem.",
        "Nie jestem człowiekiem.",
        "Odpowiada sztuczna inteligencja.",
        "To nie człowiek, tylko  Automat",
    ],
)
def test_words_that_tell(text: str) -> None:
    assert discloses(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dzień dobry.",
        "Połączymy Państwa automatycznie.",
        "Zrobota nie ma.",
        "Nie jestem automatem.",
        "Rozmawia człowiek, nie automat.",
        "Sprawa dotyczy automatyki.",
    ],
)
def test_words_that_do_not(text: str) -> None:
    assert not discloses(text)


def test_which_prompts_have_to_tell() -> None:
    assert [is_disclosure(name) for name in ("automat", "automat-po-godzinach", "opolskie.automat", "powitanie")] == [
        True,
        True,
        True,
        False,
    ]
