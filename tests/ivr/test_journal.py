"""The journal on a real SQLite file and a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, HungUp, NothingHeard
from ivr.dialogue.machine import step
from ivr.dialogue.node import change
from ivr.dialogue.plan import Plan
from ivr.journal import Fenced, Journal

pytestmark = pytest.mark.anyio
ARRIVED = CallArrived(dialled="224605992", caller="+48000000001", at="2026-04-21T10:00:00+02:00")


@pytest.fixture
async def journal(database: AsyncEngine) -> AsyncIterator[Journal]:
    journal = Journal(database, "engine-0", stall=5.0)
    await journal.start()
    yield journal
    await journal.close()


async def test_a_turn_is_read_back_as_it_was_written(journal: Journal, plan: Plan) -> None:
    call, actions = step(plan, Call(id="a"), ARRIVED)
    assert await journal.commit(call, ARRIVED, actions)
    assert await journal.latest("a") == call
    (turn,) = await journal.turns("a")
    assert (turn.event, turn.actions, turn.engine) == (ARRIVED, actions, "engine-0")


async def test_an_unknown_call_is_none(journal: Journal) -> None:
    assert await journal.latest("nobody") is None


async def test_a_revived_engine_writes_nothing(journal: Journal, database: AsyncEngine, plan: Plan) -> None:
    call, actions = step(plan, Call(id="a"), ARRIVED)
    await journal.commit(call, ARRIVED, actions)
    other = Journal(database, "engine-1", stall=5.0)
    await other.start()
    ended, _ = step(plan, call, HungUp())
    await other.commit(ended, HungUp(), ())
    with pytest.raises(Fenced):
        await journal.commit(change(call, turn=2), NothingHeard(), ())
    await other.close()
    assert (await journal.latest("a")) == ended


async def test_one_fenced_turn_does_not_lose_the_others_of_its_batch(journal: Journal, plan: Plan) -> None:
    first, actions = step(plan, Call(id="a"), ARRIVED)
    await journal.commit(first, ARRIVED, actions)
    others = [step(plan, Call(id=f"b{n}"), ARRIVED)[0] for n in range(50)]
    writes = [journal.commit(call, ARRIVED, ()) for call in (first, *others)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(results[0], Fenced)
    assert results[1:] == [True] * 50
    assert [await journal.latest(call.id) for call in others] == others


async def test_a_full_disk_takes_no_turn_and_then_takes_them_again(database: AsyncEngine, plan: Plan) -> None:
    if database.dialect.name != "sqlite":
        pytest.skip("a limit on the pages of a SQLite file stands for the disk")
    alarms: list[str] = []
    journal = Journal(database, "engine-0", stall=5.0, alarm=lambda kind, text: alarms.append(kind))
    await journal.start()
    await _pages(database, 1)
    kept = [await journal.commit(step(plan, Call(id=f"c{n}"), ARRIVED)[0], ARRIVED, ()) for n in range(200)]
    assert not kept[-1]
    assert set(alarms) == {"journal-stalled"}
    lost = kept.index(False)
    assert await journal.latest(f"c{lost}") is None
    await _pages(database, 100_000)
    assert await journal.commit(step(plan, Call(id="later"), ARRIVED)[0], ARRIVED, ())
    await journal.close()


async def _pages(database: AsyncEngine, most: int) -> None:
    """The file may have ``most`` pages, or as many as it has already."""
    async with database.connect() as connection:
        await connection.execute(text(f"PRAGMA max_page_count={most}"))


async def test_a_locked_database_stalls_and_the_call_goes_on(database: AsyncEngine, plan: Plan) -> None:
    alarms: list[str] = []
    journal = Journal(database, "engine-0", stall=0.1, alarm=lambda kind, text: alarms.append(kind))
    await journal.start()
    call, actions = step(plan, Call(id="a"), ARRIVED)
    async with database.connect() as holder:
        sqlite = database.dialect.name == "sqlite"
        await holder.execute(text("BEGIN EXCLUSIVE" if sqlite else "LOCK TABLE turns IN ACCESS EXCLUSIVE MODE"))
        assert not await journal.commit(call, ARRIVED, actions)
        await holder.rollback()
    assert alarms == ["journal-stalled"]
    await journal.close()


async def test_two_engines_that_write_one_turn_at_once_are_told_apart(
    journal: Journal, database: AsyncEngine, plan: Plan
) -> None:
    """Whoever comes second is fenced, and every other call's turns of both batches stand."""
    other = Journal(database, "engine-1", stall=10.0)
    await other.start()
    calls = [step(plan, Call(id=f"c{n}"), ARRIVED)[0] for n in range(20)]
    both = [writer.commit(call, ARRIVED, ()) for call in calls for writer in (journal, other)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    for first, second in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sorted(map(type, (first, second)), key=lambda kind: kind.__name__) == [Fenced, bool]
    for call in calls:
        (turn,) = await journal.turns(call.id)
        assert turn.state == call
    await other.close()


async def test_a_call_that_broke_off_is_found_again_and_a_finished_one_is_not(journal: Journal, plan: Plan) -> None:
    for call_id, topic, end in (("cut", "pcc-termin", "hung up by caller"), ("done", "pcc-termin", "served")):
        call, actions = step(plan, Call(id=call_id), change_caller(ARRIVED, call_id))
        await journal.commit(call, change_caller(ARRIVED, call_id), actions)
        last = change(call, turn=2, topic=topic, ended=end)
        await journal.commit(last, HungUp(), ())
    within = timedelta(minutes=10)
    found = await journal.broken_off("+48cut", but="new", within=within)
    assert found is not None
    assert found.topic == "pcc-termin"
    assert await journal.broken_off("+48done", but="new", within=within) is None
    assert await journal.broken_off("+48cut", but="cut", within=within) is None
    assert await journal.broken_off("+48cut", but="new", within=timedelta(0)) is None


async def test_a_call_cut_off_while_no_engine_lived_is_found_again_unless_it_was_served(
    journal: Journal, plan: Plan
) -> None:
    within = timedelta(minutes=10)
    for name, end in (("cut", "hung up by caller"), ("done", "served")):
        call, actions = step(plan, Call(id=name), change_caller(ARRIVED, name))
        await journal.commit(call, change_caller(ARRIVED, name), actions)
        await journal.commit(change(call, turn=2, topic="pcc-termin"), NothingHeard(), ())
        assert await journal.broken_off(f"+48{name}", but="new", within=within) is None
        assert await journal.note_end(name, end)
        assert not await journal.note_end(name, "hung up by caller"), "the first word counts"
    found = await journal.broken_off("+48cut", but="new", within=within)
    assert found is not None
    assert found.topic == "pcc-termin"
    assert await journal.broken_off("+48done", but="new", within=within) is None


async def test_how_long_ago_the_last_turn_was(journal: Journal, plan: Plan) -> None:
    assert await journal.said_for("a") == 0.0
    call, actions = step(plan, Call(id="a"), ARRIVED)
    await journal.commit(call, ARRIVED, actions)
    assert 0.0 <= await journal.said_for("a") < 60.0


async def test_a_call_whose_end_nobody_saw_is_closed_and_one_under_way_is_not(journal: Journal, plan: Plan) -> None:
    call, actions = step(plan, Call(id="a"), ARRIVED)
    await journal.commit(call, ARRIVED, actions)
    now = datetime.now(UTC)
    assert await journal.close_lost(now - timedelta(hours=1)) == 0
    assert await journal.close_lost(now + timedelta(hours=1)) == 1
    assert await journal.close_lost(now + timedelta(hours=1)) == 0


def change_caller(event: CallArrived, name: str) -> CallArrived:
    return CallArrived(dialled=event.dialled, caller=f"+48{name}", at=event.at)
