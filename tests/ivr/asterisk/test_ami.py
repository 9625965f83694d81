"""The AMI connection against a peer that answers, garbles, stalls, refuses and goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
from asterisk_peer import until
from manager_peer import ManagerPeer, message
from pydantic import SecretStr
from structlog.testing import capture_logs

from ivr.asterisk import ami as ami_module
from ivr.asterisk.ami import Ami, AmiError, AmiRefused

pytestmark = pytest.mark.anyio

SECRET = "żółw-tajny-7"
Connect = Callable[..., Awaitable[Ami]]


@pytest.fixture
async def peer() -> AsyncIterator[ManagerPeer]:
    peer = ManagerPeer()
    yield peer
    await peer.close()


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    monkeypatch.setattr(ami_module, "FIRST_PAUSE", 0.01)
    opened: list[Ami] = []

    async def begin(peer: ManagerPeer, *, patient: bool = False, **options: float) -> Ami:
        port = await peer.start()
        ami = Ami("127.0.0.1", port, "infolinia", SecretStr(SECRET), **options)  # type: ignore[arg-type]
        opened.append(ami)
        await ami.start(patient=patient)
        return ami

    yield begin
    for ami in opened:
        await ami.close()


async def test_an_action_gets_its_own_reply(peer: ManagerPeer, connect: Connect) -> None:
    def reply(action: Mapping[str, list[str]]) -> bytes:
        return message(Response="Success", Message=f"for {action['Name'][0]}")

    peer._reply = reply
    ami = await connect(peer)
    replies = await asyncio.gather(*(ami.action("Test", Name=str(n)) for n in range(20)))
    assert [reply.message for reply in replies] == [f"for {n}" for n in range(20)]


async def test_a_refusal_is_a_reply_not_ok(peer: ManagerPeer, connect: Connect) -> None:
    peer._reply = lambda _: message(Response="Error", Message="No such queue")
    ami = await connect(peer)
    reply = await ami.action("QueueAdd", Queue="x")
    assert (reply.ok, reply.message) == (False, "No such queue")


async def test_the_reply_to_queue_add_is_not_taken_for_the_start_of_a_list(peer: ManagerPeer, connect: Connect) -> None:
    peer._reply = lambda _: message(Response="Success", Message="Added interface to queue")
    ami = await connect(peer, action_seconds=1)
    assert (await ami.action("QueueAdd", Queue="x")).ok


async def test_a_list_action_gathers_its_items(peer: ManagerPeer, connect: Connect) -> None:
    def reply(action: Mapping[str, list[str]]) -> bytes:
        ident = action["ActionID"][0]
        return (
            message(Response="Success", EventList="start", Message="Queue status will follow")
            + message(Event="QueueParams", ActionID=ident, Queue="krajowa-kol-ogolna")
            + message(Event="QueueMember", ActionID=ident, Name="Zofia Żółć")
            + message(Event="QueueStatusComplete", ActionID=ident, EventList="Complete", ListItems="2")
        )

    peer._reply = reply
    ami = await connect(peer)
    result = await ami.action("QueueStatus")
    assert [item["Event"] for item in result.events] == ["QueueParams", "QueueMember"]
    assert result.events[1]["Name"] == "Zofia Żółć"


async def test_letters_cut_between_two_segments_arrive_whole(peer: ManagerPeer, connect: Connect) -> None:
    ami = await connect(peer)
    got: list[str] = []
    ami.on("UserEvent", lambda event: got.append(event["Text"]))
    for byte in message(Event="UserEvent", Text="zażółć gęślą jaźń") + b"\r\n" + message(Event="UserEvent", Text=""):
        peer.send(bytes([byte]))
        await asyncio.sleep(0)
    await until(lambda: len(got) == 2)
    assert got == ["zażółć gęślą jaźń", ""]


async def test_events_reach_handlers_in_order_and_a_bug_costs_nothing_else(peer: ManagerPeer, connect: Connect) -> None:
    ami = await connect(peer)
    slow: list[str] = []
    every: list[str] = []

    async def handler(event: Mapping[str, str]) -> None:
        if event["N"] == "1":
            await asyncio.sleep(0.02)
            raise ValueError("bug")
        slow.append(event["N"])

    ami.on("Test", handler)
    ami.on("*", lambda event: every.append(event["N"]))
    with capture_logs() as logs:
        for n in range(4):
            peer.send(message(Event="Test", N=str(n)))
        await until(lambda: len(slow) == 3)
    assert (slow, every) == (["0", "2", "3"], ["0", "1", "2", "3"])
    assert [entry["event"] for entry in logs] == ["ami.handler_failed"]
    assert ami.connected
    assert (await ami.action("Test")).ok


async def test_events_that_pile_up_are_bounded(
    peer: ManagerPeer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "MAX_WAITING_EVENTS", 3)
    ami = await connect(peer)
    hold, got = asyncio.Event(), []

    async def handler(event: Mapping[str, str]) -> None:
        await hold.wait()
        got.append(event["N"])

    ami.on("Test", handler)
    with capture_logs() as logs:
        peer.send(b"".join(message(Event="Test", N=str(n)) for n in range(6)))
        await until(lambda: logs)
    hold.set()
    await until(lambda: len(got) >= 3)
    assert {entry["event"] for entry in logs} == {"ami.event_lost"}


async def test_an_action_without_an_answer_times_out_and_is_forgotten(peer: ManagerPeer, connect: Connect) -> None:
    peer._reply = lambda action: None if action["Action"] == ["Mute"] else message(Response="Success")
    ami = await connect(peer, action_seconds=0.05)
    with pytest.raises(AmiError, match=r"did not answer Mute within 0.05 s"):
        await ami.action("Mute")
    assert ami._wire is not None
    assert not ami._wire.responses
    assert (await ami.action("Test")).ok


async def test_an_originate_cut_off_is_an_error_and_is_never_sent_again(peer: ManagerPeer, connect: Connect) -> None:
    peer._reply = lambda action: None
    ami = await connect(peer)
    connections: list[None] = []
    ami.on_connect(lambda: connections.append(None))
    under_way = asyncio.create_task(ami.action("Originate", Channel="Local/1@x", Variable=["A=1", "B=2"]))
    await until(lambda: peer.named("Originate"))
    peer.cut()
    with pytest.raises(AmiError, match="not sent again"):
        await under_way
    with pytest.raises(AmiError, match="so Test was not sent"):
        await ami.action("Test")
    await until(lambda: connections)
    peer.send(message(Event="FullyBooted", Status="Fully Booted"))
    peer._reply = None
    assert (await ami.action("Test")).ok
    assert peer.log_ins == 2
    assert [action["Variable"] for action in peer.named("Originate")] == [["A=1", "B=2"]]


async def test_a_shutdown_of_asterisk_leads_to_a_new_connection(peer: ManagerPeer, connect: Connect) -> None:
    ami = await connect(peer)
    peer.send(message(Event="Shutdown", Shutdown="Cleanly"))
    await until(lambda: peer.log_ins == 2)
    await until(lambda: ami.connected)


async def test_no_answer_to_a_ping_means_half_open(peer: ManagerPeer, connect: Connect) -> None:
    peer.answer_pings = False
    with capture_logs() as logs:
        await connect(peer, ping_seconds=0.02, action_seconds=0.05)
        await until(lambda: peer.log_ins >= 2)
    assert "ami.half_open" in {entry["event"] for entry in logs}


async def test_pings_that_are_answered_keep_the_connection(peer: ManagerPeer, connect: Connect) -> None:
    await connect(peer, ping_seconds=0.01)
    await until(lambda: len(peer.named("Ping")) > 3)
    assert peer.log_ins == 1


async def test_a_refused_log_in_is_clear_final_and_keeps_the_secret(peer: ManagerPeer, connect: Connect) -> None:
    peer.accept = False
    with capture_logs() as logs, pytest.raises(AmiRefused, match="refused the log-in of 'infolinia'") as error:
        await connect(peer, patient=True)
    assert len(peer.named("Login")) == 1
    assert SECRET not in str(logs) + str(error.value)
    assert peer.named("Login")[0]["Secret"] == [SECRET]


async def test_a_log_in_refused_later_ends_the_connection_for_good(peer: ManagerPeer, connect: Connect) -> None:
    ami = await connect(peer)
    peer.accept = False
    peer.cut()
    with pytest.raises(AmiRefused):
        await ami.closed()
    assert not ami.connected


async def test_nobody_there_is_an_error_unless_patient(connect: Connect) -> None:
    peer = ManagerPeer()
    port = await peer.start()
    await peer.close()
    with pytest.raises(AmiError, match=f"127.0.0.1:{port} is not there"):
        await Ami("127.0.0.1", port, "infolinia", SecretStr(SECRET)).start()
    patient = Ami("127.0.0.1", port, "infolinia", SecretStr(SECRET))
    starting = asyncio.create_task(patient.start(patient=True))
    await asyncio.sleep(0.03)
    assert not starting.done()
    starting.cancel()
    await patient.close()


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9.2\r\n", b"Asterisk Call Mischief/1\r\n", b"X"])
async def test_what_is_not_ami_is_told_apart(connect: Connect, banner: bytes) -> None:
    peer = ManagerPeer(banner=banner)
    with pytest.raises(AmiError, match="not Asterisk's manager interface"):
        await connect(peer)
    await peer.close()


async def test_a_message_without_end_is_cut_off(
    peer: ManagerPeer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "MAX_MESSAGE_BYTES", 10_000)
    await connect(peer)
    peer.send(b"Event: x\r\n" * 2000)
    await until(lambda: peer.log_ins == 2)


async def test_garbage_between_messages_is_passed_over(peer: ManagerPeer, connect: Connect) -> None:
    ami = await connect(peer)
    got: list[str] = []
    ami.on("Test", lambda event: got.append(event["N"]))
    peer.send(
        b"\xff\xfe\x00junk\r\n\r\nResponse: Success\r\nActionID: nobodys\r\n\r\n\r\n" + message(Event="Test", N="1")
    )
    await until(lambda: got)
    assert ami.connected


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\0b"])
async def test_an_action_cannot_be_smuggled_in(peer: ManagerPeer, connect: Connect, value: str) -> None:
    ami = await connect(peer)
    with pytest.raises(ValueError, match="smuggled"):
        await ami.action("Test", Name=value)
    with pytest.raises(ValueError, match="smuggled"):
        await ami.action("Test", Variable=["x", value])
    assert not peer.named("Test")


async def test_closing_ends_actions_and_reconnecting(peer: ManagerPeer, connect: Connect) -> None:
    peer._reply = lambda action: None
    ami = await connect(peer)
    under_way = asyncio.create_task(ami.action("Test"))
    await until(lambda: peer.named("Test"))
    await ami.close()
    with pytest.raises(AmiError):
        await under_way
    await ami.closed()
    assert peer.log_ins == 1
