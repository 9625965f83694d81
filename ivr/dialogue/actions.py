"""Actions: what to do, in the imperative. A phone carries them out in order.

The last action of a turn is usually a wait; it ends in exactly one answer event (see ``Call.awaits``).
"""

from typing import Literal

import msgspec


class _Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    pass


class Line(msgspec.Struct, frozen=True):
    """One spoken line: ``prompt`` is its id in the plan, ``text`` the Polish words after variables were filled in.
    ``variable`` lines differ from call to call; the others are rendered when a plan is deployed."""

    prompt: str
    text: str
    variable: bool = False


class Answer(_Action, frozen=True):
    """Pick up."""


class Say(_Action, frozen=True, omit_defaults=True):
    """Speak; not a wait. A key or speech that belongs to a following question stops it. ``firm``: it is said to its end
    and keys pressed until then are dropped, for they belong to a question that will not be asked (``**`` still means a
    person). ``heard``: so many seconds of ``lines`` were said before, and lines that ended by then are left out."""

    lines: tuple[Line, ...]
    firm: bool = False
    heard: float = 0.0


class Ask(_Action, frozen=True):
    """Speak, then wait for speech or a menu key.

    ``choices`` maps a key to the reading it means; ``grammar`` names what speech is listened for: ``matter`` (open
    question), ``choice`` (``words`` maps a reading to the words for it), ``yes-no``, or None for keys only.
    ``patience`` is the answer time in seconds after the last word. Answers: Heard, Keyed, NothingHeard, HumanAsked.
    """

    question: str
    lines: tuple[Line, ...]
    choices: dict[str, str] = {}
    grammar: Literal["matter", "choice", "yes-no"] | None = None
    words: dict[str, tuple[str, ...]] = {}
    patience: float = 6.0
    masked: tuple[str, ...] = ()


class AskDigits(_Action, frozen=True):
    """Speak, then wait for a PESEL or NIP by keys (``#`` ends, ``*`` clears, ``**`` a person). Speech is listened to
    for commands only. ``purpose`` ``identity`` seals the number; ``principal`` compares it with the caller's own
    principals. Answers: IdentityGiven, NumberRefused, AuthenticationStopped, PrincipalFound, Skipped, Heard,
    NothingHeard, HumanAsked."""

    purpose: Literal["identity", "principal"]
    lines: tuple[Line, ...]
    patience: float = 8.0


class AskPin(_Action, frozen=True):
    """Speak, then wait for six digits by keys. No recogniser and no recording listens.
    Answers: PinGiven, PinRefused, AuthenticationStopped, Skipped, NothingHeard, HumanAsked."""

    lines: tuple[Line, ...]
    patience: float = 8.0


class CheckPin(_Action, frozen=True):
    """Check the telePIN just keyed against the identity sealed under ``identity``. Idempotent by ``check``: asked
    again it returns the verdict on record, never a second attempt. Answer: PinChecked."""

    check: str
    identity: str


class RecallCheck(_Action, frozen=True):
    """After a resume: the verdict of ``check``, if one was reached; never from a stored PIN. Answer: PinChecked
    (verdict ``lost`` when none is on record)."""

    check: str


class LookUp(_Action, frozen=True):
    """Ask the world something that must be true now. ``what``: ``hours`` (args: office), ``earlier`` (args: caller),
    ``queue`` (args: queue, office). Answer: LookedUp (see the nodes ``hours``, ``earlier`` and ``queue``)."""

    what: Literal["hours", "earlier", "queue"]
    args: dict[str, str] = {}


class Enqueue(_Action, frozen=True):
    """Leave the call to the dialplan's Queue. Happens once, by ``key``. ``timeout`` in seconds (0: none).
    Answer: QueueEnded."""

    queue: str
    priority: int
    timeout: int
    key: str


class Transfer(_Action, frozen=True):
    """Leave the call to another extension of the dialplan. Answer: TransferEnded."""

    target: str


class HangUp(_Action, frozen=True):
    """End the call after what was said."""

    reason: str


Action = Answer | Say | Ask | AskDigits | AskPin | CheckPin | RecallCheck | LookUp | Enqueue | Transfer | HangUp
