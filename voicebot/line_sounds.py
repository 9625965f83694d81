"""What else is on the line than speech: music on hold, an answering machine's beep, a caller who is too loud.

Pure: frames in, findings out. Music is sound that lasts, that no detector takes for speech, and whose energy stands in
few frequencies; noise spreads over many. A beep is one steady frequency after a monologue.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from .audio import FRAME_BYTES, FRAME_SECONDS, RATE, samples_of

LOUD_ENOUGH = 250.0
"""RMS (of 32768) under which a frame counts as silent."""
CLIPPED = 32_000
"""The loudest A-law value is 32,256; a telephone that clips stays above this."""
PEAKS = 5
"""Neighbouring frequencies (31 Hz each) that a beep's energy may lie in."""


@dataclass(frozen=True)
class Limits:
    """Seconds and shares. ``music``: seconds of it before it is believed; ``tonal``: share of a frame's energy in its
    eight strongest frequencies; ``monologue``: speech before a beep that makes it an answering machine's."""

    music: float = 4.0
    filled: float = 0.8
    spoken: float = 0.2
    tonal: float = 0.6
    beep: float = 0.2
    pure: float = 0.9
    monologue: float = 3.0
    clipping_samples: int = 6
    clipping_share: float = 0.2


class LineSounds:
    """The sounds of one call's line. ``music`` is whether it is heard now, ``machine`` whether a beep followed a
    monologue, ``too_loud`` whether what was spoken since ``forget`` was distorted."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        size = round(self.limits.music / FRAME_SECONDS)
        self._frames: deque[tuple[bool, bool, bool]] = deque(maxlen=size)
        self._window = np.hanning(256)
        self._before = bytes(FRAME_BYTES)
        self._monologue = self._beep = 0.0
        self._spoken = self._clipped = 0
        self._pitch = -1
        self.machine = False

    def feed(self, frame: bytes, probability: float) -> None:
        """Take the next 320 bytes and how probably they are speech."""
        samples = samples_of(frame).astype(np.float64)
        loud = bool(np.sqrt(np.mean(samples * samples)) >= LOUD_ENOUGH) if samples.size else False
        voiced = probability >= 0.5
        tonal = False
        if loud and not voiced:
            tonal = self._tones(frame)
        else:
            self._beep = 0.0
        self._frames.append((loud, voiced, tonal))
        self._before = frame
        if voiced:
            self._monologue += FRAME_SECONDS
            self._spoken += 1
            self._clipped += bool(np.count_nonzero(np.abs(samples) >= CLIPPED) >= self.limits.clipping_samples)

    @property
    def music(self) -> bool:
        count = len(self._frames)
        if count < (self._frames.maxlen or 0):
            return False
        loud = sum(frame[0] for frame in self._frames)
        spoken = sum(frame[1] for frame in self._frames)
        tonal = sum(frame[2] for frame in self._frames)
        limits = self.limits
        return loud >= limits.filled * count and spoken <= limits.spoken * count and tonal >= 0.6 * loud

    @property
    def too_loud(self) -> bool:
        return self._spoken >= 10 and self._clipped >= self.limits.clipping_share * self._spoken

    def forget(self) -> None:
        """Another utterance begins."""
        self._spoken = self._clipped = 0

    def _tones(self, frame: bytes) -> bool:
        """Whether few frequencies hold the energy of the last 32 ms; one alone, lasting, may be a beep."""
        both = samples_of(self._before + frame)[-256:].astype(np.float64)
        power = np.abs(np.fft.rfft(both * self._window)) ** 2
        power[:4] = 0
        total = float(power.sum()) or 1.0
        top = int(power.argmax())
        alone = float(power[max(0, top - PEAKS // 2) : top + PEAKS // 2 + 1].sum()) / total
        if alone >= self.limits.pure and abs(top - self._pitch) <= 1:
            self._beep += FRAME_SECONDS
            if self._beep >= self.limits.beep and self._monologue >= self.limits.monologue:
                self.machine = True
        else:
            self._beep = 0.0
        self._pitch = top
        strongest = float(np.sort(power)[-12:].sum()) / total
        return strongest >= self.limits.tonal


assert RATE == 8000
