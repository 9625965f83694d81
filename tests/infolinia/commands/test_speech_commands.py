"""``infolinia listen`` and ``say`` at a desk: what they refuse, and in which words; which voice set-up names."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infolinia import installation
from infolinia.cli import build
from infolinia.commands import speech
from infolinia.settings import Settings
from voicebot.voices.voice import VoiceError


class NoEar:
    """An ear that is never asked: the files of these tests cannot be read."""

    name = "whisper"

    async def start(self) -> None: ...

    async def close(self) -> None: ...


def run(*words: str) -> Result:
    return CliRunner().invoke(build([words[0]]), words)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "find_ear", lambda name: NoEar())


def wav(kind: int) -> bytes:
    form = struct.pack("<HHIIHH", kind, 1, 8000, 16000, 2, 16)
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data\4\0\0\0\0\0\0\0"


@pytest.mark.usefixtures("ear")
def test_files_that_cannot_be_heard_are_each_told_in_polish(tmp_path: Path) -> None:
    folder, text, odd = tmp_path / "folder.wav", tmp_path / "tekst.wav", tmp_path / "inny.wav"
    folder.mkdir()
    text.write_text("to nie dźwięk")
    odd.write_bytes(wav(85))
    found = run("listen", str(folder), str(tmp_path / "nie-ma.wav"), str(text), str(odd))
    assert found.exit_code == 1
    assert found.stderr.splitlines() == [
        f"Błąd: {folder}: to jest folder, a potrzeba pliku",
        f"Błąd: {tmp_path / 'nie-ma.wav'}: nie ma takiego pliku ani folderu",
        f"Błąd: {text}: to nie jest plik WAV (nie ma nagłówka RIFF/WAVE); zapisz go jako WAV, PCM 16 bitów",
        f"Błąd: {odd}: nieznany format WAV (kod 85, bity: 16, kanały: 1, 8000 Hz); zapisz jako PCM 16 bitów",
    ]


class BusyEar(NoEar):
    def listen(self, question: object) -> None: ...


def test_an_ear_that_gives_no_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "find_ear", lambda name: BusyEar())
    found = run("listen", "recordings/demo/tak.wav", "--json")
    assert found.exit_code == 1
    assert "ucho whisper nie odpowiedziało na część nagrania" in found.stderr


@pytest.mark.parametrize("text", ["", "  ", "...!"])
def test_nothing_to_say_is_no_fault_of_the_voice(text: str) -> None:
    found = run("say", text)
    assert found.exit_code == 2
    assert found.stderr.startswith("Błąd: nie ma czego powiedzieć: podaj tekst")


def test_a_voice_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    found = run("say", "Dzień dobry.", "--voice", "ivona", "-o", str(tmp_path / "x.wav"))
    assert found.exit_code == 2
    assert found.stderr == "Błąd: głos nie działa: nie ma głosu 'ivona'; są: rhvoice, espeak-ng\n"


def test_a_file_that_cannot_be_written_is_told_in_polish(tmp_path: Path) -> None:
    found = run("say", "Dzień dobry.", "--voice", "espeak-ng", "-o", str(tmp_path))
    assert found.exit_code == 1
    assert found.stderr == f"Błąd: nie można zapisać {tmp_path}: to jest folder, a potrzeba pliku\n"


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("speaks", "why", "asked", "told"),
    [
        ("espeak-ng", "nie ma tu RHVoice", "", ["Głos: espeak-ng. Lepszy, RHVoice, tu nie mówi: nie ma tu RHVoice"]),
        ("espeak-ng", "nie ma tu RHVoice", "espeak-ng", ["Głos: espeak-ng"]),
        ("rhvoice-natan", "", "", ["Głos: rhvoice-natan"]),
        ("", "nie ma nic", "", ["Głos: żaden, zostają nagrania studyjne i to, co już wypowiedziano (nie ma nic)"]),
    ],
)
def test_set_up_says_what_speaks_and_why_not_better(
    monkeypatch: pytest.MonkeyPatch, speaks: str, why: str, asked: str, told: Sequence[str]
) -> None:
    def find(prefer: str) -> Named:
        if not speaks:
            raise VoiceError(why)
        return Named(speaks)

    def rhvoice() -> Named:
        raise VoiceError(why)

    monkeypatch.setattr(installation, "find_voice", find)
    monkeypatch.setattr(installation, "RHVoice", rhvoice)
    said: list[str] = []
    installation.tell_voice(Settings(voice=asked), said.append)
    assert said == told


def test_a_damaged_model_is_told_where_models_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    (tmp_path / "models/whisper-base").mkdir(parents=True)
    found = run("models", "list")
    assert "uszkodzony," in found.stdout
    assert "pobranie:" in found.stdout


def test_what_is_no_wav_is_not_written_as_one(tmp_path: Path) -> None:
    found = run("say", "Dzień dobry.", "-o", str(tmp_path / "x.mp3"))
    assert found.exit_code == 2
    assert "zapisuję tylko WAV" in found.stderr


@pytest.mark.usefixtures("ear")
def test_an_unknown_kind_of_file_and_an_empty_one_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.ulaw").write_bytes(b"\xff" * 800)
    (tmp_path / "x.alaw").touch()
    found = run("listen", str(tmp_path / "x.ulaw"), str(tmp_path / "x.alaw"))
    assert found.exit_code == 1
    assert "bez nagłówka: .alaw, .al (A-law 8 kHz), .sln, .raw" in found.stderr
    assert f"Błąd: {tmp_path / 'x.alaw'}: plik bez dźwięku" in found.stderr
