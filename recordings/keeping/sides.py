"""Two sides of a call on one clock. What is not given, was muted or came while the session was deaf is silence."""

import numpy as np

from voicebot.audio import RATE, SAMPLE_BYTES, alaw_encode

APART = 0.1
"""Seconds by which sound may come late before the gap is kept as silence."""
AHEAD = 0.5
"""Seconds by which sound may run ahead of the clock; past them it is left out."""
CALLER, SYSTEM = 0, 1


class Sides:
    """8 kHz sound from loop time ``began`` on, held until it is taken. Times are loop times."""

    def __init__(self, began: float) -> None:
        self.began = began
        self._taken = 0
        self._held = (bytearray(), bytearray())

    def put(self, side: int, pcm: bytes, at: float) -> None:
        """``pcm`` (16-bit) of ``side`` was heard at ``at``."""
        held = self._held[side]
        late = self._sample(at) - (self._taken + len(held) // SAMPLE_BYTES)
        if late > APART * RATE:
            held += bytes(late * SAMPLE_BYTES)
        if late > -AHEAD * RATE:
            held += pcm

    def mute(self, side: int, first: float, last: float) -> None:
        """Silence what is held of ``side`` between two moments; its length stays."""
        held = self._held[side]
        start = max(0, self._sample(first) - self._taken) * SAMPLE_BYTES
        end = min(max(0, self._sample(last) - self._taken) * SAMPLE_BYTES, len(held))
        if start < end:
            held[start:end] = bytes(end - start)

    def take(self, until: float) -> bytes:
        """All up to ``until`` as A-law, one byte a side in turn; it is held no more."""
        size = max(0, self._sample(until) - self._taken)
        columns = []
        for held in self._held:
            held += bytes(max(0, size * SAMPLE_BYTES - len(held)))
            columns.append(np.frombuffer(alaw_encode(bytes(held[: size * SAMPLE_BYTES])), np.uint8))
            del held[: size * SAMPLE_BYTES]
        self._taken += size
        return np.stack(columns, axis=1).tobytes()

    def _sample(self, at: float) -> int:
        return round((at - self.began) * RATE)
