"""The AudioSocket codec: transcripts, and the laws that hold for any bytes."""

import re
import uuid
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot import audiosocket
from voicebot.audiosocket import AudioSocketError, Codec, Identified, Key, Sound, State, encode

WIRES = Path(__file__).parents[1] / "wires" / "audiosocket"
TRANSCRIPTS = sorted(WIRES.glob("*.txt"))
SESSION = uuid.UUID("7e89662a-0c88-41d8-a86f-a71c42a8ba56")


def shown(event: audiosocket.Event) -> str:
    match event:
        case Sound(rate, pcm):
            return f"Sound {rate} {len(pcm)}"
        case Key(key):
            return f"Key {key}"
    return repr(event)


def wire(text: str) -> bytes:
    spelled = re.sub(r"([0-9a-f]{2})\*(\d+)", lambda found: found[1] * int(found[2]), text)
    return bytes.fromhex(spelled)


def feed(codec: Codec, pieces: list[bytes]) -> list[audiosocket.Event]:
    return [event for piece in pieces for event in codec.receive(piece)]


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[i : i + size] for i in range(0, len(stream), size)]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_transcript(path: Path, size: int) -> None:
    lines = path.read_text("utf-8").splitlines()
    stream = b"".join(wire(line[2:]) for line in lines if line.startswith("<"))
    expected = [line[2:] for line in lines if line.startswith("=")]
    fault = next((line[2:] for line in lines if line.startswith("!")), None)
    codec = Codec()
    if fault is None:
        assert [shown(event) for event in feed(codec, cut(stream, size))] == expected
    else:
        with pytest.raises(AudioSocketError, match=fault):
            feed(codec, cut(stream, size))
        assert codec.state is State.ENDED
        assert codec.receive(audiosocket.identity(SESSION)) == []
    ignored = next((int(line.split()[-1]) for line in lines if line.startswith("# ignored")), 0)
    assert codec.ignored == ignored


def test_transcripts_walk_every_row_of_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = set()

    class Watched(dict):  # type: ignore[type-arg]
        def get(self, key: object, default: object = None) -> object:
            walked.add(key)
            return super().get(key, default)

    monkeypatch.setattr(audiosocket, "LAW", Watched(audiosocket.LAW))
    for path in TRANSCRIPTS:
        test_transcript(path, 1 << 20)
    assert walked >= set(audiosocket.LAW)


@pytest.mark.parametrize("at", range(30))
def test_the_stream_may_end_anywhere_and_it_is_known_whether_between_frames(at: int) -> None:
    codec = Codec()
    stream = audiosocket.identity(SESSION) + encode(audiosocket.KEY, b"5") + audiosocket.sound(bytes(10))
    codec.receive(stream[:at])
    assert codec.receive_eof() is (at in (0, 19, 23))
    assert codec.receive(stream[at:]) == []


def test_a_codec_holds_one_frame_at_most() -> None:
    codec = Codec()
    codec.receive(audiosocket.identity(SESSION))
    frame = audiosocket.sound(bytes(audiosocket.MAX_PAYLOAD))
    for _ in range(50):
        codec.receive(frame[:-1])
        assert len(codec._buffer) == len(frame) - 1
        codec.receive(frame[-1:])
        assert not codec._buffer


def test_a_key_is_in_no_repr_and_no_error() -> None:
    (_, key) = Codec().receive(audiosocket.identity(SESSION) + encode(audiosocket.KEY, b"5"))
    with pytest.raises(AudioSocketError) as error:
        Codec().receive(encode(audiosocket.KEY, b"5"))
    assert "5" not in repr(key) + str(error.value)


def test_a_payload_too_long_to_frame_is_refused() -> None:
    assert encode(0x10, bytes(65535))[:3] == b"\x10\xff\xff"
    with pytest.raises(ValueError, match="at most 65535 bytes, not 65536"):
        encode(0x10, bytes(65536))


FRAMES = st.tuples(st.sampled_from([0x00, 0x01, 0x03, 0x10, 0x12, 0x77, 0xFF]), st.binary(max_size=20))


@given(st.lists(FRAMES, max_size=20), st.binary(max_size=9), st.data())
def test_any_bytes_cut_anywhere_mean_the_same(
    frames: list[tuple[int, bytes]], tail: bytes, data: st.DataObject
) -> None:
    stream = audiosocket.identity(SESSION) + b"".join(encode(*frame) for frame in frames) + tail
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in pairwise([0, *cuts, len(stream)])]
    assert outcome(pieces) == outcome([stream])


def outcome(pieces: list[bytes]) -> list[str]:
    """The events that come of the pieces, or the fault alone."""
    try:
        events = feed(Codec(), pieces)
    except AudioSocketError as error:
        return [str(error)]
    assert isinstance(events[0], Identified)
    return [shown(event) for event in events]
