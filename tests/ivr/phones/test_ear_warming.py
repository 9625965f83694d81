"""An engine that has just started takes a call over: its ear joins the open question as soon as it is warm."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.asterisk.agi import AgiRequest
from ivr.dialogue.actions import Ask, AskDigits, Line
from ivr.dialogue.call import Call
from ivr.dialogue.events import Candidate, Event, Heard, Keyed, NothingHeard
from ivr.phones.asterisk import AsteriskPhone, Parts
from ivr.phones.conversation import Conversation
from tests.fakes.leaping_loop import Loop
from tests.ivr.phones.test_refusal import Media, Prompts
from voicebot.ears.ear import Ear, Utterance
from voicebot.ears.keypad import KeypadOnly
from voicebot.listen import Listener

PATIENCE = 6.0
ASK = Ask(question="matter", lines=(Line("a", "A?"),), grammar="matter", choices={"1": "pcc"}, patience=PATIENCE)
NUMBER = AskDigits(purpose="identity", lines=(Line("n", "Numer?"),), patience=PATIENCE)
HEARD = Heard(text="sprawa", confidence=0.9, readings=(Candidate("pcc", 0.9),))


class Known:
    """An ear that hears at once what was said."""

    name = "known"

    async def close(self) -> None: ...


class Hears(Listener):
    async def hear(self, *_: object) -> Utterance | None:
        return Utterance("sprawa", 0.9)


def answer(
    ask: Ask | AskDigits, warm_after: float | None, ear: object, key_at: float | None = None
) -> tuple[Event, float]:
    """The answer and when it came; the ear opens ``warm_after`` seconds after the question was put (None: never)."""

    async def call() -> tuple[Event, float]:
        loop = asyncio.get_running_loop()
        media = Media()
        listener = Hears(KeypadOnly(), warming=True)
        meaning = SimpleNamespace(of=lambda ask, utterance: HEARD, of_command=lambda utterance: HEARD)
        parts = SimpleNamespace(recorder=None, authority=None, listener=listener, prompts=Prompts(), meaning=meaning)
        channel = SimpleNamespace(request=AgiRequest("resume", ("c",), {}))
        phone = AsteriskPhone(cast(Any, channel), cast(Parts, parts))
        phone._talk = Conversation(cast(Any, media), Prompts(), listener)
        began = loop.time()
        if warm_after is not None:
            loop.call_later(warm_after, listener.open, cast(Ear, ear))
        if key_at is not None:
            loop.call_later(key_at, lambda: media.on_key is not None and media.on_key("1", loop.time()))
        event = await phone.perform(Call(id="c", turn=5), (ask,))
        assert event is not None
        return event, loop.time() - began

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(call())


@pytest.mark.parametrize("ask", [ASK, NUMBER])
@pytest.mark.parametrize("after", [0.0, 1.0, 5.5])
def test_the_ear_joins_the_question_as_soon_as_it_is_warm(ask: Ask | AskDigits, after: float) -> None:
    event, when = answer(ask, after, Known())
    assert event == HEARD
    assert when == pytest.approx(after, abs=0.1)


@pytest.mark.parametrize("ask", [ASK, NUMBER])
@pytest.mark.parametrize(("after", "ear"), [(None, None), (2.0, KeypadOnly()), (60.0, Known())])
def test_an_ear_that_does_not_come_in_time_leaves_the_usual_patience(
    ask: Ask | AskDigits, after: float | None, ear: object
) -> None:
    event, when = answer(ask, after, ear)
    assert event == NothingHeard()
    assert when == pytest.approx(PATIENCE, abs=0.1)


def test_keys_answer_while_the_ear_is_warming() -> None:
    assert answer(ASK, 5.0, Known(), key_at=1.0)[0] == Keyed(keys="1")
