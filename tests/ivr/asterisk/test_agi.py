"""The AGI codec: transcripts, and the laws that hold for any bytes."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk import agi
from ivr.asterisk.agi import AgiError, AgiReply, AgiRequest, Codec, HangUp, State, encode

WIRES = Path(__file__).parents[2] / "wires" / "agi"
TRANSCRIPTS = sorted(WIRES.glob("*.txt"))


def shown(event: agi.Event) -> str:
    hidden = f" result={event.result!r} data={event.data!r} endpos={event.endpos!r}" if type(event) is AgiReply else ""
    return repr(event) + hidden


def wire(text: str) -> bytes:
    return text.encode("utf-8").decode("unicode_escape").encode("latin-1") + b"\n"


def feed(codec: Codec, pieces: list[bytes]) -> list[agi.Event]:
    return [event for piece in pieces for event in codec.receive(piece)]


def replay(path: Path, size: int) -> int:
    """Runs a transcript with the peer's bytes cut in pieces of ``size``; returns how many events were compared."""
    codec, waiting, compared = Codec(), [], 0
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    run = b""
    for line, after in pairwise([*lines, ""]):
        mark, text = line[0], line[1:].removeprefix(" ")
        if mark == "<":
            run += wire(text)
            if after[:1] == "<":
                continue
            pieces, run = [run[i : i + size] for i in range(0, len(run), size)], b""
            if after[:1] == "!":
                fault, part = after[2:].split(" | ")
                with pytest.raises(AgiError, match=part) as error:
                    feed(codec, pieces)
                assert error.value.fault == fault
                assert codec.state is State.BROKEN
                return compared + 1
            waiting += feed(codec, pieces)
        elif mark == ">":
            command, *args = text.split(" | ")
            assert codec.send(command, *args).endswith(b"\n")
        elif mark == "=":
            assert shown(waiting.pop(0)) == text
            compared += 1
    assert not waiting
    return compared


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_transcript(path: Path, size: int) -> None:
    assert replay(path, size) > 0


def ready() -> Codec:
    codec = Codec()
    codec.receive(b"agi_network_script: arrive\n\n")
    return codec


def test_transcripts_walk_every_row_of_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = set()

    class Watched(dict):  # type: ignore[type-arg]
        def get(self, key: object, default: object = None) -> object:
            walked.add(key)
            return super().get(key, default)

    monkeypatch.setattr(agi, "LAW", Watched(agi.LAW))
    for path in TRANSCRIPTS:
        replay(path, 1 << 20)
    assert walked >= set(agi.LAW)


@pytest.mark.parametrize("cut", range(40))
def test_an_end_within_the_header_is_a_fault_and_after_it_is_none(cut: int) -> None:
    header = b"agi_network_script: arrive\n\n200 result=0"
    codec = Codec()
    codec.receive(header[: min(cut, 28)])
    if cut < 28:
        with pytest.raises(AgiError, match="within the header"):
            codec.receive_eof()
        assert codec.state is State.BROKEN
        return
    codec.send("ANSWER")
    codec.receive(header[28:cut])
    codec.receive_eof()
    assert codec.state is State.CLOSED
    assert codec.receive(b"200 result=0\n") == []


def test_a_broken_conversation_stays_broken() -> None:
    codec = Codec()
    with pytest.raises(AgiError):
        codec.receive(b"nonsense\n")
    codec.receive_eof()
    assert codec.state is State.BROKEN
    assert codec.receive(b"agi_network_script: x\n\n") == []
    with pytest.raises(AgiError) as error:
        codec.send("ANSWER")
    assert error.value.fault == "ours"


def test_a_line_of_64_kib_passes_and_a_longer_one_is_refused_without_being_kept() -> None:
    codec = ready()
    codec.send("GET VARIABLE", "X")
    value = "x" * (agi.MAX_BYTES - len("200 result=1 ()"))
    (reply,) = codec.receive(f"200 result=1 ({value})\n".encode())
    assert isinstance(reply, AgiReply)
    assert reply.data == value
    codec.send("GET VARIABLE", "X")
    with pytest.raises(AgiError, match="more than 65536"):
        feed(codec, [b"x" * 1000] * 200)
    assert not codec._buffer


@pytest.mark.parametrize(
    "line", [b"agi_x: " + b"x" * 1000, b"100 Trying", b"520-x", b"usage"], ids=["header", "trying", "usage", "text"]
)
def test_no_number_of_lines_grows_without_bound(line: bytes) -> None:
    codec = Codec() if line.startswith(b"agi") else ready()
    if codec.state is State.READY:
        codec.send("ANSWER")
        codec.receive(b"520-x\n" if line in (b"usage", b"520-x") else b"")
    with pytest.raises(AgiError, match="more than 65536"):
        feed(codec, [line + b"\n"] * 20_000)


def test_hangups_do_not_count_towards_the_bound() -> None:
    codec = ready()
    assert codec.receive(b"HANGUP\n" * 20_000) == [HangUp()] * 20_000


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("ANSWER",), b"ANSWER\n"),
        (("SET VARIABLE", "A", ""), b'SET VARIABLE A ""\n'),
        (("SET VARIABLE", "A", 'say "a\\b"'), b'SET VARIABLE A "say \\"a\\\\b\\""\n'),
        (("SET VARIABLE", "A", "a\tb"), b'SET VARIABLE A "a\tb"\n'),
        (("SET VARIABLE", "A", "żółć"), "SET VARIABLE A żółć\n".encode()),
        (("EXEC", "TryExec", "AudioSocket(u,h:1)"), b"EXEC TryExec AudioSocket(u,h:1)\n"),
        (("VERBOSE", "\ud800"), b"VERBOSE ?\n"),
    ],
)
def test_arguments_are_quoted_as_asterisk_reads_them(args: tuple[str, ...], line: bytes) -> None:
    assert encode(*args) == line


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("SET VARIABLE", "A", "1\nHANGUP"), "CR, LF or NUL in a command .SET VARIABLE"),
        (("ANSWER\r",), "CR, LF or NUL"),
        (("SET VARIABLE", "A\0", "1"), "CR, LF or NUL"),
        (("",), "an empty command"),
        (("secret 123",), None),
        (("SET VARIABLE", "A", "x" * 3000), "a command of 3015 bytes .SET VARIABLE.; 2046 is the most"),
    ],
)
def test_what_could_smuggle_a_command_is_refused_and_sends_nothing(args: tuple[str, ...], what: str | None) -> None:
    codec = ready()
    if what is None:
        assert agi.verb(args[0]) == "?"
        return
    with pytest.raises(AgiError, match=what) as error:
        codec.send(*args)
    assert error.value.fault == "ours"
    assert codec.state is State.READY


def test_a_second_command_under_way_is_our_fault() -> None:
    codec = ready()
    codec.send("ANSWER")
    with pytest.raises(AgiError, match="BUSY") as error:
        codec.send("ANSWER")
    assert error.value.fault == "ours"
    assert codec.receive(b"200 result=0\n") == [AgiReply(200, "0", text="200 result=0")]


def test_a_request_names_channel_caller_and_extension() -> None:
    (request,) = Codec().receive(
        b"agi_network_script: a\nagi_channel: C\nagi_uniqueid: 1.2\nagi_callerid: unknown\nagi_extension: 9\n\n"
    )
    assert isinstance(request, AgiRequest)
    assert (request.channel, request.uniqueid, request.caller, request.extension) == ("C", "1.2", None, "9")
    assert AgiRequest("a", (), {"callerid": "600"}).caller == "600"


def test_failure_and_time_out_are_told() -> None:
    assert AgiReply(200, "-1").failed
    assert not AgiReply(200, "0").failed
    assert AgiReply(200, "", "timeout").timed_out
    assert not AgiReply(200, "12").timed_out


def test_keys_are_in_no_repr_and_no_error() -> None:
    codec = ready()
    codec.send("GET DATA", "pin")
    (reply,) = codec.receive(b"200 result=918273 (timeout)\n")
    with pytest.raises(AgiError) as error:
        codec.receive(b"200 result=918273\n")
    assert "918273" not in repr(reply) + str(error.value) + repr(error.value)


@given(st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"]), max_size=200))
def test_any_argument_comes_back_out_of_asterisks_parser_as_it_went_in(arg: str) -> None:
    words = parsed(encode("VERBOSE", arg).decode().removesuffix("\n"))
    assert words == ["VERBOSE", arg]


def parsed(line: str) -> list[str]:
    """How res_agi cuts a line: blanks separate, quotes group, a backslash takes the next character as it is."""
    words: list[str] = []
    quoted = escaped = False
    open_word = False
    for char in line:
        if escaped or (char not in '"\\' and (quoted or not char.isspace())):
            if not open_word:
                words.append("")
            words[-1] += char
            open_word, escaped = True, False
        elif char == '"':
            if not quoted and not open_word:
                words.append("")
                open_word = True
            quoted = not quoted
        elif char == "\\":
            escaped = True
        else:
            open_word = False
    return words


LINES = st.sampled_from(
    [b"agi_network_script: x", b"", b"100 Trying", b"200 result=1", b"200 result=1 (a", b"b)", b"510 no", b"520-x",
     b"520 End of proper usage.", b"HANGUP", b"\xff\xfe", b"junk", b"\0"]
)  # fmt: skip


@given(st.booleans(), st.lists(st.one_of(LINES, st.binary(max_size=40)), max_size=30), st.data())
def test_any_bytes_cut_anywhere_mean_the_same(asked: bool, lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in pairwise([0, *cuts, len(stream)])]
    assert outcome(asked, pieces) == outcome(asked, [stream])


def outcome(asked: bool, pieces: list[bytes]) -> list[str]:
    """The events that come of the pieces, with a command under way or in the header; or the fault alone."""
    codec = ready() if asked else Codec()
    if asked:
        codec.send("ANSWER")
    try:
        return [shown(event) for event in feed(codec, pieces)]
    except AgiError as error:
        return [str(error)]
