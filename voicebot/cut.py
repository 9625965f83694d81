"""Cutting a recording into utterances, with the same turn taking as in a call."""

from collections import deque

from .audio import FRAME_BYTES, FRAME_SECONDS
from .turn import Decision, Timing, Turn
from .voice_activity import VoiceActivity, voice_activity


def utterances(pcm: bytes, *, timing: Timing | None = None, activity: VoiceActivity | None = None) -> list[bytes]:
    """The utterances of ``pcm`` (8 kHz s16le mono), each with a little of what is around it."""
    timing, activity = timing or Timing(), activity or voice_activity()
    lookback: deque[bytes] = deque(maxlen=round(timing.lookback / FRAME_SECONDS) + timing.window)
    found: list[bytearray] = []
    turn = Turn(float("inf"), 0.0, prompt=False, timing=timing)
    sound = pcm + bytes(round(timing.end / FRAME_SECONDS + 2) * FRAME_BYTES)
    for number in range(len(sound) // FRAME_BYTES):
        frame = sound[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]
        at = (number + 1) * FRAME_SECONDS
        lookback.append(frame)
        if turn.speaking:
            found[-1] += frame
        decision = turn.frame(activity.probability(frame), at)
        if decision is Decision.BEGAN:
            found.append(bytearray(b"".join(lookback)))
        elif decision in (Decision.ENDED, Decision.TOO_LONG):
            turn.again(at)
            lookback.clear()
    return [bytes(utterance) for utterance in found]
