"""The state of one call: all that ``step`` knows. Frozen, JSON round trip between any two steps, free of secrets."""

from datetime import datetime
from typing import Literal

import msgspec

from .actions import Action, Say
from .events import Candidate, Party


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """A positive telePIN check. ``at`` and ``until`` are ISO 8601; ``method`` is how it was made; ``check`` names it
    (empty in calls of older versions: a mandate cannot then be asked about again)."""

    person: Party
    at: str
    until: str
    method: Literal["pesel+telepin", "nip+telepin"]
    principals: tuple[Party, ...] = ()
    check: str = ""

    def holds(self, at: str) -> bool:
        """Whether it still holds at the moment ``at`` (ISO 8601 with offset); what cannot be read does not."""
        try:
            return datetime.fromisoformat(at) < datetime.fromisoformat(self.until)
        except (ValueError, TypeError):
            return False


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call at one turn.

    ``turn`` counts committed steps; ``awaits`` names the event types that answer the outstanding wait; ``pending`` is
    the turn's actions, kept so that another engine can re-issue them; ``unheard`` is all that was said since the caller
    last did anything, so that an engine's death cuts no clause short. ``tries`` counts failed answers at ``node``;
    ``visits`` counts entries of each node, ``exhausted`` is True once one was entered too often;
    ``media`` is False once Asterisk plays the prompts itself; ``hears`` whether anything said is understood;
    ``slow`` is True once the caller asked for slower speech;
    ``checks`` counts telePIN checks begun, ``lost_checks`` those of them whose verdict died with an engine;
    ``verdict`` is the last authentication outcome as told to the caller (None: not tried), or ``expired`` once a proven
    identity lapsed; ``mandate`` is what e-US said of the right to act for the chosen principal when it was last asked
    again (None: not asked), and ``mandate_at`` when; ``model`` names the topic model that read the caller last, before
    that the one with which the call began."""

    id: str
    plan: str = ""
    turn: int = 0
    node: str = ""
    awaits: tuple[str, ...] = ()
    pending: tuple[Action, ...] = ()
    unheard: tuple[Say, ...] = ()
    tries: int = 0
    step: str = ""

    dialled: str = ""
    caller: str | None = None
    trunk: str = ""
    arrived: str = ""
    office: str | None = None

    identity: str | None = None
    identity_kind: Literal["pesel", "nip"] | None = None
    checks: int = 0
    lost_checks: int = 0
    verdict: Literal["ok", "refused", "throttled", "unavailable", "skipped", "gave-up", "expired"] | None = None
    auth: Authentication | None = None
    acting_for: Party | None = None
    mandate: Literal["holds", "withdrawn", "unconfirmed"] | None = None
    mandate_at: str = ""

    topic: str | None = None
    confidence: float = 0.0
    model: str = ""
    offered: tuple[Candidate, ...] = ()
    likely: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    open: bool | None = None
    queue: str | None = None
    queue_key: str | None = None
    queues_tried: tuple[str, ...] = ()
    served: bool = False
    wants_human: bool = False
    media: bool = True
    hears: bool = True
    slow: bool = False
    visits: dict[str, int] = {}
    exhausted: bool = False
    resumes: int = 0
    ended: str | None = None


ENCODE = msgspec.json.Encoder().encode
DECODE = msgspec.json.Decoder(Call).decode
