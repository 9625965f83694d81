"""Settings that cannot be meant, told to an operator (Polish): the variable, its value, what is wrong, the mend."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from errno import EDQUOT, ENOENT, ENOSPC, ENOTDIR
from pathlib import Path
from stat import S_ISREG, S_ISVTX
from tempfile import TemporaryFile
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError
from rapidfuzz import process

from .mishaps import reason
from .private_folder import foreign
from .settings import FILES, OperatorLine, Settings

PREFIX = "INFOLINIA_"
NOT_SHOWN = {"database", "alarm_webhook", "alarm_command"}
"""Settings whose value may hold a password."""
FAULTS = (ValidationError, SettingsError, tomllib.TOMLDecodeError, UnicodeDecodeError)
"""What ``Settings()`` raises."""

_TEXTS = {
    "int_parsing": "to nie jest liczba całkowita",
    "int_from_float": "to nie jest liczba całkowita",
    "int_type": "to nie jest liczba całkowita",
    "float_parsing": "to nie jest liczba (ułamek po kropce, np. 2.5)",
    "float_type": "to nie jest liczba",
    "finite_number": "to nie jest liczba",
    "bool_parsing": "wartością może być true albo false",
    "bool_type": "wartością może być true albo false",
    "greater_than_equal": "za mało; najmniej {ge}",
    "greater_than": "musi być więcej niż {gt}",
    "less_than_equal": "za dużo; najwięcej {le}",
    "less_than": "musi być mniej niż {lt}",
    "literal_error": "wartością może być {expected}",
    "string_pattern_mismatch": "niedozwolone znaki; wzorzec: {pattern}",
    "string_too_long": "za długie; najwyżej {max_length} znaków",
    "too_short": "potrzeba co najmniej {min_length}",
    "missing": "brak wymaganej wartości",
    "string_type": "to nie jest tekst",
    "tuple_type": "to nie jest lista",
    "path_type": "to nie jest ścieżka",
    "model_type": "to nie jest tabela ustawień; zob. docs/asterisk.md",
}


def refusals(error: Exception, environment: Mapping[str, str]) -> list[str]:
    """One line for each fault that kept ``Settings()`` from being made (one of FAULTS)."""
    if isinstance(error, ValidationError):
        return [_line(dict(fault), environment) for fault in error.errors(include_url=False)]
    if isinstance(error, SettingsError):
        return [f"{name}: to nie jest poprawny JSON" for name in _unreadable(environment)] or [str(error)]
    if isinstance(error, UnicodeDecodeError):
        return ["infolinia.toml: to nie jest tekst w UTF-8; proszę zapisać plik w tym kodowaniu"]
    place = re.search(r"line (\d+), column (\d+)", str(error))
    where = f", wiersz {place[1]}, znak {place[2]}" if place else ", koniec pliku"
    return [f'infolinia.toml{where}: to nie jest TOML; ustawienie to wiersz: nazwa = wartość, np. voice = "rhvoice"']


def unreadable_files() -> list[str]:
    """One line for each ``infolinia.toml`` that is there and cannot be read: no file, or not for us."""
    lines = []
    for file in dict.fromkeys(file.absolute() for file in FILES):
        try:
            if not S_ISREG(file.stat().st_mode):
                lines.append(f"{file}: to nie jest plik; proszę go usunąć albo zastąpić plikiem ustawień")
            elif not os.access(file, os.R_OK):
                lines.append(f"{file}: brak prawa odczytu (chmod, chown)")
        except OSError as error:
            if error.errno not in (ENOENT, ENOTDIR):
                lines.append(f"{file}: nie da się odczytać ({reason(error)})")
    return lines


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """One line for each variable ``INFOLINIA_…`` that is no setting, with the nearest that is."""
    known = {name.removeprefix(PREFIX): name for name in variables()}
    return [
        f"{name}={value}: nie ma takiego ustawienia" + _near(name.upper().removeprefix(PREFIX), known)
        for name, value in environment.items()
        if name.upper().startswith(PREFIX) and name.upper() not in known.values()
    ]


def not_ours(settings: Settings) -> list[str]:
    """A line when ``settings.var`` is somebody else's: the hotline would fill it, and close it to all others."""
    place = settings.var.resolve()
    try:
        if place in (Path.home(), settings.root) or settings.root.is_relative_to(place):
            why = "to folder domowy albo folder, w którym leży program"
        elif place.is_dir() and place.stat().st_mode & S_ISVTX:
            why = "ten folder jest wspólny, a infolinia trzyma w swoim sekrety"
        elif place.is_dir() and foreign(place):
            why = "ten folder ma już inną zawartość i nic infolinii"
        else:
            return []
    except (OSError, RuntimeError):
        return []  # that nothing can be written there is told for itself
    return [f"{PREFIX}VAR={settings.var}: {why}; wskaż nowy albo pusty folder, np. {place / 'infolinia'}"]


def unwritable(settings: Settings) -> list[str]:
    """A line when nothing can be written to ``settings.var``. A folder that is not there yet is not made."""
    place = settings.var
    try:
        while not place.exists():
            place = place.parent
        with TemporaryFile(dir=place):
            return []
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            return []  # commands that only read go on; the others say how much room there is
        return [f"{PREFIX}VAR={settings.var}: nie da się tam pisać ({reason(error)}); wskaż inny folder"]


def variables() -> Iterator[str]:
    """The names of all environment variables that are read."""
    for name in Settings.model_fields:
        yield PREFIX + name.upper()
    for name in OperatorLine.model_fields:
        yield f"{PREFIX}OPERATOR__{name.upper()}"


def _line(fault: dict[str, Any], environment: Mapping[str, str]) -> str:
    place = [str(part) for part in fault["loc"]]
    if not place:
        return _text(fault)
    plain = [part for part in place if not part.isdigit()]
    variable = PREFIX + "__".join(plain).upper()
    shown = "…" if place[0] in NOT_SHOWN else fault["input"]
    given = f"{PREFIX}{place[0].upper()}"
    if any(name.upper() == given or name.upper().startswith(f"{given}__") for name in environment):
        return f"{variable}: {_text(fault)}" if fault["type"] == "missing" else f"{variable}={shown}: {_text(fault)}"
    if fault["type"] == "extra_forbidden":
        nearest = _near(place[-1], {name: name for name in (OperatorLine if place[1:] else Settings).model_fields})
        return f"infolinia.toml, {'.'.join(place)}: nie ma takiego ustawienia{nearest}"
    if fault["type"] == "missing":
        return f"infolinia.toml, {'.'.join(place)}: {_text(fault)}"
    return f"infolinia.toml, {'.'.join(place)} = {shown}: {_text(fault)}"


def _text(fault: dict[str, Any]) -> str:
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return str(context["error"])
    if fault["type"] == "literal_error":
        context = {"expected": str(context["expected"]).replace(" or ", " albo ")}
    return _TEXTS.get(str(fault["type"]), str(fault["msg"])).format(**context)


def _near(name: str, known: Mapping[str, str]) -> str:
    """``known``: what is compared, to what is told."""
    found = process.extractOne(name, sorted(known), score_cutoff=70)
    return f"; czy chodziło o {known[found[0]]}?" if found else "; usuń je"


def _unreadable(environment: Mapping[str, str]) -> list[str]:
    """Variables of settings that are written as JSON."""
    written = {f"{PREFIX}OPERATOR", f"{PREFIX}EARS"}
    return [f"{name}={value}" for name, value in environment.items() if name.upper() in written]
