"""Calls that speak, to a stack of its own. Closed answers are heard by Vosk with the trial model that comes with the
program, the matter by Whisper; left out where set-up did not fetch it. Callers' voices are synthetic."""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.dialogue.events import CallArrived, Heard, LookedUp
from ivr.journal import Turn
from tests.live.hotline import Caller, Hotline, Scenarios, checkout_var, own_settings, prompts_of
from tests.live.test_secrets import leaks
from voicebot.ears.tiny import TINY
from voicebot.models import model_folder

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()
TOPIC, QUEUE = re.compile(r"pcc-"), "kol-pcc-sd"
"""What "chcę zapytać o podatek od kupna samochodu" is about, and who knows it."""


FOLLOWS = 8
"""Calls placed one after another until one begins with the model just deployed."""
EARS = {"matter": "whisper"}
"""Vosk hears closed answers by grammar, Whisper the matter."""


@pytest.fixture(scope="module")
def listening_stack() -> Iterator[Hotline]:
    if model_folder(checkout_var() / "models", "whisper") is None:
        pytest.skip("left out: no Whisper model in var/models (infolinia models get whisper-base)")
    folder = Path(tempfile.mkdtemp(prefix="inf-"))
    hotline = Hotline(own_settings(folder, 21_000, 27_700, vosk_model=TINY, ears=EARS))
    _own_topics(folder / "topics")
    try:
        hotline.start()
        yield hotline
    finally:
        hotline.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _own_topics(folder: Path) -> None:
    """Models are deployed here beside calls: the checkout's are read, never written."""
    shared = folder.resolve()
    folder.unlink(missing_ok=True)
    folder.mkdir()
    for model in shared.glob("topics-*.npz"):
        (folder / model.name).symlink_to(model)


@pytest.fixture(scope="module")
async def hotline(listening_stack: Hotline, anyio_backend: str) -> AsyncIterator[Hotline]:
    await listening_stack.open()
    try:
        yield listening_stack
    finally:
        await listening_stack.close()


def at(node: str) -> Callable[[Turn], bool]:
    return lambda turn: turn.state.node == node


@scenarios
async def a_caller_cut_off_is_offered_to_go_on(hotline: Hotline) -> None:
    async with hotline.call("lodzkie") as first:
        await first.authenticate("dz-23")
        await first.asked("sprawa")
        topic = (await first.tell("chce-zapytac-pcc-samochod", at("odpowiedz"), "an answer")).state.topic
        assert topic is not None
    assert (await first.over()).ended == "hung up by caller"
    async with hotline.call("lodzkie", number=first.number) as again:
        offer = await again.asked("powrot", "Keyed")
        assert isinstance(offer.event, LookedUp)
        assert prompts_of(offer) == ["powrot"], "the matter is not named: somebody else may hold the telephone"
        await again.say("tak")
        answer = await again.asked("odpowiedz")
        assert answer.state.topic == topic
        assert answer.state.auth is None, "a caller's number proves nothing"
        await again.keys("2")
        assert (await again.page())["data"]["topic"]["id"] == topic


@scenarios
async def a_number_said_aloud_is_not_taken_and_not_kept(hotline: Hotline) -> None:
    async with hotline.call("opolskie") as caller:
        await caller.asked("tozsamosc")
        await caller.say("pesel-glosem")
        heard = await caller.event(Heard)
        assert isinstance(heard.event, Heard)
        assert heard.event.spoke_number
        assert not re.search(r"\d|osiemdziesiąt|czternaście", heard.event.text)
        assert prompts_of(heard) == ["numer-glosem"]


@scenarios
async def a_person_is_reached_by_word(hotline: Hotline) -> None:
    async with hotline.call("podlaskie") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        asked = await caller.tell("konsultant", lambda turn: turn.state.wants_human, "the wish is understood")
        assert isinstance(asked.event, Heard)
        await caller.page()


@scenarios
async def the_voivodeship_is_said(hotline: Hotline) -> None:
    async with hotline.call("krajowa") as caller:
        await caller.keys("#")
        await caller.asked("sprawa")
        await caller.tell("chce-zapytac-pcc-samochod", at("odpowiedz"), "an answer")
        await caller.asked("odpowiedz")
        await caller.keys("2")
        await caller.asked("izba")
        await caller.tell("malopolskie", lambda turn: "QueueEnded" in turn.state.awaits, "a queue")
        await caller.queued(f"malopolskie-{QUEUE}")


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_a_call_that_speaks(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]


async def test_the_main_job_by_voice_survives_its_engine(hotline: Hotline) -> None:
    """PESEL, telePIN, the matter in the caller's own words; the engine dies while it answers; the page is right."""
    await hotline.ready()
    async with hotline.call("malopolskie") as caller:
        await caller.authenticate("dz-03")
        await caller.asked("sprawa")
        await caller.tell("chce-zapytac-pcc-samochod", at("odpowiedz"), "an answer")
        before = await caller.asked("odpowiedz")
        assert TOPIC.match(before.state.topic or "")
        engine = int(before.engine.removeprefix("engine-"))
        resumed = await caller.resumed(1 - engine, before, await hotline.kill(engine))
        assert resumed.state.topic == before.state.topic
        await caller.keys("2")
        page = await caller.page()
        data = page["data"]
        assert page["queue"] == f"malopolskie-{QUEUE}"
        assert data["authenticated"]["person"] == "dz-03"
        assert data["topic"]["id"] == before.state.topic
        assert data["said"]
    assert len(hotline.heard("QueueCallerJoin", caller.id)) == 1


async def test_new_calls_follow_the_topics_deployed_and_calls_under_way_keep_theirs(
    hotline: Hotline, tmp_path: Path
) -> None:
    """By the commands alone, the journal tells which model each call began with and which one read its matter."""
    await hotline.ready()
    few = tmp_path / "few.tsv"
    few.write_text("pcc-samochod-prywatny\tkupiłem samochód od sąsiada ile podatku\n", "utf-8")
    await _topics(hotline, "deploy", "--heldout", str(few))
    async with _begun_with(hotline, "version-1") as before:
        await _topics(hotline, "deploy", "--heldout", str(few))
        async with _begun_with(hotline, "version-2") as after:
            assert await asyncio.gather(_read(before), _read(after)) == ["version-1", "version-2"]
    await _topics(hotline, "rollback")
    async with _begun_with(hotline, "version-1"):
        pass


async def _topics(hotline: Hotline, *words: str) -> None:
    """``infolinia topics`` on the running stack."""
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infolinia", "topics", *words,
        env={**os.environ, "INFOLINIA_VAR": str(hotline.settings.var)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await ran.communicate()
    assert ran.returncode == 0, said.decode()


@asynccontextmanager
async def _begun_with(hotline: Hotline, model: str) -> AsyncIterator[Caller]:
    """A call that waits for its matter, begun with ``model``: engines take it up within seconds."""
    begun: list[str] = []
    while len(begun) < FOLLOWS:
        async with hotline.call("podlaskie") as caller:
            event = (await caller.first()).event
            assert isinstance(event, CallArrived)
            if event.model == model:
                await caller.keys("#")
                await caller.asked("sprawa")
                yield caller
                return
            begun.append(event.model)
        await asyncio.sleep(0.5)
    raise AssertionError(f"no call began with {model}: {begun}")


async def _read(caller: Caller) -> str:
    """The model that read the first utterance about PCC as such."""

    def read(turn: Turn) -> bool:
        event = turn.event
        return isinstance(event, Heard) and bool(event.readings and TOPIC.match(event.readings[0].id))

    event = (await caller.tell("chce-zapytac-pcc-samochod", read, "the matter is understood")).event
    assert isinstance(event, Heard)
    return event.model


async def test_each_question_was_heard_by_its_ear(hotline: Hotline) -> None:
    """What the calls of this file went through, as the engines say it."""
    files = sorted((hotline.settings.var / "log").glob("engine-*.log"))
    assert len(files) == hotline.settings.engines
    for file in files:
        said = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert "matter: whisper, else: vosk" in [line["ear"] for line in said if line["event"] == "engine hears"]
        assert [line for line in said if line["event"] == "ear.tiny"], "a trial model is never used in silence"


async def test_nothing_secret_was_written_by_calls_that_speak(hotline: Hotline) -> None:
    assert leaks(hotline.settings.var) == []
