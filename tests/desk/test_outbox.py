"""The outbox on SQLite and PostgreSQL: order, idempotency, leases, and a worker process that is killed."""

import asyncio
import random
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from desk_fakes import CALL, Clock, card_message
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.delivery import FRESH, FRESH_RETRY, LONGEST_RETRY, Courier, backoff
from desk.message import Ended, Message, Withdrawn
from desk.outbox import Outbox
from desk.webhook import Answer, Envelope
from store import create_tables, open_database

pytestmark = pytest.mark.anyio


def messages(call: str, count: int) -> list[Message]:
    return [card_message(call=call, leg=f"1.{n}") for n in range(count)]


def ignore(kind: str, text: str) -> None:
    pass


class Crm:
    """Takes messages, says what it is told to, and watches over order and doubles."""

    def __init__(self, fails: float = 0.0, seed: int = 1) -> None:
        self.got: list[Envelope] = []
        self.late: list[str] = []
        self.bodies: dict[str, set[bytes]] = {}
        self.at_once: Counter[str] = Counter()
        self._fails = fails
        self._chance = random.Random(seed)
        self.answer: Answer | None = None

    async def send(self, key: str, body: bytes, late: bool) -> Answer:
        envelope = msgspec.json.decode(body, type=Envelope)
        self.bodies.setdefault(key, set()).add(body)
        self.at_once[envelope.call] += 1
        assert self.at_once[envelope.call] == 1, "two messages of one call at the same time"
        await asyncio.sleep(0)
        self.at_once[envelope.call] -= 1
        if self.answer is not None:
            return self.answer
        if self._chance.random() < self._fails:
            return Answer("retry", "HTTP 503")
        self.got.append(envelope)
        if late:
            self.late.append(key)
        return Answer("delivered", "HTTP 200")

    def sequences(self) -> dict[str, list[int]]:
        by_call: dict[str, list[int]] = {}
        for envelope in self.got:
            by_call.setdefault(envelope.call, []).append(envelope.sequence)
        return by_call


async def test_the_same_key_is_kept_once(database: AsyncEngine) -> None:
    outbox = Outbox(database)
    assert await outbox.put(card_message())
    assert not await outbox.put(card_message())
    assert (await outbox.backlog()).waiting == 1


async def test_many_writers_of_one_call_get_each_sequence_number_once(database: AsyncEngine) -> None:
    outbox = Outbox(database)
    await asyncio.gather(*(outbox.put(message) for message in messages(CALL, 12)))
    crm = Crm()
    courier = Courier(outbox, crm.send, ignore)
    while await courier.deliver_one():
        pass
    assert crm.sequences() == {CALL: list(range(1, 13))}


async def test_a_row_that_waits_holds_back_its_call_and_no_other(database: AsyncEngine, clock: Clock) -> None:
    outbox = Outbox(database, clock=clock)
    other = str(uuid4())
    for message in (*messages(CALL, 2), *messages(other, 1)):
        await outbox.put(message)
        clock.forward(0.001)
    first = await outbox.claim("w1")
    second = await outbox.claim("w2")
    assert first is not None
    assert second is not None
    assert [msgspec.json.decode(claim.body)["call"] for claim in (first, second)] == [CALL, other]
    assert await outbox.claim("w3") is None
    await outbox.retry(first, "w1", "HTTP 503", 4.0)
    assert await outbox.claim("w3") is None
    clock.forward(4.1)
    again = await outbox.claim("w3")
    assert again is not None
    assert (again.key, again.body, again.attempts) == (first.key, first.body, 2)


async def test_a_parked_row_lets_the_rest_of_its_call_pass_and_may_be_released(database: AsyncEngine) -> None:
    outbox, crm, alarms = Outbox(database), Crm(), []
    for message in messages(CALL, 2):
        await outbox.put(message)
    crm.answer = Answer("refused", "HTTP 422")
    courier = Courier(outbox, crm.send, lambda kind, text: alarms.append((kind, text)))
    assert await courier.deliver_one()
    crm.answer = None
    assert await courier.deliver_one()
    assert crm.sequences() == {CALL: [2]}
    assert [kind for kind, _ in alarms] == ["crm-refused"]
    assert (await outbox.backlog()).parked == 1
    assert await outbox.release_parked() == 1
    assert await courier.deliver_one()
    assert crm.sequences() == {CALL: [2, 1]}


async def test_a_message_is_given_up_after_days_of_trying(database: AsyncEngine, clock: Clock) -> None:
    outbox, crm, alarms = Outbox(database, clock=clock), Crm(), []
    await outbox.put(card_message())
    crm.answer = Answer("retry", "HTTP 503")
    courier = Courier(outbox, crm.send, lambda kind, text: alarms.append(kind), give_up=timedelta(days=7), clock=clock)
    for _ in range(8):
        assert await courier.deliver_one()
        assert (await outbox.backlog()).waiting == 1
        clock.forward(40.0)
    assert alarms == ["crm-down"]
    clock.forward(7 * 86400.0)
    assert await courier.deliver_one()
    assert alarms == ["crm-down", "crm-refused"]
    assert (await outbox.backlog()).waiting == 0


async def test_a_lapsed_lease_goes_to_another_and_the_first_settles_nothing(
    database: AsyncEngine, clock: Clock
) -> None:
    outbox = Outbox(database, clock=clock, lease=10.0)
    await outbox.put(card_message())
    first = await outbox.claim("w1")
    assert first is not None
    clock.forward(9.9)
    assert await outbox.claim("w2") is None
    clock.forward(0.2)
    second = await outbox.claim("w2")
    assert second is not None
    assert not await outbox.delivered(first, "w1", "HTTP 200")
    assert await outbox.delivered(second, "w2", "HTTP 200")
    assert await outbox.claim("w3") is None


async def test_a_clock_set_back_by_an_hour_does_not_hold_rows_for_an_hour(database: AsyncEngine, clock: Clock) -> None:
    outbox = Outbox(database, clock=clock)
    await outbox.put(card_message())
    claim = await outbox.claim("w1")
    assert claim is not None
    await outbox.retry(claim, "w1", "HTTP 503", 30.0)
    await outbox.put(card_message(call=str(uuid4())))
    assert await outbox.claim("w1") is not None  # leased, and never settled: its worker died
    clock.forward(-3600.0)
    assert await outbox.claim("w2") is not None
    assert await outbox.claim("w3") is not None


async def test_a_page_the_consultant_has_no_more_use_for_is_late(database: AsyncEngine) -> None:
    outbox, crm = Outbox(database), Crm()
    card = card_message()
    await outbox.put(card)
    await outbox.put(msgspec.structs.replace(card, kind="withdrawn", data=Withdrawn(reason="no-answer")))
    fresh = card_message(call=str(uuid4()))
    await outbox.put(fresh)
    courier = Courier(outbox, crm.send, ignore)
    while await courier.deliver_one():
        pass
    assert crm.late == [card.key]
    assert len(crm.got) == 3


async def test_open_legs_are_those_whose_story_has_no_end(database: AsyncEngine, clock: Clock) -> None:
    outbox = Outbox(database, clock=clock)
    rung, talked, done = (card_message(leg=f"1.{n}") for n in range(3))
    for message in (rung, talked, done):
        await outbox.put(message)
    for message in (talked, done):
        await outbox.put(msgspec.structs.replace(message, kind="session"))
    ended = Ended(waited=None, talked=None, reason="agent")
    await outbox.put(msgspec.structs.replace(done, kind="ended", data=ended))
    ringing, connected = await outbox.open_legs(clock() - timedelta(hours=1))
    assert [leg.leg for leg in ringing] == ["1.0"]
    assert [leg.leg for leg in connected] == ["1.1"]


async def test_delivered_rows_are_purged_and_waiting_ones_are_not(database: AsyncEngine, clock: Clock) -> None:
    outbox = Outbox(database, clock=clock)
    for message in messages(CALL, 2):
        await outbox.put(message)
    claim = await outbox.claim("w")
    assert claim is not None
    await outbox.delivered(claim, "w", "HTTP 200")
    clock.forward(60.0)
    assert await outbox.purge(clock()) == 1
    assert (await outbox.backlog()).waiting == 1


async def test_out_equals_in_with_a_failing_crm_and_two_couriers(database: AsyncEngine) -> None:
    outbox, crm = Outbox(database), Crm(fails=0.4)
    calls = [str(uuid4()) for _ in range(6)]
    couriers = [Courier(outbox, crm.send, ignore, hands=3, poll=0.02, chance=lambda: -0.96) for _ in range(2)]
    running = [asyncio.create_task(courier.run()) for courier in couriers]
    for n in range(4):
        for call in calls:
            await outbox.put(card_message(call=call, leg=f"1.{n}"))
        couriers[0].wake()
    async with asyncio.timeout(60):
        while (await outbox.backlog()).waiting:
            await asyncio.sleep(0.05)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert crm.sequences() == {call: [1, 2, 3, 4] for call in calls}
    assert all(len(bodies) == 1 for bodies in crm.bodies.values())


def test_pauses_double_are_capped_and_spread() -> None:
    assert [backoff(n, 1.0, FRESH) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, LONGEST_RETRY, LONGEST_RETRY]
    assert backoff(1000, 0.0, FRESH) == LONGEST_RETRY / 2


def test_pauses_stay_short_while_a_caller_may_be_on_the_line() -> None:
    assert [backoff(n, 1.0, 0.0) for n in (1, 2, 3, 4, 9)] == [0.5, 1, FRESH_RETRY, FRESH_RETRY, FRESH_RETRY]


async def test_once_the_crm_answers_again_nothing_waits_for_its_next_try(database: AsyncEngine) -> None:
    clock, answers = Clock(), [Answer("retry", "HTTP 503")] * 3
    outbox = Outbox(database, clock=clock)

    async def send(key: str, body: bytes, late: bool) -> Answer:
        return answers.pop() if answers else Answer("delivered", "HTTP 200")

    courier = Courier(outbox, send, ignore, clock=clock)
    for n in range(3):
        await outbox.put(card_message(call=str(uuid4()), leg=f"1.{n}"))
        assert await courier.deliver_one()
    assert not await courier.deliver_one(), "all wait for their next try"
    await outbox.put(card_message(call=str(uuid4()), leg="1.9"))
    delivered = 0
    while await courier.deliver_one():
        delivered += 1
    assert delivered == 4
    assert (await outbox.backlog()).waiting == 0


async def test_what_is_pending_is_listed_parked_first(database: AsyncEngine) -> None:
    clock = Clock()
    outbox = Outbox(database, clock=clock)
    answers = {"waiting": Answer("retry", "HTTP 503"), "parked": Answer("refused", "HTTP 401")}
    calls = {name: str(uuid4()) for name in answers}
    for name, answer in answers.items():

        async def send(key: str, body: bytes, late: bool, answer: Answer = answer) -> Answer:
            return answer

        await outbox.put(card_message(call=calls[name]))
        await Courier(outbox, send, ignore, clock=clock).deliver_one()
        clock.forward(0.1)
    found = await outbox.pending(10)
    assert [(row.call, row.parked, row.answer, row.attempts) for row in found] == [
        (calls["parked"], True, "HTTP 401", 1),
        (calls["waiting"], False, "HTTP 503", 1),
    ]
    assert len(await outbox.pending(1)) == 1


WORKER = """
import asyncio, sys
from desk.outbox import Outbox
from desk.delivery import Courier
from desk.webhook import Answer
from store import open_database

async def main(url, log):
    out = open(log, "a", buffering=1)
    async def send(key, body, late):
        out.write(key + chr(10))
        await asyncio.sleep(0.02)
        return Answer("delivered", "HTTP 200")
    await Courier(Outbox(open_database(url), lease=0.5), send, print, hands=2, poll=0.05).run()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_worker_process_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    url, log = f"sqlite+aiosqlite:///{tmp_path / 'infolinia.db'}", tmp_path / "log"
    database = open_database(url)
    await create_tables(database)
    outbox = Outbox(database)
    sent = [message for _ in range(5) for message in messages(str(uuid4()), 5)]
    for message in sent:
        await outbox.put(message)
    log.touch()
    kills = 0
    async with asyncio.timeout(90):
        while (await outbox.backlog()).waiting:
            program = (sys.executable, "-c", WORKER, url, str(log))
            worker = await asyncio.create_subprocess_exec(*program, cwd=Path(__file__).parents[2])
            try:
                goal = len(log.read_text().split()) + 8
                while (await outbox.backlog()).waiting and len(log.read_text().split()) < goal:
                    await asyncio.sleep(0.02)
            finally:
                worker.send_signal(signal.SIGKILL)
                await worker.wait()
                kills += 1
    await database.dispose()
    tries = log.read_text().split()
    assert kills >= 3
    assert set(tries) == {message.key for message in sent}
    for call in {message.call for message in sent}:
        own = [message.key for message in sent if message.call == call]
        firsts = sorted(own, key=tries.index)
        assert firsts == own, "order within a call, by first try"
    assert len(tries) <= len(sent) + 2 * kills, "only what was under way at a kill is tried twice"
