"""The real Vosk engine in its real process, on the small model that comes with the program.

What it hears is spoken by synthetic voices: ``recordings/demo``, and espeak-ng variants kept out of training. The tests
prove the plumbing (streaming, grammars, rejection, deadline, replacement), not accuracy for people.
"""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from voicebot.audio import FRAME_BYTES, load, silence
from voicebot.ears.choose import open_ear, vosk_ear
from voicebot.ears.crew import Crew
from voicebot.ears.ear import Question, Utterance
from voicebot.ears.tiny import TINY, is_tiny
from voicebot.ears.vosk import VoskEngine
from voicebot.models import MANIFEST, faults, find

pytest.importorskip("vosk")
pytestmark = pytest.mark.anyio
DEMO = Path(__file__).parents[3] / "recordings/demo"
YES_NO = Question("yes-no", ("tak", "nie", "zgadza się", "nie zgadza się"))
PLACES = Question("choice", ("małopolskie", "mazowieckie", "dolnośląskie", "śląskie", "pomorskie"))
OPEN = Question("matter")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module: the worker is shared."""
    return "asyncio"


@pytest.fixture(scope="module")
async def ear(anyio_backend: str) -> AsyncIterator[Crew]:
    crew = vosk_ear(TINY)
    await crew.start()
    yield crew
    await crew.close()


@pytest.fixture
def spoken(tmp_path: Path) -> Callable[[str], bytes]:
    def say(text: str) -> bytes:
        """``text`` by a variant of espeak-ng that the model was not trained on."""
        file = tmp_path / "said.wav"
        subprocess.run(["espeak-ng", "-v", "pl+robert", "-s", "150", "-w", str(file), text], check=True)
        return silence(0.3) + load(file) + silence(0.3)

    return say


async def hear(ear: Crew, question: Question, pcm: bytes) -> Utterance:
    hearing = ear.listen(question)
    assert hearing is not None
    for start in range(0, len(pcm), FRAME_BYTES):
        hearing.feed(pcm[start : start + FRAME_BYTES])
    utterance = await hearing.finish()
    assert utterance is not None
    return utterance


@pytest.mark.parametrize(
    ("question", "recording", "text"),
    [
        (YES_NO, "tak", "tak"),
        (YES_NO, "nie", "nie"),
        (YES_NO, "tak-zgadza-sie", "tak zgadza się"),
        (PLACES, "malopolskie", "małopolskie"),
        (PLACES, "dolnoslaskie", "dolnośląskie"),
    ],
)
async def test_closed_answers_are_heard_by_grammar(ear: Crew, question: Question, recording: str, text: str) -> None:
    heard = await hear(ear, question, load(DEMO / f"{recording}.wav"))
    assert heard.text == text
    assert heard.confidence > 0.5


async def test_a_grammar_hears_nothing_but_its_words(ear: Crew) -> None:
    """The same sound is a matter to the open question and nothing to a closed one."""
    pcm = load(DEMO / "chce-zapytac-pcc-samochod.wav")
    assert "podatek" in (await hear(ear, OPEN, pcm)).text
    assert (await hear(ear, PLACES, pcm)).text == ""
    assert (await hear(ear, PLACES, load(DEMO / "tak.wav"))).text == ""


@pytest.mark.parametrize("strange", ["wiewiórka", "czerwony parasol", "gitara samolot"])
async def test_words_it_does_not_know_are_rejected(ear: Crew, spoken: Callable[[str], bytes], strange: str) -> None:
    assert (await hear(ear, YES_NO, spoken(strange))).text == ""


async def test_silence_is_nothing_heard(ear: Crew) -> None:
    heard = await hear(ear, OPEN, silence(2.0))
    assert (heard.text, heard.confidence) == ("", 0.0)


async def test_partials_come_while_the_caller_speaks(ear: Crew) -> None:
    hearing = ear.listen(OPEN)
    assert hearing is not None
    hearing.feed(load(DEMO / "chce-zapytac-pcc-samochod.wav"))
    async with asyncio.timeout(10):
        while "chcę" not in hearing.partial:
            await asyncio.sleep(0.01)
    hearing.drop()


async def test_callers_share_a_worker_and_do_not_mix(ear: Crew) -> None:
    wanted = {"tak": "tak", "nie": "nie", "tak-zgadza-sie": "tak zgadza się"}
    heard = await asyncio.gather(*(hear(ear, YES_NO, load(DEMO / f"{name}.wav")) for name in wanted))
    assert [utterance.text for utterance in heard] == list(wanted.values())


async def test_a_killed_worker_is_replaced_and_hears_again() -> None:
    crew = vosk_ear(TINY)
    await crew.start()
    try:
        (before,) = crew.processes
        hearing = crew.listen(YES_NO)
        assert hearing is not None
        os.kill(before, 9)
        assert await hearing.finish() is None
        async with asyncio.timeout(30):
            while (again := crew.listen(YES_NO)) is None:
                await asyncio.sleep(0.02)
        again.drop()
        assert crew.processes != [before]
        assert (await hear(crew, YES_NO, load(DEMO / "tak.wav"))).text == "tak"
    finally:
        await crew.close()


async def test_an_answer_past_its_deadline_counts_as_none(ear: Crew) -> None:
    worker = ear._workers[0]
    usual, worker.deadline = worker.deadline, 0.0
    try:
        hearing = ear.listen(OPEN)
        assert hearing is not None
        hearing.feed(load(DEMO / "chce-zapytac-pcc-samochod.wav"))
        assert await hearing.finish() is None
    finally:
        worker.deadline = usual
    async with asyncio.timeout(30):
        while (again := ear.listen(YES_NO)) is None:
            await asyncio.sleep(0.02)
    again.drop()


def test_phrases_with_unknown_words_are_left_out_of_a_grammar() -> None:
    engine = VoskEngine(str(TINY))
    engine.begin(1, Question("choice", ("małopolskie", "Brzęczyszczykiewicz")))
    for start in range(0, 3):
        engine.feed(1, load(DEMO / "malopolskie.wav") if start == 0 else silence(0.3))
    assert engine.end(1).text == "małopolskie"


async def test_the_shipped_model_is_whole_and_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_tiny(TINY)
    assert "never for citizens" in (TINY / "NEVER-FOR-CITIZENS.md").read_text()
    assert (TINY / MANIFEST).is_file()
    assert faults(find("vosk-tiny"), Path("nowhere")) == []
    assert sum(file.stat().st_size for file in TINY.rglob("*") if file.is_file()) < 15_000_000


async def test_the_shipped_model_is_not_used_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert (await open_ear(None, None)).name == "keypad"
    ear = await open_ear(TINY, None)
    await ear.close()
    assert "never for citizens" in capsys.readouterr().out
