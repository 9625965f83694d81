"""Spoken Polish against what a Pole says."""

from datetime import date, time

import pytest

from voicebot import polish
from voicebot.numerals import fold
from voicebot.redaction import _measure

GENITIVE = (
    *("zero", "pierwszej", "drugiej", "trzeciej", "czwartej", "piątej", "szóstej", "siódmej", "ósmej", "dziewiątej"),
    *("dziesiątej", "jedenastej", "dwunastej", "trzynastej", "czternastej", "piętnastej", "szesnastej", "siedemnastej"),
    *("osiemnastej", "dziewiętnastej", "dwudziestej", "dwudziestej pierwszej", "dwudziestej drugiej"),
    *("dwudziestej trzeciej", "północy"),
)
NOMINATIVE = (
    *("zero", "pierwsza", "druga", "trzecia", "czwarta", "piąta", "szósta", "siódma", "ósma", "dziewiąta"),
    *("dziesiąta", "jedenasta", "dwunasta", "trzynasta", "czternasta", "piętnasta", "szesnasta", "siedemnasta"),
    *("osiemnasta", "dziewiętnasta", "dwudziesta", "dwudziesta pierwsza", "dwudziesta druga", "dwudziesta trzecia"),
    "północ",
)


@pytest.mark.parametrize("hour", range(25))
def test_hours_in_both_cases(hour: int) -> None:
    assert polish.hour(hour) == NOMINATIVE[hour]
    assert polish.hour(hour, "genitive") == polish.hour(hour, "locative") == GENITIVE[hour]


@pytest.mark.parametrize("hour", [-1, 25])
def test_no_such_hour(hour: int) -> None:
    with pytest.raises(ValueError, match="no hour"):
        polish.hour(hour)


def test_clock_and_opening_hours() -> None:
    assert polish.hours(time(8), time(16)) == "od ósmej do szesnastej"
    assert polish.clock(time(15, 30)) == "piętnasta trzydzieści"
    assert polish.clock(time(9, 5), "genitive") == "dziewiątej zero pięć"
    assert polish.clock(time(0)) == "północ"
    assert polish.clock(time(0, 15)) == "zero piętnaście"


def test_dates() -> None:
    assert polish.spoken_date(date(2026, 4, 30)) == "trzydziestego kwietnia dwa tysiące dwudziestego szóstego roku"
    assert polish.spoken_date(date(1985, 1, 2)) == "drugiego stycznia tysiąc dziewięćset osiemdziesiątego piątego roku"
    assert polish.spoken_date(date(2000, 3, 3), year=False) == "trzeciego marca"
    assert polish.spoken_date(date(2000, 12, 31)) == "trzydziestego pierwszego grudnia dwutysięcznego roku"
    assert polish.spoken_date(date(2015, 2, 15)).endswith("lutego dwa tysiące piętnastego roku")


@pytest.mark.parametrize("month", range(1, 13))
def test_every_day_of_a_year_has_a_name(month: int) -> None:
    for day in range(1, 29):
        text = polish.spoken_date(date(2024, month, day))
        assert text.split()[0].endswith("ego")
        assert text.endswith("dwa tysiące dwudziestego czwartego roku")


def test_weekdays() -> None:
    assert polish.weekday(date(2026, 4, 30)) == "czwartek"
    assert polish.weekday(date(2026, 4, 29), "locative") == "środzie"


def test_digits_and_groups() -> None:
    assert polish.digits("224605") == "dwa dwa cztery sześć zero pięć"
    assert polish.digits("224605992", (2, 3, 2, 2)) == "dwa dwa, cztery sześć zero, pięć dziewięć, dziewięć dwa"
    with pytest.raises(ValueError, match="digits"):
        polish.digits("12-3")


@pytest.mark.parametrize(
    ("grosze", "text"),
    [
        (100, "jeden złoty"),
        (0, "zero złotych"),
        (99, "dziewięćdziesiąt dziewięć groszy"),
        (12_050, "sto dwadzieścia złotych pięćdziesiąt groszy"),
        (2_201, "dwadzieścia dwa złote jeden grosz"),
        (1_200_00, "tysiąc dwieście złotych"),
        (-200, "minus dwa złote"),
        (1_302, "trzynaście złotych dwa grosze"),
    ],
)
def test_amounts(grosze: int, text: str) -> None:
    assert polish.amount(grosze) == text


def test_cardinals_are_read_back() -> None:
    """What is said for a number is what the reader of number words makes of it."""
    for number in (*range(1000), *range(1000, 1_000_000, 977)):
        tokens = [(0, 0, fold(word)) for word in polish.cardinal(number).split()]
        size, digits, value, _ = _measure(tokens, 0)
        assert (size, value) == (len(tokens), number)
        assert digits == len(str(number)) or number % 1000 == 0
