"""Kept calls: only where wanted and announced, both sides in time, and never a number."""

import asyncio
import stat
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ivr.dialogue.actions import Action, Ask, AskDigits, AskPin, Line, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, Heard, HungUp, IdentityGiven, PinGiven
from recordings.fixture import journal_file
from recordings.fixture.model import Audio
from recordings.fixture.sound import read_sound
from recordings.keeping.recorder import FACTS, SOUND, Facts, Recorder
from recordings.keeping.sides import CALLER, SYSTEM, Sides
from recordings.keeping.switch import EVERY, Switch
from voicebot import audiosocket
from voicebot.audio import FRAME_BYTES, alaw_decode, pcm_of, samples_of
from voicebot.media import MediaServer, MediaSession

ID = "3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f"
LINES = (Line("x", "x"),)
TONE = pcm_of(np.full(160, 5000, np.int16))


class Wire(asyncio.Transport):
    """Asterisk's end of a media session, in memory."""

    def write(self, data: object) -> None: ...

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None: ...

    def close(self) -> None: ...


class Kept:
    """A call under way with its recorder; time is that of the loop."""

    def __init__(self, folder: Path, on: bool = True) -> None:
        self.recorder = Recorder(folder, lambda office: on, lambda: {"ear": "e", "topics": "t"})
        self.loop = asyncio.get_running_loop()
        self.session = MediaSession(uuid.uuid4(), Wire(), MediaServer().wheel)
        self.path = folder / ID

    def turn(self, event: Event, *actions: Action) -> None:
        ended = "hung up" if isinstance(event, HungUp) else None
        self.recorder.turn(Call(id=ID, office="malopolskie", node="n", ended=ended), event, actions)

    async def speak(self, seconds: float) -> None:
        """The caller makes a sound."""
        for _ in range(round(seconds / 0.02)):
            self.session._receive(audiosocket.Sound(8000, TONE))
            await asyncio.sleep(0.02)

    async def begun(self, announced: bool = True) -> None:
        self.turn(CallArrived(dialled="224605992", caller=None, at="2026-04-21T10:00:00+02:00"), Say(lines=LINES))
        announcement = self.session.play(TONE * 2)
        self.recorder.begin(ID, self.session, announcement)
        if not announced:
            self.session.hush()
        await announcement.done

    async def over(self) -> None:
        self.session._end("closed")
        await asyncio.sleep(0)
        self.turn(HungUp())
        await self.recorder.close()


def run(play: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(play())  # type: ignore[arg-type]


def loud(path: Path, side: str) -> float:
    """Seconds of ``side`` that are not silent."""
    pcm = read_sound(
        path / SOUND, Audio(channels=("caller", "system") if side == "caller" else ("system", "caller"))
    ).pcm
    return float((np.abs(samples_of(pcm)) > 500).sum()) / 8000


def test_a_call_is_kept_with_both_sides_its_journal_and_for_the_owner_alone(tmp_path: Path) -> None:
    async def play() -> None:
        kept = Kept(tmp_path)
        await kept.begun()
        kept.turn(Heard(text="", confidence=0.0), Ask(question="matter", lines=LINES))
        await kept.speak(0.4)
        kept.turn(Heard(text="zwrot podatku", confidence=0.9), Say(lines=LINES))
        await kept.over()

    run(play)
    facts = msgspec.json.decode((tmp_path / ID / FACTS).read_bytes(), type=Facts)
    assert facts.office == "malopolskie"
    assert facts.announced is not None
    assert facts.whole
    assert len(journal_file.read(tmp_path / ID / "journal.jsonl")) == 4
    assert loud(tmp_path / ID, "caller") == pytest.approx(0.4, abs=0.05)
    assert loud(tmp_path / ID, "system") > 0.02
    assert stat.S_IMODE((tmp_path / ID).stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / ID).iterdir()} == {0o600}


def test_of_a_call_whose_engine_dies_what_there_was_is_kept_and_said_to_be_broken_off(tmp_path: Path) -> None:
    async def play() -> None:
        kept = Kept(tmp_path)
        await kept.begun()
        kept.turn(Heard(text="", confidence=0.0), Ask(question="matter", lines=LINES))
        await asyncio.to_thread(kept.recorder._disk.shutdown)  # as far as the disk is at that moment

    run(play)
    assert not msgspec.json.decode((tmp_path / ID / FACTS).read_bytes(), type=Facts).whole
    assert len(journal_file.read(tmp_path / ID / "journal.jsonl")) == 2


@pytest.mark.parametrize(
    ("asks", "event"),
    [
        (AskDigits(purpose="identity", lines=LINES), IdentityGiven(ref="r", kind="pesel")),
        (AskPin(lines=LINES), PinGiven()),
        (Ask(question="matter", lines=LINES), Heard(text="mój pesel to [numer]", confidence=0.9)),
        (Ask(question="matter", lines=LINES), Heard(text="", confidence=0.9, spoke_number=True)),
    ],
)
def test_where_a_number_is_given_the_caller_is_silent_and_the_time_stays(
    tmp_path: Path, asks: Action, event: Event
) -> None:
    async def play() -> None:
        kept = Kept(tmp_path)
        await kept.begun()
        kept.turn(Heard(text="", confidence=0.0), asks)
        await kept.speak(0.3)
        kept.turn(event, Say(lines=LINES))
        await kept.speak(0.1)
        await kept.over()

    run(play)
    facts = msgspec.json.decode((tmp_path / ID / FACTS).read_bytes(), type=Facts)
    assert loud(tmp_path / ID, "caller") < (0.02 if isinstance(event, Heard) else 0.15)
    assert sum(last - first for first, last in facts.silenced) >= 0.28
    assert facts.pieces[0].end >= 0.4


def test_while_the_session_is_deaf_no_sound_is_kept(tmp_path: Path) -> None:
    async def play() -> None:
        kept = Kept(tmp_path)
        await kept.begun()
        kept.turn(Heard(text="", confidence=0.0), Ask(question="matter", lines=LINES))
        kept.session.deaf = True
        said = kept.session.play(TONE * 10)
        await kept.speak(0.3)
        await said.done
        kept.session.deaf = False
        kept.turn(Heard(text="", confidence=0.0))
        await kept.over()

    run(play)
    assert loud(tmp_path / ID, "caller") == 0
    assert loud(tmp_path / ID, "system") < 0.1


def test_around_a_key_the_line_is_silent(tmp_path: Path) -> None:
    async def play() -> None:
        kept = Kept(tmp_path)
        await kept.begun()
        kept.turn(Heard(text="", confidence=0.0), Ask(question="matter", lines=LINES))
        await kept.speak(0.2)
        kept.session._receive(audiosocket.Key("5"))
        await kept.speak(0.2)
        kept.turn(Heard(text="", confidence=0.0))
        await kept.over()

    run(play)
    assert loud(tmp_path / ID, "caller") == 0


@pytest.mark.parametrize(("on", "announced"), [(False, True), (True, False)])
def test_who_did_not_want_or_did_not_hear_the_announcement_is_not_kept(
    tmp_path: Path, on: bool, announced: bool
) -> None:
    async def play() -> None:
        kept = Kept(tmp_path, on)
        await kept.begun(announced)
        await kept.speak(0.1)
        kept.turn(Heard(text="zwrot", confidence=0.9))
        await kept.over()

    run(play)
    assert not (tmp_path / ID).exists()


def test_two_sides_keep_their_time() -> None:
    sides = Sides(100.0)
    sides.put(CALLER, TONE, 100.0)
    sides.put(SYSTEM, TONE, 101.0)
    data = sides.take(102.0)
    assert len(data) == 2 * 16_000
    caller = samples_of(alaw_decode(data[0::2]))
    system = samples_of(alaw_decode(data[1::2]))
    assert abs(int(caller[10])) > 4000
    assert abs(int(system[8010])) > 4000
    assert int(np.abs(system[:7990]).max()) < 20
    sides.put(CALLER, TONE * 5, 102.0)
    sides.mute(CALLER, 101.0, 102.05)
    assert int(np.abs(samples_of(alaw_decode(sides.take(102.05)[0::2]))).max()) < 20
    assert len(TONE) == FRAME_BYTES


def test_an_office_goes_before_all(tmp_path: Path) -> None:
    switch = Switch(tmp_path / "recording.json")
    assert not switch.on("malopolskie")
    switch.set(EVERY, True)
    switch.set("malopolskie", False)
    assert switch.on("podlaskie")
    assert not switch.on("malopolskie")
    (tmp_path / "recording.json").write_text("{")
    assert not switch.on("podlaskie")
