"""Nobody is left in silence: while the machine has the turn and says nothing, it says that it is at work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from voicebot.audio import RATE, pcm_of
from voicebot.media import MediaSession

FIRST = 1.2
"""Seconds of silence before the first words."""
NEXT = 1.7
"""Seconds of silence before the next ones; with what it takes to begin them, less than two."""
LOOK = 0.1

Words = Callable[[], Awaitable[Sequence[bytes]]]


class Company:
    """Watches one media session. ``words`` are said in turn; when they are used up, and where there are none, soft
    sounds tell that the line lives. ``at_work`` is whether the machine has the turn now."""

    def __init__(self, media: MediaSession, words: Words) -> None:
        self._media, self._words = media, words
        self._loop = asyncio.get_running_loop()
        self._working = asyncio.Event()
        self._said = 0
        self._quiet_since: float | None = None
        self.silent_until = 0.0
        """Loop time before which nothing is said, whoever waits: something else has its own moment then."""
        self._task = asyncio.create_task(self._keep())

    @property
    def at_work(self) -> bool:
        return self._working.is_set()

    @at_work.setter
    def at_work(self, working: bool) -> None:
        if working == self.at_work:
            return
        self._quiet_since = None
        if working:
            self._said = 0
            self._working.set()
        else:
            self._working.clear()

    def close(self) -> None:
        self._task.cancel()

    async def _keep(self) -> None:
        while not self._media.ended.done():
            await self._working.wait()
            if not self._media.idle:
                self._quiet_since = None
            else:
                now = self._loop.time()
                self._quiet_since = now if self._quiet_since is None else self._quiet_since
                due = self._quiet_since + (NEXT if self._said else FIRST)
                if now >= max(due, self.silent_until):
                    await self._speak()
            await asyncio.sleep(LOOK)

    async def _speak(self) -> None:
        words = await self._words()
        if self.at_work and self._media.idle:
            self._media.play(words[self._said] if self._said < len(words) else soft_sound())
            self._said += 1


def soft_sound() -> bytes:
    """Two soft, low notes of a fifth of a second in all."""
    time = np.arange(round(0.1 * RATE)) / RATE
    rise = np.sin(np.pi * time / time[-1])
    return b"".join(pcm_of((1200 * rise * np.sin(2 * np.pi * hertz * time)).astype(np.int16)) for hertz in (392, 330))
