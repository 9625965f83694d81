import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.caller.sdp import AudioEnd, SdpError, answer_sdp, read_sdp, write_sdp

HERE = AudioEnd("127.0.0.1", 4000)


def sdp(*lines: str) -> str:
    return "\r\n".join(("v=0", "o=- 1 1 IN IP4 10.0.0.1", "s=-", "t=0 0", *lines)) + "\r\n"


@given(
    st.builds(
        AudioEnd,
        address=st.ip_addresses().map(str),
        port=st.integers(1, 65535),
        audio=st.integers(96, 110) | st.just(8),
        events=st.integers(111, 127) | st.none(),
        ptime=st.sampled_from([0.02, 0.03, 0.06]),
        direction=st.sampled_from(["sendrecv", "sendonly", "recvonly", "inactive"]),
    )
)
def test_what_we_write_we_read(end: AudioEnd) -> None:
    assert read_sdp(write_sdp(end, session=1)) == end


@given(st.text(alphabet="vmaoc=:/ 0123456789audiortpRTPAVPINIP4.\n", max_size=200) | st.text(max_size=200))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        end = read_sdp(text)
    except SdpError:
        return
    assert 0 < end.port < 65536


def test_numbers_are_the_ones_the_other_side_chose() -> None:
    end = read_sdp(
        sdp(
            "c=IN IP4 10.0.0.9/127",
            "a=sendonly",
            "m=video 6000 RTP/AVP 31",
            "m=audio 5000/2 RTP/AVP 0 97 8 100 96",
            "c=IN IP4 10.0.0.2",
            "a=rtpmap:97 telephone-event/48000",
            "a=RTPMAP:96 Telephone-Event/8000/1",
            "a=rtpmap:100 opus/48000/2",
            "a=ptime:30",
        )
    )
    assert end == AudioEnd("10.0.0.2", 5000, 8, 96, 0.03, "sendonly")


def test_a_law_under_a_number_of_its_own_counts() -> None:
    assert read_sdp(sdp("c=IN IP4 1.2.3.4", "m=audio 5000 RTP/AVP 99", "a=rtpmap:99 PCMA/8000")).audio == 99


def test_another_codec_under_number_8_does_not() -> None:
    with pytest.raises(SdpError, match="l16/8000"):
        read_sdp(sdp("c=IN IP4 1.2.3.4", "m=audio 5000 RTP/AVP 8", "a=rtpmap:8 L16/8000"))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "no audio stream"),
        (("c=IN IP4 1.2.3.4", "m=audio 0 RTP/AVP 8"), "no audio stream"),
        (("c=IN IP4 1.2.3.4", "m=audio 5000 RTP/SAVP 8"), "no audio stream"),
        (("m=audio 5000 RTP/AVP 8",), "no connection address"),
        (("c=IN IP4 1.2.3.4", "m=audio 5000 RTP/AVP 0 9"), "no A-law"),
        (("c=IN IP4 1.2.3.4", "m=audio 99999 RTP/AVP 8"), "port '99999'"),
        (("c=IN IP4 1.2.3.4", "m=audio"), "port ''"),
        (("c=IN IP4 phone.example", "m=audio 5000 RTP/AVP 8"), "numeric address"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(SdpError, match=why):
        read_sdp(sdp(*lines))


def test_an_answer_has_a_line_for_every_stream_offered() -> None:
    offer = sdp(
        "c=IN IP4 10.0.0.2",
        "m=video 6000 RTP/AVP 31",
        "m=audio 5000 RTP/AVP 9 8 96",
        "a=rtpmap:96 telephone-event/8000",
        "a=sendonly",
        "m=audio 5002 RTP/AVP 8",
    )
    text, theirs = answer_sdp(offer, HERE, session=5, version=2)
    media = [line for line in text.splitlines() if line.startswith("m=")]
    assert media == ["m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 8 96", "m=audio 0 RTP/AVP 8"]
    assert "a=recvonly" in text.splitlines()
    assert (theirs.port, theirs.direction) == (5000, "sendonly")


@pytest.mark.parametrize(
    ("direction", "listens"), [("sendrecv", True), ("recvonly", True), ("sendonly", False), ("inactive", False)]
)
def test_a_side_on_hold_is_not_sent_to(direction: str, listens: bool) -> None:
    assert AudioEnd("10.0.0.2", 5000, direction=direction).listens is listens


def test_address_nought_is_a_hold_of_the_old_kind() -> None:
    assert not AudioEnd("0.0.0.0", 5000).listens
