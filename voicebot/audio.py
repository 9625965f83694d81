"""Sound as the telephone has it: 8 kHz, 16-bit signed little-endian mono, cut in frames of 20 ms.

``pcm`` everywhere means ``bytes`` of that shape; ``samples`` means a one-dimensional ``int16`` array of any rate.
G.711 follows ITU-T G.711 (11/88), as tables.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

RATE = 8000
SAMPLE_BYTES = 2
FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * SAMPLE_BYTES
BYTES_PER_SECOND = RATE * SAMPLE_BYTES
SILENCE = bytes(FRAME_BYTES)
FULL_SCALE = 32768.0
QUIETEST_DB = -96.0

Samples = npt.NDArray[np.int16]

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


class AudioError(ValueError):
    """A sound file that cannot be used: says (in Polish) what is wrong with it and what would be right."""


def seconds(pcm: bytes) -> float:
    """Length of ``pcm`` in seconds."""
    return len(pcm) / BYTES_PER_SECOND


def silence(duration: float) -> bytes:
    """``duration`` seconds of nothing."""
    return bytes(SAMPLE_BYTES * round(duration * RATE))


def samples_of(pcm: bytes) -> Samples:
    """``pcm`` as a read-only array. Raises ``ValueError`` for half a sample."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.int16, copy=False)


def pcm_of(samples: Samples) -> bytes:
    """The bytes of ``samples``, little-endian."""
    return samples.astype("<i2", copy=False).tobytes()


def rms(pcm: bytes) -> float:
    """Root mean square, 0..1 of full scale; 0 for no samples."""
    if not pcm:
        return 0.0
    wide = samples_of(pcm).astype(np.float64)
    return float(np.sqrt(np.mean(wide * wide)) / FULL_SCALE)


def level(pcm: bytes) -> float:
    """Loudness in dB of full scale (RMS), never under ``QUIETEST_DB``."""
    loud = rms(pcm)
    return max(QUIETEST_DB, float(20 * np.log10(loud))) if loud > 0 else QUIETEST_DB


def fade_out(pcm: bytes) -> bytes:
    """``pcm`` falling evenly to nothing over its whole length."""
    samples = samples_of(pcm)
    if not samples.size:
        return b""
    ramp = np.linspace(1.0, 0.0, samples.size, dtype=np.float64)
    return pcm_of((samples * ramp).astype(np.int16))


def resample(samples: Samples, rate: int, to: int = RATE) -> Samples:
    """``samples`` at another rate, both in Hz (band-limited, soxr's high quality)."""
    if rate == to or not samples.size:
        return samples
    turned: Samples = soxr.resample(samples, rate, to, quality="HQ")
    return turned


class Resampler:
    """``resample`` for a stream: 16-bit mono chunks of ``rate`` in, 8 kHz ``pcm`` out, nothing lost at the seams.

    Low quality of soxr, for its short delay."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._stream = soxr.ResampleStream(rate, RATE, 1, dtype="int16", quality="LQ")

    def feed(self, pcm: bytes) -> bytes:
        return pcm_of(self._stream.resample_chunk(samples_of(pcm)))


def _alaw_decoded() -> Samples:
    code = np.arange(256) ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 15) << 4) + np.where(segment == 0, 8, 0x108)
    size = step << np.maximum(segment - 1, 0)
    value: Samples = np.where(code & 0x80, size, -size).astype(np.int16)
    return value


def _ulaw_decoded() -> Samples:
    code = ~np.arange(256) & 0xFF
    size = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw_encoded() -> npt.NDArray[np.uint8]:
    value = _every_sample() >> 3
    size = np.where(value < 0, -value - 1, value)
    segment = np.searchsorted(np.array([(32 << n) - 1 for n in range(8)]), size)
    code = (segment << 4) | ((size >> np.maximum(segment, 1)) & 15)
    coded: npt.NDArray[np.uint8] = (code ^ np.where(value < 0, 0x55, 0xD5)).astype(np.uint8)
    return coded


def _ulaw_encoded() -> npt.NDArray[np.uint8]:
    value = _every_sample() >> 2
    size = np.minimum(np.abs(value), 8158) + 33
    segment = np.searchsorted(np.array([(64 << n) - 1 for n in range(8)]), size)
    code = (segment << 4) | ((size >> (segment + 1)) & 15)
    coded: npt.NDArray[np.uint8] = (code ^ np.where(value < 0, 0x7F, 0xFF)).astype(np.uint8)
    return coded


def _every_sample() -> npt.NDArray[np.int64]:
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)


_ALAW_TO, _ULAW_TO = _alaw_decoded(), _ulaw_decoded()
_TO_ALAW, _TO_ULAW = _alaw_encoded(), _ulaw_encoded()


def alaw_decode(data: bytes) -> bytes:
    """G.711 A-law bytes to ``pcm``."""
    return pcm_of(_ALAW_TO[np.frombuffer(data, np.uint8)])


def alaw_encode(pcm: bytes) -> bytes:
    """``pcm`` to G.711 A-law bytes."""
    return _TO_ALAW[samples_of(pcm).view(np.uint16)].tobytes()


def ulaw_decode(data: bytes) -> bytes:
    """G.711 mu-law bytes to ``pcm``."""
    return pcm_of(_ULAW_TO[np.frombuffer(data, np.uint8)])


def ulaw_encode(pcm: bytes) -> bytes:
    """``pcm`` to G.711 mu-law bytes."""
    return _TO_ULAW[samples_of(pcm).view(np.uint16)].tobytes()


def load(path: Path) -> bytes:
    """The sound of the WAV file ``path`` as ``pcm``: any rate, any number of channels. Raises ``AudioError``."""
    try:
        samples, rate = read_wav(path.read_bytes())
    except AudioError as error:
        raise AudioError(f"{path}: {error}") from error
    return pcm_of(resample(samples, rate))


def read_wav(data: bytes) -> tuple[Samples, int]:
    """The samples of a WAV file, mixed to one channel, and its rate in Hz.

    Understands PCM of 8, 16, 24 and 32 bits, 32-bit float, A-law and mu-law. Raises ``AudioError`` for anything else,
    for a file cut short and for one without a single sample.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioError("to nie jest plik WAV (nie ma nagłówka RIFF/WAVE); zapisz go jako WAV, PCM 16 bitów")
    chunks = _chunks(data)
    form = chunks.get(b"fmt ", b"")
    if len(form) < 16:
        raise AudioError("plik WAV bez opisu formatu; zapisz go jeszcze raz jako WAV, PCM 16 bitów")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack_from("<H", form, 24)[0]
    if (kind, bits) not in _READERS or not channels or not 4000 <= rate <= 192_000:
        raise AudioError(
            f"nieznany format WAV (kod {kind}, bity: {bits}, kanały: {channels}, {rate} Hz); zapisz jako PCM 16 bitów"
        )
    body = chunks.get(b"data", b"")
    body = body[: len(body) - len(body) % (channels * bits // 8)]
    if not body:
        raise AudioError("plik WAV bez dźwięku (ani jednej próbki)")
    wide = _READERS[kind, bits](body).reshape(-1, channels).mean(axis=1)
    return np.clip(np.round(wide), -32768, 32767).astype(np.int16), rate


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> None:
    """Write 16-bit mono ``pcm`` of ``rate`` Hz as a WAV file."""
    path.write_bytes(wav(pcm, rate))


def wav(pcm: bytes, rate: int = RATE) -> bytes:
    """The bytes of a WAV file holding 16-bit mono ``pcm``."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, 1, rate, rate * SAMPLE_BYTES, SAMPLE_BYTES, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE") + form + struct.pack("<4sI", b"data", len(pcm)) + pcm


def _chunks(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def _from_24_bits(data: bytes) -> npt.NDArray[np.float64]:
    raw = np.frombuffer(data, np.uint8).reshape(-1, 3)
    padded = np.zeros((len(raw), 4), np.uint8)
    padded[:, 1:] = raw
    return padded.view("<i4").ravel() / 65536.0


_READERS: dict[tuple[int, int], Callable[[bytes], npt.NDArray[np.float64]]] = {
    (_PCM, 8): lambda data: (np.frombuffer(data, np.uint8).astype(np.float64) - 128) * 256,
    (_PCM, 16): lambda data: np.frombuffer(data, "<i2").astype(np.float64),
    (_PCM, 24): _from_24_bits,
    (_PCM, 32): lambda data: np.frombuffer(data, "<i4") / 65536.0,
    (_FLOAT, 32): lambda data: np.nan_to_num(np.frombuffer(data, "<f4").astype(np.float64)) * 32767,
    (_ALAW, 8): lambda data: _ALAW_TO[np.frombuffer(data, np.uint8)].astype(np.float64),
    (_ULAW, 8): lambda data: _ULAW_TO[np.frombuffer(data, np.uint8)].astype(np.float64),
}
