"""Last guard before anything leaves for the CRM: no full PESEL or NIP, and no long run of digits a caller said.

The engine redacts what callers say before it reaches the journal. This guard does not trust it.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from stdnum.pl import nip, pesel

_RUN = re.compile(r"\d(?:[ \u00a0./-]{0,3}\d)*")
_SPOKEN = re.compile(r"\d(?:[ \u00a0./-]{0,3}\d){5,}")
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_DIGITS = re.compile(r"\D+")
MASK = "[cyfry]"


class PersonalNumberFound(ValueError):
    """A text holds a PESEL or NIP. ``field`` says where; the number itself is in no part of the error."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: holds a PESEL or NIP; it may not leave for the CRM")
        self.field = field


def mask_digits(text: str) -> tuple[str, bool]:
    """``text`` with every run of six or more digits masked (also spaced or dashed), and whether there was one."""
    masked, found = _SPOKEN.subn(MASK, text)
    return masked, bool(found)


def mask_caller(number: str | None, *, withheld: bool = False) -> str:
    """A caller number fit for a card: ``+48 *** *** 001``; ``numer zastrzeżony`` when withheld, else ``numer
    nieznany``."""
    if not number:
        return "numer zastrzeżony" if withheld else "numer nieznany"
    digits = _DIGITS.sub("", number)
    if number.startswith("+48") and len(digits) == 11:
        return f"+48 *** *** {digits[-3:]}"
    return f"*** *** {digits[-3:]}" if len(digits) > 6 else "***"


def refuse_personal_numbers(value: Any, *, allowed: Collection[str] = (), field: str = "") -> None:
    """Walk JSON-like ``value``; raise :class:`PersonalNumberFound` at the first ten or eleven digits that pass the
    checksum of a NIP or PESEL, however they are spaced. ``allowed`` are texts that may stand (the caller's own
    telephone); UUIDs are passed over."""
    if isinstance(value, dict):
        for name, inner in value.items():
            refuse_personal_numbers(inner, allowed=allowed, field=f"{field}.{name}" if field else str(name))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            refuse_personal_numbers(inner, allowed=allowed, field=f"{field}[{place}]")
    elif _tells(value, allowed):
        raise PersonalNumberFound(field or "text")


def mask_personal_numbers(value: Any, *, allowed: Collection[str] = ()) -> Any:
    """A copy of JSON-like ``value`` that :func:`refuse_personal_numbers` accepts: offending texts are masked whole."""
    if isinstance(value, dict):
        return {name: mask_personal_numbers(inner, allowed=allowed) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask_personal_numbers(inner, allowed=allowed) for inner in value]
    return MASK if _tells(value, allowed) else value


def _tells(value: Any, allowed: Collection[str]) -> bool:
    if not isinstance(value, str) or value in allowed:
        return False
    return any(map(_personal, _digit_runs(_UUID.sub(" ", value))))


def _digit_runs(text: str) -> Iterator[str]:
    return (_DIGITS.sub("", run) for run in _RUN.findall(text))


def _personal(digits: str) -> bool:
    return any(
        check(digits[start : start + length])
        for length, check in ((10, _is_nip), (11, _is_pesel))
        for start in range(len(digits) - length + 1)
    )


def _is_nip(digits: str) -> bool:
    return bool(nip.checksum(digits) == 0)


def _is_pesel(digits: str) -> bool:
    return bool(pesel.calc_check_digit(digits[:-1]) == digits[-1])
