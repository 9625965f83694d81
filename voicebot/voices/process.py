"""Running a synthesiser: a process of its own, a time limit, and a look at what it wrote."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from voicebot.audio import AudioError, Samples, read_wav

from .voice import VoiceError

TIMEOUT = 30.0


async def synthesise(command: Callable[[Path], Sequence[str]], text: str, name: str) -> tuple[Samples, int]:
    """Run ``command(output file)`` with ``text`` on its standard input; the samples it wrote and their rate.
    Raises ``VoiceError`` when it fails, hangs or writes no sound; cancelled, it kills what it started."""
    with tempfile.TemporaryDirectory(prefix="infolinia-voice-", ignore_cleanup_errors=True) as folder:
        output = Path(folder) / "said.wav"
        # Not a process of asyncio: cancelled before its pipes are open, it waits for ever (python/cpython#125502).
        try:
            process = subprocess.Popen(  # noqa: ASYNC220
                command(output), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise VoiceError(f"nie można uruchomić {name}: {error}") from error
        try:
            complaint = await asyncio.to_thread(_hear_out, process, text.encode())
        except subprocess.TimeoutExpired:
            raise VoiceError(f"{name} nie skończył w {TIMEOUT:g} s") from None
        except asyncio.CancelledError:
            process.kill()
            raise
        if process.returncode:
            said = complaint.decode(errors="replace")[-200:].strip()
            raise VoiceError(f"{name} zawiódł (kod {process.returncode}): {said}")
        try:
            return read_wav(output.read_bytes())
        except (OSError, AudioError) as error:
            raise VoiceError(f"{name} nie zapisał dźwięku, którego można użyć: {error}") from error


def _hear_out(process: "subprocess.Popen[bytes]", text: bytes) -> bytes:
    """What ``process`` wrote on its error output until it ended; killed after ``TIMEOUT``."""
    with process:
        try:
            return process.communicate(text, TIMEOUT)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise
