"""The prompt book: every spoken line as telephone sound, before a caller has to wait for it.

A studio recording named like the prompt comes first; else the line is rendered, once, into a cache addressed by
content (voice, its version, text). A cached file is checked whenever it is read; a damaged one is rendered anew.
Several processes may share a cache. When neither recording nor voice can speak, a tone is played and the call goes on.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import structlog

from .audio import BYTES_PER_SECOND, RATE, AudioError, load, pcm_of, rms, samples_of, seconds, silence
from .voices.finish import finish
from .voices.voice import Voice, VoiceError

log = structlog.get_logger(__name__)

SHORTEST, LONGEST = 0.02, 0.4
"""Seconds a character of text may take, with ``SLACK`` added above."""
SLACK = 2.0
SILENT = 0.003
PAUSE = 0.22
RENDERS_AT_ONCE = 2
MEMORY = 32 * BYTES_PER_SECOND * 10
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+(?=\S)")
_SEAL_BYTES = 2 * 256
"""A cached file ends in its SHA-256, one bit a sample: inaudible, so that Asterisk may play the file as it is."""

Progress = Callable[[int, int], None]


class PromptBook:
    """``cache`` is a folder for rendered lines, ``recordings`` one of studio files (``<prompt>.wav``, and
    ``<prompt>.slow.wav`` for who asked for slower speech), both may be missing. ``voice`` None: only recordings and
    what is cached already. ``slow`` is the same voice at a slower pace; without one, ``voice`` says all."""

    def __init__(
        self, cache: Path, voice: Voice | None, *, slow: Voice | None = None, recordings: Path | None = None
    ) -> None:
        self._cache, self._voice, self._slow, self._recordings = cache, voice, slow or voice, recordings
        self._under_way: dict[str, asyncio.Task[bytes]] = {}
        self._slots = asyncio.Semaphore(RENDERS_AT_ONCE)
        self._studio: dict[str, tuple[tuple[int, int], bytes]] = {}
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._complained: set[str] = set()

    def with_recordings(self, folder: Path) -> "PromptBook":
        """The same voice and cache with other studio recordings."""
        return PromptBook(self._cache, self._voice, slow=self._slow, recordings=folder)

    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes:
        """The line as 8 kHz s16le mono, rendered now if it must be. Never raises for what a machine may lack."""
        recorded = self._recorded(prompt, slow)
        if recorded is not None:
            return recorded
        pieces = []
        for sentence in sentences(text):
            try:
                pieces.append(await self._sentence(sentence, self._voice_at(slow)))
            except VoiceError as error:
                self._complain(prompt, f"no voice: {error}")
                pieces.append(fallback())
        return silence(PAUSE).join(pieces)

    async def prepare(self, lines: Iterable[tuple[str, str]], progress: Progress | None = None) -> None:
        """Render what is missing of ``lines`` (prompt id, text) at either pace; ``progress`` is told how many of how
        many are done. Raises ``VoiceError`` when a line can neither be found nor rendered."""
        listed = list(lines)
        wanted = dict.fromkeys(
            (sentence, slow)
            for slow in ((False, True) if self._slow is not self._voice else (False,))
            for prompt, text in listed
            if self._recorded(prompt, slow) is None
            for sentence in sentences(text)
        )
        done = 0

        async def one(sentence: str, slow: bool) -> None:
            nonlocal done
            await self._sentence(sentence, self._voice_at(slow))
            done += 1
            if progress is not None:
                progress(done, len(wanted))

        try:
            async with asyncio.TaskGroup() as group:
                for sentence, slow in wanted:
                    group.create_task(one(sentence, slow))
        except* VoiceError as failed:
            raise failed.exceptions[0] from None

    def file_of(self, sentence: str, *, slow: bool = False) -> Path:
        """Where a rendered sentence is kept."""
        name = _key(sentence, self._voice_at(slow))
        return self._cache / name[:2] / f"{name}.sln"

    def _voice_at(self, slow: bool) -> Voice | None:
        return self._slow if slow else self._voice

    async def _sentence(self, sentence: str, voice: Voice | None) -> bytes:
        key = _key(sentence, voice)
        known = self._memory.get(key)
        if known is not None:
            self._memory.move_to_end(key)
            return known
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._find_or_render(sentence, voice))
            self._under_way[key] = task
            task.add_done_callback(lambda ended: self._ended(key, ended))
        pcm = await asyncio.shield(task)
        self._remember(key, pcm)
        return pcm

    def _ended(self, key: str, task: "asyncio.Task[bytes]") -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen: who waited for it may have gone

    async def _find_or_render(self, sentence: str, voice: Voice | None) -> bytes:
        key = _key(sentence, voice)
        file = self._cache / key[:2] / f"{key}.sln"
        cached = _read(file, sentence)
        if cached is not None:
            return cached
        if voice is None:
            raise VoiceError("nie ma tu żadnego głosu; instalacja: apt-get install espeak-ng")
        async with self._slots:
            for _ in range(2):
                pcm = await _rendered(voice, sentence)
                if plausible(pcm, sentence):
                    break
                log.warning("prompt.implausible", voice=voice.name, seconds=seconds(pcm), length=len(sentence))
            else:
                raise VoiceError(f"{voice.name} dwa razy źle powiedział zdanie (znaków: {len(sentence)})")
        try:
            _write(file, pcm)
        except OSError as error:
            self._complain("cache", f"{file.parent} cannot be written ({error.strerror}); the line is not kept")
        return pcm

    def _recorded(self, prompt: str, slow: bool) -> bytes | None:
        """The studio recording of ``prompt``, as finished as a rendered line; None when there is no usable one."""
        return (self._from_studio(f"{prompt}.slow") if slow else None) or self._from_studio(prompt)

    def _from_studio(self, prompt: str) -> bytes | None:
        if self._recordings is None or not prompt or "/" in prompt or prompt.startswith("."):
            return None
        file = self._recordings / f"{prompt}.wav"
        try:
            status = file.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._studio.get(prompt)
        if known is not None and known[0] == stamp:
            return known[1] or None
        pcm = b""
        try:
            pcm = finish(samples_of(load(file)), RATE)
        except (OSError, AudioError) as error:
            self._complain(prompt, f"{file}: {error}")
        else:
            if not pcm:
                self._complain(prompt, f"{file}: the recording is silent")
        self._studio[prompt] = (stamp, pcm)
        return pcm or None

    def _remember(self, key: str, pcm: bytes) -> None:
        if key not in self._memory:
            self._memory[key] = pcm
            self._held += len(pcm)
        while self._held > MEMORY and len(self._memory) > 1:
            self._held -= len(self._memory.popitem(last=False)[1])

    def _complain(self, prompt: str, why: str) -> None:
        if why not in self._complained:
            self._complained.add(why)
            log.error("prompt.unusable", prompt=prompt, why=why)


async def _rendered(voice: Voice, sentence: str) -> bytes:
    """``sentence`` in ``voice``. Whatever fails there (a package that is missing, a bug) is a ``VoiceError``: a call
    goes on with a tone, set-up ends with the reason."""
    try:
        return await voice.render(sentence)
    except VoiceError:
        raise
    except Exception as error:
        log.error("prompt.voice-failed", voice=voice.name, exc_info=error)
        mend = "; brakujące pakiety: pip install -c constraints.txt -e ." if isinstance(error, ImportError) else ""
        raise VoiceError(f"{voice.name} zawodzi ({type(error).__name__}: {error}){mend}") from error


def _key(sentence: str, voice: Voice | None) -> str:
    named = (voice.name, voice.version) if voice is not None else ("", "")
    return hashlib.sha256("\0".join((*named, sentence)).encode()).hexdigest()


def sentences(text: str) -> list[str]:
    """The sentences and clauses of a line: the pieces that are rendered and kept."""
    return [piece for piece in _SENTENCE.split(" ".join(text.split())) if any(map(str.isalnum, piece))]


def plausible(pcm: bytes, text: str) -> bool:
    """Whether ``pcm`` may be ``text``: whole samples, not silent, neither far too short nor far too long for it."""
    if len(pcm) % 2 or not pcm or rms(pcm) < SILENT:
        return False
    size = len(text)
    return SHORTEST * size <= seconds(pcm) <= LONGEST * size + SLACK


def fallback() -> bytes:
    """Two short tones, for what cannot be spoken."""
    time = np.arange(int(0.12 * RATE)) / RATE
    envelope = np.sin(np.pi * time / time[-1])
    tones = [pcm_of((6000 * envelope * np.sin(2 * np.pi * hertz * time)).astype(np.int16)) for hertz in (620, 480)]
    return silence(0.05).join(tones)


def _read(file: Path, sentence: str) -> bytes | None:
    """A cached sentence, or None when it is missing or damaged (then it is removed)."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    pcm = content[:-_SEAL_BYTES]
    if content == pcm + _seal(pcm) and plausible(pcm, sentence):
        return pcm
    log.warning("prompt.damaged", file=str(file), what="it is rendered anew")
    with suppress(OSError):
        file.unlink()
    return None


def _seal(pcm: bytes) -> bytes:
    digest = np.frombuffer(hashlib.sha256(pcm).digest(), np.uint8)
    return pcm_of(np.unpackbits(digest).astype(np.int16))


def _write(file: Path, pcm: bytes) -> None:
    """Put a sentence into the cache: whole or not at all, whoever else writes it now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(pcm + _seal(pcm))
            part.flush()
            os.fsync(part.fileno())
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
