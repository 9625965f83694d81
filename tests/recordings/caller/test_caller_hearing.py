import random
import wave
from pathlib import Path

import numpy as np
import pytest

from recordings.caller.consultant import soft_tone
from recordings.caller.hearing import Hearing
from recordings.caller.rtp import KeyReport, Packet
from recordings.caller.track import LONGEST, Track, write_stereo
from voicebot.audio import alaw_encode, samples_of, silence

START = 50.0


def stream(pcm: bytes, *, ssrc: int = 1, sequence: int = 65530, timestamp: int = 2**32 - 400) -> list[Packet]:
    coded = alaw_encode(pcm)
    return [
        Packet(8, sequence + n & 0xFFFF, timestamp + 160 * n & 0xFFFFFFFF, ssrc, coded[160 * n : 160 * n + 160])
        for n in range(len(coded) // 160)
    ]


def hear(packets: list[Packet], start: float = START, hearing: Hearing | None = None) -> Hearing:
    hearing = hearing or Hearing(START)
    for n, packet in enumerate(packets):
        hearing.feed(packet, start + n * 0.02)
    return hearing


def test_prompts_are_stretches_of_speech_with_their_times() -> None:
    pcm = silence(0.5) + soft_tone(1.0) + silence(0.2) + soft_tone(0.4) + silence(1.0) + soft_tone(0.6) + silence(0.5)
    found = [(round(s.start - START, 1), round(s.end - START, 1)) for s in hear(stream(pcm)).segments]
    assert found == [(0.5, 2.1), (3.1, 3.7)]


def test_a_click_is_no_speech_and_neither_are_two_far_apart() -> None:
    click = soft_tone(0.02, level=0.9) + bytes(0)
    hearing = hear(stream(silence(0.2) + click + silence(0.6) + click + silence(0.2)))
    assert hearing.segments == []
    assert hearing.quiet_for(START + 9) == float("inf")


def test_silence_is_measured_though_nothing_comes() -> None:
    hearing = hear(stream(soft_tone(1.0)))
    assert hearing.quiet_for(START + 3.0) == pytest.approx(2.0, abs=0.03)
    assert hearing.spoken_since(START + 0.9)
    assert not hearing.spoken_since(START + 1.1)


def test_lost_doubled_and_swapped_packets_are_counted() -> None:
    packets = stream(silence(1.0))
    bad = packets[:10] + packets[12:20] + [packets[21], packets[20], packets[21]] + packets[22:]
    quality = hear(bad).quality
    assert (quality.lost, quality.duplicates, quality.reordered, quality.received) == (2, 1, 1, 49)


def test_a_late_packet_is_not_lost() -> None:
    packets = stream(silence(0.4))
    assert hear([*packets[:5], *packets[6:], packets[5]]).quality.lost == 0


def test_jitter_and_the_longest_gap() -> None:
    rng, hearing, packets = random.Random(4), Hearing(START), stream(silence(4.0))
    steady = hear(packets).quality
    for n, packet in enumerate(packets):
        hearing.feed(packet, START + n * 0.02 + rng.random() * 0.01 + (0.5 if n >= 100 else 0))
    assert steady.jitter == pytest.approx(0, abs=1e-6)
    assert steady.max_gap == pytest.approx(0.02)
    assert 0.001 < hearing.quality.jitter < 0.01
    assert 0.5 < hearing.quality.max_gap < 0.54


def test_sound_lies_where_its_timestamp_says_though_it_comes_late() -> None:
    pcm = silence(0.2) + soft_tone(0.2) + silence(0.2)
    hearing = Hearing(START)
    for n, packet in enumerate(stream(pcm)):
        hearing.feed(packet, START + n * 0.02 + (0.05 if n % 3 else 0))
    assert hearing.segments[0].start == pytest.approx(START + 0.2, abs=0.021)
    assert np.abs(samples_of(bytes(hearing.track.pcm))[: len(pcm) // 2] - samples_of(pcm)).max() < 300


def test_a_new_source_goes_on_at_its_own_time() -> None:
    hearing = hear(stream(soft_tone(0.5)))
    hear(stream(soft_tone(0.5), ssrc=2, sequence=9, timestamp=77), START + 2, hearing)
    assert [round(s.start - START, 1) for s in hearing.segments] == [0.0, 2.0]
    assert hearing.quality.lost == 0


def test_a_source_whose_clock_stood_still_goes_on_at_its_arrival() -> None:
    packets = stream(soft_tone(0.5) + soft_tone(0.5))
    hearing = hear(packets[:25])
    hear(packets[25:], START + 3, hearing)
    assert [round(s.start - START, 1) for s in hearing.segments] == [0.0, 3.0]


def test_a_hold_is_neither_loss_nor_gap() -> None:
    packets = stream(silence(3.0))
    hearing = hear(packets[:50])
    hearing.interrupted()
    hear(packets[100:], START + 2, hearing)
    assert (hearing.quality.lost, round(hearing.quality.max_gap, 3)) == (0, 0.02)


def test_keys_of_the_other_side_are_heard_once() -> None:
    hearing = Hearing(START)
    for n, (code, stamp) in enumerate([(1, 0), (1, 0), (1, 1600), (11, 3200), (200, 4800)]):
        for end in (False, True):
            body = KeyReport(code, 800, end).pack()
            hearing.feed(Packet(101, 2 * n + end, stamp, 1, body), START + n * 0.1)
    assert "".join(hearing.keys) == "11#"


def test_payloads_not_agreed_are_not_heard() -> None:
    packets = [Packet(0, n, 160 * n, 1, alaw_encode(soft_tone(0.02))) for n in range(50)]
    hearing = hear(packets)
    assert hearing.segments == []
    assert hearing.quality.received == 50


def test_two_sides_become_two_channels_of_one_clock(tmp_path: Path) -> None:
    left, right = Track(10.0), Track(10.5)
    left.put(10.25, b"\x01\x00" * 80)
    right.put(10.5, b"\x02\x00" * 160)
    right.put(10.4, b"\x03\x00" * 160)
    right.put(10.5 + LONGEST + 1, b"\x03\x00")
    path = tmp_path / "new" / "call.wav"
    write_stereo(path, left, right)
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert both[:, 0].nonzero()[0].tolist() == list(range(2000, 2080))
    assert both[:, 1].nonzero()[0].tolist() == list(range(4000, 4160))
    assert set(both[4000:, 1].tolist()) == {2}
