"""Calls from one of our phones straight to another: signalling, audio and scripts without an Asterisk between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.live import LiveCall
from recordings.caller.media import CallOver
from recordings.caller.people import People
from recordings.caller.performance import place_call
from recordings.caller.result import CallResult
from recordings.caller.script import Script
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine
from voicebot.audio import samples_of, silence, write_wav

pytestmark = pytest.mark.anyio


class Pair:
    """A caller's line and the phone that answers it."""

    def __init__(self, line: SipLine, answering: SipLine, phone: ConsultantPhone) -> None:
        self.line, self.answering, self.phone = line, answering, phone

    async def call(self, *steps: dict[str, Any], **options: Any) -> CallResult:
        taken = {name: options.pop(name) for name in ("people", "conditions", "record") if name in options}
        script = Script.model_validate({"to": "phone", "settle_s": 0.3, "patience_s": 5, "steps": steps, **options})
        result = await place_call(self.line, script, **taken)
        await asyncio.wait_for(self.phone.wait_served(1), 3)
        return result


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    answering = SipLine(("127.0.0.1", 9))
    await answering.start()
    phone = ConsultantPhone(answering, Behaviour(answer_after=0.0))
    line = SipLine(answering.transport.local_addr)
    await line.start()
    yield Pair(line, answering, phone)
    await line.stop()
    await answering.stop()
    assert line.legs == answering.legs == {}


async def test_all_twelve_keys_arrive_and_the_call_is_ended_by_us(pair: Pair) -> None:
    result = await pair.call({"keys": "0123456789*#", "key_s": 0.06, "gap_s": 0.06})
    (served,) = pair.phone.served
    assert served.keys_heard == "0123456789*#"
    assert (served.end.by, result.end.by, result.ok) == ("them", "us", True)
    assert [note.detail for note in result.notes if note.what == "keys"] == ["[12 keys]"]
    assert "0123456789" not in result.model_dump_json()


async def test_the_other_side_hangs_up(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, talk=0.3)
    result = await pair.call({"wait_hangup": True})
    assert (result.end.by, pair.phone.served[0].end.by, result.ok) == ("them", "us", True)


async def test_what_was_not_done_when_the_call_ended_is_told(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, talk=0.2)
    result = await pair.call({"pause": 0.1}, {"pause": 3}, {"hangup": True})
    assert result.failure == "krok 2 (pause): rozmowa skończyła się wcześniej"


async def late(call: LiveCall) -> None:
    await call.leg.ended
    await call.keys("1")


@pytest.mark.parametrize(
    "act",
    [
        lambda call: call.keys("1234567890"),
        lambda call: call.say(silence(3.0)),
        lambda call: call.wait_speech(),
        late,
    ],
    ids=["keys", "say", "listen", "late"],
)
async def test_a_call_that_ends_lets_nobody_wait_for_ever(
    pair: Pair, act: Callable[[LiveCall], Awaitable[object]]
) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, talk=0.2)
    call = LiveCall(await pair.line.dial(Dial("phone")))
    with pytest.raises(CallOver):
        await asyncio.wait_for(asyncio.ensure_future(act(call)), 5)


async def test_busy_is_told_with_its_status(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(reject=486)
    result = await pair.call({"pause": 1})
    assert (result.end.by, result.end.code, result.ok) == ("refused", 486, False)
    assert result.answered_after is None


async def test_a_phone_that_nobody_answers_is_given_up_and_told(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=None)
    result = await pair.call(ring_s=0.3)
    assert (result.end.code, pair.phone.served[0].end.by) == (408, "cancelled")
    assert "nikt nie odebrał" in str(result.failure)


async def test_a_server_that_is_not_there_is_told(pair: Pair) -> None:
    line = SipLine(("127.0.0.1", 9))
    await line.start()
    result = await place_call(line, Script(to="phone", ring_s=0.2))
    line.transport.settled = never_waits  # type: ignore[method-assign]
    await line.stop()
    assert "127.0.0.1:9 nie odpowiada" in str(result.failure)


async def never_waits(timeout: float) -> None:
    """There is nobody whose last answers are worth waiting for."""


async def test_a_second_call_finds_the_phone_busy(pair: Pair) -> None:
    first = asyncio.create_task(pair.call({"pause": 0.5}))
    await asyncio.sleep(0.2)
    second = await place_call(pair.line, Script(to="phone"))
    assert second.end.code == 486
    assert (await first).ok


async def test_sound_goes_there_and_back_whole(pair: Pair, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(8000).cumsum() % 2000 * 8).astype(np.int16)
    write_wav(tmp_path / "said.wav", noise.tobytes())
    pair.phone.behaviour = Behaviour(answer_after=0.0, greeting=soft_tone(0.6), record_to=tmp_path)
    result = await pair.call({"say": str(tmp_path / "said.wav")}, {"pause": 0.1}, record=tmp_path / "call.wav")
    served = pair.phone.served[0]
    assert served.recording is not None
    assert best_match(heard_in(served.recording), noise) > 0.98
    assert best_match(heard_in(tmp_path / "call.wav"), samples_of(soft_tone(0.6))) > 0.98
    assert result.received["lost"] == 0


def heard_in(path: Path) -> np.ndarray[Any, Any]:
    """The left channel: what was heard."""
    return np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 0]


def best_match(heard: np.ndarray[Any, Any], sent: np.ndarray[Any, Any]) -> float:
    """Correlation at the best offset: 1 is the same sound."""
    wide, part = heard.astype(float), sent.astype(float)
    products = np.correlate(wide, part, "valid")
    energy = np.convolve(wide**2, np.ones(part.size), "valid")
    scores: np.ndarray[Any, Any] = products / np.sqrt(np.maximum(energy, 1) * (part**2).sum())
    return float(scores.max())


async def test_keys_wait_for_the_end_of_the_prompt_and_barge_into_the_next(pair: Pair) -> None:
    prompts = silence(0.2) + soft_tone(0.8) + silence(1.5) + soft_tone(2.0)
    pair.phone.behaviour = Behaviour(answer_after=0.0, greeting=prompts)
    result = await pair.call({"keys": "1", "after_s": 0.5}, {"keys": "2", "after_s": -1.5, "prompt_s": 2.0})
    first, second = (key.sent for key in result.keys)
    prompt, following = result.heard
    assert result.ok
    assert prompt.end + 0.4 < first < following.start
    assert following.start + 0.3 < second < following.start + 1.9


async def test_barging_in_without_knowing_the_length_is_within_the_prompt(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, greeting=silence(0.2) + soft_tone(3.0))
    result = await pair.call({"keys": "1", "after_s": -2}, {"pause": 0.2})
    assert result.heard[0].start < result.keys[0].sent < result.heard[0].end


async def test_hold_is_agreed_both_ways_and_stops_the_sound(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, greeting=soft_tone(4.0))
    result = await pair.call({"pause": 0.5}, {"hold": 0.8}, {"keys": "5"}, {"pause": 0.3})
    assert result.failure is None
    assert len(result.heard) == 2
    assert result.heard[1].start - result.heard[0].end > 0.5
    assert result.received["lost"] == 0
    assert pair.phone.served[0].keys_heard == "5"


async def test_nothing_is_sent_while_we_hold(pair: Pair) -> None:
    leg = await pair.line.dial(Dial("phone"))
    await asyncio.sleep(0.1)
    quality = next(iter(pair.answering.legs.values())).media.hearing.quality
    await leg.hold()
    before = quality.received
    await asyncio.sleep(0.3)
    assert quality.received - before <= 1
    await leg.resume()
    await asyncio.sleep(0.3)
    assert quality.received - before > 5
    leg.hang_up()


async def test_the_phone_that_answered_may_hold_too(pair: Pair) -> None:
    held = asyncio.Event()

    async def hold_from_there() -> None:
        (leg,) = pair.answering.legs.values()
        await leg.hold()
        held.set()
        await asyncio.sleep(0.2)
        await leg.resume()

    result = await pair.call({"wait_for": "held"}, {"keys": "7"}, conditions={"held": hold_from_there})
    assert held.is_set()
    assert (result.renegotiated, result.ok) == (2, True)
    assert pair.phone.served[0].keys_heard == "7"


async def test_keys_during_a_hold_by_the_other_side_are_refused(pair: Pair) -> None:
    async def hold_from_there() -> None:
        await next(iter(pair.answering.legs.values())).hold()

    result = await pair.call({"wait_for": "held"}, {"keys": "7"}, conditions={"held": hold_from_there})
    assert result.failure is not None
    assert "zawieszona" in result.failure


async def test_a_person_is_named_instead_of_a_secret(pair: Pair) -> None:
    people = People({("dz-01", "pin"): SecretStr("048291")})
    result = await pair.call({"keys": {"pin_of": "dz-01"}, "key_s": 0.05, "gap_s": 0.05}, people=people)
    assert pair.phone.served[0].keys_heard == "048291#"
    assert "048291" not in repr(result)


@pytest.mark.parametrize("step", [{"keys": {"pin_of": "dz-99"}}, {"wait_for": "nothing"}])
async def test_a_script_that_cannot_work_calls_nobody(pair: Pair, step: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"dz-99|nothing"):
        await place_call(pair.line, Script.model_validate({"to": "phone", "steps": [step]}))
    assert pair.phone.served == []


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"wait_speech": True}, "nikt się nie odezwał"),
        ({"wait_hangup": True}, "nie rozłączyła się"),
        ({"expect_media": 0.3, "packets": 500}, "pakietów dźwięku zamiast 500"),
        ({"wait_for": "never"}, "„never” nie nastąpiło"),
    ],
)
async def test_waiting_in_vain_is_told(pair: Pair, step: dict[str, Any], why: str) -> None:
    result = await pair.call(step, patience_s=0.3, conditions={"never": asyncio.Event().wait})
    assert result.failure is not None
    assert why in result.failure


async def test_endless_speech_is_no_silence(pair: Pair) -> None:
    pair.phone.behaviour = Behaviour(answer_after=0.0, greeting=soft_tone(5.0))
    result = await pair.call({"wait_silence": 0.5, "timeout_s": 1.0})
    assert result.failure is not None
    assert "nie było ciszy" in result.failure


async def test_a_call_may_not_last_for_ever(pair: Pair) -> None:
    result = await pair.call({"pause": 60}, max_s=0.3)
    assert result.failure == "rozmowa trwała dłużej niż 0.3 s"
    assert pair.phone.served[0].end.by == "them"


async def test_many_calls_share_one_line(pair: Pair) -> None:
    pair.answering.on_incoming = None
    results = await asyncio.gather(*(place_call(pair.line, Script(to="phone")) for _ in range(20)))
    assert [result.end.code for result in results] == [480] * 20
