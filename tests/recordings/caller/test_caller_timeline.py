import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.caller.rtp import KEYS, Packet, parse_packet, parse_report
from recordings.caller.timeline import SILENCE, Timeline
from voicebot.audio import alaw_decode

START = 1000.0


def timeline(**options: int | None) -> Timeline:
    return Timeline(START, ssrc=7, **options)  # type: ignore[arg-type]


def run(line: Timeline, until: float, step: float = 0.001) -> list[tuple[float, Packet]]:
    """Packets with the moment they left, for a process that looks every ``step`` seconds."""
    sent, now = [], line.start
    while now <= until:
        for due in line.take(now):
            packet = parse_packet(due.data)
            assert packet is not None
            sent.append((due.at, packet))
        now += step
    return sent


def reports(sent: list[tuple[float, Packet]]) -> list[list[tuple[float, Packet]]]:
    """Packets of telephone events, key by key."""
    events = [(at, packet) for at, packet in sent if packet.payload == 101]
    return [list(group) for _, group in itertools.groupby(events, key=lambda item: item[1].timestamp)]


def test_silence_goes_out_every_20_ms_and_the_first_packet_is_marked() -> None:
    sent = run(timeline(timestamp=500), START + 0.1)
    assert [packet.timestamp for _, packet in sent] == [500 + 160 * n for n in range(len(sent))]
    assert [round(at - START, 3) for at, _ in sent[:4]] == [0, 0.02, 0.04, 0.06]
    assert [packet.marker for _, packet in sent[:3]] == [True, False, False]
    assert {packet.body for _, packet in sent} == {SILENCE}


def test_a_key_begins_when_asked_and_is_reported_as_rfc_4733_says() -> None:
    line = timeline()
    press = line.press("#", START + 0.1234)[0]
    (key,) = reports(run(line, START + 0.4))
    packets = [packet for _, packet in key]
    found = [parse_report(packet.body) for packet in packets]
    assert press.sent is not None
    assert 0 <= press.sent - (START + 0.1234) <= 0.0011
    assert [report.duration for report in found if report] == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [report.end for report in found if report] == [False] * 5 + [True] * 3
    assert {report.code for report in found if report} == {KEYS.index("#")}
    assert [packet.marker for packet in packets] == [True] + [False] * 7
    assert {packet.timestamp for packet in packets} == {round(0.1234 * 8000)}
    assert [round(at - START, 4) for at, _ in key] == [0.1234, 0.1434, 0.1634, 0.1834, 0.2034, 0.2234, 0.2234, 0.2234]


def test_speech_waits_while_a_key_is_down_and_loses_nothing() -> None:
    line = timeline()
    pcm = alaw_decode(bytes(n % 251 for n in range(1600)))
    line.say(pcm)
    line.press("5", START + 0.05)
    sent = run(line, START + 0.5)
    down = [at for at, packet in sent if packet.payload == 8 and START + 0.05 <= at < START + 0.15]
    audio = b"".join(packet.body for _, packet in sent if packet.payload == 8 and packet.body != SILENCE)
    assert down == []
    assert alaw_decode(audio) == pcm


@given(
    keys=st.text(KEYS, min_size=1, max_size=20),
    at=st.floats(0, 0.5),
    duration=st.floats(0.04, 0.4),
    gap=st.floats(0, 0.3),
    step=st.sampled_from([0.001, 0.0073, 0.02, 0.05, 0.19]),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
)
def test_whatever_is_typed_arrives_in_order_and_apart(
    keys: str, at: float, duration: float, gap: float, step: float, sequence: int, timestamp: int
) -> None:
    line = timeline(sequence=sequence, timestamp=timestamp)
    pressed = line.press(keys, START + at, duration, gap)
    sent = run(line, pressed[-1].end + step + 0.1, step)
    numbers = [packet.sequence for _, packet in sent]
    stamps = [packet.timestamp - timestamp & 0xFFFFFFFF for _, packet in sent]
    groups = reports(sent)
    codes = [parse_report(group[0][1].body) for group in groups]
    assert "".join(KEYS[report.code] for report in codes if report) == keys
    assert numbers == [(sequence + n + 1) & 0xFFFF for n in range(len(numbers))]
    assert stamps == sorted(stamps)
    assert all(later.asked - sooner.end >= gap - 1e-9 for sooner, later in itertools.pairwise(pressed))
    for press, group in zip(pressed, groups, strict=True):
        last = parse_report(group[-1][1].body)
        assert last is not None
        assert last.end
        assert last.duration == round(press.duration * 8000)
        assert sum(packet.marker for _, packet in group) == 1


def test_keys_asked_for_while_others_are_down_follow_them() -> None:
    line = timeline()
    first = line.press("12", START + 0.02)
    later = line.press("3", START)
    assert later[0].asked == pytest.approx(first[-1].end + 0.1)
    assert len(reports(run(line, START + 1))) == 3


def test_a_process_that_slept_skips_audio_but_no_key() -> None:
    line = timeline()
    list(line.take(START))
    line.press("9", START + 0.1)
    sent = [parse_packet(due.data) for due in line.take(START + 5)]
    assert sum(packet.payload == 101 for packet in sent if packet) == 8
    assert sum(packet.payload == 8 for packet in sent if packet) <= 11
    assert line.skipped > 200
    assert any(packet.marker for packet in sent if packet and packet.payload == 8)


def test_bad_keys_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="telephone-event"):
        timeline(events=None).press("1", START)
    for keys in ("", "1 2", "x"):
        with pytest.raises(ValueError, match="keys are"):
            timeline().press(keys, START)
    with pytest.raises(ValueError, match="held for"):
        timeline().press("1", START, 0.01)


def test_keys_are_in_no_representation() -> None:
    press = timeline().press("7", START)[0]
    assert "code" not in repr(press)
