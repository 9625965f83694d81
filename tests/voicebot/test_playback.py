"""What is said, frame by frame, without a socket."""

import asyncio

import numpy as np
import pytest

from voicebot.audio import FRAME_BYTES, pcm_of, samples_of
from voicebot.playback import Mouth, taken_up_at

pytestmark = pytest.mark.anyio


def ramp(frames: float, first: int = 1) -> bytes:
    return pcm_of(np.arange(first, first + round(frames * 160), dtype=np.int16))


@pytest.fixture
async def mouth() -> Mouth:
    return Mouth(asyncio.get_running_loop())


def said(mouth: Mouth) -> bytes:
    frames = []
    while (frame := mouth.frame(7.0)) is not None:
        assert len(frame) == FRAME_BYTES
        frames.append(frame)
    return b"".join(frames)


async def test_playbacks_follow_each_other_without_a_gap_and_the_last_frame_is_filled_up(mouth: Mouth) -> None:
    first, second = mouth.play(ramp(1.5)), mouth.play(ramp(1.25, first=1000))
    assert said(mouth) == (ramp(1.5) + ramp(1.25, first=1000)).ljust(3 * FRAME_BYTES, b"\0")
    assert first.done.result()
    assert second.done.result()
    assert (first.position, first.duration, first.started) == (0.03, 0.03, 7.0)
    assert mouth.playing is None


async def test_a_playback_is_done_with_its_last_frame_and_not_before(mouth: Mouth) -> None:
    playback = mouth.play(ramp(2))
    mouth.frame(1.0)
    assert not playback.done.done()
    mouth.frame(1.02)
    assert playback.done.result() is True


async def test_stopping_fades_to_nothing_and_the_position_tells_what_was_heard(mouth: Mouth) -> None:
    pcm = pcm_of(np.full(160 * 20, 8000, np.int16))
    playback = mouth.play(pcm)
    mouth.frame(1.0)
    playback.stop(0.06)
    assert playback.position == 0.02
    faded = samples_of(said(mouth))
    assert len(faded) == 3 * 160
    assert (faded[0], faded[-1]) == (8000, 0)
    assert playback.done.result() is False
    assert playback.position == 0.02
    assert pcm[int(playback.position * 8000) * 2 :] == pcm[FRAME_BYTES:]


async def test_stopping_near_the_end_fades_only_what_is_left(mouth: Mouth) -> None:
    playback = mouth.play(ramp(2))
    mouth.frame(1.0)
    playback.stop(0.06)
    assert len(said(mouth)) == FRAME_BYTES
    assert playback.done.result() is False


@pytest.mark.parametrize("fade", [0.0, 0.06])
async def test_what_waits_is_never_begun_when_stopped(mouth: Mouth, fade: float) -> None:
    first, second, third = mouth.play(ramp(1)), mouth.play(ramp(1, first=500)), mouth.play(ramp(1, first=900))
    second.stop(fade)
    assert second.done.result() is False
    assert said(mouth) == ramp(1) + ramp(1, first=900)
    assert (second.position, second.started) == (0, None)
    assert first.done.result()
    assert third.done.result()


async def test_hush_stops_all_and_what_comes_after_plays_after_the_fade(mouth: Mouth) -> None:
    playing, waiting = mouth.play(ramp(50)), mouth.play(ramp(1))
    mouth.frame(1.0)
    mouth.hush(0.02)
    after = mouth.play(ramp(1, first=300))
    assert waiting.done.result() is False
    assert not playing.done.done()
    assert said(mouth)[FRAME_BYTES:] == ramp(1, first=300)
    assert playing.done.result() is False
    assert after.done.result() is True


async def test_stopping_twice_or_after_the_end_changes_nothing(mouth: Mouth) -> None:
    playback = mouth.play(ramp(1))
    said(mouth)
    playback.stop()
    assert playback.done.result() is True
    other = mouth.play(ramp(9))
    mouth.frame(1.0)
    other.stop(0.02)
    other.stop(1.0)
    assert len(said(mouth)) == FRAME_BYTES


async def test_nothing_half_samples_and_a_shut_mouth(mouth: Mouth) -> None:
    assert mouth.play(b"").done.result() is True
    with pytest.raises(ValueError, match="half a sample"):
        mouth.play(b"abc")
    playing = mouth.play(ramp(3))
    mouth.shut()
    assert playing.done.result() is False
    assert mouth.play(ramp(1)).done.result() is False
    assert mouth.frame(1.0) is None


def words(*seconds: float, gap: float = 0.2) -> bytes:
    """Tones with pauses between them."""
    return bytes(round(gap * 8000) * 2).join(b"\x00\x10" * round(part * 8000) for part in seconds)


async def test_a_held_prompt_is_silent_and_goes_on_from_its_clause(mouth: Mouth) -> None:
    pcm = words(1.0, 1.0)
    playback, following = mouth.play(pcm), mouth.play(ramp(1, first=700))
    for _ in range(80):
        mouth.frame(1.0)
    playback.hold(0.06)
    assert len(said(mouth)) == 3 * FRAME_BYTES
    assert mouth.frame(2.0) is None
    assert not playback.done.done()
    playback.go_on()
    assert said(mouth) == words(1.0) + ramp(1, first=700)
    assert playback.done.result() is True
    assert following.done.result() is True


async def test_a_prompt_held_far_into_a_clause_goes_on_a_little_before(mouth: Mouth) -> None:
    playback = mouth.play(b"\x00\x10" * 8000 * 6)
    for _ in range(250):
        mouth.frame(1.0)
    playback.hold()
    playback.hold()
    playback.go_on()
    assert playback.position == pytest.approx(4.5)
    assert taken_up_at(words(1.0), 8000) == 0


async def test_a_held_prompt_can_be_stopped(mouth: Mouth) -> None:
    playback = mouth.play(words(2.0))
    mouth.frame(1.0)
    mouth.hold(0.02)
    mouth.hush(0.06)
    assert len(said(mouth)) == FRAME_BYTES
    assert playback.done.result() is False
    assert playback.position == 0.02
    mouth.go_on()
    assert mouth.frame(1.0) is None
