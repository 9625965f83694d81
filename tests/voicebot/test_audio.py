"""Telephone sound: G.711 against its definition, WAV files good and bad, rates, loudness."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot import audio
from voicebot.audio import AudioError

EVERY_SAMPLE = np.arange(65536, dtype=np.uint16).tobytes()
EVERY_CODE = bytes(range(256))
# Checksums of what CPython's audioop made of every sample and every code, while it had one (3.11).
AUDIOOP = {"alaw": (2866450441, 2641774167), "ulaw": (262314186, 210008735)}


@pytest.mark.parametrize("law", ["alaw", "ulaw"])
def test_g711_is_bit_exact_with_audioop(law: str) -> None:
    encode, decode = getattr(audio, f"{law}_encode"), getattr(audio, f"{law}_decode")
    assert (zlib.crc32(encode(EVERY_SAMPLE)), zlib.crc32(decode(EVERY_CODE))) == AUDIOOP[law]


@pytest.mark.parametrize("law", ["alaw", "ulaw"])
def test_every_code_survives_a_round_trip(law: str) -> None:
    encode, decode = getattr(audio, f"{law}_encode"), getattr(audio, f"{law}_decode")
    negative_zero = {"alaw": b"", "ulaw": b"\x7f"}[law]
    codes = bytes(set(EVERY_CODE) - set(negative_zero))
    assert encode(decode(codes)) == codes


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=50))
def test_the_nearest_code_is_chosen_within_a_step(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    for law in ("alaw", "ulaw"):
        coded = getattr(audio, f"{law}_encode")(audio.pcm_of(samples))
        back = audio.samples_of(getattr(audio, f"{law}_decode")(coded)).astype(int)
        assert np.all(np.abs(back - samples) <= np.maximum(16, np.abs(samples.astype(int)) // 16 + 1))


def tone(hertz: float, duration: float, rate: int = 8000, size: int = 8000) -> audio.Samples:
    return (size * np.sin(2 * np.pi * hertz * np.arange(round(duration * rate)) / rate)).astype(np.int16)


def loudest(samples: audio.Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.argmax(spectrum) * rate / len(samples))


def test_level_of_silence_full_scale_and_half() -> None:
    assert audio.level(b"") == audio.level(audio.SILENCE) == audio.QUIETEST_DB
    assert audio.level(audio.pcm_of(np.full(800, -32768, np.int16))) == pytest.approx(0)
    assert audio.level(audio.pcm_of(np.full(800, 16384, np.int16))) == pytest.approx(-6.02, abs=0.01)
    assert audio.rms(audio.pcm_of(tone(440, 1, size=16384))) == pytest.approx(0.5 / 2**0.5, abs=0.001)


def test_a_fade_starts_whole_ends_at_nothing_and_keeps_its_length() -> None:
    faded = audio.samples_of(audio.fade_out(audio.pcm_of(np.full(480, 10000, np.int16))))
    assert (faded[0], faded[-1], len(faded)) == (10000, 0, 480)
    assert np.all(np.diff(faded.astype(int)) <= 0)
    assert audio.fade_out(b"") == b""


def test_lengths_in_seconds() -> None:
    assert audio.seconds(audio.silence(1.5)) == 1.5
    assert audio.seconds(audio.SILENCE) == audio.FRAME_SECONDS


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_resampling_keeps_pitch_and_length(rate: int) -> None:
    turned = audio.resample(tone(1000, 1, rate), rate)
    assert len(turned) == pytest.approx(8000, abs=2)
    assert loudest(turned, 8000) == pytest.approx(1000, abs=3)


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    turned = audio.resample(tone(6000, 1, 16000), 16000)
    assert audio.level(audio.pcm_of(turned[200:-200])) < -60


def test_a_stream_resampled_in_pieces_has_no_seams() -> None:
    pcm = audio.pcm_of(tone(1000, 1, 16000))
    resampler = audio.Resampler(16000)
    turned = audio.samples_of(b"".join(resampler.feed(pcm[i : i + 640]) for i in range(0, len(pcm), 640)))
    whole = audio.resample(tone(1000, 1, 16000), 16000)
    assert len(turned) > 7500
    assert np.max(np.abs(turned[100:7400].astype(int) - whole[100:7400])) < 100


def wav_of(
    kind: int, bits: int, body: bytes, *, channels: int = 1, rate: int = 8000, extensible: bool = False
) -> bytes:
    step = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, rate, rate * step, step, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, kind) + bytes(14)
    parts = [b"fmt " + struct.pack("<I", len(form)) + form, b"LIST\3\0\0\0abc\0"]
    parts.append(b"data" + struct.pack("<I", len(body)) + body)
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WAVE" + b"".join(parts)


SAMPLES = tone(300, 0.05)


@pytest.mark.parametrize(
    ("data", "exact"),
    [
        (wav_of(1, 16, SAMPLES.tobytes()), True),
        (wav_of(1, 16, SAMPLES.tobytes(), extensible=True), True),
        (wav_of(1, 16, np.repeat(SAMPLES, 2).tobytes(), channels=2), True),
        (wav_of(1, 32, (SAMPLES.astype("<i4") << 16).tobytes()), True),
        (wav_of(1, 24, b"".join((int(s) << 8).to_bytes(3, "little", signed=True) for s in SAMPLES)), True),
        (wav_of(3, 32, (SAMPLES / 32767).astype("<f4").tobytes()), True),
        (wav_of(1, 8, ((SAMPLES.astype(int) >> 8) + 128).astype(np.uint8).tobytes()), False),
        (wav_of(6, 8, audio.alaw_encode(SAMPLES.tobytes())), False),
        (wav_of(7, 8, audio.ulaw_encode(SAMPLES.tobytes())), False),
        (wav_of(1, 16, SAMPLES.tobytes() + b"\1"), True),
    ],
    ids=["pcm16", "extensible", "stereo", "pcm32", "pcm24", "float", "pcm8", "alaw", "ulaw", "odd"],
)
def test_wav_files_of_every_usual_kind(data: bytes, exact: bool) -> None:
    samples, rate = audio.read_wav(data)
    assert rate == 8000
    assert np.max(np.abs(samples.astype(int) - SAMPLES)) <= (0 if exact else 300)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "to nie jest plik WAV"),
        (b"ID3\4 an mp3", "to nie jest plik WAV"),
        (b"RIFF\0\0\0\0WAVE", "bez opisu formatu"),
        (wav_of(1, 16, b""), "bez dźwięku"),
        (wav_of(1, 16, b"\1"), "bez dźwięku"),
        (wav_of(1, 16, b"\1\1\1\1", channels=4), "bez dźwięku"),
        (wav_of(85, 16, bytes(100)), "kod 85, bity: 16"),
        (wav_of(1, 12, bytes(100)), "kod 1, bity: 12"),
        (wav_of(1, 16, bytes(100), channels=0), "kanały: 0"),
        (wav_of(1, 16, bytes(100), rate=0), ", 0 Hz"),
    ],
)
def test_unusable_files_are_refused_with_a_reason(data: bytes, what: str) -> None:
    with pytest.raises(AudioError, match=what):
        audio.read_wav(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    for data in (tail, b"RIFF1234WAVE" + tail, wav_of(1, 16, bytes(10))[: len(tail)], b"RIFF1234WAVEfmt " + tail):
        try:
            samples, _ = audio.read_wav(data)
        except AudioError:
            continue
        assert samples.size


def test_a_file_is_loaded_as_telephone_sound_and_its_name_is_in_the_error(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "a.wav", audio.pcm_of(tone(440, 0.5, 16000)), 16000)
    assert audio.seconds(audio.load(tmp_path / "a.wav")) == pytest.approx(0.5, abs=0.001)
    audio.write_wav(tmp_path / "b.wav", audio.pcm_of(SAMPLES))
    assert audio.load(tmp_path / "b.wav") == audio.pcm_of(SAMPLES)
    (tmp_path / "c.wav").write_bytes(b"")
    with pytest.raises(AudioError, match=r"c\.wav: to nie jest plik WAV"):
        audio.load(tmp_path / "c.wav")
