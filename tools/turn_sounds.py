"""What the benches of turn taking listen to: recordings through a telephone line, whole, torn by a pause, said anew."""

import shutil
from pathlib import Path

import numpy as np

from tools.noise_corpus import line
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, RATE, level, load, samples_of
from voicebot.voices.rhvoice import polish_voices
from voicebot.voices.voice import find_voice

DEMO = Path("recordings/demo")
VOICE_DB = -38.0


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def voiced_span(pcm: bytes) -> tuple[float, float]:
    """Where speech begins and ends in a recording, in seconds, by loudness."""
    loud = [n for n, frame in enumerate(frames(pcm)) if level(frame) > VOICE_DB]
    return loud[0] * FRAME_SECONDS, (loud[-1] + 1) * FRAME_SECONDS


def utterances() -> dict[str, bytes]:
    draw = np.random.default_rng(5)
    return {file.stem: line(samples_of(load(file)).astype(np.float64), draw) for file in sorted(DEMO.glob("*.wav"))}


def halves(pcm: bytes, pause: float) -> bytes:
    """A sentence with a pause at its quietest place near the middle."""
    cut = frames(pcm)
    begin, end = (round(edge / FRAME_SECONDS) for edge in voiced_span(pcm))
    middle = range(begin + (end - begin) // 3, begin + 2 * (end - begin) // 3)
    at = min(middle, key=lambda n: level(cut[n]))
    return b"".join(cut[:at]) + bytes(round(pause / FRAME_SECONDS) * FRAME_BYTES) + b"".join(cut[at:])


def voices() -> list[str]:
    """The voices of this machine that say the closed answers."""
    known = [f"rhvoice-{name}" for name in polish_voices()] if shutil.which("RHVoice-test") else []
    return known or ["espeak-ng"]


async def spoken(words: str, voice: str) -> bytes:
    sound = samples_of(await find_voice(voice).render(words)).astype(np.float64)
    return line(np.concatenate([np.zeros(RATE // 2), sound, np.zeros(RATE // 2)]), np.random.default_rng(7))
