"""Numbers said and read back. All of 0 to 10⁶: tools/bench_numbers.py."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.pl import nip, pesel

from voicebot import polish
from voicebot.spoken_numbers import read_cardinal, read_digits, read_identity


@pytest.mark.parametrize("numbers", [range(2100), range(0, 1_000_001, 997), range(999_000, 1_000_001, 7)])
def test_numbers_are_read_as_they_are_said(numbers: range) -> None:
    assert [number for number in numbers if read_cardinal(polish.cardinal(number)) != number] == []


@given(st.integers(0, 999_999_999))
def test_any_number_is_read_as_it_is_said(number: int) -> None:
    assert read_cardinal(polish.cardinal(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("trzynaście tysięcy dwieście", 13_200),
        ("tysiąc", 1000),
        ("milion dwieście", 1_000_200),
        ("trzynascie tysiecy dwiescie", 13_200),
        ("2 tysiące trzysta", 2300),
        ("13 200", 13_200),
        ("trzydzieścipięć", 35),
        ("stodwadzieścia trzy", 123),
        ("1" + "0" * 22, None),
        ("12 34", None),
        ("dwadzieścia trzydzieści", None),
        ("pięć sześć", None),
        ("sto zero", None),
        ("dwanaście trzy", None),
        ("tysiąc milion", None),
        ("zero tysięcy", None),
        ("kot", None),
        ("dwa koty", None),
        ("", None),
    ],
)
def test_what_is_one_number_and_what_is_not(text: str, value: int | None) -> None:
    assert read_cardinal(text) == value


def sound(kind: str, draw: random.Random) -> str:
    """A number with a right checksum (and date); nobody's."""
    if kind == "nip":
        while True:
            number = "".join(draw.choices("123456789", k=3)) + "".join(draw.choices("0123456789", k=6))
            check = sum(w * int(d) for w, d in zip((6, 5, 7, 2, 3, 4, 5, 6, 7), number, strict=True)) % 11
            if check < 10:
                return number + str(check)
    number = f"{draw.randint(40, 99)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}{draw.randint(0, 9999):04}"
    return number + pesel.calc_check_digit(number)


def dictated(number: str, draw: random.Random) -> list[str]:
    """The number in groups of one to three digits, each as people say it."""
    groups, at = [], 0
    while at < len(number):
        size = draw.choice((1, 1, 2, 2, 3))
        part = number[at : at + size]
        groups.append(polish.cardinal(int(part)) if part[0] != "0" else polish.digits(part))
        at += size
    return groups


@given(st.integers(0, 2**32), st.sampled_from(["pesel", "nip"]), st.booleans(), st.booleans())
def test_a_number_dictated_in_any_grouping_is_among_the_readings(
    seed: int, kind: str, fillers: bool, correction: bool
) -> None:
    draw = random.Random(seed)
    number = sound(kind, draw)
    groups = dictated(number, draw)
    if correction:
        at = draw.randrange(len(groups))
        wrong = polish.cardinal(draw.choice([n for n in range(1, 10) if polish.cardinal(n) != groups[at]]))
        if " " not in groups[at] and len(groups[at]) < 9:
            groups[at : at + 1] = [wrong, draw.choice(["nie, przepraszam,", "pomyłka,", "nie,"]), groups[at]]
    text = (", yyy, " if fillers else " ").join(groups)
    assert number in [digits for digits, _ in read_identity([(text, 0.9)], kind)]  # type: ignore[arg-type]


def test_checksum_is_the_judge_among_what_the_ear_may_have_heard() -> None:
    number = sound("pesel", random.Random(5))
    right = polish.grouped(number, "pesel")
    wrong = polish.digits(number[:-1] + str((int(number[-1]) + 1) % 10))
    assert pesel.is_valid(number)
    assert read_identity([(wrong, 0.9), (right, 0.3)], "pesel") == [(number, pytest.approx(0.3))]
    assert read_identity([(wrong, 0.9)], "pesel") == []
    assert not nip.is_valid("0000000001")
    assert read_identity([("zero zero zero zero zero zero zero zero zero zero", 1.0)], "nip") == []


def test_the_checksum_tells_how_much_a_correction_replaces() -> None:
    said = "osiemdziesiąt pięć zero dwa, nie, zero jeden, zero jeden, jeden dwa trzy cztery pięć"
    assert read_identity([(said, 1.0)], "pesel")[0][0] == "85010112345"


@pytest.mark.parametrize("between", [" ", ", powtarzam, ", ", jeszcze raz, ", ". Tak, ", ", nie, przepraszam, "])
def test_a_number_said_twice_is_one(between: str) -> None:
    number = "85010112345"
    said = [polish.digits(number), polish.grouped(number, "pesel"), number]
    assert [read_identity([(between.join([one, one]), 1.0)], "pesel")[:1] for one in said] == [[(number, 1.0)]] * 3


def test_more_words_than_a_number_has_are_none() -> None:
    assert read_digits("jeden dwa " * 120, 11) == []


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("osiemdziesiąt pięć zero jeden czternaście sto dwadzieścia trzy czterdzieści pięć", "85011412345"),
        (
            "osiem pięć, zero jeden, jeden cztery, dwanaście, trzy, cztery, siedem, nie, przepraszam, pięć",
            "85011412345",
        ),
        ("850114 12345", "85011412345"),
        ("85 01 czternaście 123 czterdzieści sześć, nie, czterdzieści pięć", "85011412345"),
        ("yyy osiemdziesiąt sześć, nie, osiemdziesiąt pięć, zero jeden, czternaście, 12345", "85011412345"),
        ("jeden dwa, od nowa: osiemdziesiąt pięć zero jeden czternaście 123 45", "85011412345"),
        ("podwójne zero, trzy piątki, jeden dwa trzy cztery pięć sześć", "00555123456"),
    ],
)
def test_dictation(text: str, digits: str) -> None:
    assert read_digits(text, 11)[0][0] == digits


@given(st.text(alphabet=st.sampled_from("jedn dwa sto tysiąc milion zero 0 1 23 nie , dziesiąt"), max_size=120))
def test_nothing_that_is_said_breaks_it(text: str) -> None:
    read_cardinal(text)
    assert all(len(digits) == 11 for digits, _ in read_digits(text, 11))
