"""The prompt book: recordings first, each sentence rendered once, damage found, nothing stops a call."""

import asyncio
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import RATE, pcm_of, rms, seconds, silence, wav
from voicebot.prompts import PromptBook, fallback, plausible, sentences
from voicebot.voices.voice import VoiceError

pytestmark = pytest.mark.anyio


def tone(duration: float, hertz: float = 800, rate: int = RATE) -> bytes:
    time = np.arange(int(duration * rate)) / rate
    return pcm_of((8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16))


class FakeVoice:
    """Speaks a tone of 0.06 s a character; ``wrong`` is what the first renderings give instead."""

    name, version = "fake", "1"

    def __init__(self, *wrong: bytes) -> None:
        self.wrong = list(wrong)
        self.rendered: list[str] = []

    async def render(self, text: str) -> bytes:
        self.rendered.append(text)
        await asyncio.sleep(0.01)
        return self.wrong.pop(0) if self.wrong else tone(0.06 * len(text))


class Mute:
    name, version = "mute", "1"

    async def render(self, text: str) -> bytes:
        raise VoiceError("it is broken")


async def test_a_line_is_rendered_once_and_kept(tmp_path: Path) -> None:
    voice = FakeVoice()
    first = await PromptBook(tmp_path, voice).audio("x", "Dzień dobry. Proszę czekać.")
    assert voice.rendered == ["Dzień dobry.", "Proszę czekać."]
    assert await PromptBook(tmp_path, voice).audio("y", "Proszę czekać. Dzień dobry.") != first
    assert len(voice.rendered) == 2
    assert seconds(first) == pytest.approx(0.06 * 26 + 0.22, abs=0.01)


async def test_who_asked_for_slower_speech_hears_the_slow_voice(tmp_path: Path) -> None:
    voice, slow = FakeVoice(), FakeVoice()
    slow.version = "slow"
    book = PromptBook(tmp_path, voice, slow=slow)
    await book.prepare([("x", "Dzień dobry.")])
    assert (voice.rendered, slow.rendered) == (["Dzień dobry."], ["Dzień dobry."])
    await book.audio("x", "Proszę czekać.", slow=True)
    assert (len(voice.rendered), slow.rendered[1:]) == (1, ["Proszę czekać."])
    assert book.file_of("Dzień dobry.") != book.file_of("Dzień dobry.", slow=True)


async def test_a_slow_studio_recording_comes_before_the_usual_one(tmp_path: Path) -> None:
    for name, length in (("powitanie", 1.0), ("powitanie.slow", 2.0), ("koniec", 1.0)):
        (tmp_path / f"{name}.wav").write_bytes(wav(tone(length)))
    book = PromptBook(tmp_path / "cache", None, recordings=tmp_path)
    lengths = [
        round(seconds(await book.audio(prompt, "x", slow=slow)))
        for prompt in ("powitanie", "koniec")
        for slow in (False, True)
    ]
    assert lengths == [1, 2, 1, 1]


async def test_callers_who_want_the_same_line_share_one_rendering(tmp_path: Path) -> None:
    voice = FakeVoice()
    book = PromptBook(tmp_path, voice)
    lines = await asyncio.gather(*(book.audio("x", "Dzień dobry.") for _ in range(20)))
    assert len(set(lines)) == 1
    assert voice.rendered == ["Dzień dobry."]


async def test_one_caller_hanging_up_does_not_lose_the_line_for_another(tmp_path: Path) -> None:
    book = PromptBook(tmp_path, FakeVoice())
    first = asyncio.create_task(book.audio("x", "Dzień dobry."))
    second = asyncio.create_task(book.audio("x", "Dzień dobry."))
    await asyncio.sleep(0)
    first.cancel()
    assert seconds(await second) > 0.5


async def test_another_voice_renders_anew(tmp_path: Path) -> None:
    one, other = FakeVoice(), FakeVoice()
    other.version = "2"
    for voice in (one, other):
        await PromptBook(tmp_path, voice).audio("x", "Dzień dobry.")
    assert (len(one.rendered), len(other.rendered)) == (1, 1)


@pytest.mark.parametrize("damage", [b"", b"\x01", "half", "flipped", "foreign"])
async def test_a_damaged_file_is_rendered_anew(tmp_path: Path, damage: bytes | str) -> None:
    voice = FakeVoice()
    book = PromptBook(tmp_path, voice)
    whole = await book.audio("x", "Dzień dobry.")
    file = book.file_of("Dzień dobry.")
    content = file.read_bytes()
    match damage:
        case "half":
            file.write_bytes(content[: len(content) // 4 * 2])
        case "flipped":
            file.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
        case "foreign":
            file.write_bytes(tone(0.7))
        case bytes():
            file.write_bytes(damage)
    assert await PromptBook(tmp_path, voice).audio("x", "Dzień dobry.") == whole
    assert len(voice.rendered) == 2
    assert file.read_bytes() == content


@pytest.mark.parametrize("wrong", [b"", silence(1), tone(0.05), tone(60)])
async def test_a_wrong_rendering_is_noticed_and_tried_again(tmp_path: Path, wrong: bytes) -> None:
    voice = FakeVoice(wrong)
    assert await PromptBook(tmp_path, voice).audio("x", "Dzień dobry.") == tone(0.06 * 12)
    assert len(voice.rendered) == 2


async def test_a_voice_that_stays_wrong_leaves_a_tone_and_an_error_at_deploy_time(tmp_path: Path) -> None:
    book = PromptBook(tmp_path, FakeVoice(*[b""] * 4))
    assert await book.audio("x", "Dzień dobry.") == fallback()
    with pytest.raises(VoiceError, match="dwa razy źle"):
        await book.prepare([("x", "Dzień dobry.")])


@pytest.mark.parametrize("voice", [None, Mute()])
async def test_without_a_voice_the_call_goes_on_with_a_tone(tmp_path: Path, voice: Mute | None) -> None:
    assert await PromptBook(tmp_path, voice).audio("x", "Dzień dobry.") == fallback()
    assert rms(fallback()) > 0.02


async def test_a_studio_recording_comes_first_in_any_format(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    stereo = np.repeat(np.frombuffer(tone(1.5, rate=44100), "<i2"), 2).astype("<i2").tobytes()
    header = bytearray(wav(stereo, 44100))
    header[22:24] = (2).to_bytes(2, "little")
    (recordings / "powitanie.wav").write_bytes(bytes(header))
    voice = FakeVoice()
    pcm = await PromptBook(tmp_path / "cache", voice, recordings=recordings).audio("powitanie", "Dzień dobry.")
    assert seconds(pcm) == pytest.approx(1.58, abs=0.05)
    assert voice.rendered == []


@pytest.mark.parametrize("content", [b"", b"RIFFgarbage", wav(silence(2)), wav(b"")])
async def test_an_unusable_recording_is_passed_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "powitanie.wav").write_bytes(content)
    voice = FakeVoice()
    book = PromptBook(tmp_path / "cache", voice, recordings=tmp_path)
    assert await book.audio("powitanie", "Dzień dobry.") == tone(0.06 * 12)


async def test_a_recording_put_there_later_is_taken_up(tmp_path: Path) -> None:
    book = PromptBook(tmp_path / "cache", FakeVoice(), recordings=tmp_path)
    before = await book.audio("powitanie", "Dzień dobry.")
    (tmp_path / "powitanie.wav").write_bytes(wav(tone(2.0)))
    assert await book.audio("powitanie", "Dzień dobry.") != before


@pytest.mark.parametrize("prompt", ["../../etc/passwd", ".hidden", ""])
async def test_a_prompt_id_is_no_path(tmp_path: Path, prompt: str) -> None:
    book = PromptBook(tmp_path / "cache", FakeVoice(), recordings=tmp_path)
    assert await book.audio(prompt, "Dzień dobry.") == tone(0.06 * 12)


async def test_a_cache_that_cannot_be_written_does_not_stop_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert await PromptBook(tmp_path / "file" / "cache", FakeVoice()).audio("x", "Dzień dobry.") == tone(0.06 * 12)


async def test_preparing_tells_progress_and_leaves_nothing_to_render(tmp_path: Path) -> None:
    voice, told = FakeVoice(), list[tuple[int, int]]()
    book = PromptBook(tmp_path, voice)
    lines = [("a", "Raz. Dwa dwa."), ("b", "Trzy trzy. Raz."), ("c", "Cztery.")]
    await book.prepare(lines, lambda done, total: told.append((done, total)))
    assert told == [(n, 4) for n in range(1, 5)]
    rendered = len(voice.rendered)
    for prompt, text in lines:
        await book.audio(prompt, text)
    assert len(voice.rendered) == rendered == 4


class Lacking:
    name, version = "lacking", "1"

    async def render(self, text: str) -> bytes:
        raise ModuleNotFoundError("No module named 'pyloudnorm'")


async def test_a_voice_that_breaks_is_a_tone_in_calls_and_a_reason_at_deploy_time(tmp_path: Path) -> None:
    book = PromptBook(tmp_path, Lacking())
    assert await book.audio("x", "Dzień dobry.") == fallback()
    with pytest.raises(VoiceError, match=r"No module named 'pyloudnorm'.*pip install"):
        await book.prepare([("x", "Dzień dobry."), ("y", "Do widzenia.")])


BREAKS = """
import asyncio, sys
from pathlib import Path
from voicebot.prompts import PromptBook
from voicebot.voices import espeak
from voicebot.voices.voice import VoiceError

def broken(*_):
    raise RuntimeError("it broke")

espeak.finish = broken
lines = [("x", f"Zdanie numer {n}.") for n in range(30)]
try:
    asyncio.run(PromptBook(Path(sys.argv[1]), espeak.Espeak(), slow=espeak.Espeak(pace="slow")).prepare(lines))
except VoiceError as error:
    sys.exit(f"told: {error}")
"""


def test_preparing_ends_when_rendering_fails_while_synthesisers_start(tmp_path: Path) -> None:
    """In a process of its own: what goes wrong here is an end that never comes."""
    ended = subprocess.run(
        [sys.executable, "-c", BREAKS, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, "told: espeak-ng zawodzi (RuntimeError: it broke)" in ended.stderr) == (1, True)
    assert "never retrieved" not in ended.stderr


def prepare_here(cache: str) -> None:
    asyncio.run(PromptBook(Path(cache), FakeVoice()).prepare([("x", f"Zdanie numer {n}.") for n in range(30)]))


async def test_several_processes_may_share_a_cache(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=prepare_here, args=(str(tmp_path),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == 0
    assert len(list(tmp_path.rglob("*.sln"))) == 30
    assert not list(tmp_path.rglob("*.part"))
    voice = FakeVoice()
    await PromptBook(tmp_path, voice).prepare([("x", f"Zdanie numer {n}.") for n in range(30)])
    assert voice.rendered == []


def test_sentences_are_the_pieces() -> None:
    assert sentences("Czy chodzi o: zwrot? Proszę powiedzieć  tak.") == [
        "Czy chodzi o:",
        "zwrot?",
        "Proszę powiedzieć tak.",
    ]
    assert sentences("podatki.gov.pl o 15:30") == ["podatki.gov.pl o 15:30"]
    assert sentences(" ... ") == []


def test_plausible_lengths() -> None:
    assert plausible(tone(1.0), "Dzień dobry.")
    assert not plausible(tone(1.0)[:-1], "Dzień dobry.")
