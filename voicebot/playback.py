"""What is said to the caller: playbacks in a queue, turned into frames of 20 ms one after the other."""

import asyncio
from collections import deque

from .audio import BYTES_PER_SECOND, FRAME_BYTES, RATE, SAMPLE_BYTES, fade_out


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

    @property
    def position(self) -> float:
        """Seconds of it that were sent, up to the moment it was stopped. ``pcm[int(position * 8000) * 2:]`` resumes."""
        return (self._at if self._heard is None else self._heard) / BYTES_PER_SECOND

    def stop(self, fade: float = 0.06) -> None:
        """Break off: what plays falls to nothing within ``fade`` seconds, what waits is never begun."""
        if self.done.done() or self._heard is not None:
            return
        self._heard = self._at
        rest = SAMPLE_BYTES * round(fade * RATE) if self._at else 0
        self._pcm = fade_out(self._pcm[self._at : self._at + rest])
        self._at = 0
        if not self._pcm:
            self._settle(played=False)

    def _take(self, size: int, now: float) -> bytes:
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

    def shut(self) -> None:
        """Stop all at once and for good."""
        self._shut = True
        self.hush(0)
        self._queue.clear()

    def frame(self, now: float) -> bytes | None:
        """The next 320 bytes, filled up with silence; None when there is nothing to say."""
        frame = b""
        while len(frame) < FRAME_BYTES and (playback := self.playing) is not None:
            frame += playback._take(FRAME_BYTES - len(frame), now)
        return frame.ljust(FRAME_BYTES, b"\0") if frame else None

    def _drop_settled(self) -> None:
        while self._queue and self._queue[0].done.done():
            self._queue.popleft()
