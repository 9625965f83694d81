"""The transaction rules, against a peer that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiosipua import SipMessage, SipRequest, SipResponse, registration
from pydantic import SecretStr

from recordings.caller import sip_line, transport
from recordings.caller.sip import Dial, Incoming, Refused
from recordings.caller.sip_line import SipLine

pytestmark = pytest.mark.anyio
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"


class Peer(asyncio.DatagramProtocol):
    """Keeps every request and answers with what ``answer`` makes of it: any number of statuses, with a body or not."""

    def __init__(self) -> None:
        self.requests: list[SipRequest] = []
        self.answer: Callable[[SipRequest], list[tuple[int, str]]] = lambda request: [(200, "")]
        self.wire: Any = None

    def connection_made(self, transport: Any) -> None:
        self.wire = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = SipMessage.parse(data)
        if not isinstance(request, SipRequest):
            return
        self.requests.append(request)
        for status, body in self.answer(request) if request.method != "ACK" else []:
            self.wire.sendto(bytes(reply(request, status, body)), addr)

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


def reply(request: SipRequest, status: int, body: str = "") -> SipResponse:
    response = SipResponse(status_code=status, reason_phrase="Because")
    for name in ("Via", "From", "Call-ID", "CSeq"):
        response.headers.set_single(name, request.get_header(name) or "")
    response.headers.set_single("To", (request.get_header("To") or "").partition(";tag")[0] + ";tag=peer")
    response.headers.set_single("Contact", "<sip:elsewhere@127.0.0.1:9>")
    if status == 401:
        response.headers.set_single("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"')
    if body:
        response.headers.set_single("Content-Type", "application/sdp")
        response.text = body
    return response


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: peer, local_addr=("127.0.0.1", 0))
    yield peer
    peer.wire.close()


@pytest.fixture
async def line(peer: Peer) -> AsyncIterator[SipLine]:
    line = SipLine(peer.wire.get_extra_info("sockname"))
    await line.start()
    yield line
    peer.answer = lambda request: [(200, "")]
    await line.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "T1", 0.02)


async def test_a_refusal_is_acknowledged_in_its_own_transaction(peer: Peer, line: SipLine) -> None:
    peer.answer = lambda request: [(100, ""), (404, ""), (404, "")]
    with pytest.raises(Refused, match="404 Because"):
        await line.dial(Dial("nobody"))
    await asyncio.sleep(0.05)
    invite, *acks = peer.requests
    assert peer.methods() == ["INVITE", "ACK", "ACK"]
    assert {ack.get_header("Via") for ack in acks} == {invite.get_header("Via")}
    assert (
        acks[0]
        .get_header(
            "To",
        )
        .endswith(";tag=peer")
    )  # type: ignore[union-attr]
    assert acks[0].get_header("CSeq") == "1 ACK"


@pytest.mark.usefixtures("quick")
async def test_an_invite_that_got_lost_is_sent_again(peer: Peer, line: SipLine) -> None:
    peer.answer = lambda request: [(486, "")] if len(peer.requests) > 2 else []
    with pytest.raises(Refused, match="486"):
        await line.dial(Dial("busy"))
    assert peer.methods()[:3] == ["INVITE"] * 3
    assert len({bytes(request) for request in peer.requests[:3]}) == 1


@pytest.mark.usefixtures("quick")
async def test_a_peer_that_never_answers_is_given_up(
    peer: Peer, line: SipLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "GIVE_UP", 0.1)
    peer.answer = lambda request: []
    with pytest.raises(Refused, match="408"):
        await line.dial(Dial("nobody", ring=5))


async def test_a_challenge_is_answered_once_with_all_that_says_who_calls(peer: Peer, line: SipLine) -> None:
    peer.answer = lambda request: [(403, "")] if request.get_header("Authorization") else [(401, ""), (401, "")]
    caller = Dial("trunk", None, "+48000000009", user="line", password=SecretStr("hush"))
    with pytest.raises(Refused, match="403"):
        await line.dial(caller)
    invites = [request for request in peer.requests if request.method == "INVITE"]
    assert len(invites) == 2
    for invite in invites:
        assert invite.get_header("Privacy") == "id"
        assert "+48000000009" in (invite.get_header("P-Asserted-Identity") or "")
        assert (invite.get_header("From") or "").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert "hush" not in str(invites[1].get_header("Authorization"))


async def test_requests_within_a_call_go_where_the_answer_said(peer: Peer, line: SipLine) -> None:
    peer.answer = lambda request: [(200, SDP if request.method == "INVITE" else "")]
    leg = await line.dial(Dial("echo"))
    leg.hang_up()
    await asyncio.sleep(0.05)
    assert peer.methods() == ["INVITE", "ACK", "BYE"]
    assert {request.uri for request in peer.requests[1:]} == {"sip:elsewhere@127.0.0.1:9"}


async def test_a_hang_up_right_behind_the_answer_is_not_missed(peer: Peer, line: SipLine) -> None:
    def answer_and_hang_up(request: SipRequest) -> list[tuple[int, str]]:
        if request.method != "INVITE":
            return [(200, "")]
        answer = reply(request, 200, SDP)
        bye = SipRequest(method="BYE", uri="sip:caller@127.0.0.1")
        here = ":".join(map(str, peer.wire.get_extra_info("sockname")))
        for name, value in {
            "Via": f"SIP/2.0/UDP {here};branch=z9hG4bKbye",
            "From": answer.get_header("To") or "",
            "To": answer.get_header("From") or "",
            "Call-ID": request.call_id or "",
            "CSeq": "1 BYE",
            "Reason": "Q.850;cause=17",
            "Max-Forwards": "70",
        }.items():
            bye.headers.set_single(name, value)
        for message in (answer, bye):
            line.transport._dispatch(bytes(message), peer.wire.get_extra_info("sockname"))
        return []

    peer.answer = answer_and_hang_up
    leg = await line.dial(Dial("echo"))
    ending = await asyncio.wait_for(leg.ended, 1)
    assert (ending.by, ending.cause) == ("them", 17)
    assert line.legs == {}


async def test_an_answer_that_comes_again_is_acknowledged_again(peer: Peer, line: SipLine) -> None:
    peer.answer = lambda request: [(200, SDP)] * (2 if request.method == "INVITE" else 1)
    leg = await line.dial(Dial("echo"))
    await asyncio.sleep(0.05)
    assert peer.methods() == ["INVITE", "ACK", "ACK"]
    leg.hang_up()


@pytest.mark.parametrize("body", ["", "v=0\r\n", SDP.replace(" 8", " 0"), SDP.replace("9 RTP", "x RTP")])
async def test_an_answer_without_usable_audio_ends_the_call_politely(peer: Peer, line: SipLine, body: str) -> None:
    peer.answer = lambda request: [(200, body if request.method == "INVITE" else "")]
    with pytest.raises(Refused, match="488"):
        await line.dial(Dial("video"))
    await asyncio.sleep(0.05)
    assert peer.methods() == ["INVITE", "ACK", "BYE"]
    assert line.legs == {}


async def test_a_refused_hold_leaves_the_call_up(peer: Peer, line: SipLine) -> None:
    def answer(request: SipRequest) -> list[tuple[int, str]]:
        again = request.method == "INVITE" and ";tag=" in (request.get_header("To") or "")
        return [(491, "")] if again else [(200, SDP if request.method == "INVITE" else "")]

    peer.answer = answer
    leg = await line.dial(Dial("echo"))
    with pytest.raises(Refused, match="491"):
        await leg.hold()
    assert not leg.ended.done()
    assert not leg.media.holding
    leg.hang_up()
    await asyncio.sleep(0.05)
    assert peer.methods() == ["INVITE", "ACK", "INVITE", "ACK", "BYE"]


async def test_a_registration_that_was_lost_is_made_again(
    peer: Peer, line: SipLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_line, "REGISTER_AGAIN", 0.02)
    monkeypatch.setattr(registration, "REFRESH_FRACTION", 0.0005)
    peer.answer = lambda request: [(500 if len(peer.requests) == 2 else 200, "")]
    await line.register("konsultant1", SecretStr("hush"), expires=120)
    await until(lambda: len(peer.requests) >= 3)
    assert peer.methods()[:3] == ["REGISTER"] * 3


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_an_invite_that_comes_twice_rings_once_and_gets_the_same_answer(peer: Peer, line: SipLine) -> None:
    rang: list[Incoming] = []
    answers: list[bytes] = []
    line.on_incoming = rang.append
    invite = SipRequest(method="INVITE", uri="sip:konsultant1@127.0.0.1")
    here = ":".join(map(str, peer.wire.get_extra_info("sockname")))
    for name, value in {
        "Via": f"SIP/2.0/UDP {here};branch=z9hG4bKtwice",
        "From": f"<sip:600100200@{here}>;tag=1",
        "To": "<sip:konsultant1@127.0.0.1>",
        "Call-ID": "twice",
        "CSeq": "1 INVITE",
        "Contact": f"<sip:{here}>",
        "Max-Forwards": "70",
        "Content-Type": "application/sdp",
    }.items():
        invite.headers.set_single(name, value)
    invite.text = SDP
    peer.datagram_received = lambda data, addr: answers.append(data)  # type: ignore[method-assign]
    peer.wire.sendto(bytes(invite), line.transport.local_addr)
    await until(lambda: len(rang) == 1)
    rang[0].reject(486)
    peer.wire.sendto(bytes(invite), line.transport.local_addr)
    await until(lambda: len(answers) == 3)
    assert len(rang) == 1
    assert rang[0].caller == "600100200"
    assert answers[1] == answers[2]
    assert answers[1].startswith(b"SIP/2.0 486")


async def test_garbage_on_the_port_changes_nothing(peer: Peer, line: SipLine) -> None:
    for data in (b"", b"\r\n\r\n", b"\0" * 50, b"SIP/2.0 x y\r\n\r\n", b"INVITE\r\n\r\n", b"BYE sip:a SIP/2.0\r\n\r\n"):
        peer.wire.sendto(data, line.transport.local_addr)
    peer.answer = lambda request: [(404, "")]
    with pytest.raises(Refused, match="404"):
        await line.dial(Dial("nobody"))


@pytest.mark.parametrize("bad", ["", "a b", "x@y", "a\r\nVia: b", "ż"])
def test_numbers_that_are_none_are_refused(bad: str) -> None:
    for values in ({"to": bad}, {"to": "a", "caller": bad}, {"to": "a", "asserted": bad}):
        with pytest.raises(ValueError, match="nie jest numer"):
            Dial(**values)  # type: ignore[arg-type]
