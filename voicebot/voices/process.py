"""Running a synthesiser: a process of its own, a time limit, and a look at what it wrote."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from voicebot.audio import AudioError, Samples, read_wav

from .voice import VoiceError

TIMEOUT = 30.0


async def synthesise(command: Callable[[Path], Sequence[str]], text: str, name: str) -> tuple[Samples, int]:
    """Run ``command(output file)`` with ``text`` on its standard input; the samples it wrote and their rate.
    Raises ``VoiceError`` when it fails, hangs or writes no sound."""
    with tempfile.TemporaryDirectory(prefix="infolinia-voice-") as folder:
        output = Path(folder) / "said.wav"
        try:
            process = await asyncio.create_subprocess_exec(
                *command(output),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise VoiceError(f"{name} cannot be run: {error}") from error
        try:
            async with asyncio.timeout(TIMEOUT):
                _, complaint = await process.communicate(text.encode())
        except TimeoutError:
            raise VoiceError(f"{name} did not finish in {TIMEOUT:g} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            said = complaint.decode(errors="replace")[-200:].strip()
            raise VoiceError(f"{name} failed ({process.returncode}): {said}")
        try:
            return read_wav(output.read_bytes())
        except (OSError, AudioError) as error:
            raise VoiceError(f"{name} wrote no usable sound: {error}") from error
