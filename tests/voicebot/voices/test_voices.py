"""The voices of this machine, and what happens when one fails."""

import asyncio
import stat
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from voicebot.audio import RATE, level, samples_of, seconds, silence
from voicebot.voices import process
from voicebot.voices.espeak import Espeak
from voicebot.voices.finish import finish, loudness
from voicebot.voices.lexicon import Lexicon, LexiconError, shipped
from voicebot.voices.rhvoice import RHVoice, polish_voices
from voicebot.voices.voice import LEXICON, VoiceError, find_voice

pytestmark = pytest.mark.anyio
TEXT = "Infolinia Krajowej Administracji Skarbowej."


def program(folder: Path, body: str) -> str:
    path = folder / "synth"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_espeak_speaks() -> None:
    pcm = await Espeak().render(TEXT)
    assert 2 < seconds(pcm) < 8
    assert -26 < level(pcm) < -17


async def test_espeak_speaks_slower_when_asked() -> None:
    usual, slow = Espeak(), Espeak(pace="slow")
    assert seconds(await slow.render(TEXT)) > 1.15 * seconds(await usual.render(TEXT))
    assert slow.version != usual.version


@pytest.mark.parametrize(("body", "fault"), [("exit 3", "zawiódł \\(kod 3\\)"), ("exit 0", "nie zapisał dźwięku")])
async def test_a_synthesiser_that_fails_says_so(tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "voices" / "ewa").mkdir(parents=True)
    (tmp_path / "voices" / "ewa" / "voice.info").write_text("name=Ewa\nlanguage=Polish\n")
    voice = RHVoice("ewa", program=program(tmp_path, body), data=[tmp_path])
    assert voice.name == "rhvoice-ewa"
    with pytest.raises(VoiceError, match=fault):
        await voice.render(TEXT)


async def test_a_synthesiser_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TIMEOUT", 0.2)
    voice = Espeak(program(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60"))
    with pytest.raises(VoiceError, match=r"nie skończył w 0\.2 s"):
        await voice.render(TEXT)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


async def test_a_synthesiser_is_killed_when_nobody_waits_any_more(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    rendering = asyncio.create_task(Espeak(program(tmp_path, f"echo $$ > {started}; exec sleep 60")).render(TEXT))
    while not started.exists() or not started.read_text():
        await asyncio.sleep(0.01)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    while Path(f"/proc/{started.read_text().strip()}").exists():
        await asyncio.sleep(0.01)


def test_a_missing_voice_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="apt-get install espeak-ng"):
        Espeak("no-such-program")
    with pytest.raises(VoiceError, match="rhvoice-polish"):
        RHVoice(program=program(tmp_path, "exit 0"), data=[tmp_path])
    with pytest.raises(VoiceError, match="są: rhvoice, espeak-ng"):
        find_voice("ivona")


def test_a_voice_is_found() -> None:
    assert find_voice("espeak-ng").name == "espeak-ng"
    assert find_voice().name.startswith(("rhvoice-", "espeak-ng"))


def test_only_polish_voices_count(tmp_path: Path) -> None:
    for name, language in (("jan", "Polish"), ("bob", "English")):
        (tmp_path / "voices" / name).mkdir(parents=True)
        (tmp_path / "voices" / name / "voice.info").write_text(f"name={name}\nlanguage={language}\n")
    assert polish_voices([tmp_path]) == ["jan"]


@pytest.mark.parametrize(
    ("licence", "free"),
    [("publicdomain/zero/1.0/", True), ("licenses/by/4.0/", True), ("licenses/by-nc-nd/4.0/", False), ("", False)],
)
def test_a_voice_is_taken_unasked_only_under_a_free_licence(tmp_path: Path, licence: str, free: bool) -> None:
    folder = tmp_path / "voices" / "ewa"
    folder.mkdir(parents=True)
    (folder / "voice.info").write_text("name=Ewa\nlanguage=Polish\n")
    (folder / "attrib.html").write_text(f'<a href="https://creativecommons.org/{licence}">licence</a>')
    engine = program(tmp_path, "exit 0")
    if free:
        assert RHVoice(program=engine, data=[tmp_path]).name == "rhvoice-ewa"
    else:
        with pytest.raises(VoiceError, match="\\(ewa\\) czegoś zabraniają"):
            RHVoice(program=engine, data=[tmp_path])
    assert RHVoice(program=engine, data=[tmp_path], any_licence=True).name == "rhvoice-ewa"


def test_finishing_makes_a_telephone_prompt() -> None:
    rate = 22050
    time = np.arange(2 * rate) / rate
    sound = (900 * (np.sin(2 * np.pi * 60 * time) + np.sin(2 * np.pi * 1000 * time))).astype(np.int16)
    quiet = np.zeros(rate, np.int16)
    pcm = finish(np.concatenate([quiet, sound, quiet]), rate)
    assert seconds(pcm) == pytest.approx(2.08, abs=0.06)
    hertz, power = welch(samples_of(pcm).astype(np.float64), RATE, nperseg=2048)
    hum, voice = (power[np.argmin(abs(hertz - at))] for at in (60, 1000))
    assert hum < voice / 1000
    assert loudness(samples_of(pcm) / 32768) == pytest.approx(-23, abs=0.5)


@pytest.mark.parametrize("gain", [0.02, 0.3, 1.0])
def test_loudness_is_even_whatever_the_source(gain: float) -> None:
    chance = np.random.default_rng(3)
    sound = (gain * 30000 * np.clip(chance.normal(0, 0.3, 4 * RATE), -1, 1)).astype(np.int16)
    pcm = finish(sound, RATE)
    assert loudness(samples_of(pcm) / 32768) == pytest.approx(-23, abs=0.5)
    assert np.abs(samples_of(pcm)).max() < 29000


def test_a_word_is_as_loud_as_a_sentence() -> None:
    chance = np.random.default_rng(4)
    word = (9000 * chance.normal(0, 0.3, RATE // 6)).astype(np.int16)
    assert loudness(samples_of(finish(word, RATE)) / 32768) == pytest.approx(-23, abs=2)


def test_silence_has_no_loudness() -> None:
    assert loudness(np.zeros(RATE)) == -np.inf


@pytest.mark.parametrize("nothing", [b"", silence(2), silence(0.001)])
def test_nothing_stays_nothing(nothing: bytes) -> None:
    assert finish(samples_of(nothing), RATE) == b""


def test_the_lexicon_replaces_whole_words_longest_first() -> None:
    spell = shipped().spell
    assert spell("PIT-37, PCC-3 i e-US") == "pit trzydzieści siedem, pe ce ce trzy i e u es"
    assert spell("Twój e-PIT. NIP, PESEL i VAT.") == "twój e pit. nip, pesel i wat."
    assert spell("PITY SPITY KASA") == "PITY SPITY KASA"


@pytest.mark.parametrize("content", ["words: [a]", "words: {a: 1}", "- x", "words: {a: b", "\xff"])
def test_a_broken_lexicon_names_its_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "lexicon.yaml"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(LexiconError, match=r"lexicon\.yaml"):
        Lexicon.load(file)


def test_the_shipped_lexicon_has_what_the_hotline_says() -> None:
    text = LEXICON.read_text(encoding="utf-8")
    for word in ("PIT-37", "PCC-3", "e-US", "telePIN", "NIP", "PESEL", "VAT"):
        assert f"\n  {word}: " in text
