"""Which ear hears which question."""

import pytest

from voicebot.ears import choose
from voicebot.ears.crew import EarError
from voicebot.ears.division import Division
from voicebot.ears.ear import Ear, Grammar, Hearing, Question

pytestmark = pytest.mark.anyio


class FakeEar:
    """An ear that remembers what it was asked and never hears."""

    def __init__(self, name: str, *, works: bool = True) -> None:
        self.name, self.works = name, works
        self.started = 0
        self.closed = 0
        self.asked: list[Grammar | None] = []

    async def start(self) -> None:
        self.started += 1
        if not self.works:
            raise EarError("no")

    def listen(self, question: Question) -> Hearing | None:
        self.asked.append(question.grammar)
        return None

    async def close(self) -> None:
        self.closed += 1


def with_ears(monkeypatch: pytest.MonkeyPatch, *ears: FakeEar) -> None:
    monkeypatch.setattr(choose, "found_ears", lambda vosk, whisper: list(ears))


def ask(ear: Ear) -> None:
    for grammar in ("matter", "choice", "yes-no"):
        ear.listen(Question(grammar))


async def test_the_best_ear_hears_all_and_others_are_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    vosk, whisper = FakeEar("vosk"), FakeEar("whisper")
    with_ears(monkeypatch, vosk, whisper)
    assert await choose.open_ear(None, None) is vosk
    assert (vosk.started, whisper.started) == (1, 0)


async def test_each_question_goes_to_the_ear_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    vosk, whisper = FakeEar("vosk"), FakeEar("whisper")
    with_ears(monkeypatch, vosk, whisper)
    ear = await choose.open_ear(None, None, {"matter": "whisper", "yes-no": "keypad"})
    ask(ear)
    assert (vosk.asked, whisper.asked) == (["choice"], ["matter"])
    await ear.close()
    assert (vosk.closed, whisper.closed) == (1, 1)


async def test_an_ear_that_hears_nothing_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    vosk, whisper = FakeEar("vosk"), FakeEar("whisper")
    with_ears(monkeypatch, vosk, whisper)
    ear = await choose.open_ear(None, None, {"matter": "whisper", "choice": "whisper", "yes-no": "whisper"})
    ask(ear)
    assert vosk.started == 0
    assert whisper.asked == ["matter", "choice", "yes-no"]


async def test_an_ear_that_does_not_start_is_replaced_by_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    vosk, whisper = FakeEar("vosk"), FakeEar("whisper", works=False)
    with_ears(monkeypatch, vosk, whisper)
    assert await choose.open_ear(None, None, {"matter": "whisper"}) is vosk
    with_ears(monkeypatch)
    assert (await choose.open_ear(None, None, {"matter": "whisper"})).name == "keypad"


def test_keys_only_questions_reach_no_ear() -> None:
    vosk = FakeEar("vosk")
    assert Division({"matter": vosk}, vosk).listen(Question(None)) is None
    assert vosk.asked == []
