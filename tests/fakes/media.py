"""A media session without a telephone: sound goes in by ``hears``, time runs as fast as the test."""

import asyncio
from collections.abc import Callable, Iterator

from voicebot.audio import FRAME_BYTES, FRAME_SECONDS
from voicebot.playback import Mouth, Playback

VOICE = b"\x00\x10" * (FRAME_BYTES // 2)
QUIET = bytes(FRAME_BYTES)


class FakeMedia:
    """What a listener needs of a media session. Frames come with a time of their own, 20 ms apart."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.on_frame: Callable[[bytes, float], None] | None = None
        self.ended: asyncio.Future[str] = loop.create_future()
        self.now = loop.time()
        self._mouth = Mouth(loop)

    def play(self, pcm: bytes) -> Playback:
        return self._mouth.play(pcm)

    async def hears(self, frames: bytes | Iterator[bytes], seconds: float | None = None) -> None:
        """The caller's sound: one frame over and over for ``seconds``, or as many frames as there are."""
        if isinstance(frames, bytes):
            count = round((seconds or 0) / FRAME_SECONDS) if seconds is not None else len(frames) // FRAME_BYTES
            repeated = frames if seconds is None else frames[:FRAME_BYTES] * count
            frames = (repeated[at : at + FRAME_BYTES] for at in range(0, count * FRAME_BYTES, FRAME_BYTES))
        for frame in frames:
            self.now += FRAME_SECONDS
            self._mouth.frame(self.now)
            if self.on_frame is not None:
                self.on_frame(frame, self.now)
            await asyncio.sleep(0)
