"""The desk as a whole: wires of a real Asterisk in, messages at the CRM out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from desk_fakes import QUEUE, FakeSwitchboard, wire
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.agents import Agents
from desk.delivery import Courier
from desk.message import Names
from desk.outbox import Outbox
from desk.service import Acts, Desk
from desk.unkept import Unkept
from desk.webhook import Answer
from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import Party

pytestmark = pytest.mark.anyio

NAMES = Names(offices={"malopolskie": "IAS w Krakowie"}, topics={"pcc-samochod": "Podatek od kupna samochodu"})
SERVED = wire("two-ring-one-answers")
CALL_ID = next(e["ChanVariable"].split("=")[1] for e in SERVED if e["Event"] == "AgentCalled")
CALL = Call(
    id=CALL_ID,
    caller="+48000000001",
    office="malopolskie",
    verdict="ok",
    auth=Authentication(
        person=Party(ref="eus:dz-01", label="Adam Testowy"),
        at="2025-11-21T13:00:00+01:00",
        until="2125-11-21T13:30:00+01:00",
        method="pesel+telepin",
        check="check-1",
    ),
    acting_for=Party(ref="eus:org-klon", label="Fikcyjny Klon Test S.A.", basis="uko"),
    topic="pcc-samochod",
    confidence=0.93,
    said=("chcę zapytać o podatek od kupna samochodu",),
)


@dataclass
class Sessions:
    """A journal in which ``call`` shows up after ``late`` questions."""

    call: Call | None = CALL
    late: int = 0
    fails: int = 0
    ended: list[tuple[str, str]] = field(default_factory=list)

    async def note_end(self, call: str, ended: str) -> bool:
        self.ended.append((call, ended))
        return True

    async def latest(self, call: str) -> Call | None:
        if self.fails:
            self.fails -= 1
            raise OperationalError("SELECT", {}, Exception("locked"))
        if self.late:
            self.late -= 1
            return None
        return self.call


@dataclass
class Office:
    """A running desk with its neighbours."""

    database: AsyncEngine
    sessions: Sessions = field(default_factory=Sessions)
    switchboard: FakeSwitchboard = field(default_factory=FakeSwitchboard)
    got: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    acts: Acts | None = None

    async def send(self, key: str, body: bytes, late: bool) -> Answer:
        self.got.append(msgspec.json.decode(body))
        self.raw.append(body.decode())
        return Answer("delivered", "HTTP 200")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Desk]:
        def alarm(kind: str, text: str) -> None:
            self.alarms.append(kind)

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds / 10)

        outbox = Outbox(self.database)
        courier = Courier(outbox, self.send, alarm, poll=0.02)
        agents = Agents(self.switchboard, self.database)
        unkept = Unkept(outbox, self.send, alarm, sleep)
        desk = Desk(
            self.switchboard, self.sessions, outbox, courier, unkept, agents, NAMES, alarm, acts=self.acts, sleep=sleep
        )
        self.switchboard.handlers.clear()
        self.switchboard.connect_handlers.clear()
        running = asyncio.create_task(desk.run())
        await desk.ready.wait()
        try:
            yield desk
            await desk.settled()
            async with asyncio.timeout(10):
                while (await outbox.backlog()).waiting:
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def once(self) -> list[tuple[int, str, str]]:
        """What a CRM that keeps keys takes in."""
        fresh = {got["id"]: got for got in reversed(self.got)}
        kept = [got for place, got in enumerate(self.got) if fresh[got["id"]] is got]
        return [(got["sequence"], got["kind"], got["agent"]) for got in kept]

    def told(self) -> list[tuple[int, str, str]]:
        return [(got["sequence"], got["kind"], got["agent"]) for got in self.got]


@pytest.fixture
def office(database: AsyncEngine) -> Office:
    return Office(database)


async def test_the_consultants_page_comes_as_they_pick_up(office: Office) -> None:
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    assert [kind for _, kind, _ in office.told()] == ["card", "card", "withdrawn", "session", "ended"]
    assert [sequence for sequence, _, _ in office.told()] == [1, 2, 3, 4, 5]
    card, page = office.got[0], office.got[3]
    assert card["data"] == {
        "office": {"id": "malopolskie", "name": "IAS w Krakowie"},
        "topic": "Podatek od kupna samochodu",
        "caller_masked": "+48 *** *** 001",
        "authenticated": True,
    }
    assert (page["call"], page["queue"], page["agent"]) == (CALL_ID, QUEUE, "long")
    assert page["data"] == {
        "caller": "+48000000001",
        "withheld": False,
        "verdict": "ok",
        "authenticated": {
            "person": "eus:dz-01",
            "method": "pesel+telepin",
            "at": "2025-11-21T13:00:00+01:00",
            "until": "2125-11-21T13:30:00+01:00",
        },
        "principal": {"ref": "eus:org-klon", "label": "Fikcyjny Klon Test S.A.", "basis": "uko", "confirmed": None},
        "entitled": {
            "tier": 2,
            "words": "Informacje ogólne oraz indywidualne w sprawach rozmówcy i organizacji, na podstawie UKO"
            " (poziomy I i II). O toku sprawy (poziom III) mówi tylko pracownik urzędu, który ją prowadzi.",
        },
        "office": {"id": "malopolskie", "name": "IAS w Krakowie"},
        "topic": {"id": "pcc-samochod", "name": "Podatek od kupna samochodu"},
        "source": None,
        "confidence": 0.93,
        "said": ["chcę zapytać o podatek od kupna samochodu"],
        "waited": 2.0,
        "complete": True,
    }
    assert office.got[4]["data"] == {"waited": 2.0, "talked": 7.0, "reason": "caller"}
    assert not any("Testowy" in body for body in office.raw), "the person's name is the CRM's to find"
    assert not any(
        "+48000000001" in body for body, got in zip(office.raw, office.got, strict=True) if got["kind"] == "card"
    )
    assert office.alarms == []


@pytest.mark.parametrize(("holds", "words"), [(True, "UKO"), (False, "odebrano"), (None, "nie potwierdził")])
async def test_a_mandate_withdrawn_in_the_queue_is_not_on_the_page(
    office: Office, holds: bool | None, words: str
) -> None:
    asked = []

    async def acts(check: str, principal: str) -> bool | None:
        asked.append((check, principal))
        return holds

    office.acts = acts
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    (page,) = [got["data"] for got in office.got if got["kind"] == "session"]
    assert asked == [("check-1", "eus:org-klon")]
    assert (page["principal"] is not None) == (holds is True)
    assert page["authenticated"]["person"] == "eus:dz-01", "the own identity is as proved as before"
    assert words in page["entitled"]["words"]
    assert not page["principal"] or page["principal"]["confirmed"]


@pytest.mark.parametrize(("served", "ended"), [(True, "served"), (False, "hung up by caller")])
async def test_the_journal_learns_of_an_end_that_no_engine_saw(office: Office, served: bool, ended: str) -> None:
    caller = {"Event": "Hangup", "Uniqueid": "1.1", "ChanVariable": f"IVR_CALL={CALL_ID}"}
    consultant = {"Event": "Hangup", "Uniqueid": "1.2", "ChanVariable": "IVR_CALL="}
    async with office.open():
        for event in (*(SERVED if served else SERVED[:2]), consultant, caller):
            office.switchboard.emit(event)
        async with asyncio.timeout(10):
            while (CALL_ID, ended) not in office.sessions.ended:
                await asyncio.sleep(0.01)
    assert {call for call, _ in office.sessions.ended} == {CALL_ID}


async def test_the_same_wire_twice_and_in_two_processes_gives_one_page(office: Office) -> None:
    for _ in range(2):
        async with office.open():
            for event in SERVED * 2:
                office.switchboard.emit(event)
    assert [kind for _, kind, _ in office.told()] == ["card", "card", "withdrawn", "session", "ended"]


async def test_a_desk_that_was_away_learns_what_it_missed(office: Office) -> None:
    events = wire("snapshot-connected")
    async with office.open():
        for event in events:
            if event["Event"] == "AgentCalled":
                office.switchboard.emit(event)
    office.switchboard.channels = [event for event in events if event["Event"] == "CoreShowChannel"]
    async with office.open():
        await office.switchboard.reconnect()
        await office.switchboard.reconnect()
    office.switchboard.channels = []
    async with office.open():
        await office.switchboard.reconnect()
    assert office.told() == [(1, "card", "long"), (2, "session", "long"), (3, "ended", "long")]
    assert office.got[2]["data"]["reason"] == "lost"


async def test_consultants_are_seated_at_every_connection(office: Office) -> None:
    async with office.open():
        await Agents(office.switchboard, office.database).add("konsultant1", [QUEUE])
        office.switchboard.members.clear()
        await office.switchboard.reconnect()
    assert set(office.switchboard.members) == {("PJSIP/konsultant1", QUEUE)}


async def test_a_journal_that_is_late_and_locked_is_asked_again(office: Office) -> None:
    office.sessions.late, office.sessions.fails = 1, 2
    async with office.open():
        office.switchboard.emit(next(event for event in SERVED if event["Event"] == "AgentConnect"))
    assert [(got["kind"], got["data"]["verdict"]) for got in office.got] == [("session", "ok")]
    assert office.alarms == []


async def test_without_a_journal_the_page_says_what_is_known(office: Office) -> None:
    office.sessions.call = None
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    page = next(got for got in office.got if got["kind"] == "session")["data"]
    assert (page["verdict"], page["complete"], page["caller"]) == ("unknown", False, None)
    assert page["office"] == {"id": "malopolskie", "name": "IAS w Krakowie"}
    assert office.alarms == ["popup-incomplete"]


@pytest.mark.parametrize(
    ("variables", "masked", "number", "withheld"),
    [
        (("IVR_CALLER=+48600700800", "IVR_WITHHELD="), "+48 *** *** 800", "+48600700800", False),
        (("IVR_CALLER=", "IVR_WITHHELD=1"), "numer zastrzeżony", None, True),
        (("IVR_CALLER=", "IVR_WITHHELD="), "numer nieznany", None, False),
        (("IVR_CALLER=0; DROP", "IVR_WITHHELD="), "numer nieznany", None, False),
        ((), "numer nieznany", None, False),
    ],
)
async def test_a_call_that_no_engine_saw_has_the_number_that_asterisk_knows(
    office: Office, variables: tuple[str, ...], masked: str, number: str | None, withheld: bool
) -> None:
    office.sessions.call = None
    async with office.open():
        for event in SERVED:
            known = {"ChanVariable": "\n".join((event["ChanVariable"], *variables))} if "ChanVariable" in event else {}
            office.switchboard.emit({**event, **known})
    by_kind = {got["kind"]: got["data"] for got in office.got}
    assert by_kind["card"]["caller_masked"] == masked
    assert (by_kind["session"]["caller"], by_kind["session"]["withheld"]) == (number, withheld)


@pytest.mark.parametrize(
    ("said", "alarm"), [("mój pesel 85 83 14 10 110", "unredacted"), ("mój pin 482915", "unredacted")]
)
async def test_a_number_the_engine_failed_to_redact_does_not_leave(office: Office, said: str, alarm: str) -> None:
    office.sessions.call = msgspec.structs.replace(CALL, said=(said,))
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    digits = "".join(character for character in "".join(office.raw) if character.isdigit())
    assert "482915" not in digits
    assert "85831410110" not in digits
    assert office.alarms == [alarm]


async def test_a_number_in_a_name_is_masked_and_the_page_still_comes(office: Office) -> None:
    party = Party(ref="eus:9991000016", label="Klon NIP 9991000016", basis="uko")
    office.sessions.call = msgspec.structs.replace(CALL, acting_for=party)
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    assert not any("9991000016" in body for body in office.raw)
    assert "session" in [kind for _, kind, _ in office.told()]
    assert office.alarms == ["personal-number"]


async def test_a_database_that_is_locked_for_a_while_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Outbox.put, [True] * 4

    async def put(self: Outbox, message: Any) -> bool:
        if failures:
            failures.pop()
            raise OperationalError("INSERT", {}, Exception("locked"))
        return await real(self, message)

    monkeypatch.setattr(Outbox, "put", put)
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
    assert [kind for _, kind, _ in office.once()] == ["card", "card", "withdrawn", "session", "ended"]
    assert set(office.alarms) == {"outbox-database"}


@pytest.mark.parametrize("hangs", [False, True])
async def test_pages_come_while_the_disk_is_full_and_are_kept_when_it_is_not(
    office: Office, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """Sent from memory at once; when the database is back it sends them again: the same keys, the same bytes."""
    real, full = Outbox.put, [True]

    async def put(self: Outbox, message: Any) -> bool:
        if full:
            await asyncio.sleep(60 if hangs else 0)
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return await real(self, message)

    monkeypatch.setattr(Outbox, "put", put)
    monkeypatch.setattr("desk.service.KEEP_LIMIT", 0.05)
    monkeypatch.setattr("desk.unkept.KEEP_LIMIT", 0.05)
    wanted = [(1, "card"), (2, "card"), (3, "withdrawn"), (4, "session"), (5, "ended")]
    async with office.open():
        for event in SERVED:
            office.switchboard.emit(event)
        async with asyncio.timeout(10):
            while len(office.got) < 5:
                await asyncio.sleep(0.01)
        assert [told[:2] for told in office.told()] == wanted
        full.clear()
    assert len(set(office.raw)) == 5, "each message is the same bytes whenever it is sent"
    assert [told[:2] for told in office.once()] == wanted
    assert set(office.alarms) == {"outbox-database"}
