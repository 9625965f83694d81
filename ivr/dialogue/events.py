"""Events: what happened, in the past tense. The only way anything reaches the dialogue core.

Every event is frozen, JSON-serialisable (tagged by ``type``) and free of secrets: identity and PIN digits never
appear here, only the fact that a complete entry was made and an opaque reference to it kept in ``telepin``.
Times are ISO 8601 strings with an offset; durations are seconds as float.
"""

from typing import Literal

import msgspec

Keys = Literal["pesel", "nip"]
Verdict = Literal["ok", "refused", "throttled", "unavailable", "lost"]
QueueOutcome = Literal["served", "timeout", "full", "joinempty", "leaveempty", "unavailable"]


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    pass


class Candidate(msgspec.Struct, frozen=True):
    """One reading of an utterance: ``id`` is a topic id, a choice of the question, ``__none__`` or ``__human__``;
    ``confidence`` is calibrated, 0..1."""

    id: str
    confidence: float


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A person or organisation as e-US names it to us. ``ref`` is opaque (only e-US and the CRM resolve it);
    ``label`` is what may be spoken to the authenticated caller; ``basis`` is the right to act (``ppo``, ``uko``)."""

    ref: str
    label: str
    basis: Literal["self", "ppo", "uko"] = "self"


class CallArrived(_Event, frozen=True):
    """A call reached the hotline. ``caller`` is E.164 or None when withheld; ``at`` is local time with offset;
    ``hears`` is False where no recogniser is to be had and all goes by keys; ``model`` names the topic model that the
    call begins with (empty: none is loaded yet, or the call is of an older version)."""

    dialled: str
    caller: str | None
    at: str
    trunk: str = "trunk"
    hears: bool = True
    model: str = ""


class Heard(_Event, frozen=True):
    """The caller said something and finished. ``text`` is already redacted of spoken numbers; ``readings`` are
    the meanings found for the question that was asked, best first; empty when nothing was understood. ``fault`` is
    what may have kept it from being understood: distorted by loudness, without end, music, an answering machine.
    ``model`` names the topic model that gave the readings; empty where none was asked."""

    text: str
    confidence: float
    readings: tuple[Candidate, ...] = ()
    spoke_number: bool = False
    model: str = ""
    fault: Literal["", "too-long", "too-loud", "music", "machine"] = ""


class Keyed(_Event, frozen=True):
    """A complete, non-secret key answer to a menu."""

    keys: str


class NothingHeard(_Event, frozen=True):
    """The answer time of a question passed without speech or keys."""


class HumanAsked(_Event, frozen=True):
    """The caller asked for a person by key (``0`` in menus, ``**`` or a lone ``0`` in number entry) or by word."""

    by: Literal["key", "word"]


class Skipped(_Event, frozen=True):
    """A lone ``#`` (or a spoken "nie mam"): go on without this entry."""


class IdentityGiven(_Event, frozen=True):
    """A valid PESEL or NIP was keyed. The digits stay sealed in ``telepin`` under ``ref``."""

    ref: str
    kind: Keys


class NumberRefused(_Event, frozen=True):
    """A number entry was complete but unusable; nothing about it is known but the fault."""

    fault: Literal["length", "checksum", "date", "pause"]


class AuthenticationStopped(_Event, frozen=True):
    """No number or telePIN can be taken in this call any more: its journal does not take turns, or its media broke."""


class PinGiven(_Event, frozen=True):
    """Six digits of telePIN were keyed; they stay in the secret key buffer until the check."""


class PinRefused(_Event, frozen=True):
    """The telePIN entry was not six digits. Not an attempt: nothing was checked."""


class PinChecked(_Event, frozen=True):
    """The answer of the telePIN check ``check``. ``lost``: the engine that made it is gone, and so is the telePIN; no
    verdict is on record. ``person`` and ``principals`` are set only when verdict is ``ok``.
    ``office`` is the competent tax chamber's id, when e-US names one. ``until`` is when authentication lapses."""

    check: str
    verdict: Verdict
    at: str = ""
    until: str = ""
    person: Party | None = None
    office: str | None = None
    principals: tuple[Party, ...] = ()


class PrincipalFound(_Event, frozen=True):
    """A principal was chosen by keying its NIP or PESEL: ``ref`` is one of the caller's own principals, or None
    when the number is not among them (whether such a taxpayer exists is never told)."""

    ref: str | None


class LookedUp(_Event, frozen=True):
    """The answer to ``LookUp``. ``found`` maps names to plain values; a failed look-up has ``ok`` False. ``at``, where
    it is among them, is the time (ISO 8601 with offset): by it an authentication ends. ``acts`` beside it tells whether
    the mandate of the call's principal holds (None: e-US did not say)."""

    what: str
    ok: bool
    found: dict[str, str | bool | int | float | None] = {}


class QueueEnded(_Event, frozen=True):
    """The dialplan's Queue returned. ``served``: the caller has talked to a consultant. ``waited`` in seconds."""

    key: str
    outcome: QueueOutcome
    waited: float = 0.0


class TransferEnded(_Event, frozen=True):
    """A transfer returned control (it failed, or the far end hung up)."""

    outcome: Literal["answered", "failed"]


class MediaLost(_Event, frozen=True):
    """The media session broke while the call lives; from here on Asterisk plays the prompts itself."""


class Resumed(_Event, frozen=True):
    """An engine took this call over (crash, hang, drain) and continues from the last snapshot. For ``said`` seconds at
    least the caller has heard what that snapshot had to say."""

    engine: str
    said: float = 0.0


class Failed(_Event, frozen=True):
    """The engine could not carry out the current turn (a bug or a broken part): this call goes to a person."""

    reason: str


class HungUp(_Event, frozen=True):
    """The call is over. ``by`` tells who ended it."""

    by: Literal["caller", "us", "network"] = "caller"


Event = (
    CallArrived
    | Heard
    | Keyed
    | NothingHeard
    | HumanAsked
    | Skipped
    | IdentityGiven
    | NumberRefused
    | AuthenticationStopped
    | PinGiven
    | PinRefused
    | PinChecked
    | PrincipalFound
    | LookedUp
    | QueueEnded
    | TransferEnded
    | MediaLost
    | Resumed
    | Failed
    | HungUp
)
