"""Numbers as Poles say them: cardinals, and numbers dictated in any grouping, with fillers and corrections.

A dictated number leaves open what belongs together: "osiemdziesiąt pięć" is 85 or 80 and 5. All readings are made;
length, checksum and date tell which was meant, among all that the ear may have heard.
"""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal

from rapidfuzz import fuzz, process
from stdnum.pl import nip, pesel

from .numerals import WORDS, Numeral, fold

Kind = Literal["pesel", "nip"]

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_TIMES = {"podwojne": 2, "podwojna": 2, "podwojny": 2, "potrojne": 3, "potrojna": 3, "potrojny": 3}
_COUNTED = {"dwa": 2, "dwie": 2, "trzy": 3, "cztery": 4}
_MANY = {"zera": "0", "jedynki": "1", "dwojki": "2", "trojki": "3", "czworki": "4", "piatki": "5", "szostki": "6"} | {
    "siodemki": "7",
    "osemki": "8",
    "dziewiatki": "9",
}
_CORRECTS = frozenset("nie przepraszam pomylka poprawka poprawiam znaczy wroc".split())
_ANEW = ("od nowa", "od poczatku", "jeszcze raz")
MAX_READINGS = 4096
MAX_TOKENS = 60
"""Words beyond which nobody dictates one number."""
MOST = 10**9
NEAR = 88.0
"""How like a number word a word is at least that a recogniser has written a little wrong."""
_LONG = [word for word in WORDS if len(word) >= 4]
SECOND_BEST = 0.8
"""What each doubt about what belongs together takes from a reading's worth."""


def read_cardinal(text: str) -> int | None:
    """The number that all of ``text`` says ("trzynaście tysięcy dwieście", "13 200", "2 tysiące"), below 10⁹; None when
    it is none or more than one."""
    tokens = [fold(token) for token in _TOKEN.findall(text)]
    if not tokens:
        return None
    if all(token.isdecimal() for token in tokens):
        grouped = len(tokens[0]) <= 3 and all(len(token) == 3 for token in tokens[1:])
        value = int("".join(tokens)) if len(tokens) == 1 or grouped else MOST
        return value if value < MOST else None
    items = [_item(part) for token in tokens for part in _apart(token)]
    return compound([item for item in items if item is not None]) if None not in items else None


def compound(items: Sequence[Numeral]) -> int | None:
    """The number that these words make together; None when they are not one number."""
    total, part, floor, top, counted = 0, 0, 1000, 10**12, False
    for item in items:
        if item.rank in ("thousand", "million"):
            if item.value >= top or (counted and part == 0):
                return None
            total, part, floor, top, counted = total + max(part, 1) * item.value, 0, 1000, item.value, False
        elif item.rank == "piece" or _size(item) >= floor:
            return None
        elif item.value == 0:
            return 0 if len(items) == 1 else None
        else:
            part, floor, counted = part + item.value, _room(item), True
    return total + part if items else None


def read_digits(text: str, size: int) -> list[tuple[str, float]]:
    """The readings of ``text`` as ``size`` dictated digits, likeliest first, with a worth 0..1. A number that is said
    twice alike, or anew as a whole, is one."""
    found: dict[str, float] = {}
    if len(_TOKEN.findall(text)) > MAX_TOKENS:
        return []
    stretches = _parts(text)
    anew = [[(part, 0) for part in stretches[-1]]] if len(stretches) > 1 else []
    for parts in (*_corrected(stretches), *anew):
        for said, worth in _joined(parts):
            twice = len(said) == 2 * size and said[:size] == said[size:]
            digits = said[:size] if twice else said
            if len(digits) == size:
                found[digits] = max(found.get(digits, 0.0), worth)
    return sorted(found.items(), key=lambda item: -item[1])


def read_identity(hypotheses: Sequence[tuple[str, float]], kind: Kind) -> list[tuple[str, float]]:
    """The sound PESEL or NIP numbers that were said, likeliest first. ``hypotheses`` are an ear's texts with their
    confidence; only numbers whose checksum (and date) is right are given."""
    size, sound = (11, pesel.is_valid) if kind == "pesel" else (10, _sound_nip)
    found: dict[str, float] = {}
    for text, confidence in hypotheses:
        for digits, worth in read_digits(text, size):
            if sound(digits):
                found[digits] = max(found.get(digits, 0.0), confidence * worth)
    return sorted(found.items(), key=lambda item: -item[1])


def _sound_nip(digits: str) -> bool:
    return bool(nip.is_valid(digits)) and any(digit != "0" for digit in digits)


Part = Sequence[Numeral] | str
"""Number words with nothing between them, or digits that were written."""


def _parts(text: str) -> list[list[Part]]:
    """What was dictated between corrections: runs of number words and written digits."""
    tokens = [part for token in _TOKEN.findall(text) for part in _apart(fold(token))]
    stretches: list[list[Part]] = [[]]
    run: list[Numeral] = []
    index = 0

    def close() -> None:
        if run:
            stretches[-1].append(tuple(run))
            run.clear()

    while index < len(tokens):
        token, following = tokens[index], tokens[index + 1] if index + 1 < len(tokens) else ""
        index += 1
        item = _item(token)
        if f"{token} {following}" in _ANEW:
            close()
            stretches, index = [[]], index + 1
        elif token in _TIMES and (doubled := _item(following)) is not None and doubled.value < 10:
            close()
            stretches[-1].append(str(doubled.value) * _TIMES[token])
            index += 1
        elif token in _COUNTED and following in _MANY:
            close()
            stretches[-1].append(_MANY[following] * _COUNTED[token])
            index += 1
        elif token.isdecimal():
            close()
            stretches[-1].append(token)
        elif item is not None and item.rank != "piece":
            run.append(item)
        elif token in _CORRECTS:
            close()
            if stretches[-1]:
                stretches.append([])
        else:
            close()
    close()
    return [stretch for stretch in stretches if stretch]


def _corrected(stretches: list[list[Part]]) -> Iterator[list[tuple[Part, int]]]:
    """The parts with what each of them replaces: how many digits before it are void."""
    if not stretches:
        return
    for whole in (False, True):
        parts: list[tuple[Part, int]] = [(part, 0) for part in stretches[0]]
        for stretch in stretches[1:]:
            void = -1 if whole else -2
            parts += [(part, void if n == 0 else 0) for n, part in enumerate(stretch)]
        yield parts
        if len(stretches) == 1:
            return


def _joined(parts: Sequence[tuple[Part, int]]) -> Iterator[tuple[str, float]]:
    """All readings of ``parts`` one after the other. ``-1`` before a part: it replaces the part before; ``-2``: as many
    digits as its first number has, or its first two or three together."""
    readings: list[tuple[tuple[str, ...], float]] = [((), 1.0)]
    for part, void in parts:
        longer = []
        for groups, worth in _groupings(part):
            for before, so_far in readings:
                for count, kept in enumerate(_kept(before, groups, void)):
                    longer.append(((*kept, *groups), so_far * worth * SECOND_BEST**count))
        readings = sorted(longer, key=lambda reading: -reading[1])[:MAX_READINGS]
    for groups, worth in readings:
        yield "".join(groups), worth


def _kept(before: tuple[str, ...], groups: tuple[str, ...], void: int) -> list[tuple[str, ...]]:
    """What may be left of ``before`` when ``groups`` correct it (``void`` as in ``_joined``), likeliest first."""
    if void == 0:
        return [before]
    if void == -1:
        return [before[:-1]]
    flat, sizes = "".join(before), accumulate(map(len, groups[:3]))
    return [(flat[: max(0, len(flat) - size)],) for size in sizes] or [before]


def _groupings(part: Part) -> list[tuple[tuple[str, ...], float]]:
    """Every way to take number words together, as digits, with its worth: what goes together is likelier so."""
    if isinstance(part, str):
        return [((part,), 1.0)]
    tied = sum(compound(pair) is not None for pair in pairwise(part))
    found = []
    for groups in _split(list(part)):
        joins = len(part) - len(groups)
        found.append((groups, SECOND_BEST ** max(0, tied - joins)))
    return sorted(found, key=lambda reading: -reading[1])[:MAX_READINGS]


def _split(items: list[Numeral]) -> list[tuple[str, ...]]:
    if not items:
        return [()]
    found: list[tuple[str, ...]] = []
    for size in range(1, min(len(items), 4) + 1):
        value = compound(items[:size])
        if value is None or value >= 10_000:
            continue
        found += [(str(value), *rest) for rest in _split(items[size:])]
        if len(found) > MAX_READINGS:
            break
    return found


def _item(token: str) -> Numeral | None:
    if token.isdecimal():
        return Numeral(int(token), "unit") if len(token) < 4 else None
    if (found := WORDS.get(token)) is not None or len(token) < 5:
        return found
    near = process.extractOne(token, _LONG, scorer=fuzz.ratio, score_cutoff=NEAR)
    return WORDS[near[0]] if near else None


@lru_cache(maxsize=4096)
def _apart(token: str) -> tuple[str, ...]:
    """The number words that ``token`` is written together of ("trzydziescipiec"); else itself."""
    return _words_in(token) or (token,)


def _words_in(token: str) -> tuple[str, ...]:
    if token in WORDS:
        return (token,)
    for size in range(len(token) - 3, 2, -1):
        if token[:size] in WORDS and (rest := _words_in(token[size:])):
            return (token[:size], *rest)
    return ()


def _size(item: Numeral) -> int:
    return {"unit": 1, "teen": 2, "ten": 10}.get(item.rank, 100)


def _room(item: Numeral) -> int:
    """What may still follow inside the same hundred: only words smaller than this."""
    return {"unit": 0, "teen": 0, "ten": 2}.get(item.rank, 100)
