"""Every way the world can answer: one event for each class of outcome of what a call waits for.

The list is the published abstraction of ``docs/proof.md``. Where a class has several members, the one that stands for
it comes from ``Abstraction``.
"""

from collections.abc import Iterator

from ..dialogue.actions import Action, Ask, AskDigits, CheckPin, LookUp, RecallCheck
from ..dialogue.call import Call
from ..dialogue.events import (
    AuthenticationStopped,
    CallArrived,
    Candidate,
    Event,
    Failed,
    Heard,
    HumanAsked,
    HungUp,
    IdentityGiven,
    Keyed,
    LookedUp,
    MediaLost,
    NothingHeard,
    NumberRefused,
    Party,
    PinChecked,
    PinGiven,
    PinRefused,
    PrincipalFound,
    QueueEnded,
    Resumed,
    Skipped,
    TransferEnded,
)
from ..dialogue.node import HUMAN, NONE, QUIT, REPEAT, SKIP
from ..dialogue.plan import NATIONAL
from .abstraction import Abstraction

CALLER = "+48000000001"
UNKNOWN = "000000000"
HOLDER = Party(ref="eus:osoba", label="Zmyślona Osoba")
PRINCIPALS = tuple(Party(ref=f"eus:mocodawca-{n}", label=f"Zmyślony Mocodawca {n}", basis="ppo") for n in range(1, 34))
PERSONAL = (HOLDER.label, "Zmyślony Mocodawca", HOLDER.ref, "eus:mocodawca")
"""What only an authenticated caller may hear."""
COUNTS = (0, 1, 4, 5, 9, 33)
"""How many principals: none, one, a full page, two pages, three, more than are read out."""
CERTAIN, NONSENSE = 1.0, 0.05
VERDICTS = ("ok", "refused", "throttled", "unavailable", "lost")
OUTCOMES = ("served", "timeout", "full", "joinempty", "leaveempty", "unavailable")
FAULTS = ("length", "checksum", "date", "pause")
CONTROLS = (NONE, REPEAT, SKIP, HUMAN)
ALWAYS: tuple[Event, ...] = (HungUp(), MediaLost(), Failed(reason="proof"), Resumed(engine="proof"))


class Outcomes:
    """The events of one plan."""

    def __init__(self, classes: Abstraction) -> None:
        self._classes, self._plan = classes, classes.plan
        self._topics = classes.names(classes.topics)
        self._offices = [name for name in classes.names(classes.offices) if name != NATIONAL]

    def alike(self, reading: str) -> list[str]:
        """All readings that ``reading`` stands for: topics of its class, else itself."""
        topics = self._classes.topics
        return [topic for topic, stands in topics.items() if stands == reading] or [reading]

    def arrivals(self) -> Iterator[CallArrived]:
        """How calls begin: each class of office and an unknown number, number shown or withheld, with a recogniser or
        none, in each set of seasons."""
        chosen = dict.fromkeys([*self._classes.names(self._classes.offices), NATIONAL])
        numbers = [number for name in chosen for number in self._number_of(name)] + [UNKNOWN]
        for number in numbers:
            for day in self._classes.days:
                for caller in (CALLER, None):
                    for hears in (True, False):
                        yield CallArrived(dialled=number, caller=caller, at=day, hears=hears)

    def _number_of(self, office: str) -> tuple[str, ...]:
        """A number dialled for a class of office, if any of its members has one."""
        alike = (o for o in self._plan.offices.values() if self._classes.offices[o.id] == office)
        return next((o.numbers[:1] for o in alike if o.numbers), ())

    def of(self, call: Call) -> Iterator[Event]:
        """What may happen to ``call``: every answer that it awaits, in every class, then what may always happen."""
        for name in call.awaits:
            yield from self.answers(name, call)
        yield from ALWAYS

    def answers(self, name: str, call: Call) -> Iterator[Event]:
        """Every class of the answer called ``name``, one of those that ``call`` awaits."""
        asked = call.pending[-1] if call.pending else None
        match name:
            case "NothingHeard":
                yield NothingHeard()
            case "HumanAsked":
                yield HumanAsked(by="key")
            case "Skipped":
                yield Skipped()
            case "AuthenticationStopped":
                yield AuthenticationStopped()
            case "Keyed" if isinstance(asked, Ask):
                yield from (Keyed(keys=key) for key in (*sorted(asked.choices), "?"))
            case "Heard" if asked is not None:
                yield from self._heard(call, asked)
            case "IdentityGiven":
                yield IdentityGiven(ref="zapieczetowany", kind="pesel")
            case "NumberRefused":
                yield from (NumberRefused(fault=fault) for fault in FAULTS)  # type: ignore[arg-type]
            case "PinGiven":
                yield PinGiven()
            case "PinRefused":
                yield PinRefused()
            case "PinChecked" if isinstance(asked, CheckPin | RecallCheck):
                yield from self._checked(asked.check)
            case "PrincipalFound":
                yield PrincipalFound(ref=None)
                yield from (PrincipalFound(ref=party.ref) for party in (call.auth.principals[:1] if call.auth else ()))
            case "LookedUp" if isinstance(asked, LookUp):
                yield from self._looked_up(asked)
            case "QueueEnded":
                yield from (QueueEnded(key=call.queue_key or "", outcome=o) for o in OUTCOMES)  # type: ignore[arg-type]
            case "TransferEnded":
                yield from (TransferEnded(outcome="answered"), TransferEnded(outcome="failed"))

    def _checked(self, check: str) -> Iterator[Event]:
        """Every verdict; and two that e-US must never give: a person with a refusal, and none with an approval."""
        for office in (None, *self._offices):
            for count in COUNTS:
                yield PinChecked(check=check, verdict="ok", person=HOLDER, office=office, principals=PRINCIPALS[:count])
        for verdict in VERDICTS:
            yield PinChecked(check=check, verdict=verdict)  # type: ignore[arg-type]
        yield PinChecked(check=check, verdict="refused", person=HOLDER, principals=PRINCIPALS[:1])

    def _looked_up(self, asked: LookUp) -> Iterator[Event]:
        what = asked.what
        yield LookedUp(what=what, ok=False)
        match what:
            case "hours":
                hours = "od poniedziałku do piątku od ósmej do szesnastej"
                yield LookedUp(what=what, ok=True, found={"open": True, "hours": hours, "closure": None})
                yield LookedUp(what=what, ok=True, found={"open": False, "hours": hours, "closure": None})
                closure = "Urząd jest dziś nieczynny z powodu awarii."
                yield LookedUp(what=what, ok=True, found={"open": False, "hours": hours, "closure": closure})
            case "earlier":
                yield LookedUp(what=what, ok=True)
                for topic in self._topics:
                    for office in (None, *self._offices):
                        yield LookedUp(what=what, ok=True, found={"topic": topic, "office": office})
            case "queue":
                yield LookedUp(what=what, ok=True, found={"open": False})
                for many in (0, 1_000_000):
                    yield LookedUp(what=what, ok=True, found={"open": True, "waiting": many, "longest": many})

    def _heard(self, call: Call, asked: Action) -> Iterator[Event]:
        for control in CONTROLS:
            yield _said(control)
        yield Heard(text="", confidence=0.0)
        if isinstance(asked, AskDigits):
            yield Heard(text="[numer]", confidence=0.9, spoke_number=True)
        if not isinstance(asked, Ask):
            return
        for reading in ("yes", "no") if asked.grammar == "yes-no" else tuple(asked.words):
            yield _said(reading, text=next(iter(asked.words.get(reading, ())), ""))
        node = self._plan.for_office(call.office).nodes[call.node]
        if asked.grammar == "choice" and getattr(node, "doubt", None) is not None:
            doubtful, hardly = self._levels(call)
            for reading in tuple(asked.words) if getattr(node, "confirm", None) is not None else ():
                yield _said(reading, doubtful)
            yield _said(next(iter(asked.words)), hardly)
        if asked.question == "matter" or asked.grammar == "matter":
            yield _said(QUIT)
            yield from self._matters(call)

    def _matters(self, call: Call) -> Iterator[Event]:
        """Each class of topic, surely, doubtfully, beside a rival, hardly, and two in one breath. While a topic is
        being offered, the offered ones and one more."""
        offered = [candidate.id for candidate in call.offered]
        topics = list(dict.fromkeys([*offered, *self._topics[:2]])) if offered else self._topics
        doubtful, hardly = self._levels(call)
        for at, topic in enumerate(topics):
            other = topics[(at + 1) % len(topics)]
            yield _said(topic)
            yield _said(topic, doubtful)
            yield _rivals(topic, other, doubtful)
            yield _behind(topic)
            yield _said(f"{topic}|{other}")
            yield _said(f"{topic}|{other}", doubtful)
        if topics:
            yield _said(topics[0], hardly)
            yield _rivals(topics[0], topics[-1], hardly)

    def _levels(self, call: Call) -> tuple[float, float]:
        """Confidences just below the two thresholds of the node that asks."""
        node = self._plan.for_office(call.office).nodes[call.node]
        return getattr(node, "accept", 0.7) - 0.02, getattr(node, "doubt", 0.35) - 0.02


def _rivals(topic: str, other: str, confidence: float) -> Heard:
    readings = (Candidate(topic, confidence), Candidate(other, confidence - 0.01))
    return Heard(text=topic, confidence=0.9, readings=readings)


def _behind(topic: str) -> Heard:
    """A topic close behind what seemed to be no matter of ours."""
    readings = (Candidate(NONE, 0.5), Candidate(topic, 0.3))
    return Heard(text=topic, confidence=0.9, readings=readings)


def _said(reading: str, confidence: float = CERTAIN, text: str = "") -> Heard:
    return Heard(text=text or reading, confidence=0.9, readings=(Candidate(reading, confidence),))
