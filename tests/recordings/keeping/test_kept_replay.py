"""A fixture played through the whole engine on the virtual clock, with a recorder: what is kept, and what is not."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from infolinia.rehearsals import stage_of
from infolinia.replays import EAR, HEARD
from infolinia.settings import Settings
from ivr.dialogue.actions import Line
from ivr.dialogue.events import IdentityGiven, PinChecked
from ivr.phones.asterisk import Parts
from ivr.rehearsal import Stage
from recordings.anonymous.kept import KeptCall
from recordings.fixture.folder import load
from recordings.fixture.model import Audio
from recordings.fixture.sound import read_sound
from recordings.keeping.recorder import FACTS, SOUND, Facts, Recorder
from recordings.replay import audio, virtual_call
from recordings.replay.ear import Memory, RememberingEar
from tests.recordings.replay.rehearsed import plan
from voicebot.audio import samples_of

CALLS = Path(__file__).parents[3] / "recordings" / "calls"


def kept(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """The folder of the kept call of fixture ``name``; None when it was not kept."""
    recorder = Recorder(folder, lambda office: True, lambda: {"ear": "e", "topics": "t"})
    turn = virtual_call._Replay._turn

    def told(self: Any, call: Any, event: Any, actions: Any, at: float) -> None:
        turn(self, call, event, actions, at)
        recorder.turn(call, event, actions)

    announcement = (Line("nagrywanie", "Rozmowa z automatem jest nagrywana, aby sprawdzać i poprawiać infolinię."),)
    monkeypatch.setattr(virtual_call._Replay, "_turn", told)
    monkeypatch.setattr(virtual_call, "Parts", partial(Parts, recorder=recorder, announcement=announcement))
    found = stage_of(plan(), Settings())
    stage = Stage(found.plan, found.people, found.authority, lambda: None)
    fixture = load(CALLS / name)
    audio.replay(stage, fixture, RememberingEar(EAR, None, [Memory(fixture.path / HEARD)]))
    recorder._disk.shutdown()
    return next((file.parent for file in folder.glob(f"*/{FACTS}")), None)


def loud(folder: Path, *order: Any) -> np.ndarray[Any, Any]:
    pcm = samples_of(read_sound(folder / SOUND, Audio(channels=order)).pcm)
    return np.abs(pcm.astype(int)) > 150


def test_a_caller_who_listens_is_kept_and_speaks_in_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept("pcc-samochod-starszy", tmp_path, monkeypatch)
    assert folder is not None
    facts = msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)
    assert facts.announced is not None
    assert loud(folder, "caller", "system").sum() > 8000
    assert loud(folder, "system", "caller").sum() > 40_000
    assert facts.silenced  # the question for a number


def test_while_the_telepin_is_asked_and_checked_neither_side_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept("auth-nip", tmp_path, monkeypatch)
    assert folder is not None
    call = KeptCall(folder)
    asked = next(turn.at for turn in call.turns if isinstance(turn.event, IdentityGiven))
    checked = next(turn.at for turn in call.turns if isinstance(turn.event, PinChecked))
    first, last = call.in_file(asked), call.in_file(checked)
    assert first is not None
    assert last is not None
    assert last - first > 2
    for order in (("caller", "system"), ("system", "caller")):
        assert not loud(folder, *order)[round((first + 0.1) * 8000) : round(last * 8000)].any()
    assert loud(folder, "system", "caller")[: round(first * 8000)].any()
