"""What the CRM is told: four kinds of message about one ringing of one consultant's telephone.

``card`` when it rings, then ``withdrawn`` or ``session``, and ``ended`` after a session. The published contract is
``docs/contracts/crm-webhook.openapi.yaml``.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from ivr.dialogue.call import Call
from ivr.dialogue.tiers import Caller, highest, may, standing

from .privacy import mask_caller, mask_digits, mask_personal_numbers
from .queue_events import Leg

Kind = Literal["card", "withdrawn", "session", "ended"]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An office or a topic: its id and its Polish title."""

    id: str
    name: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What may be seen before the call is answered: no name, the caller number masked."""

    office: Named | None
    topic: str | None
    caller_masked: str
    authenticated: bool


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """The card is void. ``reason``: ``no-answer``, ``answered-elsewhere``, ``abandoned``, ``cancelled``, ``lost``."""

    reason: str


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """How and when the caller was authenticated; ISO 8601. ``person`` is opaque: the CRM resolves it."""

    person: str
    method: str
    at: str
    until: str


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf the caller acts: opaque reference, label, the right to act (``ppo``, ``uko``), and when e-US last
    confirmed it (ISO 8601; None: not since the telePIN was checked)."""

    ref: str
    label: str
    basis: str
    confirmed: str | None = None


class Entitled(msgspec.Struct, frozen=True, kw_only=True):
    """What the consultant may tell the caller: the highest tier (``ivr.dialogue.tiers``), and that in Polish words."""

    tier: int
    words: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's page. ``caller`` is None when the number is ``withheld`` or not known. ``verdict`` is ``ok``,
    ``refused``, ``throttled``, ``unavailable``, ``skipped``, ``gave-up``, ``expired``, ``not-tried``, or ``unknown``
    when the journal of the call could not be read (``complete`` is then False). ``source``: the law or page that the
    answer to the topic rests on."""

    caller: str | None
    withheld: bool
    verdict: str
    authenticated: Authenticated | None
    principal: Principal | None
    entitled: Entitled
    office: Named | None
    topic: Named | None
    confidence: float
    said: tuple[str, ...]
    waited: float | None
    complete: bool
    source: str | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The talk is over; seconds, None where not known. ``reason``: ``caller``, ``agent``, ``transfer``, ``hangup``,
    ``lost``."""

    waited: float | None
    talked: float | None
    reason: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. ``ring`` names one ringing of one telephone; ``key`` is the idempotency key; ``at`` is ISO 8601."""

    kind: Kind
    call: str
    ring: str
    leg: str
    agent: str
    queue: str
    at: str
    data: Card | Withdrawn | Session | Ended

    @property
    def key(self) -> str:
        return f"{self.ring}:{self.kind}"


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Titles of offices and topics by id; ``sources``: the law or page that a topic's answer rests on."""

    offices: dict[str, str] = {}
    topics: dict[str, str] = {}
    sources: dict[str, str] = {}

    def office(self, office: str | None, queue: str) -> Named | None:
        """The call's office, else the one whose queue it is (``<office>-<queue>``)."""
        if office is None:
            owners = [known for known in self.offices if queue.startswith(f"{known}-")]
            office = max(owners, key=len, default=None)
        return None if office is None else Named(id=office, name=self.offices.get(office, office))

    def topic(self, topic: str | None) -> Named | None:
        return None if topic is None else Named(id=topic, name=self.topics.get(topic, topic))


def ring_id(call: str, leg: str) -> str:
    """The name of one ringing: made from the call and Asterisk's uniqueid of the consultant's leg."""
    return str(uuid5(UUID(call), leg))


def card(call: Call | None, leg: Leg, names: Names, now: datetime) -> Card:
    """The card of a ringing ``leg``; without the journal of its call it holds what Asterisk knows."""
    topic = names.topic(call.topic) if call else None
    return Card(
        office=names.office(call.office if call else None, leg.queue),
        topic=topic.name if topic else None,
        caller_masked=mask_caller(call.caller if call else leg.caller, withheld=leg.withheld),
        authenticated=bool(call and call.auth and call.auth.holds(now.isoformat())),
    )


def session(call: Call | None, leg: Leg, waited: float | None, names: Names, now: datetime) -> tuple[Session, bool]:
    """The page, and whether a run of digits had to be masked in what the caller said (it should have been before). An
    authentication that has lapsed by ``now`` is none."""
    if call is None:
        return _unknown(leg, names.office(None, leg.queue), waited), False
    said = [mask_digits(text) for text in call.said]
    caller = standing(call, now.isoformat())
    proved = caller not in ("stranger", "lapsed")
    page = Session(
        caller=call.caller,
        withheld=call.caller is None and leg.withheld,
        verdict="expired" if caller == "lapsed" else call.verdict or "not-tried",
        authenticated=_authenticated(call) if proved else None,
        principal=_principal(call) if proved else None,
        entitled=entitled(caller, call.mandate),
        office=names.office(call.office, leg.queue),
        topic=names.topic(call.topic),
        confidence=call.confidence,
        source=names.sources.get(call.topic or ""),
        said=tuple(text for text, _ in said),
        waited=waited,
        complete=True,
    )
    return page, any(found for _, found in said)


_ENTITLED: dict[Caller, str] = {
    "stranger": "Tylko informacje ogólne (poziom I).",
    "lapsed": "Tylko informacje ogólne (poziom I): potwierdzenie tożsamości wygasło.",
    "person": "Informacje ogólne oraz indywidualne w sprawach rozmówcy (poziomy I i II).",
    "ppo": "Informacje ogólne oraz indywidualne w sprawach rozmówcy i mocodawcy, w zakresie PPO-1 (poziomy I i II).",
    "uko": "Informacje ogólne oraz indywidualne w sprawach rozmówcy i organizacji, na podstawie UKO (poziomy I i II).",
}
_CASE = " O toku sprawy (poziom III) mówi tylko pracownik urzędu, który ją prowadzi."


_MANDATE = {
    "withdrawn": " Pełnomocnictwo odebrano w trakcie rozmowy: o sprawach mocodawcy nie wolno mówić.",
    "unconfirmed": " e-US nie potwierdził pełnomocnictwa ponownie: o sprawach mocodawcy nie wolno mówić, dopóki nie"
    " sprawdzi go Pan/Pani w systemie urzędu.",
}


def entitled(caller: Caller, mandate: str | None = None) -> Entitled:
    """What a consultant may tell ``caller``, whose ``mandate`` stands as the call says."""
    words = _ENTITLED[caller]
    if caller == "person":
        words += _MANDATE.get(mandate or "", "")
    if may("own-employee", "case", "self", caller):
        words += _CASE
    return Entitled(tier=highest("consultant", caller), words=words)


def allowed_numbers(message: Message) -> tuple[str, ...]:
    """The caller's own telephone is the one long number that may leave."""
    caller = message.data.caller if isinstance(message.data, Session) else None
    return (caller,) if caller else ()


def without_personal_numbers(message: Message) -> Message:
    """``message`` with every text that holds a PESEL or NIP masked as a whole."""
    plain = mask_personal_numbers(msgspec.to_builtins(message.data), allowed=allowed_numbers(message))
    return msgspec.structs.replace(message, data=msgspec.convert(plain, type(message.data)))


def _unknown(leg: Leg, office: Named | None, waited: float | None) -> Session:
    return Session(
        caller=leg.caller,
        withheld=leg.caller is None and leg.withheld,
        verdict="unknown",
        authenticated=None,
        principal=None,
        entitled=entitled("stranger"),
        office=office,
        topic=None,
        confidence=0.0,
        said=(),
        waited=waited,
        complete=False,
    )


def _authenticated(call: Call) -> Authenticated | None:
    if call.auth is None:
        return None
    auth = call.auth
    return Authenticated(person=auth.person.ref, method=auth.method, at=auth.at, until=auth.until)


def _principal(call: Call) -> Principal | None:
    party = call.acting_for
    if party is None or party.basis == "self":
        return None
    confirmed = call.mandate_at if call.mandate == "holds" else None
    return Principal(ref=party.ref, label=party.label, basis=party.basis, confirmed=confirmed)
