"""Which ear a hotline has: Vosk where its model is, else Whisper, else keys only; or one for each kind of question."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import structlog

from .crew import Crew, EarError
from .division import Division
from .ear import Ear, Grammar
from .keypad import KeypadOnly
from .tiny import WARNING, is_tiny

log = structlog.get_logger(__name__)

KINDS = frozenset(get_args(Grammar))

HINT = (
    "Dzień dobry, chcę zapytać o podatek od kupna samochodu, PCC-3. Gdzie jest mój zwrot podatku? "
    "Jak złożyć korektę zeznania PIT-37 w usłudze Twój e-PIT? Nie pamiętam telePIN, NIP, VAT, mikrorachunek podatkowy. "
    "Spadek i darowizna w urzędzie skarbowym, zaświadczenie, nadpłata. Proszę o połączenie z konsultantem."
)


def vosk_ear(model: Path, *, workers: int = 1, deadline: float = 2.0) -> Crew:
    """Vosk with the model folder ``model``: streaming, grammars for closed questions."""
    return Crew(
        "vosk",
        "voicebot.ears.vosk:VoskEngine",
        {"model": str(model)},
        streaming=True,
        workers=workers,
        capacity=16,
        deadline=deadline,
    )


def whisper_ear(model: Path, *, workers: int = 1, threads: int = 2, deadline: float = 6.0) -> Crew:
    """Whisper with the model folder ``model``: an utterance at a time, near a second of two cores each."""
    return Crew(
        "whisper",
        "voicebot.ears.whisper:WhisperEngine",
        {"model": str(model), "threads": threads, "hint": HINT},
        streaming=False,
        workers=workers,
        capacity=4,
        deadline=deadline,
    )


def found_ears(vosk: Path | None, whisper: Path | None) -> list[Ear]:
    """The ears whose models are there, best first; one that is not there is said in the log."""
    found: list[Ear] = []
    for name, model, make in (("vosk", vosk, vosk_ear), ("whisper", whisper, whisper_ear)):
        if model is None:
            continue
        if not model.is_dir():
            log.warning("ear.model_missing", ear=name, path=str(model), mend="infolinia models check")
            continue
        if is_tiny(model):
            log.warning("ear.tiny", path=str(model), what=WARNING)
        found.append(make(model))
    return found


async def open_ear(vosk: Path | None, whisper: Path | None, questions: Mapping[Grammar, str] | None = None) -> Ear:
    """The ears that start, warm: ``questions`` says which hears what (``vosk``, ``whisper``, ``keypad``), the best one
    hears the rest. An ear that is asked for and does not start is replaced by the best one, and the log says so. Never
    fails: at worst it is keys only."""
    started: list[Ear] = []
    wanted = dict(questions or {})
    for ear in found_ears(vosk, whisper):
        if (started or set(wanted) == KINDS) and ear.name not in wanted.values():
            continue
        try:
            await ear.start()
        except (EarError, OSError) as error:
            log.error("ear.cannot_start", ear=ear.name, why=str(error))
        else:
            started.append(ear)
    best: Ear = started[0] if started else KeypadOnly()
    if not started:
        await best.start()
    divided: dict[Grammar, Ear] = {}
    for grammar, name in wanted.items():
        ear = next((ear for ear in (*started, KeypadOnly()) if ear.name == name), best)
        if ear is best and name != best.name:
            log.warning("ear.not_there", grammar=grammar, wanted=name, instead=best.name)
        divided[grammar] = ear
    return Division(divided, best) if any(ear is not best for ear in divided.values()) else best
