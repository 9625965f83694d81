"""What a consultant's screen shows, folded from the messages received. Pure."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from .ledger import Received
from .people import People, Person

Status = Literal["ringing", "withdrawn", "connected", "ended"]
_STATUS: dict[str, Status] = {"card": "ringing", "withdrawn": "withdrawn", "session": "connected", "ended": "ended"}
_RANK: list[Status] = ["ringing", "withdrawn", "connected", "ended"]


class Ring(msgspec.Struct, kw_only=True):
    """One ringing of one telephone, as far as it is known. Times are ISO 8601; ``late`` pages came after the talk."""

    ring: str
    call: str
    agent: str
    queue: str
    status: Status
    at: str
    late: bool = False
    rang: str | None = None
    picked_up: str | None = None
    card: dict[str, Any] | None = None
    session: dict[str, Any] | None = None
    withdrawn: dict[str, Any] | None = None
    ended: dict[str, Any] | None = None
    person: Person | None = None
    principal: Person | None = None


def rings(events: Iterable[Received], people: People) -> list[Ring]:
    """Every ring, in the order in which it was first heard of."""
    found: dict[str, Ring] = {}
    for received in events:
        envelope, data = received.envelope, received.data
        status = _STATUS[envelope.kind]
        ring = found.setdefault(
            envelope.ring,
            Ring(
                ring=envelope.ring,
                call=envelope.call,
                agent=envelope.agent,
                queue=envelope.queue,
                status=status,
                at=envelope.at,
            ),
        )
        setattr(ring, envelope.kind, data)
        if _RANK.index(status) >= _RANK.index(ring.status):
            ring.status, ring.at = status, envelope.at
        if envelope.kind == "card":
            ring.rang = envelope.at
        if envelope.kind == "session":
            ring.picked_up, ring.late = envelope.at, received.late
            ring.person = people.find((data["authenticated"] or {}).get("person"))
            ring.principal = people.find((data["principal"] or {}).get("ref"))
    return list(found.values())


class Screen(msgspec.Struct, kw_only=True):
    """One consultant's screen: what is on now, and the talks before, newest first."""

    agent: str
    now: Ring | None
    before: list[Ring]


def screen(agent: str, all_rings: Iterable[Ring]) -> Screen:
    """A talk under way comes before a ringing telephone, and that before the talk that ended last."""
    own = [ring for ring in all_rings if ring.agent == agent]
    for status in ("connected", "ringing", "ended"):
        now = next((ring for ring in reversed(own) if ring.status == status), None)
        if now is not None:
            break
    before = [ring for ring in reversed(own) if ring is not now and ring.session is not None]
    return Screen(agent=agent, now=now, before=before[:8])
