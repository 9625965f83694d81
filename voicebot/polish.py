"""Polish as it is spoken: digits, numbers, hours, dates, amounts, counted nouns."""

from collections.abc import Sequence
from datetime import date, time
from typing import Literal

from num2words import num2words

Case = Literal["nominative", "genitive", "locative"]
Noun = Literal["dzień", "tydzień", "miesiąc", "rok", "godzina", "minuta", "sekunda", "osoba"]

NOUNS: dict[Noun, tuple[str, str, str, str]] = {
    "dzień": ("jeden dzień", "jeden dzień", "dni", "dni"),
    "tydzień": ("jeden tydzień", "jeden tydzień", "tygodnie", "tygodni"),
    "miesiąc": ("jeden miesiąc", "jeden miesiąc", "miesiące", "miesięcy"),
    "rok": ("jeden rok", "jeden rok", "lata", "lat"),
    "godzina": ("jedna godzina", "jedną godzinę", "godziny", "godzin"),
    "minuta": ("jedna minuta", "jedną minutę", "minuty", "minut"),
    "sekunda": ("jedna sekunda", "jedną sekundę", "sekundy", "sekund"),
    "osoba": ("jedna osoba", "jedną osobę", "osoby", "osób"),
}
"""Nouns that are counted: one in the nominative, one in the accusative, then the form after 2..4 and after 5."""

_GROUPS = {"nip": (10, (3, 3, 2, 2)), "pesel": (11, (2, 2, 2, 3, 2)), "telefon": (9, (2, 3, 2, 2))}

_DIGITS = ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć")
_ORDINALS = (
    *("zerow", "pierwsz", "drug", "trzeci", "czwart", "piąt", "szóst", "siódm", "ósm", "dziewiąt", "dziesiąt"),
    *("jedenast", "dwunast", "trzynast", "czternast", "piętnast", "szesnast", "siedemnast", "osiemnast"),
    "dziewiętnast",
)
_TENTHS = {20: "dwudziest", 30: "trzydziest", 40: "czterdziest", 50: "pięćdziesiąt"}
_MONTHS = (
    *("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września"),
    *("października", "listopada", "grudnia"),
)
_WEEKDAYS: dict[Case, tuple[str, ...]] = {
    "nominative": ("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"),
    "genitive": ("poniedziałku", "wtorku", "środy", "czwartku", "piątku", "soboty", "niedzieli"),
    "locative": ("poniedziałku", "wtorku", "środzie", "czwartku", "piątku", "sobocie", "niedzieli"),
}
_ENDINGS: dict[Case, tuple[str, str]] = {
    "nominative": ("a", "ia"),
    "genitive": ("ej", "iej"),
    "locative": ("ej", "iej"),
}


def digits(number: str, groups: Sequence[int] = ()) -> str:
    """The digits of ``number`` one by one; ``groups`` puts a comma (a short pause) after so many digits each.
    Raises ``ValueError`` for anything but digits."""
    if not number.isascii() or not number.isdigit():
        raise ValueError("only digits can be spelled")
    words = [_DIGITS[int(digit)] for digit in number]
    pieces, at = [], 0
    for size in groups:
        pieces.append(words[at : at + size])
        at += size
    return ", ".join(" ".join(piece) for piece in [*pieces, words[at:]] if piece)


def cardinal(number: int) -> str:
    """ "trzynaście tysięcy dwieście"."""
    return str(num2words(number, lang="pl"))


def plural(number: int, one: str, few: str, many: str) -> str:
    """The form of a noun counted by ``number``: 1 dzień, 2 dni, 5 dni; 1 minuta, 22 minuty, 12 minut."""
    if number == 1:
        return one
    return few if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else many


def counted(number: int, noun: Noun, *, accusative: bool = False) -> str:
    """A number of things: "pięć dni", "dwie minuty", "dwadzieścia jeden osób"; (za) "jedną minutę"."""
    one, one_accusative, few, many = NOUNS[noun]
    if number == 1:
        return one_accusative if accusative else one
    words = cardinal(number)
    if one.startswith("jedna ") and words.split()[-1] == "dwa":
        words = words.removesuffix("dwa") + "dwie"
    return f"{words} {plural(number, one, few, many)}"


def ordinal(number: int) -> str:
    """ "pierwszy", "dwudziesty pierwszy": masculine, nominative."""
    return str(num2words(number, lang="pl", to="ordinal"))


def grouped(number: str, kind: Literal["nip", "pesel", "telefon"]) -> str:
    """A NIP, PESEL or telephone number, digit by digit, with the pauses that people make when they read it out.
    Spaces and hyphens are left out. Raises ``ValueError`` for another number of digits."""
    bare = number.replace(" ", "").replace("-", "")
    size, groups = _GROUPS[kind]
    if len(bare) != size:
        raise ValueError(f"{kind} has {size} digits")
    return digits(bare, groups)


def hour(number: int, case: Case = "nominative") -> str:
    """An hour, 0..24, as an ordinal: "ósma", (od) "ósmej", "dwudziesta pierwsza"; 0 is "zero", as in "zero piętnaście",
    24 is midnight."""
    if not 0 <= number <= 24:
        raise ValueError(f"there is no hour {number}")
    if number == 24:
        return "północ" if case == "nominative" else "północy"
    return "zero" if number == 0 else _feminine(number, case)


def clock(at: time, case: Case = "nominative") -> str:
    """A time of day: "ósma", (od) "piętnastej trzydzieści", "dziewiąta zero pięć"; midnight is "północ"."""
    if not at.minute:
        return hour(at.hour or 24, case)
    minutes = cardinal(at.minute) if at.minute >= 10 else f"zero {cardinal(at.minute)}"
    return f"{hour(at.hour, case)} {minutes}"


def hours(opens: time, closes: time) -> str:
    """ "od ósmej do szesnastej"."""
    return f"od {clock(opens, 'genitive')} do {clock(closes, 'genitive')}"


def weekday(day: date, case: Case = "nominative") -> str:
    """The name of the day of the week."""
    return _WEEKDAYS[case][day.weekday()]


def spoken_date(day: date, *, year: bool = True) -> str:
    """A date as it is read out, in the genitive: "trzydziestego kwietnia dwa tysiące dwudziestego szóstego roku"."""
    number = f"{_masculine(day.day)} {_MONTHS[day.month - 1]}"
    return f"{number} {_year(day.year)} roku" if year else number


def amount(grosze: int) -> str:
    """Money, in grosze: "dwadzieścia jeden złotych i dwa grosze", "jeden złoty", "minus dwa złote"."""
    zlotys, rest = divmod(abs(grosze), 100)
    parts = [f"{cardinal(zlotys)} {plural(zlotys, 'złoty', 'złote', 'złotych')}"] if zlotys or not rest else []
    if rest:
        parts.append(f"{cardinal(rest)} {plural(rest, 'grosz', 'grosze', 'groszy')}")
    return ("minus " if grosze < 0 else "") + " i ".join(parts)


def _feminine(number: int, case: Case) -> str:
    if number > 20 and number % 10:
        return f"{_feminine(number - number % 10, case)} {_feminine(number % 10, case)}"
    root = _TENTHS.get(number) or _ORDINALS[number]
    hard, soft = _ENDINGS[case]
    if number == 3:
        return root + hard
    return root + (soft if number == 2 and case != "nominative" else hard)


def _masculine(number: int) -> str:
    """An ordinal below 60 in the genitive: "pierwszego", "trzydziestego pierwszego"."""
    if number > 20 and number % 10:
        return f"{_masculine(number - number % 10)} {_masculine(number % 10)}"
    root = _TENTHS.get(number) or _ORDINALS[number]
    return root + ("iego" if number == 2 else "ego")


def _year(year: int) -> str:
    """A year of the 1900s or 2000s in the genitive; only its last two digits are ordinal."""
    if not 1900 <= year <= 2099:
        raise ValueError(f"the year {year} is outside 1900..2099")
    rest = year % 100
    if not rest:
        return "tysiąc dziewięćsetnego" if year == 1900 else "dwutysięcznego"
    tens, unit = (rest, 0) if rest < 20 else (rest - rest % 10, rest % 10)
    roots = {**_TENTHS, 60: "sześćdziesiąt", 70: "siedemdziesiąt", 80: "osiemdziesiąt", 90: "dziewięćdziesiąt"}
    last = _masculine(tens) if tens < 20 else f"{roots[tens]}ego"
    words = [last, _masculine(unit)] if unit else [last]
    return " ".join(["tysiąc dziewięćset" if year < 2000 else "dwa tysiące", *words])
