"""Numbers as Poles say them: cardinals, and numbers dictated in any grouping, with fillers and corrections.

A dictated number leaves open what belongs together: "osiemdziesiąt pięć" is 85 or 80 and 5. All readings are made;
length, checksum and date tell which was meant, among all that the ear may have heard.
"""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from stdnum.pl import nip, pesel

from .numerals import Numeral, fold
from .redaction import numeral

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
        return int("".join(tokens)) if len(tokens) == 1 or grouped else None
    items = [_item(token) for token in tokens]
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
    """The readings of ``text`` as ``size`` dictated digits, likeliest first, with a worth 0..1."""
    found: dict[str, float] = {}
    for parts in _corrected(_parts(text)):
        for digits, worth in _joined(parts):
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
    tokens = [fold(token) for token in _TOKEN.findall(text)]
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
    digits as its first number has."""
    readings: list[tuple[tuple[str, ...], float]] = [((), 1.0)]
    for part, void in parts:
        longer = []
        for groups, worth in _groupings(part):
            for before, so_far in readings:
                kept = before
                if void == -1:
                    kept = before[:-1]
                elif void == -2:
                    flat = "".join(before)
                    kept = (flat[: max(0, len(flat) - len(groups[0]))],)
                longer.append(((*kept, *groups), so_far * worth))
        readings = sorted(longer, key=lambda reading: -reading[1])[:MAX_READINGS]
    for groups, worth in readings:
        yield "".join(groups), worth


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
    return Numeral(int(token), "unit") if token.isdecimal() and len(token) < 4 else numeral(token)


def _size(item: Numeral) -> int:
    return {"unit": 1, "teen": 2, "ten": 10}.get(item.rank, 100)


def _room(item: Numeral) -> int:
    """What may still follow inside the same hundred: only words smaller than this."""
    return {"unit": 0, "teen": 0, "ten": 2}.get(item.rank, 100)
