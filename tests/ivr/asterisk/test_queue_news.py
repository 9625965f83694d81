"""How a queue stands, asked of Asterisk's manager on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from ivr.asterisk import queue_news
from ivr.asterisk.ami import Ami
from ivr.asterisk.queue_news import FRESH, QueueNews
from tests.ivr.asterisk.manager_peer import ManagerPeer, message

pytestmark = pytest.mark.anyio
QUEUES = {"malopolskie-kol-pit": ("3", "125"), "krajowa-kol-pit": ("0", "0")}


def summary(action: dict[str, list[str]]) -> bytes | None:
    """As Asterisk 22 answers: a list, of one queue when one is named and known."""
    ident, queue = action["ActionID"][0], action["Queue"][0]
    if queue == "silent":
        return None
    items = b""
    if queue in QUEUES:
        callers, longest = QUEUES[queue]
        items = message(
            Event="QueueSummary", Queue=queue, LoggedIn="2", Available="0", Callers=callers, HoldTime="40",
            TalkTime="100", LongestHoldTime=longest, ActionID=ident,
        )  # fmt: skip
    head = message(Response="Success", EventList="start", Message="Queue summary will follow")
    return head + items + message(Event="QueueSummaryComplete", EventList="Complete", ListItems="1", ActionID=ident)


class Peers:
    def __init__(self, peer: ManagerPeer, news: QueueNews) -> None:
        self.peer, self.news, self.now = peer, news, 0.0


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    peer = ManagerPeer(summary)
    port = await peer.start()
    async with Ami("127.0.0.1", port, "engine", SecretStr("x"), events="off") as ami:
        both = Peers(peer, QueueNews(ami, lambda: both.now))
        yield both
    await peer.close()


async def test_waiting_and_longest_are_told(peers: Peers) -> None:
    assert await peers.news("malopolskie-kol-pit") == {"waiting": 3, "longest": 125}
    assert await peers.news("krajowa-kol-pit") == {"waiting": 0, "longest": 0}
    assert await peers.news("nieznana") == {}


async def test_callers_at_the_same_time_share_one_question(peers: Peers) -> None:
    told = await asyncio.gather(*(peers.news("malopolskie-kol-pit") for _ in range(50)))
    assert len(peers.peer.named("QueueSummary")) == 1
    assert all(news["waiting"] == 3 for news in told)
    peers.now += FRESH / 2
    await peers.news("malopolskie-kol-pit")
    assert len(peers.peer.named("QueueSummary")) == 1
    peers.now += FRESH
    await peers.news("malopolskie-kol-pit")
    assert len(peers.peer.named("QueueSummary")) == 2


async def test_what_cannot_be_learnt_holds_nobody_up(peers: Peers, monkeypatch: Any) -> None:
    monkeypatch.setattr(queue_news, "PATIENCE", 0.05)
    assert await peers.news("silent") == {}
    peers.peer.cut()
    await asyncio.sleep(0.05)
    assert await peers.news("malopolskie-kol-pit") == {}
