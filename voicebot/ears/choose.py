"""Which ear a hotline has: Vosk where its model is, else Whisper, else keys only."""

from pathlib import Path

import structlog

from .crew import Crew, EarError
from .ear import Ear
from .keypad import KeypadOnly

log = structlog.get_logger(__name__)

HINT = (
    "Dzień dobry, chcę zapytać o podatek od kupna samochodu, PCC-3. Gdzie jest mój zwrot podatku? "
    "Jak złożyć korektę zeznania PIT-37 w usłudze Twój e-PIT? Nie pamiętam telePIN, NIP, VAT, mikrorachunek podatkowy. "
    "Spadek i darowizna w urzędzie skarbowym, zaświadczenie, nadpłata. Proszę o połączenie z konsultantem."
)


def vosk_ear(model: Path, *, workers: int = 1) -> Crew:
    """Vosk with the model folder ``model``: streaming, grammars for closed questions."""
    return Crew(
        "vosk",
        "voicebot.ears.vosk:VoskEngine",
        {"model": str(model)},
        streaming=True,
        workers=workers,
        capacity=16,
        deadline=2.0,
    )


def whisper_ear(model: Path, *, workers: int = 1, threads: int = 2) -> Crew:
    """Whisper with the model folder ``model``: an utterance at a time, near a second of two cores each."""
    return Crew(
        "whisper",
        "voicebot.ears.whisper:WhisperEngine",
        {"model": str(model), "threads": threads, "hint": HINT},
        streaming=False,
        workers=workers,
        capacity=4,
        deadline=6.0,
    )


def candidates(vosk: Path | None, whisper: Path | None) -> list[Ear]:
    """The ears to try, best first; a model that is not there is said in the log."""
    found: list[Ear] = []
    for name, model, make in (("vosk", vosk, vosk_ear), ("whisper", whisper, whisper_ear)):
        if model is None:
            continue
        if model.is_dir():
            found.append(make(model))
        else:
            log.warning("ear.model_missing", ear=name, path=str(model), mend="infolinia models check")
    return [*found, KeypadOnly()]


async def open_ear(vosk: Path | None, whisper: Path | None) -> Ear:
    """The best ear that starts, warm. Never fails: at worst it is keys only."""
    for ear in candidates(vosk, whisper):
        try:
            await ear.start()
        except (EarError, OSError) as error:
            log.error("ear.cannot_start", ear=ear.name, why=str(error))
        else:
            return ear
    raise AssertionError("keys only cannot fail to start")
