"""What YAML and pydantic found wrong, said in Polish to an administrator who does not program."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz, process

DIGITS = r"^[0-9]{9}$"
_NUMBERS = (DIGITS, r"^\d{9}$")
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
QUOTES = "proszę ująć wartość w cudzysłów"
NEAR = 60
_HARD = re.compile("[\u00a0\u2007\u202f]")
_HARD_WHERE_YAML_READS = re.compile(r"(?:^|[:,\[{]|^\s*-)\s*?[\u00a0\u2007\u202f]")
_QUOTE_WHERE_YAML_READS = re.compile(r"(?:^|[:,\[{]|^\s*-)\s*[„”“«»‚‘’]")
"""Before a key, or between it and its value: within a text in quotation marks these are letters like any other."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` is, or most likely was meant to be; None when none is near."""
    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, score_cutoff=NEAR)
    return str(found[0]) if found else None


def guess(word: str, known: Iterable[str]) -> str:
    """ "czy chodziło o `…`?" for the nearest known word, or nothing when none is near."""
    found = nearest(word, known)
    return f"czy chodziło o `{found}`?" if found else ""


def field_hint(name: str, known: Iterable[str]) -> str:
    """What to write instead of the unknown field ``name``: the nearest known one, else all there are."""
    if _HARD.search(name):
        return "w nazwie stoi twarda spacja: proszę zastąpić ją zwykłą"
    names = ", ".join(f"`{one}`" for one in known)
    return guess(name, known) or (f"tu mogą stać: {names}" if names else "")


def odd_sign(line: str) -> tuple[str, str] | None:
    """Message and hint for a sign in ``line`` that only looks like the one YAML wants, None when there is none."""
    if _HARD_WHERE_YAML_READS.search(line):
        return "twarda (nierozdzielająca) spacja w miejscu zwykłej", "proszę skasować ją i wpisać zwykłą spację"
    if _QUOTE_WHERE_YAML_READS.search(line):
        return "cudzysłów drukarski („ ” “) nie obejmuje tekstu w YAML", 'proszę użyć prostego cudzysłowu: "tekst"'
    return None


def syntax(problem: str, line: str) -> tuple[str, str]:
    """Message and hint for one syntax error that the YAML reader found in ``line``."""
    if "\\t" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        return "tabulator zamiast spacji na początku wiersza", "proszę wcinać wiersze spacjami"
    if "mapping values are not allowed" in problem:
        return (
            "dwukropek w miejscu, gdzie nie może stać",
            "tekst z dwukropkiem proszę ująć w cudzysłów; proszę też sprawdzić wcięcie",
        )
    if "found unexpected end of stream" in problem or "quoted scalar" in problem:
        return "tekst w cudzysłowie nie ma końca", "proszę dopisać zamykający cudzysłów"
    if "cannot start any token" in problem:
        return "wartość zaczyna się od niedozwolonego znaku", QUOTES
    if "expected ',' or" in problem:
        return (
            "nawias bez pary albo brak przecinka",
            "proszę sprawdzić nawiasy `[ ]` i `{ }`; tekst z nawiasem proszę ująć w cudzysłów",
        )
    if "could not find expected ':'" in problem:
        return "po nazwie pola brakuje dwukropka", "na przykład `timeout: 600`"
    if "expected <block end>" in problem and re.search(r":\s+[\[{\"']", line):
        return "po nawiasie albo cudzysłowie stoi dalszy tekst", "cały tekst proszę ująć w cudzysłów"
    if "expected <block end>" in problem:
        return (
            "wiersz nie pasuje do wcięcia poprzednich",
            "pola jednego poziomu muszą zaczynać się w tej samej kolumnie",
        )
    if "sequence entries are not allowed" in problem:
        return "lista nie może zaczynać się w tym miejscu", "proszę zacząć ją w nowym wierszu"
    if "escape" in problem:
        return "nieznany znak po `\\` w cudzysłowie", "odwrotny ukośnik proszę podwoić albo usunąć"
    return f"błąd składni YAML: {problem}", "proszę sprawdzić wcięcia i cudzysłowy"


def problems(error: ValidationError) -> list[Any]:
    """What pydantic found, without a list's "too short" where it is a faulty item that made it so."""
    found = error.errors(include_url=False)
    return [one for one in found if one["type"] != "too_short" or not _within(one["loc"], found)]


def _within(where: tuple[int | str, ...], found: Iterable[Any]) -> bool:
    """Whether something inside the list at ``where`` is wrong: pydantic then counts only what is right of it."""
    return any(len(one["loc"]) > len(where) and one["loc"][: len(where)] == where for one in found)


def explain(error: Mapping[str, Any], known_fields: Iterable[str] = ()) -> tuple[str, str]:
    """Message and hint for one pydantic error; the last part of its ``loc`` is the field at fault."""
    name = str(error["loc"][-1]) if error["loc"] else ""
    context, given = error.get("ctx", {}), error.get("input")
    where = f"pozycja {int(name) + 1} listy" if name.isdigit() else f"pole `{name}`"
    match error["type"]:
        case "dialplan":
            return str(context["message"]), str(context["hint"])
        case "missing":
            return f"brakuje pola `{name}`", "proszę je dopisać"
        case "extra_forbidden":
            return f"nieznane pole `{name}`", field_hint(name, known_fields)
        case "union_tag_invalid":
            tags = str(context.get("expected_tags", "")).replace("'", "").split(", ")
            return f"nieznany rodzaj węzła `{context.get('tag')}`", guess(str(context.get("tag")), tags)
        case "union_tag_not_found":
            return "brakuje pola `node` (rodzaj węzła)", "na przykład `node: say`"
        case "string_type":
            return f"{where} musi być tekstem", _as_text(name, given)
        case "string_pattern_mismatch":
            return f"niedozwolona wartość: {given!r}", _pattern(str(context.get("pattern")))
        case "string_too_long" | "string_too_short":
            long = error["type"].endswith("long")
            return f"{where} ma za {'dużo' if long else 'mało'} znaków", _bound(context)
        case "int_type" | "int_parsing" | "float_type" | "float_parsing" | "int_from_float":
            whole = " całkowitą" if error["type"].startswith("int") else ""
            return f"{where} musi być liczbą{whole}", "bez jednostki, na przykład `600`"
        case "bool_type" | "bool_parsing":
            return f"{where} musi być `true` albo `false`", ""
        case "tuple_type" | "list_type":
            return f"{where} musi być listą", "na przykład `[pierwszy, drugi]`"
        case "too_short":
            return f"lista `{name}` jest pusta", "potrzebna jest co najmniej jedna pozycja"
        case "literal_error":
            return f"niedozwolona wartość: {given!r}", f"dozwolone: {context.get('expected')}".replace(" or ", " albo ")
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            return f"{where}: wartość {given!r} poza zakresem", _bound(context)
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{where} musi mieć pola w środku", "na przykład `nazwa: wartość` w kolejnych wierszach"
    return f"błędna wartość: {where}", str(error["msg"])


def _as_text(name: str, given: Any) -> str:
    if given is None:
        return "pole nie może być puste"
    if name in ("from", "to"):
        return _pattern(CLOCK)
    return f'{QUOTES}: "{given}"' if isinstance(given, int | float) else ""


def _pattern(pattern: str) -> str:
    if pattern in _NUMBERS:
        return 'numer to dziewięć cyfr w cudzysłowie, bez spacji i bez +48, na przykład "224605992"'
    if pattern == CLOCK:
        return 'godzina ma postać "08:00", od "00:00" do "24:00"'
    if pattern.startswith("^20") and ":" in pattern:
        return 'dzień i godzina mają postać "2026-04-21 10:00"'
    if pattern.startswith("^20"):
        return 'dzień ma postać "2026-04-21"'
    if pattern.startswith(r"^\+"):
        return 'numer telefonu ma postać "+48000000001"'
    if pattern == r"^([01]\d|2[0-3]):[0-5]\d$":
        return 'godzina ma postać "08:00"'
    if pattern.startswith("^[0-9*#]"):
        return 'klawisze w cudzysłowie: cyfry, `*` i `#`, na przykład "1" albo "12#"'
    if "(/" in pattern:
        return "węzeł, albo węzeł i komunikat, na przykład `tozsamosc/podaj-numer`"
    if pattern.endswith(r"\.wav$"):
        return "nazwa pliku WAV małymi literami, na przykład `caller.wav`"
    if "[12]" in pattern:
        return 'dzień ma postać "02-15"' + (' albo "2026-02-15"' if "20" in pattern else "")
    if pattern == r"^[1-9]$":
        return 'klawisz od "1" do "9" w cudzysłowie; zero zawsze łączy z konsultantem'
    return "dozwolone: małe litery bez polskich znaków, cyfry i łącznik, na przykład `kol-pit`"


def _bound(context: Mapping[str, Any]) -> str:
    words = {"ge": "co najmniej", "gt": "więcej niż", "le": "co najwyżej", "lt": "mniej niż"}
    words |= {"min_length": "co najmniej", "max_length": "co najwyżej"}
    return "; ".join(f"{words[name]} {value:g}" for name, value in context.items() if name in words)
