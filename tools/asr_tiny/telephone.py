"""From a synthesiser's clean sound to what a telephone brings: speed, microphone, room, noise, band, level, A-law."""

import random

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from voicebot.audio import alaw_decode, alaw_encode, samples_of

RATE = 8000
Wide = npt.NDArray[np.float64]


def band(sound: npt.NDArray[np.int16], rate: float, low: float = 200.0, high: float = 3500.0) -> Wide:
    """``sound`` of ``rate`` hertz at 8 kHz, of telephone band."""
    size = int(len(sound) * RATE / rate)
    spectrum = np.fft.rfft(sound.astype(np.float64))
    kept = size // 2 + 1
    spectrum = spectrum[:kept] if kept <= len(spectrum) else np.pad(spectrum, (0, kept - len(spectrum)))
    hertz = np.arange(len(spectrum)) * RATE / size
    spectrum = spectrum / (1 + np.exp(-(hertz - low) / 25)) / (1 + np.exp((hertz - high) / 60))
    return np.fft.irfft(spectrum, size) * size / len(sound)


def coloured(sound: Wide, chance: random.Random) -> Wide:
    """As another microphone hears it: up to 7 dB more or less in each part of the band."""
    spectrum = np.fft.rfft(sound)
    knots = np.array([0, 300, 800, 1500, 2200, 3000, 4000])
    gains = np.array([chance.uniform(-7, 7) for _ in knots])
    decibels = np.interp(np.linspace(0, RATE / 2, len(spectrum)), knots, gains)
    return np.fft.irfft(spectrum * 10 ** (decibels / 20), len(sound))


def in_a_room(sound: Wide, chance: random.Random, noise: np.random.Generator) -> Wide:
    """With an echo that fades by 60 dB within 0.1 to 0.4 s; the times of the sounds stay."""
    fade = chance.uniform(0.1, 0.4)
    time = np.arange(int(fade * RATE)) / RATE
    echo = noise.normal(size=len(time)) * 10 ** (-3 * time / fade)
    echo *= chance.uniform(0.1, 0.6) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    return fftconvolve(sound, echo)[: len(sound)]


def noise_of(size: int, chance: random.Random, noise: np.random.Generator, babble: list[Wide]) -> Wide:
    """A background of one kind, of unit power: hiss, rumble, hum, people."""
    kind = chance.random()
    made = noise.normal(size=size)
    if kind < 0.3:
        made = np.convolve(made, [1, 0.9, 0.8, 0.7, 0.5, 0.3], "same")
    elif kind < 0.45:
        spectrum = np.fft.rfft(made)
        made = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 3), size)
    elif kind < 0.55:
        time = np.arange(size) / RATE
        made = 0.3 * made + sum(np.sin(2 * np.pi * 50 * n * time + n) / n for n in (1, 2, 3, 5, 7))
    elif kind < 0.75 and len(babble) > 4:
        made = 0.1 * made
        for voice in chance.sample(babble, 4):
            made = made + np.resize(voice / (np.std(voice) + 1e-9), size)
    return made / (np.std(made) + 1e-9)


def line(sound: Wide, chance: random.Random, noise: np.random.Generator, babble: list[Wide]) -> npt.NDArray[np.int16]:
    """``sound`` with a background 5 to 40 dB below it, at some level, through A-law."""
    level = 10 ** chance.uniform(2.2, 3.8)
    sound = sound * level / (np.sqrt(np.mean(sound**2)) + 1)
    quiet = 10 ** (-chance.triangular(5, 40, 25) / 20)
    sound = sound + noise_of(len(sound), chance, noise, babble) * np.sqrt(np.mean(sound**2)) * quiet
    pcm = np.clip(sound, -32767, 32767).astype("<i2").tobytes()
    return samples_of(alaw_decode(alaw_encode(pcm)))
