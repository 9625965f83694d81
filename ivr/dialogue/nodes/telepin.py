"""``telepin``: the six-digit telePIN and its check."""

from typing import ClassVar, Literal

from pydantic import Field

from ..actions import AskPin, CheckPin, Say
from ..call import Authentication, Call
from ..events import AuthenticationStopped, Event, PinChecked, PinGiven, PinRefused, Skipped
from ..node import Node, Prompt, Prompts, Target, Turn, attempts, change, go, retry, wait
from ..plan import Plan

ANSWERS = (
    "PinGiven",
    "PinRefused",
    "Skipped",
    "NothingHeard",
    "HumanAsked",
    "AuthenticationStopped",
)

MAX_LOST = 1
"""How many checks of a call may be lost with their engine before the call goes on without authentication."""


class TelepinNode(Node):
    """Asks for the telePIN and has it checked; at most ``checks`` checks in a call (NIST SP 800-63B-4, 3.2.2).

    Whatever was wrong (number, PIN, a blocked or unset telePIN), the caller hears the one ``refused`` prompt. An
    entry that is not six digits is no attempt. ``unavailable`` and ``throttled`` apologise and go on ``without``. A
    check that died with its engine is no attempt either: the telePIN is asked for once more (``lost``); a second such
    loss in a call counts as ``unavailable``.
    """

    EXAMPLE: ClassVar[str] = """
    node: telepin
    lines: [podaj-telepin]
    again: [podaj-telepin-ponownie]
    wrong_length: telepin-szesc-cyfr
    lost: telepin-utracony
    checking: sprawdzam
    accepted: potwierdzono
    refused: odmowa
    refused_last: odmowa-koniec
    unavailable: eus-niedostepny
    throttled: za-duzo-prob
    next: koniec
    without: koniec
    """

    node: Literal["telepin"]
    lines: Prompts
    again: tuple[Prompt, ...] = ()
    wrong_length: Prompt
    lost: Prompt | None = None
    checking: Prompt
    accepted: Prompt
    refused: Prompt
    refused_last: Prompt
    unavailable: Prompt
    throttled: Prompt
    tries: int = Field(3, ge=1, le=5)
    checks: int = Field(3, ge=1, le=3)
    patience: float = Field(8.0, ge=3, le=20)
    next: Target
    without: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.identity is None:
            return go(call, self.without)
        if not call.media:
            return self._stopped(plan, call)
        return self._ask(plan, call, retry(self.lines, self.again, call.tries))

    def _ask(self, plan: Plan, call: Call, prompts: tuple[str, ...]) -> Turn:
        return wait(call, AskPin(lines=plan.lines(*prompts), patience=self.patience), awaits=ANSWERS)

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        match event:
            case PinGiven():
                assert call.identity is not None
                check = f"{call.id}:{call.checks + 1}"
                asked = change(call, checks=call.checks + 1)
                checking = Say(lines=plan.lines(self.checking))
                return wait(asked, checking, CheckPin(check=check, identity=call.identity), awaits=("PinChecked",))
            case PinChecked():
                return self._checked(plan, call, event)
            case AuthenticationStopped():
                return self._stopped(plan, call)
            case Skipped():
                return go(change(call, verdict=call.verdict or "skipped"), self.without)
        if call.tries + 1 >= attempts(self):
            return go(change(call, verdict="gave-up"), self.without)
        later = change(call, tries=call.tries + 1)
        if isinstance(event, PinRefused):
            return self._ask(plan, later, (self.wrong_length,))
        return self._ask(plan, later, retry(self.lines, self.again, later.tries))

    def _checked(self, plan: Plan, call: Call, event: PinChecked) -> Turn:
        if event.verdict == "lost":
            return self._lost(plan, call)
        judged = change(call, verdict=event.verdict)
        match event.verdict:
            case "ok" if event.person is not None:
                method: Literal["pesel+telepin", "nip+telepin"]
                method = "nip+telepin" if call.identity_kind == "nip" else "pesel+telepin"
                auth = Authentication(
                    person=event.person,
                    at=event.at,
                    until=event.until,
                    method=method,
                    principals=event.principals,
                    check=event.check,
                )
                known = change(judged, auth=auth, acting_for=event.person, office=call.office or event.office)
                return go(known, self.next, Say(lines=plan.lines(self.accepted)))
            case "refused" if call.checks - call.lost_checks < self.checks:
                return self._ask(plan, change(judged, tries=0), (self.refused,))
            case "refused":
                return go(judged, self.without, Say(lines=plan.lines(self.refused_last)))
            case "throttled":
                return go(judged, self.without, Say(lines=plan.lines(self.throttled)))
        return self._unavailable(plan, call)

    def _lost(self, plan: Plan, call: Call) -> Turn:
        if call.lost_checks >= MAX_LOST:
            return self._unavailable(plan, call)
        if not call.media:
            return self._stopped(plan, call)
        again = change(call, lost_checks=call.lost_checks + 1, tries=0)
        return self._ask(plan, again, (self.lost,) if self.lost is not None else self.lines)

    def _unavailable(self, plan: Plan, call: Call) -> Turn:
        return go(change(call, verdict="unavailable"), self.without, Say(lines=plan.lines(self.unavailable)))

    def _stopped(self, plan: Plan, call: Call) -> Turn:
        sorry = Say(lines=plan.lines(self.unavailable), firm=True)
        return go(change(call, verdict="unavailable"), self.without, sorry)
