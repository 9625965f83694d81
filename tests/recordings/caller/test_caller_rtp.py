from hypothesis import given
from hypothesis import strategies as st

from recordings.caller.rtp import KeyReport, Packet, parse_packet, parse_report

PACKETS = st.builds(
    Packet,
    payload=st.integers(0, 71) | st.integers(77, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    body=st.binary(max_size=400),
    marker=st.booleans(),
)


@given(PACKETS)
def test_a_packet_survives_the_wire(packet: Packet) -> None:
    assert parse_packet(packet.pack()) == packet


@given(st.binary(max_size=80))
def test_garbage_is_a_packet_within_its_datagram_or_nothing(data: bytes) -> None:
    packet = parse_packet(data)
    assert packet is None or (len(packet.body) <= len(data) - 12 and packet.body in data)


def test_bytes_are_those_of_rfc_3550() -> None:
    packet = Packet(8, 0x0102, 0x03040506, 0x0708090A, b"\xd5\xd5", marker=True)
    assert packet.pack() == bytes.fromhex("8088 0102 03040506 0708090a d5d5")


def test_contributors_extension_and_padding_are_left_out_of_the_body() -> None:
    header = bytes.fromhex("b1080001 00000002 00000003") + b"CSRC" + bytes.fromhex("bede0001") + b"EXT1"
    packet = parse_packet(header + b"sound" + b"\0\0\3")
    assert packet is not None
    assert packet.body == b"sound"


def test_rtcp_other_versions_and_cut_packets_are_refused() -> None:
    whole = Packet(8, 1, 2, 3, b"").pack()
    assert parse_packet(bytes([0x80, 200]) + whole[2:]) is None
    assert parse_packet(bytes([0x40]) + whole[1:]) is None
    assert parse_packet(whole[:11]) is None
    assert parse_packet(bytes([0x8F]) + whole[1:]) is None


def test_a_key_report_is_four_bytes_of_rfc_4733() -> None:
    assert KeyReport(11, 800, end=True).pack() == bytes.fromhex("0b8a0320")
    assert parse_report(bytes.fromhex("0b8a0320")) == KeyReport(11, 800, end=True, volume=10)
    assert parse_report(b"\x0b\x8a\x03") is None
