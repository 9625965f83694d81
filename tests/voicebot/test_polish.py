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
        (12_050, "sto dwadzieścia złotych i pięćdziesiąt groszy"),
        (2_201, "dwadzieścia dwa złote i jeden grosz"),
        (1_200_00, "tysiąc dwieście złotych"),
        (-200, "minus dwa złote"),
        (2_102, "dwadzieścia jeden złotych i dwa grosze"),
        (1_302, "trzynaście złotych i dwa grosze"),
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


def _form(number: int) -> int:
    """Which of the three forms a counted noun takes, said another way than in the code: by the words of the number."""
    if number == 1:
        return 0
    last = polish.cardinal(number).split()[-1]
    return 1 if last in ("dwa", "trzy", "cztery") else 2


def test_every_amount_up_to_a_thousand_zlotys_agrees_with_its_numbers() -> None:
    for grosze in range(100_000):
        zlotys, rest = divmod(grosze, 100)
        money = f"{polish.cardinal(zlotys)} {('złoty', 'złote', 'złotych')[_form(zlotys)]}"
        small = f"{polish.cardinal(rest)} {('grosz', 'grosze', 'groszy')[_form(rest)]}"
        expected = " i ".join([money] * bool(zlotys or not rest) + [small] * bool(rest))
        assert polish.amount(grosze) == expected


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "dzień", "jeden dzień"),
        (5, "dzień", "pięć dni"),
        (2, "tydzień", "dwa tygodnie"),
        (12, "miesiąc", "dwanaście miesięcy"),
        (22, "rok", "dwadzieścia dwa lata"),
        (2, "godzina", "dwie godziny"),
        (21, "minuta", "dwadzieścia jeden minut"),
        (22, "minuta", "dwadzieścia dwie minuty"),
        (12, "minuta", "dwanaście minut"),
        (112, "osoba", "sto dwanaście osób"),
        (102, "osoba", "sto dwie osoby"),
        (0, "sekunda", "zero sekund"),
    ],
)
def test_counted_nouns(number: int, noun: polish.Noun, text: str) -> None:
    assert polish.counted(number, noun) == text


@pytest.mark.parametrize("noun", polish.NOUNS)
def test_every_noun_agrees_with_every_number(noun: polish.Noun) -> None:
    one, accusative, few, many = polish.NOUNS[noun]
    assert polish.counted(1, noun) == one
    assert polish.counted(1, noun, accusative=True) == accusative
    for number in (0, *range(2, 2000)):
        said = polish.counted(number, noun)
        assert said == polish.counted(number, noun, accusative=True)
        assert said.split()[-1] == (few if _form(number) == 1 else many)
        feminine = one.startswith("jedna")
        assert ("dwie " in said) == (feminine and number % 10 == 2 and number % 100 != 12)
        assert not feminine or "dwa " not in said


def test_identifiers_are_read_in_groups() -> None:
    assert polish.grouped("123-456-78-90", "nip") == ("jeden dwa trzy, cztery pięć sześć, siedem osiem, dziewięć zero")
    assert polish.grouped("22 460 59 92", "telefon") == "dwa dwa, cztery sześć zero, pięć dziewięć, dziewięć dwa"
    assert polish.grouped("02070803628", "pesel").count(",") == 4
    with pytest.raises(ValueError, match="10 digits"):
        polish.grouped("123", "nip")


def test_ordinals() -> None:
    assert [polish.ordinal(n) for n in (1, 2, 3, 21, 100)] == [
        "pierwszy",
        "drugi",
        "trzeci",
        "dwudziesty pierwszy",
        "setny",
    ]


@pytest.mark.parametrize("minute", range(60))
def test_every_minute_of_an_hour_can_be_said(minute: int) -> None:
    said = polish.clock(time(15, minute), "genitive")
    if minute == 0:
        assert said == "piętnastej"
    else:
        zero = "zero " if minute < 10 else ""
        assert said == f"piętnastej {zero}{polish.cardinal(minute)}"
