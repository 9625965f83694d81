"""PESEL and NIP: told apart by length, judged before anybody is asked. Pure; the day is an argument.

PESEL: ustawa o ewidencji ludności, art. 15-16: eleven digits, century in the month, weights 1 3 7 9.
NIP: ten digits, weights 6 5 7 2 3 4 5 6 7, modulo 11; a remainder of ten is never issued.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.exceptions import InvalidComponent
from stdnum.pl import nip as _nip
from stdnum.pl import pesel as _pesel

from .secret import Secret

Kind = Literal["pesel", "nip"]

PESEL_DIGITS = 11
NIP_DIGITS = 10
ADULT_YEARS = 18
"""Age of majority, art. 10 Kodeks cywilny (earlier majority by marriage is not known to the telephone)."""


@dataclass(frozen=True)
class Fault:
    """Why an entry is unusable. ``key`` is a menu key that means nothing; the others belong to number and PIN."""

    fault: Literal["length", "checksum", "date", "pause", "key"]


@dataclass(frozen=True)
class Identity:
    """A well-formed number's kind and, for a PESEL, the date of birth it states."""

    kind: Kind
    born: date | None = None

    def minor(self, today: date) -> bool:
        """Whether the PESEL says its holder is under 18 on ``today``; a NIP says nothing of age."""
        if self.born is None:
            return False
        # A birthday on 29 February is reached on 1 March of common years.
        years = today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))
        return years < ADULT_YEARS


def judge(digits: Secret, today: date) -> Identity | Fault:
    """Tell PESEL from NIP and judge it: length first, then checksum, then date (also one after ``today``)."""
    number = digits.reveal()
    if not number.isdigit():
        return Fault("length")
    if len(number) == PESEL_DIGITS:
        return _judge_pesel(number, today)
    if len(number) == NIP_DIGITS:
        return Identity("nip") if _sound_nip(number) else Fault("checksum")
    return Fault("length")


def surely_nip(digits: Secret) -> bool:
    """Whether ten digits are a sound NIP that cannot be the first ten of a PESEL (their date is impossible)."""
    number = digits.reveal()
    return len(number) == NIP_DIGITS and number.isdigit() and _sound_nip(number) and _born(number) is None


def sound(digits: Secret) -> bool:
    """Whether the digits are a PESEL or NIP by checksum and calendar, whatever the day."""
    return isinstance(judge(digits, date.max), Identity)


def _judge_pesel(number: str, today: date) -> Identity | Fault:
    if _pesel.calc_check_digit(number[:-1]) != number[-1]:
        return Fault("checksum")
    born = _born(number)
    return Identity("pesel", born) if born is not None and born <= today else Fault("date")


def _born(number: str) -> date | None:
    try:
        return _pesel.get_birth_date(number)
    except InvalidComponent:
        return None


def _sound_nip(number: str) -> bool:
    # The library accepts 0000000000, which satisfies the arithmetic and is nobody's.
    return any(digit != "0" for digit in number) and _nip.checksum(number) == 0
