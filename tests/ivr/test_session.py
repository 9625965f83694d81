"""The session loop with a phone that answers from a list."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivr.dialogue.actions import Action, Answer, Ask, AskDigits, AskPin, CheckPin, Enqueue, HangUp, LookUp, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import (
    CallArrived,
    Event,
    HumanAsked,
    HungUp,
    IdentityGiven,
    LookedUp,
    NothingHeard,
    Party,
    PinChecked,
    PinGiven,
    QueueEnded,
    Resumed,
)
from ivr.dialogue.plan import Plan
from ivr.journal import Fenced, Journal
from ivr.session import Session

pytestmark = pytest.mark.anyio
ARRIVED = CallArrived(dialled="224605992", caller=None, at="2026-04-21T10:00:00+02:00")
OPEN = LookedUp(what="hours", ok=True, found={"open": True, "hours": "zawsze"})


class ScriptedPhone:
    """Answers each turn with the next of ``answers``; an exception among them is raised; then hangs up."""

    def __init__(self, *answers: Event | Exception | None) -> None:
        self.answers = list(answers)
        self.performed: list[Action] = []

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        self.performed.extend(actions)
        if isinstance(actions[-1], Answer | Say | Enqueue | HangUp):
            return None
        answer = self.answers.pop(0) if self.answers else HungUp()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def journal(database: AsyncEngine) -> AsyncIterator[Journal]:
    journal = Journal(database, "engine-0", stall=5.0)
    await journal.start()
    yield journal
    await journal.close()


class StalledJournal(Journal):
    """A journal whose disk is full: nothing is durable."""

    def __init__(self) -> None:
        pass

    async def commit(self, call: Call, event: Event, actions: tuple[Action, ...]) -> bool:
        return False


async def test_a_call_runs_to_its_end_and_every_turn_is_kept(plan: Plan, journal: Journal) -> None:
    phone = ScriptedPhone(OPEN)
    call = await Session(plan, journal, phone).run(Call(id="a"), ARRIVED)
    assert call.ended == "hung up by caller"
    assert [turn.turn for turn in await journal.turns("a")] == [1, 2, 3]
    assert await journal.latest("a") == call


async def test_a_bug_in_the_phone_brings_this_call_to_a_person(plan: Plan, journal: Journal) -> None:
    phone = ScriptedPhone(OPEN, RuntimeError("a bug"), OPEN)
    await Session(plan, journal, phone).run(Call(id="a"), ARRIVED)
    assert isinstance(phone.performed[-1], Enqueue)


async def test_a_phone_that_always_fails_is_left_to_the_dialplan(plan: Plan, journal: Journal) -> None:
    phone = ScriptedPhone(*[RuntimeError("broken")] * 20)
    call = await Session(plan, journal, phone).run(Call(id="a"), ARRIVED)
    assert call.ended is None
    assert len(phone.answers) >= 15


async def test_a_bug_in_the_core_brings_this_call_to_a_person(
    plan: Plan, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivr.dialogue import machine

    real = machine.step

    def failing(plan: Plan, call: Call, event: Event) -> tuple[Call, tuple[Action, ...]]:
        if isinstance(event, NothingHeard):
            raise ZeroDivisionError
        return real(plan, call, event)

    monkeypatch.setattr(machine, "step", failing)
    phone = ScriptedPhone(OPEN, NothingHeard(), OPEN)
    await Session(plan, journal, phone).run(Call(id="a"), ARRIVED)
    assert isinstance(phone.performed[-1], Enqueue)


async def test_without_a_durable_journal_nobody_is_authenticated(plan: Plan) -> None:
    given = IdentityGiven(ref="r", kind="pesel")
    phone = ScriptedPhone(OPEN, given, PinGiven(), PinChecked(check="a:1", verdict="ok"))
    call = await Session(plan, StalledJournal(), phone).run(Call(id="a"), ARRIVED)
    assert call.auth is None
    assert call.verdict == "unavailable"
    assert not any(isinstance(action, AskDigits | AskPin | CheckPin) for action in phone.performed)


async def test_who_cannot_be_authenticated_is_greeted_hears_an_apology_and_is_asked_the_matter(plan: Plan) -> None:
    phone = ScriptedPhone(OPEN)
    await Session(plan, StalledJournal(), phone).run(Call(id="a"), ARRIVED)
    assert isinstance(phone.performed[0], Answer)
    greeting, apology = (action for action in phone.performed if isinstance(action, Say))
    assert greeting.lines[0].prompt == "powitanie"
    assert [line.prompt for line in apology.lines] == ["eus-niedostepny"]
    assert apology.firm
    asked = phone.performed[-1]
    assert isinstance(asked, Ask)
    assert asked.question == "matter"
    assert isinstance(phone.performed[1], LookUp)


async def test_a_hang_up_in_the_goodbye_is_the_end_of_it(plan: Plan, journal: Journal) -> None:
    class GoneBefore(ScriptedPhone):
        async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
            answered = await super().perform(call, actions)
            return HungUp() if isinstance(actions[-1], HangUp) else answered

    queued = await Session(plan, journal, ScriptedPhone(OPEN, HumanAsked(by="key"), OPEN)).run(Call(id="a"), ARRIVED)
    assert queued.queue_key is not None
    with capture_logs() as complaints:
        ended = QueueEnded(key=queued.queue_key, outcome="served")
        call = await Session(plan, journal, GoneBefore()).run(queued, ended)
    assert call.ended == "served"
    assert complaints == []
    assert await journal.latest("a") == call


async def test_an_authenticated_call_is_taken_over_by_another_engine_and_the_first_is_fenced(
    plan: Plan, journal: Journal, database: AsyncEngine
) -> None:
    """From arrival by PESEL and telePIN to the question, then a second engine to the queue, all through the journal."""
    until = "2099-01-01T00:00:00+01:00"
    me = Party(ref="p", label="P")
    checked = PinChecked(check="a:1", verdict="ok", at=ARRIVED.at, until=until, person=me)
    first = ScriptedPhone(OPEN, IdentityGiven(ref="r", kind="pesel"), PinGiven(), checked, None)
    left = await Session(plan, journal, first).run(Call(id="a"), ARRIVED)
    assert left.auth is not None
    assert await journal.latest("a") == left

    other = Journal(database, "engine-1", stall=5.0)
    await other.start()
    known = await other.latest("a")
    assert known is not None
    second = ScriptedPhone(HumanAsked(by="key"), OPEN)
    queued = await Session(plan, other, second).run(known, Resumed(engine="engine-1"))
    assert queued.auth == left.auth
    assert isinstance(second.performed[-1], Enqueue)
    with pytest.raises(Fenced):
        await Session(plan, journal, ScriptedPhone()).run(left, NothingHeard())
    turns = await journal.turns("a")
    assert [turn.turn for turn in turns] == list(range(1, queued.turn + 1))
    assert [turn.engine for turn in turns][-1] == "engine-1"
    await other.close()
