"""Nobody is left in silence while the machine works; while the caller has the turn, silence is theirs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from ivr.phones.company import Company, soft_sound
from tests.ivr.phones.test_refusal import Loop
from voicebot.audio import seconds, silence
from voicebot.playback import Playback

WORDS = (b"\x01\x00" * 8000, b"\x02\x00" * 4000)


class Media:
    """A media session whose sounds end when their time has passed."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = self.loop.create_future()
        self.spoken: list[tuple[float, float, bytes]] = []

    @property
    def idle(self) -> bool:
        return not self.spoken or self.loop.time() >= self.spoken[-1][1]

    def play(self, pcm: bytes) -> Playback:
        begins = self.loop.time() if self.idle else self.spoken[-1][1]
        self.spoken.append((begins, begins + seconds(pcm), pcm))
        return Playback(pcm, self.loop)


def run(play: Callable[[Media, Company], Awaitable[None]], words: Sequence[bytes] = WORDS) -> Media:
    """Play in a loop whose time passes by itself."""

    async def script() -> Media:
        async def known() -> Sequence[bytes]:
            return words

        media = Media()
        company = Company(media, known)  # type: ignore[arg-type]
        await play(media, company)
        company.close()
        return media

    loop = Loop()
    try:
        return loop.run_until_complete(script())
    finally:
        loop.close()


def longest_silence(media: Media, began: float, ended: float) -> float:
    edges = [began, *(edge for start, end, _ in media.spoken for edge in (start, end)), ended]
    return max(later - earlier for earlier, later in zip(edges[::2], edges[1::2], strict=True))


async def work(seconds_: float, media: Media, company: Company) -> None:
    company.at_work = True
    await asyncio.sleep(seconds_)
    company.at_work = False


@pytest.mark.parametrize("wait", [0.5, 1.1])
def test_a_quick_answer_needs_no_words(wait: float) -> None:
    assert run(lambda media, company: work(wait, media, company)).spoken == []


@pytest.mark.parametrize("wait", [1.4, 3.0, 6.0, 20.0, 61.0])
@pytest.mark.parametrize("words", [WORDS, ()])
def test_nobody_waits_two_seconds_in_silence(wait: float, words: Sequence[bytes]) -> None:
    media = run(lambda media, company: work(wait, media, company), words)
    assert longest_silence(media, 1000.0, 1000.0 + wait) < 2.0
    said = [pcm for _, _, pcm in media.spoken]
    assert said[: len(words)] == list(words)[: len(said)]
    assert all(pcm == soft_sound() for pcm in said[len(words) :])


def test_what_is_being_said_is_not_spoken_over() -> None:
    async def play(media: Media, company: Company) -> None:
        media.play(silence(3.0))
        await work(4.0, media, company)

    assert len(run(play).spoken) == 1


def test_the_silence_of_the_caller_is_theirs() -> None:
    async def play(media: Media, company: Company) -> None:
        await work(0.8, media, company)
        await asyncio.sleep(30)
        await work(0.8, media, company)

    assert run(play).spoken == []
