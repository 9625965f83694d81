"""What may be said to whom: a table of data; what is not in it is denied.

An assumption: our reading of the hotline's three-tier model (general information to anybody; individual information to
the authenticated person and, on a PPO-1 or an UKO, about the principal; the course of a case by the office's own
employee in it). The law behind it: art. 293-299 Ordynacja podatkowa (fiscal secrecy), art. 138d (general proxy).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from .call import Call
from .events import Party
from .node import change

Tier = Literal["general", "individual", "case"]
Caller = Literal["stranger", "lapsed", "person", "ppo", "uko"]
"""Nobody proved anything; proved too long ago; for themselves; for a principal by PPO-1; for an organisation by UKO."""
About = Literal["nobody", "self", "principal", "other"]
Speaker = Literal["automat", "consultant", "own-employee"]

TIERS: tuple[Tier, ...] = get_args(Tier)
_ANYBODY: tuple[Caller, ...] = get_args(Caller)
_PROVED: tuple[Caller, ...] = ("person", "ppo", "uko")
_FOR_OTHERS: tuple[Caller, ...] = ("ppo", "uko")


@dataclass(frozen=True)
class Row:
    """``speakers`` may give information of ``tier`` about ``about`` to ``callers``."""

    tier: Tier
    about: About
    callers: tuple[Caller, ...]
    speakers: tuple[Speaker, ...]


TABLE = (
    Row("general", "nobody", _ANYBODY, ("automat", "consultant", "own-employee")),
    Row("individual", "self", _PROVED, ("consultant", "own-employee")),
    Row("individual", "principal", _FOR_OTHERS, ("consultant", "own-employee")),
    Row("case", "self", _PROVED, ("own-employee",)),
    Row("case", "principal", _FOR_OTHERS, ("own-employee",)),
)


def may(speaker: Speaker, tier: Tier, about: About, caller: Caller) -> bool:
    """Whether ``speaker`` may tell ``caller`` information of ``tier`` about ``about``."""
    return any(
        row.tier == tier and row.about == about and caller in row.callers and speaker in row.speakers for row in TABLE
    )


def highest(speaker: Speaker, caller: Caller) -> int:
    """The highest tier (1 to 3) of which ``speaker`` may tell ``caller`` anything."""
    return max(TIERS.index(row.tier) + 1 for row in TABLE if caller in row.callers and speaker in row.speakers)


def standing(call: Call, at: str) -> Caller:
    """As whom the caller may be told things at the moment ``at`` (ISO 8601 with offset)."""
    if call.auth is None:
        return "lapsed" if call.verdict == "expired" else "stranger"
    if not call.auth.holds(at):
        return "lapsed"
    party = call.acting_for
    if party is None or party.basis == "self":
        return "person"
    return party.basis


def principal(call: Call, at: str) -> Party | None:
    """For whom the caller acts, other than for themselves, at the moment ``at``: whose mandate must be asked about
    again before anything about them is told."""
    party = call.acting_for
    if call.auth is None or party is None or party.basis == "self" or not call.auth.holds(at):
        return None
    return party


def mandate_told(call: Call, holds: bool | None, at: str) -> Call:
    """``call`` after e-US said at ``at`` whether the mandate of its principal holds (None: it did not say). Denied by
    default: without a yes the caller goes on for themselves, and one withdrawn cannot be chosen again."""
    party = principal(call, at)
    if call.auth is None or party is None:
        return call
    if holds:
        return change(call, mandate="holds", mandate_at=at)
    if holds is None:
        return change(call, acting_for=call.auth.person, mandate="unconfirmed", mandate_at=at)
    rest = tuple(one for one in call.auth.principals if one != party)
    auth = msgspec.structs.replace(call.auth, principals=rest)
    return change(call, auth=auth, acting_for=call.auth.person, mandate="withdrawn", mandate_at=at)
