"""The phones on a real Asterisk: what a hotline's calls rest on."""

import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from small_asterisk import SmallAsterisk

from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.live import LiveCall
from recordings.caller.performance import place_call
from recordings.caller.result import CallResult
from recordings.caller.script import Script
from recordings.caller.sip import Dial, Refused
from recordings.caller.sip_line import SipLine
from voicebot.audio import samples_of

pytestmark = [pytest.mark.anyio, pytest.mark.live]


async def call(line: SipLine, to: str, *steps: dict[str, Any], **options: Any) -> CallResult:
    taken = {name: options.pop(name) for name in ("record", "user", "password") if name in options}
    script = Script.model_validate({"to": to, "settle_s": 0.4, "patience_s": 15, "steps": steps, **options})
    return await place_call(line, script, **taken)


@pytest.mark.parametrize("keys", ["0123456789*#", "85831410110#48291"])
async def test_keys_are_read_exactly_and_sent_back(line: SipLine, keys: str) -> None:
    step = {"keys": keys, "key_s": 0.08, "gap_s": 0.06}
    result = await call(line, f"read{len(keys)}", {"pause": 0.3}, step, {"wait_hangup": True})
    assert result.keys_heard == keys
    assert (result.end.by, result.end.cause) == ("them", 16)


@pytest.mark.parametrize("seed", [1, 2])
async def test_keys_at_random_moments_are_read_exactly(line: SipLine, seed: int) -> None:
    rng = random.Random(seed)
    keys = "".join(rng.choices("0123456789*#", k=8))
    live = LiveCall(await line.dial(Dial(f"read{len(keys)}")))
    await asyncio.sleep(0.3)
    for key in keys:
        await asyncio.sleep(rng.uniform(0.06, 0.3))
        await live.keys(key, key=rng.uniform(0.08, 0.2))
    await live.wait_hangup(10)
    assert "".join(live.leg.media.hearing.keys) == keys


async def test_echo_brings_the_same_sound_back(line: SipLine) -> None:
    rng = np.random.default_rng(2)
    sound = (rng.standard_normal(12000).cumsum() % 2000 * 8).astype(np.int16)
    live = LiveCall(await line.dial(Dial("echo")))
    await live.say(sound.tobytes())
    await asyncio.sleep(0.3)
    live.hang_up()
    heard = samples_of(bytes(live.leg.media.hearing.track.pcm)).astype(float)
    products = np.correlate(heard, sound.astype(float), "valid")
    energy = np.convolve(heard**2, np.ones(sound.size), "valid")
    assert (products / np.sqrt(np.maximum(energy, 1) * (sound.astype(float) ** 2).sum())).max() > 0.98
    assert live.leg.media.hearing.quality.lost == 0


async def test_a_paced_stream_comes_back_without_a_hole(line: SipLine) -> None:
    live = LiveCall(await line.dial(Dial("echo")))
    await live.expect_media(100, within=10)
    quality, timeline = live.leg.media.hearing.quality, live.leg.media.timeline
    live.hang_up()
    assert timeline is not None
    assert (quality.lost, quality.duplicates, timeline.skipped) == (0, 0, 0)


@pytest.mark.parametrize(("to", "code"), [("busy", 486), ("nowhere", 404)])
async def test_refusals_are_told_and_acknowledged(
    line: SipLine, small_asterisk: SmallAsterisk, to: str, code: int
) -> None:
    with pytest.raises(Refused) as refused:
        await line.dial(Dial(to))
    assert refused.value.code == code
    await asyncio.sleep(0.1)
    assert "0 active channels" in small_asterisk.command("core show channels")


async def test_a_call_not_answered_is_withdrawn(line: SipLine, small_asterisk: SmallAsterisk) -> None:
    result = await call(line, "ring", ring_s=0.5)
    await asyncio.sleep(0.2)
    assert result.end.code == 408
    assert "0 active channels" in small_asterisk.command("core show channels")


async def test_a_hang_up_of_asterisk_comes_with_its_cause(line: SipLine) -> None:
    result = await call(line, "short", {"wait_hangup": True})
    assert (result.end.by, result.end.cause, result.ok) == ("them", 17, True)


async def test_prompts_are_heard_and_keys_fall_where_the_script_says(line: SipLine) -> None:
    result = await call(line, "prompts", {"keys": "1", "after_s": 0.5}, {"keys": "2", "after_s": -1, "prompt_s": 2})
    first, second = result.heard[0], result.heard[1]
    assert result.ok
    assert first.end - first.start == pytest.approx(2.0, abs=0.1)
    assert first.end + 0.45 < result.keys[0].sent < second.start
    assert second.start + 0.9 < result.keys[1].sent < second.start + 1.5


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"caller": "+48000000007"}, "48000000007#1"),
        ({"caller": "+48000000007", "asserted": "+48000000008"}, "48000000008#1"),
        ({"withheld": True, "asserted": "+48000000009"}, "48000000009#0"),
    ],
)
async def test_asterisk_sees_who_calls(line: SipLine, options: dict[str, Any], seen: str) -> None:
    assert (await call(line, "who", {"wait_hangup": True}, **options)).keys_heard == seen


async def test_a_trunk_that_asks_for_a_password_gets_it(line: SipLine, small_asterisk: SmallAsterisk) -> None:
    known = {"caller": "operator", "user": "operator", "asserted": "+48000000009"}
    right, wrong = SecretStr(small_asterisk.password), SecretStr("wrong")
    assert (await call(line, "who", {"wait_hangup": True}, password=right, **known)).keys_heard == "48000000009#1"
    assert (await call(line, "who", password=wrong, **known)).end.code == 401


class Desk:
    """A registered consultant's phone and a way to change what it does."""

    def __init__(self, phone: ConsultantPhone) -> None:
        self.phone = phone

    def does(self, **behaviour: Any) -> None:
        self.phone.behaviour = Behaviour(**behaviour)

    async def served(self, number: int = 1) -> Any:
        await asyncio.wait_for(self.phone.wait_served(number), 10)
        return self.phone.served[number - 1]


@pytest.fixture
async def desk(small_asterisk: SmallAsterisk) -> Any:
    line = SipLine(small_asterisk.sip)
    await line.start()
    phone = ConsultantPhone(line, Behaviour(answer_after=0.3))
    await phone.register("konsultant1", SecretStr(small_asterisk.password))
    yield Desk(phone)
    await line.stop()
    assert "konsultant1@" not in small_asterisk.command("pjsip show contacts")


async def test_a_wrong_password_is_told(small_asterisk: SmallAsterisk) -> None:
    line = SipLine(small_asterisk.sip)
    await line.start()
    with pytest.raises(Refused, match="401"):
        await line.register("konsultant1", SecretStr("wrong"))
    await line.stop()


async def test_the_consultant_answers_a_queued_caller(line: SipLine, desk: Desk) -> None:
    desk.does(answer_after=0.3, talk=1.0, greeting=soft_tone(0.5))
    result = await call(line, "queue", {"wait_hangup": True})
    served = await desk.served()
    assert (result.ok, served.caller, served.end.by) == (True, "+48000000001", "us")
    assert served.answered_after >= 0.29
    assert result.heard != []


async def test_a_queue_tries_again_when_the_consultant_does_not_answer(line: SipLine, desk: Desk) -> None:
    desk.does(answer_after=None)
    caller = asyncio.create_task(call(line, "queue", {"wait_hangup": True}))
    rang = await desk.served()
    desk.does(answer_after=0.0, talk=0.3)
    answered = await desk.served(2)
    assert (rang.answered_after, rang.end.by, answered.end.by) == (None, "cancelled", "us")
    assert (await caller).ok


async def test_caller_and_consultant_talk_and_keys_pass_between_them(line: SipLine, desk: Desk) -> None:
    result = await call(line, "dial", {"pause": 0.3}, {"keys": "12#"}, {"pause": 0.3}, {"hangup": True})
    served = await desk.served()
    assert (served.keys_heard, served.end.by, result.end.by) == ("12#", "them", "us")


async def test_a_hold_plays_music_to_the_consultant(line: SipLine, desk: Desk) -> None:
    result = await call(line, "dial", {"pause": 0.3}, {"hold": 1.0}, {"keys": "9"}, {"pause": 0.3})
    served = await desk.served()
    assert result.ok
    assert served.heard[0].end - served.heard[0].start > 0.5
    assert served.keys_heard == "9"


async def test_reinvites_of_asterisk_are_answered_and_the_talk_goes_on(
    line: SipLine, desk: Desk, small_asterisk: SmallAsterisk
) -> None:
    password = SecretStr(small_asterisk.password)
    steps = ({"pause": 1.0}, {"keys": "42"}, {"pause": 0.3})
    result = await call(line, "dial", *steps, caller="operator", user="operator", password=password)
    served = await desk.served()
    assert result.renegotiated >= 1
    assert (result.ok, served.keys_heard) == (True, "42")


async def test_both_commands_work_together(small_asterisk: SmallAsterisk, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(small_asterisk.password + "\n")
    script = tmp_path / "call.yaml"
    script.write_text("to: dial\nsteps:\n  - pause: 0.3\n  - keys: {pin_of: dz-01}\n  - pause: 0.3\n")
    server = ":".join(map(str, small_asterisk.sip))
    common = ["--server", server, "--json"]
    consultant = start("consultant", "konsultant1", "--password-file", password, "--calls", "1", *common, var=tmp_path)
    try:
        for _ in range(100):
            if "konsultant1@" in small_asterisk.command("pjsip show contacts"):
                break
            await asyncio.sleep(0.1)
        caller = start("testcall", script, "--record", tmp_path / "call.wav", *common, var=tmp_path)
        said, trouble = await asyncio.to_thread(caller.communicate, timeout=30)
        served, _ = await asyncio.to_thread(consultant.communicate, timeout=30)
    finally:
        consultant.kill()
    assert caller.returncode == consultant.returncode == 0, trouble
    result, (line,) = json.loads(said), served.splitlines()
    assert json.loads(line)["keys_heard"] == "482915#"
    assert len(result["keys"]) == 7
    assert (tmp_path / "call.wav").stat().st_size > 10_000
    written = said + trouble + "".join(path.read_text() for path in (tmp_path / "log").iterdir())
    assert "482915" not in written


def start(*arguments: object, var: Path) -> "subprocess.Popen[str]":
    """One command of the command line in a process of its own."""
    code = (
        "import typer; from infolinia.commands import consultant, testcall; app = typer.Typer();"
        "app.command('testcall')(testcall.testcall); app.command('consultant')(consultant.consultant); app()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "INFOLINIA_VAR": str(var)},
    )
