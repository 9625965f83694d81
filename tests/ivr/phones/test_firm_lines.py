"""What is said firmly is heard to its end, and no key pressed meanwhile answers the question behind it."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.dialogue.actions import Line
from ivr.phones.conversation import KEYS_OVER, LONGEST_FIRM, Conversation
from telepin.keys import Answer, Choice, Person, choice
from tests.fakes.leaping_loop import Loop

SORRY = (Line("eus-niedostepny", "Przepraszam."),)
LENGTH = 3.0
PESEL_AND_PIN = "44051401359#123456#"


class Media:
    """Plays everything in ``LENGTH`` seconds; ``hushed`` counts interruptions."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_key: Callable[[str, float], None] | None = None
        self.hushed = 0
        self.idle = False

    def play(self, pcm: bytes) -> Any:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        loop.call_later(LENGTH, done.set_result, True)
        return SimpleNamespace(done=done)

    def hush(self, fade: float = 0.06) -> None:
        self.hushed += 1


class Prompts:
    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes:
        return bytes(160)


def pressed(keys: str, gap: float, answer: str) -> tuple[Answer | None, float, int]:
    """``keys`` from the beginning of the apology on, one each ``gap`` seconds; ``answer`` half a second behind it.

    What the menu behind it got, how long the apology held the call, and how often it was interrupted."""

    async def call() -> tuple[Answer | None, float, int]:
        loop, media = cast(Loop, asyncio.get_running_loop()), Media()
        talk = Conversation(cast(Any, media), Prompts(), cast(Any, SimpleNamespace(available=False, warming=False)))
        press = media.on_key
        assert press is not None
        loop.now += 10
        began = loop.time()

        def key(text: str) -> None:
            press(text, loop.time())

        for place, text in enumerate(keys):
            loop.call_at(began + place * gap, key, text)
        await talk.say_firmly(SORRY)
        lasted, interrupted = loop.time() - began, media.hushed
        for text in answer:
            loop.call_later(0.5, key, text)
        return await talk.keys(choice("123456789"), 8.0), lasted, interrupted

    return asyncio.Runner(loop_factory=Loop).run(call())


@pytest.mark.parametrize("gap", [0.1, 0.3, 0.6])
def test_numbers_typed_ahead_are_dropped_and_the_menu_gets_its_own_key(gap: float) -> None:
    answer, lasted, interrupted = pressed(PESEL_AND_PIN, gap, "3")
    assert answer == Choice("3")
    assert interrupted == 0
    assert lasted == pytest.approx(max(LENGTH, (len(PESEL_AND_PIN) - 1) * gap + KEYS_OVER))


def test_without_keys_it_holds_up_nothing() -> None:
    answer, lasted, _ = pressed("", 0, "3")
    assert answer == Choice("3")
    assert lasted == pytest.approx(LENGTH)


def test_two_stars_still_reach_a_person() -> None:
    assert pressed("4405**", 0.2, "")[0] == Person()


def test_keys_for_ever_are_no_way_to_hold_the_line() -> None:
    assert pressed("5" * 400, 0.5, "3")[1] <= LENGTH + LONGEST_FIRM
