"""What the journal tells of matters, from calls walked through the real plan."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ivr.conversations import Conversation, conversation, conversations
from ivr.dialogue.call import DECODE, ENCODE, Call
from ivr.dialogue.events import (
    CallArrived,
    Candidate,
    Event,
    Heard,
    HumanAsked,
    HungUp,
    Keyed,
    LookedUp,
    NothingHeard,
    Skipped,
)
from ivr.dialogue.machine import step
from ivr.dialogue.node import change
from ivr.dialogue.plan import Plan
from ivr.journal import Journal
from store import create_tables, open_database

AT = "2026-04-21T10:00:00+02:00"
NOON = datetime(2026, 4, 21, 10, tzinfo=UTC)
TO_MATTER: tuple[Event, ...] = (
    CallArrived(dialled="224605992", caller="+48000000001", at=AT),
    LookedUp(what="hours", ok=True, found={"open": True}),
    LookedUp(what="earlier", ok=True, found={}),
    Skipped(),
)


def heard(text: str, *readings: tuple[str, float]) -> Heard:
    return Heard(text=text, confidence=0.9, readings=tuple(Candidate(id_, share) for id_, share in readings))


def walked(plan: Plan, *events: Event, first: Event = TO_MATTER[0]) -> list[tuple[Event, Call]]:
    call, turns = Call(id="a"), []
    for event in (first, *TO_MATTER[1:], *events):
        moved, _ = step(plan, call, event)
        assert moved is not call, event
        turns.append((event, moved))
        call = moved
    return turns


def told(plan: Plan, *events: Event) -> Conversation:
    return conversation("a", "+48000000001", NOON, walked(plan, *events))


def test_a_sure_topic_is_accepted(plan: Plan) -> None:
    (matter,) = told(plan, heard("ile dni na pcc", ("pcc-termin", 0.95))).matters
    assert (matter.how, matter.topics, matter.asked, matter.stated) == ("accepted", ("pcc-termin",), 1, True)


def test_the_model_that_read_last_decided_and_old_journals_know_none(plan: Plan) -> None:
    begun = msgspec.structs.replace(TO_MATTER[0], model="version-1")
    read = msgspec.structs.replace(heard("ile dni na pcc", ("pcc-termin", 0.95)), model="version-2")
    turns = walked(plan, read, first=begun)
    assert [call.model for _, call in turns] == ["version-1"] * 4 + ["version-2"]
    assert conversation("a", None, NOON, turns).matters[0].model == "version-2"
    assert told(plan, heard("ile dni na pcc", ("pcc-termin", 0.95))).matters[0].model == ""
    old = msgspec.json.decode(ENCODE(turns[0][1]))
    del old["model"]
    assert DECODE(msgspec.json.encode(old)).model == ""


def test_an_offer_agreed_to_is_confirmed(plan: Plan) -> None:
    (matter,) = told(plan, heard("no ten podatek", ("pcc-termin", 0.5)), Keyed(keys="1")).matters
    assert (matter.how, matter.topics, [said.text for said in matter.said]) == (
        "confirmed",
        ("pcc-termin",),
        ["no ten podatek"],
    )


def test_two_tries_then_keys(plan: Plan) -> None:
    lost = heard("yyy", ("__none__", 0.8))
    (matter,) = told(plan, lost, lost, Keyed(keys="1")).matters
    assert (matter.how, matter.topics, matter.asked) == ("keys", (), 2)
    assert matter.stated
    assert not matter.recognised


def test_who_asks_for_a_person_only_has_stated_nothing(plan: Plan) -> None:
    by_key, by_word = told(plan, HumanAsked(by="key")), told(plan, heard("konsultant", ("__human__", 0.9)))
    assert [(matter.how, matter.stated) for call in (by_key, by_word) for matter in call.matters] == [
        ("person", False),
        ("person", False),
    ]


def test_a_call_that_ends_or_breaks_off_at_the_question(plan: Plan) -> None:
    hung_up, broken = told(plan, NothingHeard(), HungUp()), told(plan, NothingHeard())
    assert [matter.how for call in (hung_up, broken) for matter in call.matters] == ["ended", "ended"]


def test_a_person_wanted_after_the_topic_and_the_queue_it_led_to(plan: Plan) -> None:
    is_open = LookedUp(what="hours", ok=True, found={"open": True})
    call = told(plan, heard("ile dni na pcc", ("pcc-termin", 0.95)), HumanAsked(by="key"), is_open)
    assert call.wanted_human
    assert call.queues == ("kol-pcc-sd",)
    assert not call.rerouted


@pytest.mark.anyio
async def test_read_back_from_a_database(plan: Plan, tmp_path: Path) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/journal.db")
    await create_tables(database)
    journal = Journal(database, "engine-0", stall=5.0)
    await journal.start()
    for id_ in ("a", "b"):
        for event, state in walked(plan, heard("ile dni na pcc", ("pcc-termin", 0.95))):
            await journal.commit(change(state, id=id_), event, ())
    await journal.close()
    found = [call async for call in conversations(database)]
    assert [(call.again, call.matters[0].topics) for call in found] == [
        (True, ("pcc-termin",)),
        (False, ("pcc-termin",)),
    ]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert [call async for call in conversations(database, since=tomorrow)] == []
    await database.dispose()
