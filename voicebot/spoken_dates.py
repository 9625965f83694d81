"""Dates and amounts of money as Poles say them, in words, figures or both. Numbers by ``spoken_numbers``."""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

from .numerals import fold
from .spoken_numbers import read_cardinal

_MONTHS = (
    "stycz lut mar kwie maj czerw lip sierp wrzes pazdziernik listopad grud".split(),
    "styczen luty marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien".split(),
)
_ROOTS = {
    **dict(enumerate("pierwsz drug trzec czwart piat szost siodm osm dziewiat dziesiat jedenast dwunast".split(), 1)),
    **dict(enumerate("trzynast czternast pietnast szesnast siedemnast osiemnast dziewietnast".split(), 13)),
    **{20: "dwudziest", 30: "trzydziest", 40: "czterdziest", 50: "piecdziesiat", 60: "szescdziesiat"},
    **{70: "siedemdziesiat", 80: "osiemdziesiat", 90: "dziewiecdziesiat"},
}
_ORDINALS = {
    root + ending: value
    for value, root in _ROOTS.items()
    for ending in "y i a e ego iego ej iej emu iemu ym im".split()
}
_ORDINALS |= {"dwutysieczny": 2000, "dwutysiecznego": 2000, "dwutysiecznym": 2000, "tysiac dziewiecsetnego": 1900}
_DAYS = {"dzis": 0, "dzisiaj": 0, "wczoraj": -1, "przedwczoraj": -2, "jutro": 1, "pojutrze": 2}
_BESIDE = {"zeszlego": -1, "zeszlym": -1, "ubieglego": -1, "ubieglym": -1, "poprzedniego": -1, "minionego": -1} | {
    "tego": 0,
    "tym": 0,
    "biezacego": 0,
    "biezacym": 0,
    "obecnego": 0,
    "przyszlego": 1,
    "przyszlym": 1,
    "nastepnego": 1,
}
"""Years told by this one ("zeszłego roku")."""
UNREADABLE = 0
"""A year that was told and is not understood: no date has it."""
_SPANS = {"dzien": (1, 0), "dni": (1, 0), "tydzien": (7, 0), "tygodnie": (7, 0), "tygodni": (7, 0)} | {
    "miesiac": (0, 1),
    "miesiace": (0, 1),
    "miesiecy": (0, 1),
    "rok": (0, 12),
    "lata": (0, 12),
    "lat": (0, 12),
}
"""Days and months of a stretch of time ("za dwa tygodnie", "rok temu")."""
MOST_YEARS = 150
_FIGURES = re.compile(r"\b(\d{1,2})[ .\-/](\d{1,2})[ .\-/](\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_WORD = re.compile(r"\d+|[^\W\d_]+")
_ZLOTY = re.compile(r"^(zl|zlot\w*|pln)$")
_GROSZ = re.compile(r"^gr(osz\w*)?$")
_SLANG = {
    "stowa": 100,
    "stowe": 100,
    "stowy": 100,
    "stow": 100,
    "stowka": 100,
    "stowke": 100,
    "stowki": 100,
    "stowek": 100,
    "dycha": 10,
    "dyche": 10,
    "dychy": 10,
    "dych": 10,
} | {
    "tysiak": 1000,
    "tysiaka": 1000,
    "tysiaki": 1000,
    "tysiakow": 1000,
    "kolo": 1000,
    "kola": 1000,
    "kol": 1000,
    "kafel": 1000,
    "kafle": 1000,
    "kafli": 1000,
}
_LARGE = {"tys": 1000, "tysiac": 1000, "tysiaca": 1000, "tysiace": 1000, "tysiecy": 1000} | {
    "mln": 10**6,
    "milion": 10**6,
    "miliona": 10**6,
    "miliony": 10**6,
    "milionow": 10**6,
}


def read_date(text: str, today: date) -> date | None:
    """The date that ``text`` tells; without a year the one nearest to ``today``; None when it tells none or one that is
    not in the calendar."""
    plain = fold(text)
    if found := _ISO.search(plain):
        return _made(*map(int, found.groups()))
    if found := _FIGURES.search(plain):
        day, month, year = map(int, found.groups())
        return _made(year, month, day)
    words = _WORD.findall(plain)
    if (away := _away(words, today)) is not None:
        return away
    for before, word in pairwise(["", *words]):
        if word in _DAYS and before != "nie":
            return today + timedelta(days=_DAYS[word])
    at = next((n for n, word in enumerate(words) if _month(word)), None)
    if at is not None:
        day_, year_ = _ordinal(words[:at]), _year(words[at + 1 :], today)
        month_ = _month(words[at])
    else:
        day_, month_, year_ = _by_ordinals(words, today)
    if day_ is None or not month_:
        return None
    if year_ is not None:
        return _made(year_, month_, day_)
    near = (_made(year, month_, day_) for year in (today.year - 1, today.year, today.year + 1))
    return min((day for day in near if day), key=lambda day: abs(day - today), default=None)


def _away(words: list[str], today: date) -> date | None:
    """The day so and so long after today ("za tydzień", "za trzy dni") or before it ("rok temu"); the last of its month
    where that has no such day."""
    for at, word in enumerate(words):
        if word not in _SPANS:
            continue
        later = max((n for n in range(at) if words[n] == "za"), default=None)
        if later is None and words[at + 1 : at + 2] != ["temu"]:
            continue
        told = words[later + 1 if later is not None else 0 : at]
        count = read_cardinal(" ".join(told)) if told else 1
        days, months = _SPANS[word]
        if count is None or count * max(days / 365, months / 12) > MOST_YEARS:
            continue
        signed = count if later is not None else -count
        whole = today.year * 12 + today.month - 1 + signed * months
        year, month = divmod(whole, 12)
        day = min(today.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day) + timedelta(days=signed * days)
    return None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(word: str) -> int:
    """1..12 by the month's name in any case form; 0 for none."""
    for number, (root, name) in enumerate(zip(*_MONTHS, strict=True), start=1):
        if word == name or (len(word) > len(root) and word.startswith(root) and len(word) <= len(name) + 3):
            return number
    return 0


def _ordinal(words: list[str]) -> int | None:
    """The number that the last of ``words`` tell, ordinal, cardinal or in figures: "trzydziestego pierwszego"."""
    words = [word for word in words if word not in ("dnia", "roku", "rok", "r", "miesiaca", "od", "do", "z", "w", "na")]
    for size in (3, 2, 1):
        part = words[-size:]
        if len(part) < size:
            continue
        value = _number(part)
        if value is not None:
            return value
    return None


def _number(words: list[str]) -> int | None:
    """A number whose last words may be ordinal: "dwa tysiące dwudziestego szóstego"."""
    ordinals = 0
    while ordinals < min(2, len(words)) and words[len(words) - 1 - ordinals] in _ORDINALS:
        ordinals += 1
    tail = [_ORDINALS[word] for word in words[len(words) - ordinals :]]
    if len(tail) == 2 and not (tail[0] >= 20 and tail[0] % 10 == 0 and tail[1] < 10):
        return None
    head = words[: len(words) - ordinals]
    if not head:
        return sum(tail) if tail else None
    value = read_cardinal(" ".join(head))
    if value is None:
        return None
    rest = sum(tail)
    return value + rest if not rest or value % (100 if rest >= 10 else 10) == 0 else None


def _year(words: list[str], today: date) -> int | None:
    for which, year in pairwise(words):
        if which in _BESIDE and year in ("roku", "rok"):
            return today.year + _BESIDE[which]
    words = [word for word in words if word not in ("roku", "rok", "r", "w", "tego")]
    digits = [read_cardinal(word) for word in words[:4]]
    if len(digits) == 4 and all(digit is not None and digit < 10 for digit in digits):
        return int("".join(map(str, digits)))
    for size in range(len(words), 0, -1):
        value = _number(words[:size])
        if value is None:
            continue
        if size < len(words) and _number(words[size : size + 1]) is not None:
            return UNREADABLE
        if 1900 <= value <= 2099:
            return value
        if 0 <= value < 100:
            century = today.year // 100 * 100
            return century + value if century + value <= today.year + 10 else century - 100 + value
    return None


def _by_ordinals(words: list[str], today: date) -> tuple[int | None, int, int | None]:
    """ "trzydziestego czwartego dwa tysiące dwudziestego szóstego": day and month both as numbers."""
    for day_size in (2, 1):
        for month_size in (2, 1):
            rest = words[day_size + month_size :]
            day, month = _all_ordinal(words[:day_size]), _all_ordinal(words[day_size : day_size + month_size])
            if day is not None and month is not None and day <= 31 and month <= 12:
                return day, month, _year(rest, today)
    return None, 0, None


def _all_ordinal(words: list[str]) -> int | None:
    return _number(words) if words and all(word in _ORDINALS for word in words) else None


def read_amount(text: str) -> int | None:
    """The sum of money that ``text`` tells, in grosze: "tysiąc dwieście złotych i pięćdziesiąt groszy", "13 200,50 zł",
    "trzy i pół tysiąca", "dwie stówy"; None when it tells none, or one below nothing."""
    plain = fold(text).strip(" .")
    if re.match(r"[-−–]\s*\d|minus\b", plain):
        return None
    if found := re.fullmatch(r"(\d{1,3}(?:[ .]\d{3})+|\d+)(?:[.,](\d{1,2}))?\s*(?:zl\w*|pln)?", plain):
        return int(re.sub(r"\D", "", found[1])) * 100 + int((found[2] or "0").ljust(2, "0"))
    words = re.findall(r"\d+(?:[.,]\d+)?|[^\W\d_]+", plain)
    words = [word for word in words if word not in ("okolo", "jakies", "gdzies", "prawie", "kwota", "suma", "rowno")]
    at = next((n for n, word in enumerate(words) if _ZLOTY.match(word)), None)
    if at is not None:
        zlotys = 50 if words[:at] == ["pol"] else _zlotys(words[:at] or ["jeden"])
        rest = [word for word in words[at + 1 :] if word != "i"]
        if zlotys is None:
            return None
        if not rest:
            return zlotys
        grosze = _grosze(rest if _GROSZ.match(rest[-1]) else [*rest, "gr"])
        return None if grosze is None else zlotys + grosze
    if words and _GROSZ.match(words[-1]):
        return _grosze(words)
    return _zlotys(words) if words else None


def _grosze(words: list[str]) -> int | None:
    value = read_cardinal(" ".join(words[:-1]) or "jeden")
    return value if value is not None and value < 100 else None


def _zlotys(words: list[str]) -> int | None:
    """Whole and half numbers of złotys, in grosze."""
    if words[-1] in _SLANG:
        count = read_cardinal(" ".join(words[:-1])) if words[:-1] else 1
        return None if count is None else count * _SLANG[words[-1]] * 100
    large = _LARGE.get(words[-1])
    before = words[:-1]
    if large and before in (["pol"], ["poltora"]):
        return large * (50 if before == ["pol"] else 150)
    if large and before[-2:] == ["i", "pol"]:
        whole = read_cardinal(" ".join(before[:-2]))
        return None if whole is None else whole * large * 100 + large * 50
    if large and len(before) == 1 and (found := re.fullmatch(r"(\d+)[.,](\d+)", before[0])):
        return round(float(f"{found[1]}.{found[2]}") * large * 100)
    value = read_cardinal(" ".join(words))
    return None if value is None else value * 100
