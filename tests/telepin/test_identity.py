"""PESEL and NIP: told apart and judged."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telepin.identity import Fault, Identity, judge, sound, surely_nip
from telepin.secret import Secret

TODAY = date(2026, 4, 15)


def pesel(born: date, serial: int = 123) -> str:
    """A PESEL written by the rule of the act, not by the code under test."""
    month = born.month + {18: 80, 19: 0, 20: 20, 21: 40, 22: 60}[born.year // 100]
    body = f"{born.year % 100:02}{month:02}{born.day:02}{serial:04}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
    return body + str((10 - total % 10) % 10)


def verdict(number: str) -> Identity | Fault:
    return judge(Secret(number), TODAY)


@given(born=st.dates(date(1800, 1, 1), date(2299, 12, 31)), serial=st.integers(0, 9999))
def test_all_centuries_are_read_and_the_future_is_not_believed(born, serial):
    expected = Identity("pesel", born) if born <= TODAY else Fault("date")
    assert verdict(pesel(born, serial)) == expected


@given(
    born=st.dates(date(1800, 1, 1), TODAY), serial=st.integers(0, 9999), place=st.integers(0, 10), by=st.integers(1, 9)
)
def test_one_wrong_digit_is_always_seen(born, serial, place, by):
    right = pesel(born, serial)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert verdict(wrong) == Fault("checksum")


@given(body=st.text("0123456789", min_size=9, max_size=9))
def test_a_nip_has_exactly_the_check_digit_of_the_rule_or_none(body):
    check = sum(int(digit) * weight for digit, weight in zip(body, (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True)) % 11
    accepted = [digit for digit in "0123456789" if verdict(body + digit) == Identity("nip")]
    expected = [] if check == 10 or body == "000000000" else [str(check)]
    assert accepted == expected


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("", "length"),
        ("999300002", "length"),
        ("858314101107", "length"),
        ("85831410111", "checksum"),
        ("9993000027", "checksum"),
        ("0000000000", "checksum"),
        ("90023112347", "date"),
        ("00000000000", "date"),
        ("01620312720", "date"),
        ("85*31410110", "length"),
    ],
)
def test_faults(number, fault):
    assert verdict(number) == Fault(fault)


def test_born_today_is_not_the_future():
    assert verdict(pesel(TODAY)) == Identity("pesel", TODAY)
    assert verdict(pesel(date(2026, 4, 16))) == Fault("date")


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ((2008, 4, 16), True),
        ((2008, 4, 15), False),
        ((2008, 2, 29), False),
        ((1885, 3, 14), False),
        ((2014, 5, 17), True),
    ],
)
def test_majority_is_reached_on_the_eighteenth_birthday(born, minor):
    assert Identity("pesel", date(*born)).minor(TODAY) is minor


def test_a_leap_day_birthday_is_reached_on_the_first_of_march():
    child = Identity("pesel", date(2008, 2, 29))
    assert child.minor(date(2026, 2, 28))
    assert not child.minor(date(2026, 3, 1))


def test_a_nip_tells_no_age():
    assert not Identity("nip").minor(TODAY)


def test_surely_nip_only_when_no_pesel_can_begin_so():
    assert surely_nip(Secret("9993000026"))
    # A sound NIP whose first six digits are also a date.
    both = next(
        number
        for serial in range(9999)
        if judge(Secret(number := pesel(date(1985, 3, 14), serial)[:10]), TODAY) == Identity("nip")
    )
    assert sound(Secret(both))
    assert not surely_nip(Secret(both))
