"""A real Asterisk with our configuration: it starts without a complaint, holds what it should, gives no more rights
than it should, and its dialplan leads a call to engines, queues and people.

Needs an Asterisk; the session's is ``INFOLINIA_ASTERISK_PREFIX`` or the one that set-up keeps in ``var``.
"""

import asyncio
import os
import re
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from infolinia.asterisk import install
from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.setup import set_up
from infolinia.settings import Settings
from ivr.asterisk.agi import AgiHungUp
from ivr.asterisk.ami import Ami
from ivr.asterisk.fastagi import AgiChannel, AgiServer
from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.sip_line import SipLine
from tests.fakes.asterisk_plan import NUMBERS, QUEUES, hum, offices, queues

pytestmark = [pytest.mark.live, pytest.mark.anyio]

SHIFT = 1700
"""Ports of this module's stack."""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A stack of its own in a folder with a short name (Asterisk's socket needs one)."""
    prefix = install.ensure(Settings()).binary.parent.parent
    with tempfile.TemporaryDirectory(prefix="ast-") as folder:
        yield Settings(
            var=Path(folder), port_shift=SHIFT, asterisk_prefix=prefix, hours="open", rtp_first=27000, rtp_last=27099
        )


@pytest.fixture(scope="module")
def asterisk(settings: Settings) -> Iterator[Asterisk]:
    ready = set_up(settings, offices(), queues(), hum, date(2026, 11, 21))
    running = Asterisk(settings, ready.site)
    running.start()
    shutil.copy(settings.var / "asterisk" / "log" / "messages.log", settings.var / "boot.log")
    yield running
    running.stop()
    assert running.pid is None


@asynccontextmanager
async def manager(settings: Settings) -> AsyncIterator[Ami]:
    password = SecretStr(settings.secret("ami-desk").read_text())
    async with Ami("127.0.0.1", settings.port("ami"), "desk", password, events="on") as ami:
        yield ami


class Engines:
    """Stand-ins for engines: each request is kept, and answered with the next word of ``script``: ``die`` ends the
    connection without an answer, ``answer`` picks up first, anything else becomes IVR_NEXT."""

    def __init__(self, settings: Settings, *script: str) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._settings, self._script = settings, list(script)
        self._servers: list[AgiServer] = []
        self._news = asyncio.Event()

    async def start(self, *numbers: int) -> None:
        for number in numbers:
            self._servers.append(AgiServer(self._answer))
            await self._servers[-1].start("127.0.0.1", self._settings.port("agi", number))

    async def until(self, why: str) -> tuple[str, ...]:
        """The request for ``why``."""
        async with asyncio.timeout(20):
            while not (found := [request for request in self.asked if request[0] == why]):
                self._news.clear()
                await self._news.wait()
        return found[-1]

    async def close(self) -> None:
        for server in self._servers:
            await server.close()

    async def _answer(self, channel: AgiChannel) -> None:
        self.asked.append((channel.request.why, *channel.request.args))
        self._news.set()
        word = self._script.pop(0) if self._script else "hangup"
        if word.startswith("answer "):
            await channel.command("ANSWER")
            word = word.removeprefix("answer ")
        if word == "silent":
            await channel.hung_up.wait()
        elif word != "die":
            try:
                await channel.set_variable("IVR_NEXT", word)
            except AgiHungUp:
                return


@asynccontextmanager
async def engines(settings: Settings, *script: str, up: tuple[int, ...] = (0, 1)) -> AsyncIterator[Engines]:
    running = Engines(settings, *script)
    await running.start(*up)
    try:
        yield running
    finally:
        await running.close()


class Line:
    """The least SIP that makes a call: an INVITE, its ACK, and reading until the end."""

    def __init__(self, settings: Settings) -> None:
        self._server = ("127.0.0.1", settings.port("sip"))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._port = self._socket.getsockname()[1]
        self._tag = os.urandom(6).hex()

    async def call(self, dialled: str, caller: str = "500600700", more: Mapping[str, str] | None = None) -> int:
        """The final answer's code; a call that was answered is acknowledged."""
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 27998 RTP/AVP 8 101\r\n"
            "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
        to = (more or {}).get("To", f"<sip:{dialled}@127.0.0.1>")
        self._send("INVITE", dialled, caller, to, {k: v for k, v in (more or {}).items() if k != "To"}, body)
        while True:
            answer = await self._receive()
            code = int(answer.split()[1]) if answer.startswith("SIP/2.0") else 0
            if code >= 200:
                reply_to = re.search(r"^To: (.*)\r$", answer, re.MULTILINE)
                assert reply_to is not None
                self._dialog = (dialled, caller, reply_to.group(1))
                self._send("ACK", *self._dialog, {}, "")
                return code

    def hang_up(self) -> None:
        self._send("BYE", *self._dialog, {}, "", turn=2)

    async def until_bye(self) -> None:
        while not (request := await self._receive()).startswith("BYE "):
            pass
        wanted = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
        kept = [line for line in request.split("\r\n") if line.startswith(wanted)]
        self._socket.sendto("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode(), self._server)

    def close(self) -> None:
        self._socket.close()

    def _send(
        self, method: str, user: str, caller: str, to: str, more: Mapping[str, str], body: str, turn: int = 1
    ) -> None:
        lines = [
            f"{method} sip:{user}@127.0.0.1:{self._server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{self._tag}{method}",
            f"From: <sip:{caller}@127.0.0.1>;tag={self._tag}",
            f"To: {to}",
            f"Call-ID: {self._tag}@127.0.0.1",
            f"CSeq: {turn} {method}",
            f"Contact: <sip:x@127.0.0.1:{self._port}>",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in more.items()),
            f"Content-Length: {len(body)}",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        self._socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._server)

    async def _receive(self) -> str:
        async with asyncio.timeout(30):
            return (await asyncio.get_running_loop().sock_recv(self._socket, 65536)).decode()


@pytest.fixture
def line(settings: Settings, asterisk: Asterisk) -> Iterator[Line]:
    opened = Line(settings)
    yield opened
    opened.close()


async def test_it_starts_without_a_complaint(settings: Settings, asterisk: Asterisk) -> None:
    booted = (settings.var / "boot.log").read_text().splitlines()
    assert [line for line in booted if " WARNING" in line or " ERROR" in line] == []
    assert asterisk.start() == asterisk.pid, "a second start leaves the running one alone"


async def test_every_queue_number_and_consultant_is_there(settings: Settings, asterisk: Asterisk) -> None:
    known = set(re.findall(r"^(\S+) has \d+ calls", asterisk.rx("queue show"), re.MULTILINE))
    assert known == {f"{office}-{queue}" for office in NUMBERS for queue in QUEUES}
    numbers = asterisk.rx("dialplan show infolinia-numbers")
    assert {number for all_of in NUMBERS.values() for number in all_of} == set(re.findall(r"'x(\d{9})'", numbers))
    assert re.findall(r"Endpoint: +(konsultant\d)", asterisk.rx("pjsip show endpoints")) == [
        f"konsultant{n}" for n in range(1, 5)
    ]
    assert f"{settings.var}/asterisk/moh/infolinia\n" in asterisk.rx("moh show files")


async def test_the_desk_may_seat_consultants_and_nothing_else(settings: Settings, asterisk: Asterisk) -> None:
    async with manager(settings) as ami:
        assert (await ami.action("QueueStatus", Queue="lodzkie-kol-pit")).ok
        assert (await ami.action("CoreShowChannels")).ok
        seat = {"Queue": "lodzkie-kol-pit", "Interface": "PJSIP/konsultant4"}
        assert (await ami.action("QueueAdd", **seat)).ok
        assert (await ami.action("QueueRemove", **seat)).ok
        for name, headers in {
            "Originate": {"Channel": "Local/s@infolinia", "Context": "infolinia", "Exten": "s", "Priority": "1"},
            "Command": {"Command": "core show version"},
            "GetConfig": {"Filename": "manager.conf"},
            "Redirect": {"Channel": "x", "Context": "infolinia", "Exten": "s", "Priority": "1"},
            "Setvar": {"Variable": "X", "Value": "1"},
        }.items():
            reply = await ami.action(name, **headers)
            assert not reply.ok, name
            assert "ermission" in reply.message, (name, reply.message)


async def test_members_are_kept_over_a_restart(settings: Settings, asterisk: Asterisk) -> None:
    async with manager(settings) as ami:
        await ami.action("QueueAdd", Queue="podlaskie-kol-pit", Interface="PJSIP/konsultant3", Paused="true")
    asterisk.stop()
    asterisk.start()
    try:
        assert re.search(r"PJSIP/konsultant3 .*paused", asterisk.rx("queue show podlaskie-kol-pit"))
    finally:
        asterisk.rx("queue remove member PJSIP/konsultant3 from podlaskie-kol-pit")


@pytest.mark.parametrize("dialled", ["224605992", "+48224605992", "0048224605992", "48224605992", "0224605992"])
async def test_prefixes_of_the_dialled_number(settings: Settings, line: Line, dialled: str) -> None:
    async with engines(settings, "hangup") as asked:
        await line.call(dialled)
    [(why, call, number, caller, trunk, _)] = asked.asked
    assert (why, number, caller, trunk) == ("arrive", "224605992", "+48500600700", "trunk")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", call)


@pytest.mark.parametrize(
    ("shown", "more", "caller"),
    [
        ("+48500600701", {}, "+48500600701"),
        ("0048500600701", {}, "+48500600701"),
        ("0500600701", {}, "+48500600701"),
        ("4930123456", {}, "+4930123456"),
        ("anonymous", {}, ""),
        ("112", {}, ""),
        ("anonymous", {"P-Asserted-Identity": "<sip:+48500600701@op.example>"}, "+48500600701"),
        ("500600700", {"P-Asserted-Identity": "<sip:+48500600701@op.example>", "Privacy": "id"}, ""),
    ],
)
async def test_the_callers_number(
    settings: Settings, line: Line, shown: str, more: dict[str, str], caller: str
) -> None:
    async with engines(settings, "hangup") as asked:
        await line.call("224605992", shown, more)
    assert asked.asked[0][3] == caller


async def test_an_engine_that_is_not_there_or_dies_is_followed_by_the_next(settings: Settings, line: Line) -> None:
    async with engines(settings, "die", "die", "hangup", up=(1,)) as asked:
        await line.call("224605992")
    assert len(asked.asked) <= 4
    assert asked.asked[-1][0] == "resume"
    assert len({call for _, call, *_ in asked.asked}) == 1


async def test_a_queue_that_ends_is_told_and_told_again_until_it_is_heard(settings: Settings, line: Line) -> None:
    script = ("queue,lodzkie-kol-pit,3,30", "die", "queue,nie-ma-takiej,0,30", "hangup")
    async with engines(settings, *script) as asked:
        await line.call("224605994")
    assert [(why, detail) for why, *_, detail in asked.asked] == [
        ("arrive", ""),
        ("queue-ended", "joinempty/0"),
        ("resume", "queue-ended/lodzkie-kol-pit/joinempty/0"),
        ("queue-ended", "unavailable/0"),
    ]


async def test_a_transfer_reaches_telephones_of_ours_only(settings: Settings, line: Line) -> None:
    async with engines(settings, "transfer,konsultant1", "transfer,224605990", "transfer,s", "hangup") as asked:
        await line.call("224605994")
    assert [(why, detail) for why, *_, detail in asked.asked][1:] == [("transfer-ended", "failed")] * 3


@asynccontextmanager
async def consultant(settings: Settings, asterisk: Asterisk, queue: str, talk: float | None) -> AsyncIterator[None]:
    """``konsultant1`` sits in ``queue``, answers at once and hangs up after ``talk`` seconds."""
    phones = SipLine(("127.0.0.1", settings.port("sip")))
    await phones.start()
    try:
        phone = ConsultantPhone(phones, Behaviour(0.1, talk, None, soft_tone(), None))
        await phone.register("konsultant1", SecretStr(settings.secret("sip-konsultant1").read_text()))
        asterisk.rx(f"queue add member PJSIP/konsultant1 to {queue}")
        yield
    finally:
        asterisk.rx(f"queue remove member PJSIP/konsultant1 from {queue}")
        await phones.stop()


async def test_who_has_talked_to_a_consultant_is_never_queued_again(
    settings: Settings, asterisk: Asterisk, line: Line
) -> None:
    again = "queue,opolskie-kol-pit,0,30"
    script = (f"answer {again}", "die", again, "die", "die", "die", "die")
    async with engines(settings, *script) as asked, consultant(settings, asterisk, "opolskie-kol-pit", talk=1.0):
        assert await line.call("224605995") == 200
        await line.until_bye()
    told = [detail for why, *_, detail in asked.asked if why == "queue-ended"]
    assert [detail.partition("/")[0] for detail in told] == ["served", "served"]
    assert re.search(r"C:1,", asterisk.rx("queue show opolskie-kol-pit")), "one conversation, not two"


@pytest.mark.parametrize("talks", [False, True])
async def test_a_caller_who_leaves_the_queue_is_reported_to_an_engine(
    settings: Settings, asterisk: Asterisk, line: Line, talks: bool
) -> None:
    queue = "podlaskie-kol-ogolna"
    connected: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
    async with manager(settings) as ami, engines(settings, f"answer queue,{queue},0,30") as asked:
        ami.on("AgentConnect" if talks else "QueueCallerJoin", connected.put)
        if talks:
            async with consultant(settings, asterisk, queue, talk=None):
                await line.call("224605990")
                await asyncio.wait_for(connected.get(), 10)
                line.hang_up()
                over = await asked.until("hung-up")
        else:
            asterisk.rx(f"queue add member PJSIP/konsultant4 to {queue}")
            await line.call("224605990")
            await asyncio.wait_for(connected.get(), 10)
            line.hang_up()
            over = await asked.until("hung-up")
            asterisk.rx(f"queue remove member PJSIP/konsultant4 from {queue}")
    assert over[1] == asked.asked[0][1]
    assert over[-1] == ("served" if talks else "")
    assert [why for why, *_ in asked.asked] == ["arrive", "hung-up"]


@pytest.mark.parametrize(
    ("dialled", "reason", "office"),
    [("224605992", "no-engine", "malopolskie"), ("999999999", "unknown-number", "krajowa")],
)
async def test_without_an_engine_people_are_rung_and_the_desk_is_told(
    settings: Settings, asterisk: Asterisk, line: Line, dialled: str, reason: str, office: str
) -> None:
    """Nobody is seated: the caller hears why and is let go, and does not wait for ever."""
    told: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
    async with manager(settings) as ami:
        ami.on("UserEvent", told.put)
        assert await line.call(dialled) == 200
        event = {key.lower(): value for key, value in (await asyncio.wait_for(told.get(), 10)).items()}
        await line.until_bye()
    assert (event["userevent"], event["reason"], event["office"]) == ("InfoliniaFallback", reason, office)


async def test_a_silent_engine_is_left_after_its_limit(settings: Settings, asterisk: Asterisk, line: Line) -> None:
    told: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()
    asterisk.rx("dialplan set global ENGINE_LIMIT 1")
    try:
        async with manager(settings) as ami, engines(settings, "silent") as asked:
            ami.on("UserEvent", told.put)
            assert await line.call("224605992") == 200
            event = {key.lower(): value for key, value in (await asyncio.wait_for(told.get(), 10)).items()}
            await line.until_bye()
    finally:
        asterisk.rx(f"dialplan set global ENGINE_LIMIT {settings.engine_limit}")
    assert [why for why, *_ in asked.asked if why != "hung-up"] == ["arrive"]
    assert event["reason"] == "engine-limit"


async def test_a_stranger_naming_a_line_or_a_consultant_is_not_let_in(settings: Settings, line: Line) -> None:
    async with engines(settings, "hangup") as asked:
        assert await line.call("224605992", "konsultant1") == 401
    assert asked.asked == []


async def test_a_changed_plan_comes_into_force_without_a_restart(settings: Settings, asterisk: Asterisk) -> None:
    before = asterisk.pid
    more = [office.model_copy(update={"queues": (*QUEUES, "kol-clo")}) for office in offices()]
    try:
        changed = set_up(settings, more, queues(), hum, date(2026, 11, 21)).changed
        assert changed == ["queues.conf"]
        assert asterisk.reload(changed) == []
        assert "opolskie-kol-clo has 0 calls" in asterisk.rx("queue show opolskie-kol-clo")
    finally:
        asterisk.reload(set_up(settings, offices(), queues(), hum, date(2026, 11, 21)).changed)
    assert asterisk.pid == before
