"""RHVoice as a process: better voices than espeak-ng's, without the times of their phonemes."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.audio import read_wav
from voicebot.voices.rhvoice import DATA, is_free, polish_voices

TRAINED = ("natan", "michal")
"""Voices whose makers give them to the public domain (CC0); Debian's copies are under another licence, and not trained
on. Others, where they are installed, are kept for judging."""


def voices(data: Path | None) -> list[str]:
    """The Polish voices under ``data`` (else where a system keeps them); none without the engine."""
    if shutil.which("RHVoice-test") is None:
        return []
    return polish_voices((data,) if data else DATA)


def trained(data: Path | None) -> list[str]:
    """Those of ``voices`` that a model that is passed on may be trained with."""
    return [name for name in voices(data) if name in TRAINED and is_free(name, (data,) if data else DATA)]


def say(
    text: str, voice: str, data: Path | None, rate: int = 100, pitch: int = 100
) -> tuple[npt.NDArray[np.int16], int]:
    """``text`` by ``voice``, ``rate`` and ``pitch`` in percent: samples and their rate."""
    environment = {**os.environ, **({"RHVOICE_DATA_PATH": str(data)} if data else {})}
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["RHVoice-test", "-p", voice, "-r", str(rate), "-t", str(pitch), "-o", file.name]
        subprocess.run(
            command, input=text.encode() + b"\n", env=environment, check=True, capture_output=True, timeout=60
        )
        return read_wav(Path(file.name).read_bytes())
