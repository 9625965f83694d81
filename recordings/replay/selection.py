"""``-k``: which fixtures are meant, in words joined by ``and``, ``or``, ``not`` and brackets."""

import re
from collections.abc import Callable, Collection

_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]+)")
Test = Callable[[Collection[str]], bool]


class SelectionError(ValueError):
    """An expression that cannot be read; says where, in Polish."""


def selection(text: str) -> Test:
    """A test for the words of a fixture (its name, area and styles): a word of the expression holds when it is part of
    one of them. Raises ``SelectionError``."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise SelectionError("-k: puste wyrażenie; na przykład -k 'pcc and not elderly'")
    test, rest = _either(tokens, text)
    if rest:
        raise SelectionError(f"-k: niepotrzebne „{rest[0]}” w „{text}”")
    return test


def _either(tokens: list[str], text: str) -> tuple[Test, list[str]]:
    test, rest = _both(tokens, text)
    while rest[:1] == ["or"]:
        left, (right, rest) = test, _both(rest[1:], text)
        test = _any(left, right)
    return test, rest


def _both(tokens: list[str], text: str) -> tuple[Test, list[str]]:
    test, rest = _one(tokens, text)
    while rest[:1] == ["and"]:
        left, (right, rest) = test, _one(rest[1:], text)
        test = _all(left, right)
    return test, rest


def _one(tokens: list[str], text: str) -> tuple[Test, list[str]]:
    match tokens:
        case ["not", *rest]:
            test, left = _one(rest, text)
            return _not(test), left
        case ["(", *rest]:
            test, left = _either(rest, text)
            if left[:1] != [")"]:
                raise SelectionError(f"-k: brakuje nawiasu „)” w „{text}”")
            return test, left[1:]
        case [word, *rest] if word not in (")", "and", "or"):
            return _has(word.lower()), rest
    raise SelectionError(f"-k: po „{text}” czegoś brakuje; na przykład -k 'pcc and not elderly'")


def _any(left: Test, right: Test) -> Test:
    return lambda words: left(words) or right(words)


def _all(left: Test, right: Test) -> Test:
    return lambda words: left(words) and right(words)


def _not(test: Test) -> Test:
    return lambda words: not test(words)


def _has(part: str) -> Test:
    return lambda words: any(part in word.lower() for word in words)
