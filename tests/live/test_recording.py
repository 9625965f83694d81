"""A real call is kept, with both sides and nothing secret in them, and becomes a fixture that replays."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from infolinia import replays
from infolinia.cli import build
from ivr.dialogue.events import IdentityGiven, PinChecked
from recordings.anonymous.kept import KeptCall
from recordings.keeping.recorder import FACTS
from recordings.keeping.switch import Switch
from tests.live.hotline import Hotline, until
from voicebot.audio import RATE, samples_of

pytestmark = [pytest.mark.live, pytest.mark.anyio]
OFFICE, PERSON = "opolskie", "dz-03"
ANNOUNCEMENT = 14.0
"""Seconds from the first sound until the announcement is surely over: only who has heard it is kept."""


@pytest.fixture
async def kept(hotline: Hotline) -> KeptCall:
    """A caller who hears the announcement, keys PESEL and telePIN, and hangs up at the next question."""
    switch, loop = Switch(hotline.settings.var / "recording.json"), asyncio.get_running_loop()
    switch.set(OFFICE, True)
    try:
        async with hotline.call(OFFICE) as caller:
            began = await caller.live.wait_speech(20)
            await asyncio.sleep(max(0.0, began + ANNOUNCEMENT - loop.time()))
            await caller.number_of(PERSON)
            await caller.asked("telepin", "PinGiven")
            await caller.number_of(PERSON, "pin")
            await caller.asked("sprawa")
            await asyncio.sleep(1.0)
    finally:
        switch.set(OFFICE, False)
    folder = hotline.settings.var / "recordings" / caller.id

    async def written() -> bool:
        return (folder / FACTS).exists() and KeptCall(folder).turns[-1].after.ended is not None

    await until(written, "the call is kept to its end")
    return KeptCall(folder)


def loud(pcm: bytes, first: float, last: float) -> float:
    """The loudest sample between two seconds."""
    samples = samples_of(pcm)[round(first * RATE) : round(last * RATE)]
    return float(np.abs(samples).max()) if len(samples) else 0.0


def moment(kept: KeptCall, kind: type) -> float:
    """Where in the sound the event of that type was."""
    found = kept.in_file(next(turn.at for turn in kept.turns if isinstance(turn.event, kind)))
    assert found is not None
    return found


async def test_a_real_call_is_kept_and_becomes_a_fixture(
    hotline: Hotline, kept: KeptCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = len(kept.caller) / 2 / RATE
    number, checked = moment(kept, IdentityGiven), moment(kept, PinChecked)
    assert kept.facts.whole
    assert kept.facts.announced is not None
    assert abs(whole - kept.turns[-1].at) < 1.5, "what is silent is as long as it was"
    assert loud(kept.system, 0, kept.facts.announced) > 500
    assert loud(kept.system, checked + 0.2, whole) > 500
    assert loud(kept.system, number + 0.1, checked - 0.1) < 20, "at the telePIN nothing of either side is kept"
    assert loud(kept.caller, 0, whole) < 20, "he said nothing, and keys are no sound"

    monkeypatch.setenv("INFOLINIA_VAR", str(hotline.settings.var))
    made = CliRunner().invoke(
        build(["fixture"]), ["fixture", kept.facts.call, "--to", str(tmp_path), "--name", "z-zycia"]
    )
    assert made.exit_code == 0, made.output
    for depth in (replays.by_journal, replays.by_audio):
        result = await asyncio.to_thread(depth(hotline.settings), tmp_path / "z-zycia")
        assert result.verdict == "pass", f"{result.depth}: {result.why}"
