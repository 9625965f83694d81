"""KeyBuffer: from single keys to complete answers. Pure; every time is an argument, in seconds of one clock.

A key is not an event: only a complete answer leaves the buffer. What the caller means:

- number: ``#`` ends it. Without ``#``, eleven digits are taken after ``GRACE``, ten that can only be a NIP after
  ``NIP_GRACE``, ten that might be an unfinished PESEL after ``PAUSE``. Fewer, and then a pause: ``Fault("pause")``,
  and fragments are never joined. More than eleven: ``Fault("length")``, and the surplus belongs to no other entry.
- telePIN: six digits, taken at ``#`` or after ``GRACE``; a seventh voids the entry.
- in both: ``*`` clears, ``**`` is a person, a lone ``0`` is a person, a lone ``#`` skips.
- menu: one key is the answer; ``0`` (unless a choice) and ``**`` are a person; a lone ``*`` is ``Choice("*")`` (speak
  more slowly); any other key is ``Fault("key")``.

Keys pressed before their question wait for it, with these exceptions, so that no key answers what was not asked:

- past an entry that ended without ``#`` nothing is typed ahead: such keys are its surplus and are dropped;
- ahead of the same number or telePIN asked again everything is dropped, for it was meant for a next question;
- a fragment whose pause ran out before the question is dropped; so are keys no choice of a coming menu, and six or
  more digits in a row, which are nobody's answer to a menu (unless the tail is a sound number: ``1`` + PESEL);
- a ``#`` right behind a finished answer is its terminator or a double press and skips nothing.

``**`` survives all of these.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from . import identity
from .identity import NIP_DIGITS, PESEL_DIGITS, Fault
from .secret import Secret

GRACE = 1.0
"""How long a complete entry waits for its ``#`` or for a surplus digit."""
NIP_GRACE = 2.0
PAUSE = 5.0
"""The longest wait between two keys of one entry."""
STAR = 2.0
"""How long a ``*`` in a menu waits for its twin."""
BOUNCE = 1.0
"""A ``#`` this soon behind a finished answer is no answer of its own."""
PIN_DIGITS = 6

_OVERLONG = PESEL_DIGITS + 2
_MENU_RUN = 6
STRAY = 3
"""So many keys in a row are answers to menus; more of them an entry where ``choice`` is told to look."""
_UNREAD = 64


@dataclass(frozen=True)
class Form:
    """What is being asked for: made by ``choice``, ``number``, ``pin`` and ``nothing``. ``entries``: a menu at which a
    number or telePIN may be keyed by mistake."""

    kind: Literal["nothing", "choice", "number", "pin"]
    choices: frozenset[str] = frozenset()
    entries: bool = False


def choice(keys: Iterable[str], entries: bool = False) -> Form:
    """One key out of ``keys``. With ``entries``, a key is taken when no digit follows it within ``GRACE`` (or at once
    at ``#``), and an entry keyed by mistake, more than ``STRAY`` digits in a row, is ``Fault("key")``."""
    return Form("choice", frozenset(keys), entries)


def number() -> Form:
    """A PESEL or a NIP."""
    return Form("number")


def pin() -> Form:
    """A telePIN."""
    return Form("pin")


def nothing() -> Form:
    """No question is open: keys wait."""
    return Form("nothing")


@dataclass(frozen=True)
class Choice:
    key: str


@dataclass(frozen=True)
class Number:
    """Ten or eleven digits, not yet judged by checksum and date (see ``telepin.identity.judge``)."""

    digits: Secret


@dataclass(frozen=True)
class Pin:
    """Six digits."""

    digits: Secret


@dataclass(frozen=True)
class Person:
    pass


@dataclass(frozen=True)
class Skip:
    pass


Answer = Choice | Number | Pin | Person | Skip | Fault


class _Press(NamedTuple):
    key: Secret
    at: float


class _Reading(NamedTuple):
    """``answer`` with the number of presses it used up and the time of its last key; else when to look again."""

    answer: Answer | None = None
    used: int = 0
    last: float = 0.0
    by_hash: bool = False
    deadline: float | None = None
    ended: float = 0.0


class KeyBuffer:
    """The keys of one call: ``press`` each, ``expect`` a form, ``poll`` after each key and at ``next_deadline``.

    The result depends on when keys were pressed, not on when it is polled. After an answer nothing is expected
    until the next ``expect``. Used and dropped keys are wiped.
    """

    def __init__(self) -> None:
        self._presses: list[_Press] = []
        self._form = nothing()
        self._asked = 0.0
        self._answered: str | None = None
        self._by_hash = True
        self._bounce_until: float | None = None
        self._pressed = False

    @property
    def pressed_since_expect(self) -> bool:
        """Whether there is a key that belongs to the question now asked: its prompt can stop."""
        return self._pressed

    def press(self, key: str, at: float) -> None:
        """A key at time ``at`` (not before the one before it). Keys other than ``0``-``9 * #`` are ignored."""
        if len(key) != 1 or key not in "0123456789*#":
            return
        if key.isdigit() and self._trailing_digits(at) >= _OVERLONG:
            # Already void whatever follows; its end is all that still matters.
            self._presses[-_OVERLONG:] = [_Press(press.key, at) for press in self._presses[-_OVERLONG:]]
        elif len(self._presses) >= _UNREAD:
            self._drop(len(self._presses))
            self._presses = [_Press(Secret("0"), at) for _ in range(_OVERLONG)]
        else:
            self._presses.append(_Press(Secret(key), at))
        if not self._drop_bounce():
            self._pressed = True

    def expect(self, form: Form, at: float) -> None:
        """From ``at`` on, keys answer ``form``; keys pressed ahead of it count where the rules above let them."""
        self._form = form
        if form.kind == "nothing":
            return
        if self._answered is not None and (not self._by_hash or self._answered == form.kind in ("number", "pin")):
            self._purge()
        self._answered = None
        self._asked = at
        if form.kind == "choice":
            self._trim_choice(at)
        else:
            self._trim_fragments(at)
        self._pressed = bool(self._presses)

    def poll(self, at: float) -> Answer | None:
        """The answer that is complete at ``at``, once."""
        if self._form.kind == "choice":
            self._trim_choice(at)
        reading = self._read(at)
        if reading.answer is None:
            return None
        self._drop(reading.used)
        self._answered, self._by_hash = self._form.kind, reading.by_hash or self._form.kind == "choice"
        bounce = max(reading.last + PAUSE, reading.ended + BOUNCE)
        self._bounce_until = reading.last + BOUNCE if self._by_hash else bounce
        self._drop_bounce()
        self._form, self._pressed = nothing(), False
        return reading.answer

    def next_deadline(self) -> float | None:
        """When ``poll`` may have something new without a further key."""
        return self._read(float("-inf")).deadline

    def drop_ahead(self) -> None:
        """Drop what was typed: the question it was meant for is not asked. A ``#`` still to come ends nothing."""
        self._purge()
        self._answered, self._pressed = None, bool(self._presses)

    def clear(self) -> None:
        """Wipe all (the call is over, or a person takes it)."""
        self._drop(len(self._presses))
        self._form, self._answered, self._bounce_until, self._pressed = nothing(), None, None, False

    def _read(self, now: float) -> _Reading:
        if self._form.kind == "choice":
            undecided = self._run_ahead(now)[1]
            if undecided is not None:
                return _Reading(deadline=undecided)
            stray = _stray(self._presses, now) if self._form.entries else _Reading()
            if stray.answer is not None or stray.deadline is not None:
                return stray
            return _read_choice(self._form.choices, self._presses, now)
        if self._form.kind == "nothing":
            return _Reading()
        return _read_entry(self._form.kind, self._presses, now)

    def _drop(self, count: int) -> None:
        for press in self._presses[:count]:
            press.key.wipe()
        del self._presses[:count]

    def _drop_bounce(self) -> bool:
        if self._bounce_until is None or not self._presses:
            return False
        head, until, self._bounce_until = self._presses[0], self._bounce_until, None
        if head.key.reveal() != "#" or head.at >= until:
            return False
        self._drop(1)
        return True

    def _trailing_digits(self, at: float) -> int:
        count = 0
        for press in reversed(self._presses):
            if not press.key.reveal().isdigit() or at >= press.at + PAUSE:
                break
            count, at = count + 1, press.at
        return count

    def _purge(self) -> None:
        stars: list[_Press] = []
        for first, second in zip(self._presses, self._presses[1:], strict=False):
            if first.key.reveal() == second.key.reveal() == "*" and second.at < first.at + PAUSE:
                stars = [_Press(Secret("*"), first.at), _Press(Secret("*"), second.at)]
        if self._presses and self._presses[-1].key.reveal().isdigit():
            self._bounce_until = self._presses[-1].at + PAUSE
        self._drop(len(self._presses))
        self._presses = stars

    def _trim_fragments(self, asked: float) -> None:
        while True:
            reading = self._read(asked)
            if reading.answer != Fault("pause") or reading.ended > asked:
                return
            self._drop(reading.used)

    def _trim_choice(self, now: float) -> None:
        while self._presses and self._presses[0].at < self._asked:
            key = self._presses[0].key.reveal()
            following = self._presses[1].key.reveal() if len(self._presses) > 1 else "*"
            surplus, undecided = self._run_ahead(now)
            if surplus:
                self._drop(surplus)
            elif undecided is not None or key in self._form.choices or key == "0" or (key == "*" and following == "*"):
                return
            else:
                self._drop(1)

    def _run_ahead(self, now: float) -> tuple[int, float | None]:
        """How many leading presses are a number entry typed ahead of a menu, its ``#`` included; and, while that
        cannot be told because the entry goes on, until when it may."""
        run, last = 0, self._presses[0].at if self._presses else self._asked
        if last >= self._asked:
            return 0, None
        for press in self._presses:
            if not press.key.reveal().isdigit() or press.at >= last + PAUSE:
                break
            run, last = run + 1, press.at
        if run < _MENU_RUN:
            return 0, None
        if run == len(self._presses) and now < last + PAUSE:
            return 0, last + PAUSE
        if _ends_in_number([press.key for press in self._presses[:run]]):
            return 0, None
        ended = run < len(self._presses) and self._presses[run].key.reveal() == "#"
        return run + ended, None


def _ends_in_number(digits: Sequence[Secret]) -> bool:
    """Whether a run of digits is answers to menus and then a sound number, rather than one entry."""
    if identity.sound(_joined(digits)):
        return False
    return any(identity.sound(_joined(digits[head:])) for head in range(1, _MENU_RUN))


def _stray(presses: Sequence[_Press], now: float) -> _Reading:
    """The entry that the presses begin with, as a fault; or until when they may become one."""
    run = 0
    while run < len(presses) and presses[run].key.reveal().isdigit():
        if run and presses[run].at >= presses[run - 1].at + GRACE:
            break
        run += 1
    if not run:
        return _Reading()
    last = presses[run - 1].at
    if run == len(presses) and now < last + GRACE:
        return _Reading(deadline=last + GRACE)
    if run <= STRAY:
        return _Reading()
    ended = run < len(presses) and presses[run].key.reveal() == "#" and presses[run].at < last + PAUSE
    return _Reading(Fault("key"), run + ended, last)


def _read_choice(choices: frozenset[str], presses: Sequence[_Press], now: float) -> _Reading:
    for index, (secret, at) in enumerate(presses):
        key, used = secret.reveal(), index + 1
        if key in choices:
            return _Reading(Choice(key), used, at)
        if key == "0":
            return _Reading(Person(), used, at)
        if key != "*":
            return _Reading(Fault("key"), used, at)
        if used == len(presses):
            if now >= at + STAR:
                return _Reading(Choice("*"), used, at)
            return _Reading(deadline=at + STAR)
        if presses[used].key.reveal() == "*" and presses[used].at < at + PAUSE:
            return _Reading(Person(), used + 1, presses[used].at)
    return _Reading()


def _read_entry(kind: str, presses: Sequence[_Press], now: float) -> _Reading:
    digits: list[Secret] = []
    last, star = 0.0, None
    for index, (secret, at) in enumerate(presses):
        if digits and at >= last + _patience(kind, digits):
            return _timed_out(kind, digits, index, last)
        key = secret.reveal()
        if key == "#":
            return _Reading(_finished(kind, digits), index + 1, at, by_hash=True)
        if key == "*":
            if star is not None and at < star + PAUSE:
                return _Reading(Person(), index + 1, at, by_hash=True)
            digits, star = [], at
        else:
            digits.append(secret)
            star = None
        last = at
    if not digits:
        return _Reading()
    if now >= last + _patience(kind, digits):
        return _timed_out(kind, digits, len(presses), last)
    return _Reading(deadline=last + _patience(kind, digits))


def _patience(kind: str, digits: Sequence[Secret]) -> float:
    if kind == "pin":
        return GRACE if len(digits) == PIN_DIGITS else PAUSE
    if len(digits) == PESEL_DIGITS:
        return GRACE
    if len(digits) == NIP_DIGITS and identity.surely_nip(_joined(digits)):
        return NIP_GRACE
    return PAUSE


def _timed_out(kind: str, digits: Sequence[Secret], used: int, last: float) -> _Reading:
    whole = PIN_DIGITS if kind == "pin" else PESEL_DIGITS
    answer: Answer = Fault("pause")
    if len(digits) >= whole or _is_person(digits):
        answer = _finished(kind, digits)
    elif kind == "number" and len(digits) == NIP_DIGITS and identity.sound(_joined(digits)):
        answer = Number(_joined(digits))
    return _Reading(answer, used, last, ended=last + _patience(kind, digits))


def _finished(kind: str, digits: Sequence[Secret]) -> Answer:
    if not digits:
        return Skip()
    if _is_person(digits):
        return Person()
    if kind == "pin":
        return Pin(_joined(digits)) if len(digits) == PIN_DIGITS else Fault("length")
    return Number(_joined(digits)) if len(digits) in (NIP_DIGITS, PESEL_DIGITS) else Fault("length")


def _is_person(digits: Sequence[Secret]) -> bool:
    return len(digits) == 1 and digits[0].reveal() == "0"


def _joined(digits: Sequence[Secret]) -> Secret:
    return Secret("".join(digit.reveal() for digit in digits))
