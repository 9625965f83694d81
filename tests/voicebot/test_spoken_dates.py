"""Dates and amounts said and read back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot import polish
from voicebot.spoken_dates import read_amount, read_date

TODAY = date(2026, 3, 1)


def test_days_of_a_century_are_read_as_they_are_said() -> None:
    days = [date(1930, 1, 1) + timedelta(days=n) for n in range(0, 43_000, 11)]
    assert [day for day in days if read_date(polish.spoken_date(day), TODAY) != day] == []


def test_a_day_without_a_year_is_the_nearest() -> None:
    for n in range(-180, 180):
        day = TODAY + timedelta(days=n)
        if (day.month, day.day) != (2, 29):
            assert read_date(polish.spoken_date(day, year=False), TODAY) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("30 kwietnia 2026", "2026-04-30"),
        ("pierwszy maja", "2026-05-01"),
        ("30.04.2026", "2026-04-30"),
        ("2026-04-30", "2026-04-30"),
        ("trzydziestego czwartego dwa tysiące dwudziestego szóstego", "2026-04-30"),
        ("piątego czwartego osiemdziesiątego piątego", "1985-04-05"),
        ("dwunastego grudnia osiemdziesiątego piątego roku", "1985-12-12"),
        ("dwudziestego pierwszego grudnia dwa tysiące dwadzieścia pięć", "2025-12-21"),
        ("drugiego marca dwa zero dwa pięć", "2025-03-02"),
        ("osiemnastego czerwca zeszłego roku", "2025-06-18"),
        ("piątego grudnia tego roku", "2026-12-05"),
        ("trzeciego maja dwa pięćdziesiąt", None),
        ("wczoraj", "2026-02-28"),
        ("nie wczoraj tylko dzisiaj", "2026-03-01"),
        ("za tydzień", "2026-03-08"),
        ("za dwa tygodnie", "2026-03-15"),
        ("od dziś za trzy dni", "2026-03-04"),
        ("trzy miesiące temu", "2025-12-01"),
        ("za rok", "2027-03-01"),
        ("za tysiąc lat", None),
        ("trzy dni", None),
        ("31 lutego", None),
        ("trzydziestego drugiego maja", None),
        ("nie pamiętam", None),
        ("", None),
    ],
)
def test_dates(text: str, day: str | None) -> None:
    assert read_date(text, TODAY) == (date.fromisoformat(day) if day else None)


@given(st.integers(1, 99_999_999_99))
def test_an_amount_is_read_as_it_is_said(grosze: int) -> None:
    assert read_amount(polish.amount(grosze)) == grosze


@pytest.mark.parametrize(
    ("text", "grosze"),
    [
        ("trzynaście tysięcy dwieście", 13_200_00),
        ("13 200,50 zł", 13_200_50),
        ("13 tys. zł", 13_000_00),
        ("1.200 zł", 1_200_00),
        ("trzy i pół tysiąca", 3_500_00),
        ("półtora tysiąca złotych", 1_500_00),
        ("dwie stówy", 200_00),
        ("pół miliona", 500_000_00),
        ("sto złotych pięćdziesiąt", 100_50),
        ("złotówkę", 1_00),
        ("dwadzieścia groszy", 20),
        ("2,5 mln", 2_500_000_00),
        ("piętnaście złotych i kot", None),
        ("12,5 zł", 12_50),
        ("pół złotego", 50),
        ("stówka", 100_00),
        ("trzy koła", 3_000_00),
        ("pięć kafli", 5_000_00),
        ("pół kota", None),
        ("-100 zł", None),
        ("minus sto złotych", None),
        ("dużo", None),
        ("", None),
    ],
)
def test_amounts(text: str, grosze: int | None) -> None:
    assert read_amount(text) == grosze


@given(
    st.text(alphabet=st.sampled_from("maja trzeci za lat temu 12 . złotych groszy i pół tysiąca - 2026"), max_size=80)
)
def test_nothing_that_is_said_breaks_them(text: str) -> None:
    read_date(text, TODAY)
    read_amount(text)
