"""Answers spoken over AudioSocket on a real socket, turn taking and the real Vosk in its process, prompts playing.

Vosk's model is the one that comes with the program, the callers' voices are synthetic (``recordings/demo``).
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from media_peer import MediaPeer

from voicebot import audiosocket
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, load, silence
from voicebot.ears.choose import vosk_ear
from voicebot.ears.crew import Crew
from voicebot.ears.ear import Question, Utterance
from voicebot.ears.tiny import TINY
from voicebot.listen import Listener
from voicebot.media import MediaServer
from voicebot.understand import read_choice

pytest.importorskip("vosk")
pytestmark = pytest.mark.anyio
DEMO = Path(__file__).parents[2] / "recordings/demo"
YES_NO = {"yes": ["tak", "zgadza się"], "no": ["nie", "nie zgadza się"]}
PLACES = {"malopolskie": ["małopolskie"], "mazowieckie": ["mazowieckie"], "dolnoslaskie": ["dolnośląskie"]}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module: the recogniser is shared."""
    return "asyncio"


@pytest.fixture(scope="module")
async def ear(anyio_backend: str) -> AsyncIterator[Crew]:
    crew = vosk_ear(TINY)
    await crew.start()
    yield crew
    await crew.close()


async def speak(peer: MediaPeer, pcm: bytes) -> None:
    """At the pace of speech, silence behind it until cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    sound = silence(0.3) + pcm + silence(30)
    for start in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES):
        peer.say(audiosocket.sound(sound[start : start + FRAME_BYTES]))
        due += FRAME_SECONDS
        await asyncio.sleep(due - loop.time())


async def ask(ear: Crew, question: Question, recording: str, *, prompt: float) -> tuple[Utterance | None, bool]:
    """What was heard, and whether the prompt of ``prompt`` seconds was said to its end."""
    server = MediaServer(limit=60)
    await server.start("127.0.0.1", 0)
    ident = uuid.uuid4()
    expected = server.expect(ident)
    peer = await MediaPeer.connect(server.port, ident)
    session = await asyncio.wait_for(expected, 5)
    speaking = asyncio.create_task(speak(peer, load(DEMO / f"{recording}.wav")))
    try:
        playing = session.play(silence(prompt))
        heard = await asyncio.wait_for(Listener(ear).hear(session, playing, question), 20)
        return heard, playing.done.done() and playing.done.result()
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        await session.finish()
        await server.close()


@pytest.mark.parametrize(("recording", "meant"), [("tak-zgadza-sie", "yes"), ("nie", "no")])
async def test_yes_and_no_are_heard_on_a_call(ear: Crew, recording: str, meant: str) -> None:
    question = Question("yes-no", tuple(phrase for phrases in YES_NO.values() for phrase in phrases))
    heard, _ = await ask(ear, question, recording, prompt=0.1)
    assert heard is not None
    assert [reading for reading, _ in read_choice(heard.text, YES_NO)][:1] == [meant]


async def test_an_answer_said_into_the_prompt_stops_it(ear: Crew) -> None:
    question = Question("choice", tuple(phrase for phrases in PLACES.values() for phrase in phrases))
    heard, to_its_end = await ask(ear, question, "malopolskie", prompt=30.0)
    assert heard is not None
    assert heard.text == "małopolskie"
    assert not to_its_end
