"""The hotline's AGI requests while the journal takes nothing and knows nothing: the call is remembered in memory."""

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.asterisk.agi import AgiReply, AgiRequest
from ivr.dialogue.actions import Action, Enqueue, LookUp
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, HumanAsked, LookedUp, QueueEnded
from ivr.dialogue.plan import Plan
from ivr.hotline import Edition, Hotline, Only
from ivr.journal import Journal
from ivr.phones.asterisk import AsteriskPhone

pytestmark = pytest.mark.anyio
CALL = str(uuid.uuid4())
OPEN = LookedUp(what="hours", ok=True, found={"open": True, "hours": "zawsze"})


class FullDisk(Journal):
    """Takes nothing, knows nothing."""

    def __init__(self) -> None:
        pass

    async def commit(self, call: Call, event: Event, actions: tuple[Action, ...]) -> bool:
        return False

    async def latest(self, call: str) -> Call | None:
        return None


class Channel:
    def __init__(self, why: str, detail: str = "") -> None:
        self.request = AgiRequest(why, (CALL, "224605992", "+48600000001", "trunk", detail), {})
        self.hung_up = asyncio.Event()
        self.next = ""

    async def set_variable(self, name: str, value: str) -> None:
        assert name == "IVR_NEXT"
        self.next = value

    async def command(self, line: str, *args: str) -> AgiReply:
        return AgiReply(200, "0")


async def perform(phone: Any, call: Call, actions: tuple[Action, ...]) -> Event | None:
    """A caller who asks for a person at once."""
    last = actions[-1]
    if isinstance(last, Enqueue):
        await phone._channel.set_variable("IVR_NEXT", f"queue,{last.queue}")
        return None
    if isinstance(last, LookUp):
        return OPEN if last.what == "hours" else LookedUp(what=last.what, ok=True, found={"open": True})
    return HumanAsked(by="key") if call.awaits else None


async def forget(call: str) -> None:
    pass


@pytest.fixture
def seen() -> list[Event]:
    return []


@pytest.fixture
def hotline(plan: Plan, monkeypatch: pytest.MonkeyPatch, seen: list[Event]) -> Hotline:
    monkeypatch.setattr(AsteriskPhone, "perform", perform)
    parts = SimpleNamespace(authority=SimpleNamespace(forget=forget), meaning=SimpleNamespace(model="version-3"))
    only = Only(Edition(plan, cast(Any, parts)))
    return Hotline("engine-0", only, FullDisk(), lambda: True, lambda call, event, actions: seen.append(event))


async def ask(hotline: Hotline, why: str, detail: str = "") -> str:
    channel = Channel(why, detail)
    await hotline.handle(cast(Any, channel))
    return channel.next


async def test_a_call_without_a_journal_goes_on_where_it_was(hotline: Hotline, seen: list[Event]) -> None:
    assert await ask(hotline, "arrive") == "queue,malopolskie-kol-ogolna"
    assert (await ask(hotline, "queue-ended", "timeout/60")).startswith("queue,")
    assert [event.model for event in seen if isinstance(event, CallArrived)] == ["version-3"]
    assert any(isinstance(event, QueueEnded) and event.outcome == "timeout" for event in seen)


@pytest.mark.parametrize(
    ("why", "detail"), [("queue-ended", "served/12"), ("resume", "queue-ended/malopolskie-kol-ogolna/served/12")]
)
async def test_who_was_served_is_not_greeted_by_an_engine_that_does_not_know_the_call(
    hotline: Hotline, seen: list[Event], why: str, detail: str
) -> None:
    assert await ask(hotline, why, detail) == "hangup"
    assert seen == []
