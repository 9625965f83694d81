"""What a saved test holds instead of what was typed. Denied by default: no digit that may be part of a number or a
telePIN gets into the file, however it is cut up, spelled or mistimed; only answers to menus stand as they were given.
"""

# ruff: noqa: SIM905 - lists are read and edited as text

import re
from collections.abc import Container, Iterator

from voicebot.numerals import Numeral, fold
from voicebot.redaction import MARK, numeral

MENU_DIGITS = 3
"""So many digits in a line may be answers to menus, one after another; more of them are an entry."""
_DIGIT = re.compile(r"\d")
_SINGLE = re.compile(r"(\d?)[#*]*")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_JOINS = re.compile(rf"{re.escape(MARK)}(?:[\s,.;:/*#|_-]*{re.escape(MARK)})+")
_SECRETS = frozenset("pesel pin nip telepin haslo kod kodu numer".split())
_FORMS = {
    "pit": frozenset({2, 4, 5, 6, 8, 11, 14, 16, 19, 23, 28, 36, 37, 38, 39, 40}),
    "pcc": frozenset({2, 3, 4}),
    "vat": frozenset({7, 8, 9, 10, 12, 14, 23, 26}),
    "cit": frozenset({2, 8, 10, 14, 15}),
    "sd": frozenset({2, 3}),
    "zap": frozenset({3}),
    "upl": frozenset({1}),
    "ops": frozenset({1}),
    "ift": frozenset({1, 2, 3}),
    "jpk": frozenset({7}),
}
"""Numbers of tax forms: the only ones in a sentence that a test needs and that are nobody's."""
_FOREIGN = frozenset(
    "one two three four five six seven eight nine null eins zwei drei vier funf sechs sieben acht neun "
    "нуль один одна два дві три чотири шість сім вісім дев ноль пять шесть семь восемь девять".split()
)


def answers(keys: str, offered: Container[str]) -> bool:
    """Whether ``keys``, pressed at a menu that takes ``offered``, are one answer to it: 0 is a person everywhere."""
    found = _SINGLE.fullmatch(keys)
    return found is not None and (not found[1] or found[1] == "0" or found[1] in offered)


def digits_in(keys: str) -> int:
    """How many digits there are in ``keys``, whatever stands between them."""
    return len(_DIGIT.findall(keys))


def wrong_keys(keys: str, offered: Container[str]) -> str:
    """Keys of the same shape that answer nothing here: each digit is one that the menu does not take, if there is."""
    stranger = next((key for key in "123456789" if key not in offered), "1")
    return _DIGIT.sub(stranger, keys)


def said_key(text: str, offered: Container[str]) -> bool:
    """Whether ``text`` says a single digit, which answers the menu that takes ``offered``, and names no secret."""
    words = [fold(word) for word in _TOKEN.findall(text)]
    numbers = [number for number in map(_number, words) if number is not None]
    if len(numbers) != 1 or not _SECRETS.isdisjoint(words) or not _FOREIGN.isdisjoint(words):
        return False
    return numbers[0].rank == "unit" and numbers[0].value > 0 and str(numbers[0].value) in offered


def without_numbers(text: str, instead: str = MARK) -> str:
    """``text`` with ``instead`` for every number but those of tax forms."""
    pieces, at = [], 0
    for start, end in _numbers(text):
        pieces += [text[at:start], instead]
        at = end
    kept = "".join([*pieces, text[at:]])
    return _JOINS.sub(MARK, kept) if instead == MARK else kept


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where the numbers of ``text`` are, word by word."""
    tokens = [(match.start(), match.end(), fold(match.group())) for match in _TOKEN.finditer(text)]
    index = 0
    while index < len(tokens):
        start, end, word = tokens[index]
        index += 1
        if word in _FORMS:
            index += _form(word, [token[2] for token in tokens[index : index + 2]])
        elif _number(word) is not None or word in _FOREIGN:
            yield start, end


def _form(name: str, following: list[str]) -> int:
    """How many of the words behind the ``name`` of a form are its number."""
    known, found = _FORMS[name], [_number(word) for word in following]
    first, second = (*found, None, None)[:2]
    if first is None:
        return 0
    if second is not None and (first.rank, second.rank) == ("ten", "unit") and first.value + second.value in known:
        return 2
    return int(first.value in known)


def _number(word: str) -> Numeral | None:
    """The number that a folded word is: digits, whatever their script, or a numeral (0: of no matter)."""
    if word.isdecimal():
        return Numeral(int(word), "unit" if len(word) == 1 else "hundred")
    return Numeral(0, "hundred") if any(map(str.isnumeric, word)) else numeral(word)
