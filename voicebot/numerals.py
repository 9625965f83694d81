"""Polish number words as people say them, with all their cases, folded to plain letters."""

# ruff: noqa: SIM905 - word lists are read and edited as text

from typing import Literal, NamedTuple

Rank = Literal["unit", "teen", "ten", "hundred", "thousand", "million", "piece"]

_PLAIN = str.maketrans("ąćęłńóśźżäöüáéíúěščřž", "acelnoszzaouaeiuescrz")


def fold(text: str) -> str:
    """Lower case without diacritics: what is left when a recogniser or a typist drops them."""
    return text.lower().translate(_PLAIN)


class Numeral(NamedTuple):
    """One number word: its value and where it stands in a number. ``piece`` is a torn-off part ("dziesiąt")."""

    value: int
    rank: Rank


_UNITS = {
    0: "zero zera zeru zerem zer zerko zerowka",
    1: "jeden jedna jedno jednego jednej jedynka jedynke jedynki jedynek",
    2: "dwa dwie dwoch dwom dwoma dwojka dwojke dwojki dwojek",
    3: "trzy trzech trzem trzema trojka trojke trojki trojek",
    4: "cztery czterech czterem czterema czworka czworke czworki czworek",
    5: "piec pieciu piecioma piatka piatke piatki piatek",
    6: "szesc szesciu szescioma szostka szostke szostki szostek",
    7: "siedem siedmiu siedmioma siodemka siodemke siodemki siodemek",
    8: "osiem osmiu osmioma osemka osemke osemki osemek",
    9: "dziewiec dziewieciu dziewiecioma dziewiatka dziewiatke dziewiatki dziewiatek",
}
_TEENS = (
    "dziesiec jedenascie dwanascie trzynascie czternascie pietnascie szesnascie siedemnascie osiemnascie dziewietnascie"
).split()
_TENS = (
    "dwadziescia trzydziesci czterdziesci piecdziesiat szescdziesiat siedemdziesiat osiemdziesiat dziewiecdziesiat"
).split()
_HUNDREDS = "sto dwiescie trzysta czterysta piecset szescset siedemset osiemset dziewiecset".split()
_TENS_CASES = "dwudziestu trzydziestu czterdziestu piecdziesieciu szescdziesieciu siedemdziesieciu".split()
_CASES = {
    10: "dziesieciu dziesiatka dziesiatke dyszka",
    11: "jedenastu",
    12: "dwunastu",
    13: "trzynastu",
    14: "czternastu",
    15: "pietnastu",
    16: "szesnastu",
    17: "siedemnastu",
    18: "osiemnastu",
    19: "dziewietnastu",
    80: "osiemdziesieciu",
    90: "dziewiecdziesieciu",
    100: "stu setka setke setki",
    200: "dwustu",
    300: "trzystu",
    400: "czterystu",
}
_CALLED = {
    10: "dziesiatka",
    20: "dwudziestka",
    30: "trzydziestka",
    40: "czterdziestka",
    50: "piecdziesiatka",
    60: "szescdziesiatka",
    70: "siedemdziesiatka",
    80: "osiemdziesiatka",
    90: "dziewiecdziesiatka",
} | {10 + n: word.removesuffix("scie").replace("dwan", "dwun") + "stka" for n, word in enumerate(_TEENS) if n}
"""Numbers as things ("dwunastka"), in the first case."""
_PIECES = "dziesiat dziescia dziesci nascie set sta scie".split()


def _rank(value: int) -> Rank:
    if value < 10:
        return "unit"
    if value < 20:
        return "teen"
    return "ten" if value < 100 else "hundred"


def _words() -> dict[str, Numeral]:
    table: dict[str, int] = {word: value for value, words in _UNITS.items() for word in words.split()}
    table |= {word: 10 + n for n, word in enumerate(_TEENS)}
    table |= {word: 20 + 10 * n for n, word in enumerate(_TENS)}
    table |= {word: 20 + 10 * n for n, word in enumerate(_TENS_CASES)}
    table |= {word: 100 + 100 * n for n, word in enumerate(_HUNDREDS)}
    table |= {f"{unit}uset": 100 * n for n, unit in ((5, "pieci"), (6, "szesci"), (7, "siedmi"), (8, "osmi"))}
    table |= {word: value for value, words in _CASES.items() for word in words.split()}
    table |= {word[:-1] + ending: value for value, word in _CALLED.items() for ending in ("a", "e", "i", "o")}
    table |= {word[:-2] + "ek": value for value, word in _CALLED.items()}
    found = {word: Numeral(value, _rank(value)) for word, value in table.items()}
    found |= dict.fromkeys("tysiac tysiace tysiecy tysiaca tysiacu tys".split(), Numeral(1000, "thousand"))
    found |= dict.fromkeys("milion miliony milionow miliona mln".split(), Numeral(1_000_000, "million"))
    return found | dict.fromkeys(_PIECES, Numeral(10, "piece"))


WORDS: dict[str, Numeral] = _words()
"""Folded word to numeral."""
