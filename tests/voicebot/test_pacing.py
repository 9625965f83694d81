"""The wheel, on a loop whose clock the test turns."""

import asyncio
from collections.abc import Callable

import pytest

from voicebot.pacing import CATCH_UP, SLOTS, STEP, Wheel


class Clock:
    """As much of an event loop as the wheel uses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timer: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        assert self.timer is None
        self.timer = (when, callback)
        return object()

    def run(self, until: float, late: float = 0.0) -> None:
        """Fire timers up to ``until``, each ``late`` seconds after it was due."""
        while self.timer is not None and self.timer[0] + late <= until:
            when, callback = self.timer
            self.now, self.timer = max(self.now, when + late), None
            callback()
        self.now = max(self.now, until)


def wheel(clock: Clock) -> Wheel:
    return Wheel(clock)  # type: ignore[arg-type]


def test_a_beat_comes_fifty_times_a_second_and_lateness_does_not_add_up() -> None:
    for late in (0.0, 0.0013, 0.0049):
        clock, beats = Clock(), [0]
        turning = wheel(clock)
        turning.add(lambda beats=beats: beats.__setitem__(0, beats[0] + 1))  # type: ignore[misc]
        clock.run(clock.now + 60 + late, late)
        assert abs(beats[0] - 3000) <= 1
        assert turning.skipped == 0


def test_sessions_are_spread_over_the_slots() -> None:
    clock, times = Clock(), {}
    turning = wheel(clock)
    for n in range(2 * SLOTS):
        turning.add(lambda n=n: times.setdefault(n, clock.now))  # type: ignore[misc]
    assert len(turning) == 2 * SLOTS
    clock.run(clock.now + 0.05)
    assert len(times) == 2 * SLOTS
    assert len({round(at / STEP) for at in times.values()}) == SLOTS


def test_a_short_stall_is_caught_up_and_a_long_one_skipped() -> None:
    clock, beats = Clock(), []
    turning = wheel(clock)
    turning.add(lambda: beats.append(clock.now))
    clock.run(101.0)
    for stall, made_up in ((1.5 * SLOTS * STEP, 2), (CATCH_UP * STEP * 50, 1)):
        assert clock.timer is not None
        beats.clear()
        clock.now = clock.timer[0] + stall
        clock.run(clock.now)
        assert len(beats) == made_up
    assert turning.skipped == 1
    beats.clear()
    clock.run(clock.now + 1.0)
    assert len(beats) in (49, 50, 51)


def test_an_empty_wheel_stands_still_and_starts_again() -> None:
    clock, beats = Clock(), []
    turning = wheel(clock)

    def beat() -> None:
        beats.append(clock.now)

    turning.add(beat)
    clock.run(clock.now + 0.1)
    turning.remove(beat)
    clock.run(clock.now + 1)
    assert clock.timer is None
    count = len(beats)
    clock.run(clock.now + 100)
    turning.add(beat)
    clock.run(clock.now + 0.041)
    assert len(beats) - count in (2, 3)


def test_a_beat_removed_by_another_of_its_turn_hurts_nobody() -> None:
    clock, beats = Clock(), []
    turning = wheel(clock)

    def first() -> None:
        turning.remove(second)

    def second() -> None:
        beats.append(clock.now)

    for beat in (first, *(lambda: None for _ in range(SLOTS - 1)), second):
        turning.add(beat)
    clock.run(clock.now + 0.1)
    assert len(beats) <= 1


@pytest.mark.anyio
async def test_it_turns_on_a_real_loop() -> None:
    beaten = asyncio.Event()
    turning = Wheel(asyncio.get_running_loop())
    turning.add(beaten.set)
    await asyncio.wait_for(beaten.wait(), 5)
    turning.remove(beaten.set)
