"""The voices and lines of made-up callers: synthesis by RHVoice or espeak-ng, and what a telephone does to it.

Used by ``tools/make_calls.py``. All randomness is seeded by the caller's name, so a call comes out the same again.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

from voicebot.audio import RATE, read_wav, resample

Wave = npt.NDArray[np.float64]
"""Samples at 8 kHz, 1.0 is full scale."""
LEVEL = 0.09
"""Root mean square of speech: about -21 dB of full scale."""


def speak(text: str, voice: dict[str, Any], folder: Path | None) -> Wave:
    """``text`` by ``voice`` (``engine``, ``name``, ``rate``, ``pitch``); ``|0.8|`` in it is a pause. ``folder`` holds
    RHVoice's languages and voices, where they are not the system's."""
    parts: list[Wave] = []
    for place, piece in enumerate(text.split("|")):
        if place % 2:
            parts.append(np.zeros(round(float(piece) * RATE)))
        elif piece.strip():
            parts.append(_trimmed(_synthesised(piece.strip(), voice, folder)))
    return np.concatenate(parts)


def _synthesised(text: str, voice: dict[str, Any], folder: Path | None) -> Wave:
    rate, pitch = voice.get("rate", 100), voice.get("pitch", 100)
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out.wav"
        if voice.get("engine", "rhvoice") == "espeak":
            command = ["espeak-ng", "-v", "pl+" + voice.get("name", "m3"), "-s", str(round(1.5 * rate))]
            command += ["-p", str(round(pitch / 2)), "-w", str(out), text]
            subprocess.run(command, check=True, capture_output=True)
        else:
            command = ["RHVoice-test", "-p", voice.get("name", "michal"), "-r", str(rate), "-t", str(pitch)]
            env = {**os.environ, **({"RHVOICE_DATA_PATH": str(folder)} if folder else {})}
            subprocess.run([*command, "-o", str(out)], input=text.encode(), check=True, capture_output=True, env=env)
        samples, native = read_wav(out.read_bytes())
    return resample(samples, native).astype(np.float64) / 32768


def _trimmed(wave: Wave) -> Wave:
    """Without the silence at both ends (50 ms stay)."""
    loud = np.flatnonzero(np.abs(wave) > 0.004)
    if not loud.size:
        return wave
    edge = RATE // 20
    return wave[max(loud[0] - edge, 0) : loud[-1] + edge]


def telephone(wave: Wave, line: dict[str, Any], seed: str) -> Wave:
    """``wave`` as the line brings it: band, level (``gain`` dB), ``clip``, ``dropouts`` (share of 20 ms packets lost),
    ``echo`` of a room."""
    random = np.random.default_rng(_seed(seed))
    wave = sosfilt(butter(4, [300, 3400], "bandpass", fs=RATE, output="sos"), wave)
    level = np.sqrt(np.mean(wave[np.abs(wave) > 0.01] ** 2)) if np.any(np.abs(wave) > 0.01) else 1.0
    wave = wave * (LEVEL / level) * 10 ** (line.get("gain", 0) / 20)
    if echo := line.get("echo"):
        late = np.zeros_like(wave)
        for delay, loss in ((0.031, 0.5), (0.057, 0.35), (0.101, 0.2)):
            shift = round(delay * RATE)
            late[shift:] += wave[:-shift] * loss * echo
        wave = wave + late
    if clip := line.get("clip"):
        wave = np.clip(wave * 3, -clip, clip)
    if share := line.get("dropouts"):
        packets = len(wave) // 160
        for packet in np.flatnonzero(random.random(packets) < share):
            wave[packet * 160 : (packet + 1) * 160] = 0
    return np.clip(wave, -0.99, 0.99)


def noise(kind: str, seconds: float, level: float, seed: str, voices: list[Wave]) -> Wave:
    """A background of ``seconds`` that may be repeated: ``street``, ``hiss``, ``hum``, ``crackle``, ``babble`` (of
    ``voices``) or ``music``; ``level`` is in dB under speech."""
    random, size = np.random.default_rng(_seed(seed + kind)), round(seconds * RATE)
    time = np.arange(size) / RATE
    if kind == "street":
        wave = sosfilt(butter(2, 700, "lowpass", fs=RATE, output="sos"), random.normal(size=size))
        wave *= 1 + 0.6 * np.sin(2 * np.pi * time / seconds)
    elif kind == "hum":
        wave = sum(np.sin(2 * np.pi * 50 * n * time) / n for n in (1, 2, 3, 6)) + 0.1 * random.normal(size=size)
    elif kind == "crackle":
        wave = 0.05 * random.normal(size=size)
        for place in random.integers(0, size - 40, size=round(seconds * 14)):
            wave[place : place + 40] += random.normal(size=40) * 2.5
    elif kind == "babble":
        wave = np.zeros(size)
        for voice in voices:
            wave += np.roll(np.resize(voice, size), int(random.integers(0, size)))
    elif kind == "music":
        wave = music(seconds)
    else:
        wave = random.normal(size=size)
    wave = np.asarray(wave)
    wave = sosfilt(butter(2, [200, 3400], "bandpass", fs=RATE, output="sos"), wave)
    return wave / np.sqrt(np.mean(wave**2)) * LEVEL * 10 ** (-level / 20)


def music(seconds: float) -> Wave:
    """Music on hold: chords of plain tones, two a second."""
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    parts = []
    for beat in range(round(seconds * 2)):
        time = np.arange(RATE // 2) / RATE
        tones = sum(
            np.sin(2 * np.pi * tone * time) + 0.4 * np.sin(4 * np.pi * tone * time) for tone in chords[beat // 2 % 4]
        )
        parts.append(np.asarray(tones) * np.exp(-2.2 * time))
    wave = np.concatenate(parts)
    return wave / np.max(np.abs(wave)) * 0.35


def cough(seed: str) -> Wave:
    """A cough: two bursts of noise."""
    random = np.random.default_rng(_seed(seed + "cough"))
    burst = random.normal(size=round(0.16 * RATE)) * np.exp(-np.arange(round(0.16 * RATE)) / RATE / 0.05)
    wave = np.concatenate([burst, np.zeros(RATE // 8), burst * 0.8])
    return sosfilt(butter(2, [400, 2500], "bandpass", fs=RATE, output="sos"), wave) * 0.5


def pcm(wave: Wave) -> bytes:
    """16-bit samples."""
    return np.clip(np.round(wave * 32767), -32768, 32767).astype("<i2").tobytes()


def _seed(text: str) -> int:
    return Random(text).getrandbits(32)
