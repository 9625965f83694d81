import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.pl import nip, pesel

from desk.privacy import (
    MASK,
    PersonalNumberFound,
    mask_caller,
    mask_digits,
    mask_personal_numbers,
    refuse_personal_numbers,
)

PESEL = "85831410110"
NIP = "9991000016"
SPACINGS = ("{}", "a{}b", "{} ", "nr: {},")


def spaced(number: str, every: int, mark: str) -> str:
    return mark.join(number[i : i + every] for i in range(0, len(number), every))


@pytest.mark.parametrize("number", [PESEL, NIP])
@pytest.mark.parametrize("mark", ["", " ", "-", ".", " - ", "\u00a0"])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_planted_number_is_found_however_it_is_spaced(number: str, mark: str, every: int) -> None:
    for frame in SPACINGS:
        planted = {"a": [{"said": frame.format(spaced(number, every, mark))}]}
        with pytest.raises(PersonalNumberFound) as caught:
            refuse_personal_numbers(planted)
        assert caught.value.field == "a[0].said"
        assert number not in str(caught.value)


def test_a_number_inside_a_longer_run_is_found() -> None:
    with pytest.raises(PersonalNumberFound):
        refuse_personal_numbers(f"00{PESEL}00")


def test_what_is_no_personal_number_may_pass() -> None:
    invalid = "85831410122"
    refuse_personal_numbers(
        {
            "ref": "eus:dz-01",
            "call": "12345678-9012-4345-8678-901234567890",
            "at": "2025-11-21T13:00:00.000+01:00",
            "number": invalid,
            "confidence": 0.97,
            "none": None,
            "flag": True,
        }
    )


def test_only_the_very_telephone_of_the_caller_is_allowed() -> None:
    telephone = "+48000000001"
    refuse_personal_numbers({"caller": telephone, "said": ["nic"]}, allowed=(telephone,))
    with pytest.raises(PersonalNumberFound):
        refuse_personal_numbers({"caller": telephone, "said": [f"{telephone} {NIP}"]}, allowed=(telephone,))


@given(st.text(alphabet="0123456789 -.x", max_size=40))
def test_masking_always_satisfies_the_guard(text: str) -> None:
    refuse_personal_numbers(mask_personal_numbers({"t": [text]}))
    refuse_personal_numbers(mask_digits(text)[0])


@given(st.integers(0, 10**10 - 1))
def test_the_guard_knows_every_checksum(body: int) -> None:
    digits = f"{body:010d}"
    whole = digits + pesel.calc_check_digit(digits)
    with pytest.raises(PersonalNumberFound):
        refuse_personal_numbers(whole)
    if nip.checksum(digits) == 0:
        with pytest.raises(PersonalNumberFound):
            refuse_personal_numbers(digits)


def test_long_digit_runs_of_a_caller_are_masked() -> None:
    assert mask_digits("mój pin to 482 915 i tyle") == (f"mój pin to {MASK} i tyle", True)
    assert mask_digits("kupiłem w 2024 za 900 zł") == ("kupiłem w 2024 za 900 zł", False)


def test_a_masked_caller_keeps_three_digits() -> None:
    assert mask_caller("+48000000001") == "+48 *** *** 001"
    assert mask_caller("+4915112345678") == "*** *** 678"
    assert mask_caller(None, withheld=True) == "numer zastrzeżony"
    assert mask_caller(None) == "numer nieznany"
    assert mask_caller("112") == "***"
