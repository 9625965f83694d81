"""Noises of rooms and lines, made by rule: what a prompt must not stop for. Telephone band, 8 kHz, A-law and back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.audio import RATE, alaw_decode, alaw_encode, load, pcm_of, samples_of

Sound = npt.NDArray[np.float64]
SPEECH = Path("recordings/demo")


def _time(seconds: float) -> Sound:
    return np.arange(round(seconds * RATE)) / RATE


def _band(sound: Sound, low: float, high: float) -> Sound:
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)))


def _room(sound: Sound, draw: np.random.Generator, seconds: float = 0.5) -> Sound:
    """As heard across a room: an echo that dies away, high tones lost."""
    tail = draw.normal(0, 1, round(seconds * RATE)) * np.exp(-_time(seconds) * 9)
    tail[0] += 1
    wet = np.fft.irfft(
        np.fft.rfft(sound, len(sound) + len(tail)) * np.fft.rfft(tail, len(sound) + len(tail)), len(sound) + len(tail)
    )
    return _band(np.asarray(wet), 150, 2200)


def _level(sound: Sound, decibel: float) -> Sound:
    loud = float(np.sqrt(np.mean(sound * sound))) or 1.0
    return sound / loud * 32768 * 10 ** (decibel / 20)


def cough(draw: np.random.Generator) -> Sound:
    """One to three bursts of breath with a short voiced tail, 0.25 to 0.7 s in all."""
    parts = []
    for _ in range(draw.integers(1, 4)):
        seconds = draw.uniform(0.12, 0.22)
        time = _time(seconds)
        burst = draw.normal(0, 1, len(time)) * np.exp(-time * draw.uniform(14, 30))
        pitch = draw.uniform(120, 260)
        voiced = np.sign(np.sin(2 * np.pi * pitch * time)) * np.exp(-time * 18) * 0.4
        parts += [_band(burst + voiced, 300, 3000), np.zeros(round(draw.uniform(0.02, 0.08) * RATE))]
    return _level(np.concatenate(parts), draw.uniform(-24, -14))


def door(draw: np.random.Generator) -> Sound:
    time = _time(0.5)
    thud = draw.normal(0, 1, len(time)) * np.exp(-time * 25) + np.sin(2 * np.pi * 90 * time) * np.exp(-time * 12)
    return _level(_room(thud, draw, 0.3), draw.uniform(-26, -16))


def traffic(draw: np.random.Generator) -> Sound:
    seconds = draw.uniform(4, 9)
    time = _time(seconds)
    rumble = np.cumsum(draw.normal(0, 1, len(time)))
    rumble -= np.linspace(rumble[0], rumble[-1], len(rumble))
    swell = np.sin(np.pi * time / seconds) ** 2 + 0.1
    engine = np.sin(2 * np.pi * np.cumsum(draw.uniform(60, 110) * (1 + 0.1 * np.sin(time))) / RATE)
    return _level(
        _band((rumble / np.abs(rumble).max() * 3 + engine + draw.normal(0, 0.3, len(time))) * swell, 80, 1500), -24
    )


def music(draw: np.random.Generator) -> Sound:
    beats = []
    for _ in range(draw.integers(12, 24)):
        root = 220 * 2 ** (draw.integers(0, 12) / 12)
        time = _time(0.35)
        chord = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1, 1.26, 1.5, 2))
        beats.append(chord * np.exp(-time * 3) + draw.normal(0, 0.4, len(time)) * np.exp(-time * 40))
    return _level(np.concatenate(beats), -22)


def television(draw: np.random.Generator) -> Sound:
    """Somebody speaks across the room: the demo's callers, with echo, 15 to 25 dB under a caller."""
    files = sorted(SPEECH.glob("*.wav"))
    chosen = [samples_of(load(files[n])).astype(np.float64) for n in draw.choice(len(files), 3)]
    return _level(_room(np.concatenate(chosen), draw), draw.uniform(-45, -38))


def keyboard(draw: np.random.Generator) -> Sound:
    clicks = np.zeros(round(3 * RATE))
    for at in draw.uniform(0, 2.8, 18):
        time = _time(0.03)
        first = round(at * RATE)
        clicks[first : first + len(time)] += draw.normal(0, 1, len(time)) * np.exp(-time * 200)
    return _level(_band(clicks, 500, 3800), -32)


KINDS: dict[str, Callable[[np.random.Generator], Sound]] = {
    "cough": cough,
    "door": door,
    "traffic": traffic,
    "music": music,
    "television": television,
    "keyboard": keyboard,
}


def minutes(kind: str, count: float, seed: int = 1) -> bytes:
    """``count`` minutes of one kind with pauses of 1 to 4 s between sounds, as a telephone sends them."""
    draw = np.random.default_rng([seed, *kind.encode()])
    parts: list[Sound] = []
    size = 0
    while size < count * 60 * RATE:
        parts += [np.zeros(round(draw.uniform(1, 4) * RATE)), KINDS[kind](draw)]
        size += len(parts[-1]) + len(parts[-2])
    return line(np.concatenate(parts)[: round(count * 60 * RATE)], draw)


def line(sound: Sound, draw: np.random.Generator) -> bytes:
    """``sound`` over a quiet line, A-law and back."""
    noisy = sound + draw.normal(0, 12, len(sound))
    return alaw_decode(alaw_encode(pcm_of(np.clip(noisy, -32768, 32767).astype(np.int16))))


def nods() -> Iterator[tuple[str, bytes]]:
    """What listeners say: "tak, tak" of the demo's callers, and a hummed "mhm"."""
    draw = np.random.default_rng(3)
    for file in ("tak.wav",):
        said = samples_of(load(SPEECH / file)).astype(np.float64)
        yield "tak", line(said, draw)
        yield "tak, tak", line(np.concatenate([said, said]), draw)
    for pitch in (110, 140, 190, 230):
        time = _time(0.45)
        glide = pitch * (1 + 0.15 * np.sin(2 * np.pi * 2.2 * time))
        voice = sum(np.sin(2 * np.pi * np.cumsum(glide) * n / RATE) / n for n in range(1, 9))
        shape = np.abs(np.sin(np.pi * np.minimum(time / 0.45 * 2, 2.0))) + 0.05
        yield "mhm", line(_level(_band(voice * shape, 100, 900), -24), draw)
