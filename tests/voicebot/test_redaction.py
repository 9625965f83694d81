"""No identity number or PIN survives redaction, however it is said; ordinary talk does."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.numerals import fold
from voicebot.polish import cardinal
from voicebot.redaction import MARK, numeral, redact

FILLERS = ("", "yyy", "no", "potem", "przepraszam", "i", "dalej", "kreska", "eee", "proszę pani")
OTHER_WORDS = ("zaraz sprawdzę", "mam tutaj", "czekaj", "gdzieś zapisałem")


def numbers_left(text: str) -> list[str]:
    """Figures and number words, found without the code under test's grouping."""
    words = re.findall(r"\d+|[^\W\d_]+", text.replace(MARK, " "))
    return [word for word in words if word.isdigit() or numeral(fold(word)) is not None]


def say(group: str, how: str) -> str:
    """A group of digits in figures, digit by digit, or as a number (leading zeros said one by one)."""
    if how == "figures":
        return group
    if how == "digits":
        return " ".join(cardinal(int(digit)) for digit in group)
    rest = group.lstrip("0")
    return " ".join([*["zero"] * (len(group) - len(rest)), *([cardinal(int(rest))] if rest else [])])


@st.composite
def spoken_numbers(draw: st.DrawFn, fillers: tuple[str, ...] = FILLERS) -> str:
    digits = draw(st.text("0123456789", min_size=6, max_size=14))
    pieces, at = [], 0
    while at < len(digits):
        group = digits[at : at + draw(st.integers(1, 4 if pieces else 3))]
        at += len(group)
        how = draw(st.sampled_from(("figures", "digits", "number") if len(group) < 4 else ("figures", "digits")))
        pieces += [say(group, how), draw(st.sampled_from(fillers))]
    separator = draw(st.sampled_from((" ", ", ", " - ", "  ", ". ")))
    text = separator.join(piece for piece in pieces if piece)
    if draw(st.booleans()):
        text = text.translate(str.maketrans("ąćęłńóśźż", "acelnoszz"))
    return text.upper() if draw(st.booleans()) else text


@settings(max_examples=600, deadline=None)
@given(spoken_numbers(), st.sampled_from(("", "mój pesel ", "proszę zapisać ", "chodzi o zwrot ")))
def test_no_long_number_survives(number: str, before: str) -> None:
    clean, found = redact(f"{before}{number} dziękuję")
    assert found
    assert numbers_left(clean) == []
    assert clean.startswith(before)
    assert clean.endswith(" dziękuję")


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789", min_size=6, max_size=12), st.integers(0, 2**32))
def test_other_words_between_the_digits_do_not_save_them(digits: str, seed: int) -> None:
    chance = random.Random(seed)
    spoken = [cardinal(int(digit)) for digit in digits]
    for _ in range(2):
        spoken.insert(chance.randrange(1, len(spoken)), chance.choice(OTHER_WORDS))
    clean, found = redact(" ".join(spoken))
    assert found
    assert numbers_left(clean) == []


@settings(max_examples=300, deadline=None)
@given(spoken_numbers())
def test_redacting_twice_changes_nothing(number: str) -> None:
    clean, _ = redact(f"numer {number}")
    assert redact(clean) == (clean, False)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    clean, found = redact(text)
    assert found or clean == text
    assert not re.search(r"\d{6}", clean)


@pytest.mark.parametrize(
    "text",
    [
        "pcc trzy",
        "chcę złożyć PIT-37 za 2024 rok",
        "pit trzydzieści siedem za dwa tysiące dwadzieścia cztery",
        "PIT-36, PIT 37 i PIT-38 za 2023 i 2024",
        "kupiłem samochód za trzynaście tysięcy dwieście złotych",
        "dostałem tysiąc złotych",
        "sto pięćdziesiąt tysięcy złotych darowizny",
        "samochód za 25 000 zł z 2019 roku",
        "od ósmej do szesnastej",
        "telePIN ma sześć cyfr",
        "mam 3 dzieci, 2 samochody i 1 dom od 5 lat",
        "trzydziestego kwietnia",
        "termin jest 30 kwietnia 2026",
        "dwa razy dzwoniłem, czekałem czterdzieści minut",
        "chcę zapytać o podatek od kupna samochodu",
        "",
    ],
)
def test_ordinary_talk_stays(text: str) -> None:
    assert redact(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("osiemdziesiąt pięć osiemdziesiąt trzy czternaście sto jeden dziesięć", MARK),
        ("mój pesel to 858 314 10110 proszę", f"mój pesel to {MARK} proszę"),
        ("858-314-10-110", MARK),
        ("sto dwadzieścia trzy tysiące czterysta pięćdziesiąt sześć", MARK),
        ("osiemdziesiąt pięć, jedynka, zerówka, dwunastka, trzydziestka, czterdziestka piątka", MARK),
        ("osiem dziesiąt pięć 83 14 moment zapiszę 10 11 0", f"{MARK} moment zapiszę {MARK}"),
        ("abc123456def", f"abc{MARK}def"),
        ("mam pin 1234", f"mam pin {MARK}"),
        ("pit 37 a nip 584 31 41 592", f"pit 37 a nip {MARK}"),
        ("osimdziesiąt pieńć osiemdziesiont trzy czternaście jeden dziewięć", MARK),
        ("osiemdziesiąt pięć dwadzieścia trzy", MARK),
    ],
)
def test_secrets_go(text: str, clean: str) -> None:
    assert redact(text) == (clean, True)
