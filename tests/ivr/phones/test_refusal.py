"""A refused telePIN is heard at one time after its last key: what was wrong, and how long that took, is not told."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.asterisk.agi import AgiRequest
from ivr.dialogue.actions import AskPin, CheckPin, Line, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import PinChecked, PinGiven
from ivr.phones.asterisk import AsteriskPhone, Parts
from ivr.phones.authentication import REFUSAL_AFTER, REFUSAL_STEP, refusal_onset
from ivr.phones.conversation import Conversation
from telepin.service import Outcome
from tests.fakes.leaping_loop import Loop

KEYS = "482915#"
CHECK = CheckPin(check="c:1", identity="id")
REFUSED = Say(lines=(Line("odmowa", "Nie."),))


@pytest.mark.parametrize("took", [0.0, 0.01, 1.9, REFUSAL_AFTER])
def test_whatever_a_check_took_its_refusal_begins_at_one_time(took: float) -> None:
    assert refusal_onset(100.0, 100.0 + took) == 100.0 + REFUSAL_AFTER


@pytest.mark.parametrize("took", [0.001, 0.4, REFUSAL_STEP])
def test_late_refusals_begin_on_a_raster(took: float) -> None:
    assert refusal_onset(100.0, 100.0 + REFUSAL_AFTER + took) == pytest.approx(100.0 + REFUSAL_AFTER + REFUSAL_STEP)


class Media:
    """A media session that notes when what was begun."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_key: Callable[[str, float], None] | None = None
        self.deaf = False
        self.idle = True
        self.begun: list[tuple[bytes, float]] = []

    def play(self, pcm: bytes) -> Any:
        self.begun.append((pcm[:2], asyncio.get_running_loop().time()))
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return SimpleNamespace(done=done)

    def hush(self, fade: float = 0.06) -> None:
        pass


class Prompts:
    """Sounds whose first sample is the text's length."""

    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes:
        return len(text).to_bytes(2, "little") * 80


class Authority:
    """Gives ``verdict`` after ``seconds``."""

    def __init__(self, verdict: str, seconds: float) -> None:
        self._verdict, self._seconds = verdict, seconds

    async def check(self, **_: object) -> Outcome:
        await asyncio.sleep(self._seconds)
        return Outcome(cast(Any, self._verdict), "2026-04-15T10:00:00+02:00")


def heard(verdict: str, seconds: float, surplus: str = "") -> tuple[float, int]:
    """Seconds from the last key to what follows the check, and how many sounds that was; ``surplus`` is pressed while
    the check is made. The machine would like to say meanwhile that it is at work."""

    async def call() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        media, authority = Media(), Authority(verdict, seconds)
        listener = SimpleNamespace(available=False, warming=False)
        channel = SimpleNamespace(request=AgiRequest("arrive", ("c",), {}))
        parts = SimpleNamespace(recorder=None, authority=authority, listener=listener, prompts=Prompts())
        phone = AsteriskPhone(cast(Any, channel), cast(Parts, parts))
        phone._talk = Conversation(cast(Any, media), Prompts(), cast(Any, listener), (Line("juz", "Już."),))
        asked = asyncio.create_task(phone.perform(Call(id="c", turn=1), (AskPin(lines=()),)))
        await asyncio.sleep(0.5)
        assert media.on_key is not None
        for key in KEYS:
            media.on_key(key, loop.time())
        keyed = loop.time()
        assert await asked == PinGiven()
        checking = asyncio.create_task(phone.perform(Call(id="c", turn=2), (CHECK,)))
        await asyncio.sleep(0)
        for key in surplus:
            media.on_key(key, loop.time())
        event = await checking
        assert isinstance(event, PinChecked)
        await phone.perform(Call(id="c", turn=3), (REFUSED,))
        return media.begun[0][1] - keyed, len(media.begun)

    return asyncio.Runner(loop_factory=Loop).run(call())


@pytest.mark.parametrize("surplus", ["", "5", "#"])
@pytest.mark.parametrize("verdict", ["refused", "throttled"])
@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.9])
def test_a_refusal_is_heard_at_one_time_and_whatever_is_pressed(verdict: str, seconds: float, surplus: str) -> None:
    after, sounds = heard(verdict, seconds, surplus)
    assert sounds == 1
    assert after == pytest.approx(REFUSAL_AFTER)


def test_a_verdict_without_a_refusal_is_told_at_once() -> None:
    assert heard("unavailable", 0.3)[0] == pytest.approx(0.3)
