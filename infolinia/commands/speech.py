"""``infolinia listen`` and ``infolinia say``: the hotline's ear and voice, for people at a desk."""

import asyncio
import json
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from infolinia.mishaps import reason
from infolinia.polish_usage import refuse
from infolinia.settings import Settings
from voicebot.audio import AudioError, alaw_decode, load, seconds, write_wav
from voicebot.cut import utterances
from voicebot.ears.choose import vosk_ear, whisper_ear
from voicebot.ears.crew import Crew, EarError
from voicebot.ears.ear import Question
from voicebot.models import find, model_folder
from voicebot.voices.voice import VoiceError, find_voice

SUFFIXES = ".wav, .alaw, .al (A-law), .sln, .raw (PCM 16 bit)"
AT_A_DESK = 120.0
"""Seconds for an utterance: nobody waits on the line, and it comes all at once, not while it is said."""


class EarName(StrEnum):
    """The ears that can be asked for."""

    vosk = "vosk"
    whisper = "whisper"


def listen(
    files: Annotated[list[Path], typer.Argument(help=f"Nagrania: {SUFFIXES}; bez nagłówka zawsze 8 kHz.")],
    ear: Annotated[EarName | None, typer.Option(help="Które ucho; bez tego najlepsze z zainstalowanych.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Jeden obiekt JSON w wierszu.")] = False,
) -> None:
    """Rozpoznaje mowę z nagrań telefonicznych tak, jak robi to w rozmowie.

    Przykłady:

      infolinia listen recordings/demo/*.wav

      infolinia listen rozmowa.wav --ear whisper --json
    """
    if not any(file.exists() for file in files):
        _fail(f"nie ma takiego pliku: {', '.join(map(str, files))}", 2)
    crew = find_ear(ear)
    failed = False
    with asyncio.Runner() as runner:
        try:
            runner.run(crew.start())
        except EarError as error:
            _fail(f"{error}; czy model jest cały, powie: infolinia models check")
        try:
            for file in files:
                failed |= not _listen_to(runner, crew, file, as_json=as_json)
        finally:
            runner.run(crew.close())
    raise typer.Exit(1 if failed else 0)


def say(
    text: Annotated[str, typer.Argument(help="Co powiedzieć.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Plik WAV do zapisania.")] = Path("powiedziane.wav"),
    voice: Annotated[
        str, typer.Option(help="rhvoice, np. rhvoice-natan, albo espeak-ng; bez tego jak w rozmowie.")
    ] = "",
    slow: Annotated[bool, typer.Option(help="Wolniej, jak dla kogoś, kto o to prosi.")] = False,
) -> None:
    """Zapisuje tekst jako mowę w jakości telefonicznej, tak jak usłyszy go dzwoniący.

    Przykład: infolinia say "Proszę wpisać sześć cyfr telePIN." -o probka.wav

    Tekst, który zaczyna się od kreski: infolinia say -o probka.wav -- "-5 zł"
    """
    if not any(letter.isalnum() for letter in text):
        _fail('nie ma czego powiedzieć: podaj tekst, np. infolinia say "Dzień dobry."', 2)
    if output.suffix.lower() not in ("", ".wav"):
        _fail(f"{output}: zapisuję tylko WAV; podaj nazwę z końcówką .wav", 2)
    if not output.absolute().parent.is_dir():
        _fail(f"nie ma folderu {output.absolute().parent}: utwórz go (mkdir -p)", 2)
    try:
        speaker = find_voice(voice or Settings().voice, pace="slow" if slow else "usual")
    except VoiceError as error:
        _fail(f"głos nie działa: {error}", 2 if voice else 1)
    try:
        pcm = asyncio.run(speaker.render(text))
        write_wav(output, pcm)
    except VoiceError as error:
        _fail(f"głos nie działa: {error}")
    except OSError as error:
        _fail(f"nie można zapisać {output}: {reason(error)}")
    typer.echo(f"{output}: {seconds(pcm):.1f} s, głos {speaker.name}")


def find_ear(name: EarName | None) -> Crew:
    """The ear called ``name``, else the best one here, not started and as patient as a desk is; ends the command when
    there is none."""
    settings = Settings()
    models = settings.var / "models"
    vosk = settings.vosk_model or model_folder(models, "vosk")
    whisper = model_folder(models, "whisper")
    for wanted, model, make in ((EarName.vosk, vosk, vosk_ear), (EarName.whisper, whisper, whisper_ear)):
        if name not in (None, wanted):
            continue
        if model is not None and model.is_dir():
            return make(model, deadline=AT_A_DESK)
        if name is not None:
            _fail(f"nie ma modelu dla ucha {wanted.value}; pobranie: infolinia models get {find(wanted.value).id}")
    _fail("nie ma żadnego modelu rozpoznawania mowy; pobranie: infolinia models get whisper-base")


def _listen_to(runner: asyncio.Runner, crew: Crew, file: Path, *, as_json: bool) -> bool:
    try:
        pcm = _sound(file)
    except (OSError, AudioError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error).removeprefix(f"{file}: ")
        typer.echo(f"Błąd: {file}: {why}", err=True)
        return False
    began = time.monotonic()
    heard = [runner.run(hear(crew, piece)) for piece in utterances(pcm)]
    if None in heard:
        typer.echo(f"Błąd: {file}: ucho {crew.name} nie odpowiedziało na część nagrania; powtórz komendę", err=True)
    known = [utterance for utterance in heard if utterance is not None and utterance[0]]
    text = " ".join(words for words, _ in known)
    confidence = min((sure for _, sure in known), default=0.0)
    took = time.monotonic() - began
    if as_json:
        found = {"file": str(file), "text": text, "confidence": confidence, "seconds": round(took, 3), "ear": crew.name}
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo(f"{file}: {text or '(nic nie zrozumiano)'}  [{crew.name}, pewność {confidence:.2f}, {took:.2f} s]")
    return all(utterance is not None for utterance in heard)


async def hear(crew: Crew, piece: bytes) -> tuple[str, float] | None:
    """Text and confidence of one utterance; None when the ear gave no answer in time."""
    hearing = crew.listen(Question("matter"))
    if hearing is None:
        return None
    hearing.feed(piece)
    utterance = await hearing.finish()
    return None if utterance is None else (utterance.text, utterance.confidence)


def _sound(file: Path) -> bytes:
    match file.suffix.lower():
        case ".alaw" | ".al":
            pcm = alaw_decode(file.read_bytes())
        case ".sln" | ".raw":
            content = file.read_bytes()
            pcm = content[: len(content) // 2 * 2]
        case ".wav":
            pcm = load(file)
        case _:
            try:
                pcm = load(file)
            except AudioError as error:
                raise AudioError(
                    f"{error}; bez nagłówka: .alaw, .al (A-law 8 kHz), .sln, .raw (PCM 16 bitów 8 kHz)"
                ) from error
    if not pcm:
        raise AudioError("plik bez dźwięku (ani jednej próbki)")
    return pcm


def _fail(fault: str, code: int = 1) -> NoReturn:
    raise typer.Exit(refuse(f"Błąd: {fault}", code))
