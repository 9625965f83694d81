"""The phone when its media is not to be had: the channel's status decides, then Asterisk plays and collects keys."""

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.asterisk.agi import AgiHungUp, AgiReply, AgiRequest
from ivr.dialogue.actions import Answer, Ask, HangUp, Line, Say
from ivr.dialogue.call import Call
from ivr.dialogue.events import Event, HumanAsked, HungUp, Keyed, MediaLost, NothingHeard
from ivr.dialogue.node import change
from ivr.phones.asterisk import AsteriskPhone, Parts
from ivr.phones.conversation import _rest
from voicebot.media import MediaServer

pytestmark = pytest.mark.anyio
LINES = (Line("powitanie", "Dzień dobry."),)
ASK = Ask(question="sprawa", lines=LINES, choices={"1": "a"}, patience=3.0)


class Channel:
    """A channel whose media never opens. ``answers`` maps a command's first words to replies, used up in order."""

    def __init__(self, status: str = "6", **answers: list[str]) -> None:
        self.request = AgiRequest("arrive", ("call",), {})
        self.hung_up = asyncio.Event()
        self.sent: list[str] = []
        self._status, self._answers = status, answers

    async def command(self, line: str, *args: str) -> AgiReply:
        self.sent.append(" ".join((line, *args)))
        if line == "CHANNEL STATUS":
            if self._status == "gone":
                raise AgiHungUp("gone")
            return AgiReply(200, self._status)
        replies = self._answers.get(line.split()[0], [])
        return AgiReply(200, replies.pop(0) if replies else "0")

    async def execute(self, application: str, data: str = "") -> AgiReply:
        return await self.command("EXEC", application, data)

    async def gosub(self, context: str, *args: str) -> AgiReply:
        return await self.command("GOSUB", context, *args)

    async def set_variable(self, name: str, value: str) -> None:
        await self.command("SET VARIABLE", name, value)


class Prompts:
    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes:
        return b"\0\0" * 80


def phone(channel: Channel) -> AsteriskPhone:
    parts = SimpleNamespace(
        recorder=None,
        media=MediaServer(),
        media_address="127.0.0.1:1",
        prompts=Prompts(),
        listener=SimpleNamespace(available=False, warming=False),
        authority=None,
        spool=lambda text, pcm: "/spool/prompt",
    )
    return AsteriskPhone(cast(Any, channel), cast(Parts, parts))


@pytest.mark.parametrize(("heard", "left"), [(0.0, [1, 2, 3]), (1.0, [1, 2, 3]), (1.3, [2, 3]), (2.6, [3]), (9.0, [])])
def test_lines_that_were_heard_to_their_end_are_not_said_again(heard: float, left: list[int]) -> None:
    """Each line lasts a second, and a quarter of silence follows it."""
    pieces = [bytes([number]) * 16_000 for number in (1, 2, 3)]
    assert [piece[0] for piece in _rest(pieces, heard)] == left


CALL = Call(id=str(uuid.uuid4()), turn=1)
DEGRADED = change(CALL, media=False)


async def test_media_that_does_not_open_on_a_live_channel_is_lost_media() -> None:
    channel = Channel("6")
    assert await phone(channel).perform(CALL, (Answer(), Say(lines=LINES))) == MediaLost()
    assert channel.sent[0].startswith("GOSUB infolinia-media "), "picked up and heard in one command"
    assert channel.sent[-1] == "CHANNEL STATUS"


async def test_an_asterisk_of_an_older_dialplan_picks_up_and_opens_the_media_too() -> None:
    """Engines are renewed before Asterisk is restarted; its subroutine is not there yet."""
    channel = Channel(GOSUB=["-1"])
    await phone(channel).perform(CALL, (Answer(),))
    assert [line.split()[0] for line in channel.sent[:3]] == ["GOSUB", "ANSWER", "EXEC"]
    assert channel.sent[2].startswith("EXEC TryExec AudioSocket(")


@pytest.mark.parametrize("status", ["gone", "0"])
async def test_media_that_does_not_open_on_a_dead_channel_is_a_hang_up(status: str) -> None:
    assert await phone(Channel(status)).perform(CALL, (Say(lines=LINES),)) == HungUp()


@pytest.mark.parametrize(
    ("stream", "wait", "event"),
    [
        ("49", "0", Keyed(keys="1")),
        ("0", "49", Keyed(keys="1")),
        ("48", "0", HumanAsked(by="key")),
        ("0", "42", HumanAsked(by="key")),
        ("0", "57", Keyed(keys="?")),
        ("0", "0", NothingHeard()),
    ],
)
async def test_asterisk_plays_and_collects_a_key(stream: str, wait: str, event: Event) -> None:
    channel = Channel(STREAM=[stream], WAIT=[wait])
    assert await phone(channel).perform(DEGRADED, (ASK,)) == event
    assert channel.sent[0] == "STREAM FILE /spool/prompt 0123456789*#"


async def test_what_is_said_before_the_end_is_played_by_asterisk_too() -> None:
    channel = Channel()
    assert await phone(channel).perform(DEGRADED, (Say(lines=LINES), HangUp(reason="finished"))) is None
    assert channel.sent == ["STREAM FILE /spool/prompt 0123456789*#", "SET VARIABLE IVR_NEXT hangup"]


async def test_a_key_pressed_while_asterisk_says_something_answers_the_question_after_it() -> None:
    channel = Channel(STREAM=["49", "0", "0"], WAIT=["48"])
    talking = phone(channel)
    assert await talking.perform(DEGRADED, (Say(lines=LINES + LINES), ASK)) == Keyed(keys="1")
    assert channel.sent == ["STREAM FILE /spool/prompt 0123456789*#"], "neither the rest nor the question is said"
    assert await talking.perform(DEGRADED, (Say(lines=LINES, firm=True), ASK)) == HumanAsked(by="key")


async def test_no_key_ends_what_asterisk_says_firmly() -> None:
    channel = Channel(STREAM=["0", "0"], WAIT=["49"])
    assert await phone(channel).perform(DEGRADED, (Say(lines=LINES, firm=True), ASK)) == Keyed(keys="1")
    assert channel.sent[0] == "STREAM FILE /spool/prompt "
