"""What is said to the caller: playbacks in a queue, turned into frames of 20 ms one after the other."""

import asyncio
from collections import deque

import numpy as np

from .audio import BYTES_PER_SECOND, FRAME_BYTES, RATE, SAMPLE_BYTES, fade_out, samples_of

FADE = 0.02
"""Seconds within which a prompt that is broken off falls silent; less would click."""
LULL = 0.12
"""Seconds of silence that part two clauses of a prompt."""
REACH = 3.0
"""How far back a prompt that goes on may begin, so that it begins with a clause."""
A_LITTLE = 0.5
"""How far back it begins when its clause began longer ago."""
_SILENT = 200


class Playback:
    """Something said to the caller. ``started`` is the loop time of its first frame, None before."""

    def __init__(self, pcm: bytes, loop: asyncio.AbstractEventLoop) -> None:
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError("half a sample: pcm is 16-bit, so its length is even")
        self.done: asyncio.Future[bool] = loop.create_future()
        self.started: float | None = None
        self.duration = len(pcm) / BYTES_PER_SECOND
        self._pcm = pcm
        self._at = 0
        self._heard: int | None = None
        self._held = False
        self._tail = b""

    @property
    def position(self) -> float:
        """Seconds of it that were sent, up to the moment it was stopped. ``pcm[int(position * 8000) * 2:]`` resumes."""
        return (self._at if self._heard is None else self._heard) / BYTES_PER_SECOND

    def stop(self, fade: float = FADE) -> None:
        """Break off: what plays falls to nothing within ``fade`` seconds, what waits is never begun."""
        if self.done.done() or self._heard is not None:
            return
        self._heard = self._at
        self._pcm = self._tail if self._held else self._faded(fade)
        self._held, self._at = False, 0
        if not self._pcm:
            self._settle(played=False)

    def hold(self, fade: float = FADE) -> None:
        """Fall silent within ``fade`` seconds and keep the place: somebody seems to speak."""
        if not self._held and not self.done.done() and self._heard is None:
            self._held, self._tail = True, self._faded(fade)

    def go_on(self) -> None:
        """After ``hold``: go on from the beginning of the clause that was broken off, or from a little before."""
        if self._held:
            self._held, self._tail = False, b""
            self._at = taken_up_at(self._pcm, self._at)

    @property
    def held(self) -> bool:
        return self._held

    @property
    def left(self) -> float:
        """Seconds of it that are not sent yet."""
        return max(0, len(self._pcm) - self._at) / BYTES_PER_SECOND

    def _faded(self, fade: float) -> bytes:
        rest = SAMPLE_BYTES * round(fade * RATE) if self._at else 0
        return fade_out(self._pcm[self._at : self._at + rest])

    def _take(self, size: int, now: float) -> bytes:
        if self._held:
            piece, self._tail = self._tail[:size], self._tail[size:]
            return piece
        if self.started is None:
            self.started = now
        piece = self._pcm[self._at : self._at + size]
        self._at += len(piece)
        if self._at >= len(self._pcm):
            self._settle(played=self._heard is None)
        return piece

    def _settle(self, *, played: bool) -> None:
        if not self.done.done():
            self.done.set_result(played)


class Mouth:
    """The queue of playbacks of one session. Frames never run ahead: each is made when its time has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[Playback] = deque()
        self._shut = False

    @property
    def playing(self) -> Playback | None:
        self._drop_settled()
        return self._queue[0] if self._queue else None

    @property
    def left(self) -> float:
        """Seconds of all that plays and waits."""
        return sum(playback.left for playback in self._queue if not playback.done.done())

    def play(self, pcm: bytes) -> Playback:
        playback = Playback(pcm, self._loop)
        if self._shut:
            playback._settle(played=False)
        elif not pcm:
            playback._settle(played=True)
        else:
            self._queue.append(playback)
        return playback

    def hush(self, fade: float) -> None:
        for playback in tuple(self._queue):
            playback.stop(fade)

    def hold(self, fade: float) -> None:
        if self.playing is not None:
            self.playing.hold(fade)

    def go_on(self) -> None:
        for playback in self._queue:
            playback.go_on()

    def shut(self) -> None:
        """Stop all at once and for good."""
        self._shut = True
        self.hush(0)
        self._queue.clear()

    def frame(self, now: float) -> bytes | None:
        """The next 320 bytes, filled up with silence; None when there is nothing to say."""
        frame = b""
        while len(frame) < FRAME_BYTES and (playback := self.playing) is not None:
            piece = playback._take(FRAME_BYTES - len(frame), now)
            if not piece:
                break
            frame += piece
        return frame.ljust(FRAME_BYTES, b"\0") if frame else None

    def _drop_settled(self) -> None:
        while self._queue and self._queue[0].done.done():
            self._queue.popleft()


def taken_up_at(pcm: bytes, at: int) -> int:
    """The byte from which a prompt broken off at byte ``at`` goes on: behind the last lull if that is near, else a
    little before."""
    size = RATE // 50
    first = max(0, at - round(REACH * BYTES_PER_SECOND)) // FRAME_BYTES
    samples = samples_of(pcm[first * FRAME_BYTES : at])
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    quiet = np.abs(frames.astype(np.int32)).max(axis=1) < _SILENT if len(frames) else np.zeros(0, bool)
    lull = round(LULL / 0.02)
    run, begins = 0, None
    for number, silent in enumerate(quiet):
        if not silent and run >= lull:
            begins = number
        run = run + 1 if silent else 0
    if begins is not None:
        return (first + begins) * FRAME_BYTES
    return 0 if first == 0 else max(0, at - SAMPLE_BYTES * round(A_LITTLE * RATE))
