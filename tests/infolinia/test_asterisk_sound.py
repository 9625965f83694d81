"""Announcements and music: complete, audible, made once."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from infolinia.asterisk import music, sound
from infolinia.asterisk.install import silent
from infolinia.asterisk.trouble import AsteriskError
from infolinia.settings import Settings
from tests.fakes.asterisk_plan import hum, offices


def test_hours_are_said_for_each_office() -> None:
    lines = sound.announcements(Settings(), offices(), date(2026, 11, 21))
    assert "od poniedziałku do piątku od ósmej do szesnastej" in lines["awaria-zamkniete-opolskie"]
    assert not [name for name, text in lines.items() if "{" in text]


def test_only_what_is_new_or_changed_is_rendered(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    lines = {"a": "jeden", "b": "dwa"}
    assert sound.prepare(settings, lines, hum, silent) == ["a", "b"]
    assert sound.prepare(settings, lines, hum, silent) == []
    assert sound.prepare(settings, lines | {"b": "trzy"}, hum, silent) == ["b"]
    (sound.sounds(settings) / "infolinia" / "a.sln").unlink()
    assert sound.prepare(settings, lines | {"b": "trzy"}, hum, silent) == ["a"]
    assert (sound.sounds(settings) / "infolinia" / "a.sln").read_bytes() == hum("a", "jeden")


@pytest.mark.parametrize("bad", [b"", b"\0\0" * 8000, b"\x00\x10" * 100])
def test_a_silent_rendering_is_refused_and_comes_again(tmp_path: Path, bad: bytes) -> None:
    settings = Settings(var=tmp_path)
    with pytest.raises(AsteriskError, match="Komunikat a"):
        sound.prepare(settings, {"a": "jeden"}, lambda name, text: bad, silent)
    assert sound.prepare(settings, {"a": "jeden"}, hum, silent) == ["a"]


def test_the_music_is_soft_has_no_click_and_repeats_without_a_seam() -> None:
    samples = np.frombuffer(music.synthesise(), dtype="<i2").astype(np.int32)
    assert len(samples) == 48 * music.RATE
    assert 0.1 * 32767 < np.abs(samples).max() < 0.2 * 32767
    inside = np.abs(np.diff(samples)).max()
    assert abs(int(samples[0]) - int(samples[-1])) <= inside
    loudness = np.sqrt((samples.reshape(-1, music.RATE) ** 2).mean(axis=1))
    assert loudness.min() > 100, "no second of silence: a caller would think that the line is dead"


def test_an_offices_own_music_stays(tmp_path: Path) -> None:
    (tmp_path / "moh").mkdir()
    (tmp_path / "moh" / "nasza.wav").write_bytes(b"x")
    music.prepare(tmp_path / "moh")
    assert [path.name for path in (tmp_path / "moh").iterdir()] == ["nasza.wav"]
    music.prepare(tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["infolinia.sln"]
