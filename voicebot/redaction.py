"""Numbers that may be a PESEL, a NIP or a telePIN, taken out of text before anyone keeps it.

Whatever is said or written as six digits or more goes: in figures, in words, in any grouping, with fillers between.
Forms ("PIT-37"), years and ordinary amounts stay. In doubt the number goes: a lost amount costs little, a stored PIN
is a breach.
"""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import process

from .numerals import WORDS, Numeral, fold

MARK = "[numer]"
SECRET_DIGITS = 6
NAMED_DIGITS = 4
"""Digits that already are too many after the words "PESEL", "NIP" or "PIN"."""
NEAR = 5
"""Other words between two numbers that may still be parts of one."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_FILLERS = frozenset(
    "i to no nie tak potem dalej nastepnie pozniej znowu jeszcze raz razy przepraszam znaczy czyli chwila "
    "chwileczke moment momencik prosze pani pana pan kreska myslnik spacja kropka przecinek lamane cyfra cyfry numer "
    "e ee eee eeee "
    "y yy yyy yyyy em eem hm hmm mhm aha ten tam wiec juz zaraz podwojne podwojna potrojne potrojna".split()
)
_FORMS = frozenset("pit pity pitu pcc vat cit sd zap upl ops ift zaw psd jpk ord".split())
_NAMES = frozenset("pesel peselu peselem nip nipu nipem telepin telepinu telepinem pin pinu pinem haslo kod".split())
_MEASURES = frozenset(
    "zl zloty zlote zlotych zlotowki euro grosz grosze groszy dolar dolarow procent procenta rok roku lat lata "
    "dni dzien miesiac miesiace miesiecy tygodni tygodnie godzin godziny osob osoby metrow hektarow sztuk".split()
)


@dataclass
class _Number:
    """One number as said. ``digits``: how many it has; ``most``: how many if each of its words was dictated on its own
    (80, 5); ``plain``: a year, form or measure."""

    start: int
    end: int
    first: int
    last: int
    digits: int
    most: int
    plain: bool = False
    year: bool = False
    named: bool = False


@dataclass
class _Run:
    """Numbers with nothing but fillers between them."""

    numbers: list[_Number] = field(default_factory=list)

    @property
    def digits(self) -> int:
        if len(self.numbers) == 1:
            return self.numbers[0].digits
        return sum(number.most for number in self.numbers)

    @property
    def loose(self) -> int:
        return 0 if self.plain else sum(number.digits for number in self.numbers if not number.plain)

    @property
    def plain(self) -> bool:
        return len(self.numbers) == 1 and self.numbers[0].plain

    @property
    def kept(self) -> bool:
        """Whether it stays even beside a secret: a form or a measure."""
        return self.plain and not self.numbers[0].year

    @property
    def span(self) -> tuple[int, int]:
        return self.numbers[0].start, self.numbers[-1].end


def redact(text: str) -> tuple[str, bool]:
    """``text`` with every possible identity number or PIN replaced by ``[numer]``, and whether there was one."""
    tokens = [(match.start(), match.end(), fold(match.group())) for match in _TOKEN.finditer(text)]
    runs = _runs(tokens)
    doomed = _doomed(runs)
    if not doomed:
        return text, False
    pieces, at = [], 0
    for start, end in _merged(text, [runs[index].span for index in sorted(doomed)]):
        pieces += [text[at:start], MARK]
        at = end
    return "".join([*pieces, text[at:]]), True


def _runs(tokens: list[tuple[int, int, str]]) -> list[_Run]:
    runs: list[_Run] = []
    for number in _numbers(tokens):
        gap = [token[2] for token in tokens[runs[-1].numbers[-1].last + 1 : number.first]] if runs else []
        if runs and all(word in _FILLERS for word in gap):
            runs[-1].numbers.append(number)
        else:
            runs.append(_Run([number]))
    return runs


def _doomed(runs: list[_Run]) -> set[int]:
    """Indices of the runs that must go."""
    doomed = {
        index
        for index, run in enumerate(runs)
        if _spoken_digits(run) >= SECRET_DIGITS
        or (any(number.named for number in run.numbers) and run.digits >= NAMED_DIGITS and not run.plain)
    }
    for first in range(len(runs)):
        near = [first]
        while near[-1] + 1 < len(runs) and _near(runs[near[-1]], runs[near[-1] + 1]):
            near.append(near[-1] + 1)
        secret = sum(runs[index].loose for index in near) >= SECRET_DIGITS or doomed & set(near)
        if secret:
            doomed |= {index for index in near if not runs[index].kept}
    return doomed


def _spoken_digits(run: _Run) -> int:
    """Digits of a run; forms, years and measures count only beside other numbers than their like."""
    return 0 if all(number.plain for number in run.numbers) else run.digits


def _near(one: _Run, other: _Run) -> bool:
    return other.numbers[0].first - one.numbers[-1].last - 1 <= NEAR


def _merged(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and not _TOKEN.search(text, merged[-1][1], start):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _numbers(tokens: list[tuple[int, int, str]]) -> Iterator[_Number]:
    index = 0
    while index < len(tokens):
        size, digits, value, words = _measure(tokens, index)
        if not size:
            index += 1
            continue
        last = index + size - 1
        most = max(digits, _dictated(tokens[index : last + 1]))
        number = _Number(tokens[index][0], tokens[last][1], index, last, digits, most)
        before = tokens[index - 1][2] if index else ""
        after = tokens[last + 1][2] if last + 1 < len(tokens) else ""
        number.year = digits == 4 and 1900 <= value <= 2099
        form = before in _FORMS and digits <= 2
        number.plain = number.year or form or (after in _MEASURES and (words or digits < SECRET_DIGITS))
        number.named = any(token[2] in _NAMES for token in tokens[max(0, index - NEAR - 1) : index])
        yield number
        index = last + 1


def _measure(tokens: list[tuple[int, int, str]], index: int) -> tuple[int, int, int, bool]:
    """The number that begins at ``index``: how many tokens, how many digits, its value, whether it is in words."""
    text = tokens[index][2]
    if text.isdecimal():
        following = numeral(tokens[index + 1][2]) if index + 1 < len(tokens) else None
        if following is not None and following.rank in ("thousand", "million") and len(text) <= 3:
            return 2, len(text), int(text) * following.value, True
        return 1, len(text), int(text), False
    found = [numeral(token[2]) for token in tokens[index : index + 12]]
    size, total, part, floor, unit = 0, 0, 0, 1000, 1
    top: int | None = None
    for item in found:
        if item is None:
            break
        if item.rank in ("thousand", "million"):
            if top is not None and item.value >= top:
                break
            total, part, floor, top, unit = total + max(part, 1) * item.value, 0, 1000, item.value, item.value
        elif item.rank == "piece" or _weight(item) >= floor:
            if size:
                break
            part, floor, unit = item.value, 0, 1
        else:
            part, floor, unit = part + item.value, _floor(item), 1
        size += 1
    value = total + part
    return size, len(str(value // unit)) if size else 0, value, True


def _dictated(tokens: list[tuple[int, int, str]]) -> int:
    """Digits of a number's words taken one by one; a number with thousands or millions is no dictation."""
    items = [numeral(token[2]) for token in tokens]
    if any(item is None or item.value >= 1000 for item in items):
        return 0
    return sum(len(str(item.value)) for item in items if item is not None)


def _weight(item: Numeral) -> int:
    return {"unit": 1, "teen": 2, "ten": 10}.get(item.rank, 100)


def _floor(item: Numeral) -> int:
    """What may still follow inside the same number: only words weighing less."""
    if item.value == 0:
        return 0
    return {"unit": 0, "teen": 0, "ten": 2}.get(item.rank, 100)


@lru_cache(maxsize=4096)
def numeral(word: str) -> Numeral | None:
    """The number word ``word`` (folded), slips of a recogniser forgiven; None when it is none."""
    found = WORDS.get(word)
    if found is not None or len(word) < 5:
        return found
    near = process.extractOne(word, _LONG, score_cutoff=88)
    return WORDS[near[0]] if near else None


_LONG = [word for word in WORDS if len(word) >= 4]
