"""What is checked of a prompt that a recogniser listened to."""

import pytest

from voicebot.proofreading import Proof, proof, words_of


def test_a_prompt_understood_has_nothing_missing() -> None:
    assert proof("Tak: jeden. Nie: dwa.", "Tak jeden nie dwa") == Proof((), 1.0)


@pytest.mark.parametrize("heard", ["Tak 1, nie 2.", "TAK JEDEN NIE DWA", "tak, jeden. Nie, 2"])
def test_figures_and_words_are_the_same(heard: str) -> None:
    assert proof("Tak: jeden. Nie: dwa.", heard).missing == ()


def test_a_digit_that_was_not_heard_is_missing() -> None:
    assert proof("Podatek: trzy. VAT i NIP: cztery.", "podatek czy wat i nip cztery").missing == ("trzy",)


def test_a_word_said_twice_must_be_heard_twice() -> None:
    assert proof("jeden, jeden", "jeden").missing == ("jeden",)


def test_other_words_count_in_the_share_alone() -> None:
    found = proof("Proszę nacisnąć jeden.", "proszę jeden")
    assert found == Proof((), pytest.approx(0.667))


def test_numbers_are_spelled_out() -> None:
    assert words_of("PIT-37") == ["pit", "trzydziesci", "siedem"]


@pytest.mark.parametrize("nothing", ["", "...", "?!"])
def test_nothing_heard(nothing: str) -> None:
    assert proof("Proszę nacisnąć jeden.", nothing) == Proof(("jeden",), 0.0)
    assert proof(nothing, nothing).missing == ()
