"""Recording one side of a call: sound laid down at the time it belongs to, and two sides as one stereo file."""

import wave
from pathlib import Path

import numpy as np

from voicebot.audio import RATE, SAMPLE_BYTES

LONGEST = 3600.0
"""Seconds after which a track takes no more (57 MB): a test call left alone must not fill the memory."""


class Track:
    """8 kHz 16-bit sound on one clock, silence wherever nothing was put."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.pcm = bytearray()

    def put(self, at: float, pcm: bytes) -> None:
        """Lay ``pcm`` down at ``at``; sound from before the start or past ``LONGEST`` is left out."""
        if not 0 <= at - self.start <= LONGEST:
            return
        begin = round((at - self.start) * RATE) * SAMPLE_BYTES
        if begin > len(self.pcm):
            self.pcm += bytes(begin - len(self.pcm))
        self.pcm[begin : begin + len(pcm)] = pcm


def write_stereo(path: Path, left: Track, right: Track) -> None:
    """Write two tracks of the same clock as the channels of one WAV file, from the earlier start on."""
    start = min(left.start, right.start)
    sides = []
    for track in (left, right):
        lead = bytes(round((track.start - start) * RATE) * SAMPLE_BYTES)
        sides.append(np.frombuffer(lead + bytes(track.pcm), dtype="<i2"))
    both = np.zeros((max(side.size for side in sides), 2), dtype="<i2")
    for channel, side in enumerate(sides):
        both[: side.size, channel] = side
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE)
        file.writeframes(both.tobytes())
