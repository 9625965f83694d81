"""Replays with this installation's parts: the plan, the fictitious callers, the topics and the ear."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from infolinia import logs
from infolinia.rehearsals import stage_of
from infolinia.settings import Settings
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from recordings.fixture.folder import FixtureError, Folder, load
from recordings.fixture.model import Made
from recordings.replay import audio, journal
from recordings.replay.accept import accept
from recordings.replay.core_call import CALL, play
from recordings.replay.ear import Memory, RememberingEar
from recordings.replay.judge import refused
from recordings.replay.run import Replay
from recordings.replay.streaming_ear import StreamingEar
from recordings.replay.verdict import Result
from voicebot.ears.choose import HINT
from voicebot.ears.vosk import VoskEngine
from voicebot.ears.whisper import BEAM, MARGIN, SHORTEST, WhisperEngine
from voicebot.models import model_folder
from voicebot.topics.recogniser import ensure_model

EAR = f"whisper-base-{hashlib.sha256(f'{HINT} {BEAM} {SHORTEST} {MARGIN}'.encode()).hexdigest()[:6]}"
"""The recogniser, what it is primed with and how it looks: another one hears otherwise."""
HEARD = "heard.jsonl"
THREADS = 1
NO_VOSK = "ucho Vosk potrzebuje modelu: INFOLINIA_VOSK_MODEL=folder modelu albo tiny (próbny, z głosów syntetycznych)"


def by_journal(settings: Settings, update: bool = False) -> Replay:
    """Replays through the core of today's code, on the plan of ``settings``. ``update``: what it does today is written
    into the fixture. Raises ``PlanError``."""
    plan = load_plan(settings.dialplans)

    def replay(folder: Folder) -> Result:
        result = journal.replay(plan, folder)
        made = folder.fixture.made
        if update and result.verdict == "fail" and made is not None:
            played = play(plan, folder.journal, made.call)
            if played.stuck is None and not played.broken:
                accepted = accept(folder, played.turns, made.model_copy(update={"plan": plan.version}), {})
                return _again(accepted, result, lambda: journal.replay(plan, load(folder.path)))
        return result

    return judging("journal", replay)


def by_audio(settings: Settings, update: bool = False, fresh: bool = False, kind: str = "whisper") -> Replay:
    """Replays through the whole engine with the ear ``kind`` (``whisper``; ``vosk`` with the model of ``settings``), on
    a virtual clock. ``fresh``: listens to everything again instead of remembering what was heard. ``update`` keeps what
    Whisper hears. Raises ``PlanError`` or ``FileNotFoundError`` (no such model)."""
    logs.to_file(settings.var / "log" / "replay.log")
    stage = stage_of(load_plan(settings.dialplans), settings)
    listening = _Listening(settings)

    def replay(folder: Folder) -> Result:
        ear = listening.ear(folder.path, fresh) if kind == "whisper" else listening.vosk()
        result, course = audio.replay(stage, folder, ear)
        if update and isinstance(ear, RememberingEar) and course is not None and course.whole:
            ear.memories[0].save(ear.used)
            asked = course.caller.questions if course.caller else {}
            made = made_with(stage.plan, settings, ear.name, "audio")
            accepted = accept(folder, course.turns, made, asked)
            return _again(
                accepted, result, lambda: audio.replay(stage, load(folder.path), listening.ear(folder.path))[0]
            )
        return result

    return judging("audio", replay)


def _again(accepted: Sequence[str], before: Result, replay: Callable[[], Result]) -> Result:
    """The verdict once the files ``accepted`` were changed: what could not be accepted still fails."""
    if not accepted:
        return before
    result = replay()
    return replace(result, facts={**result.facts, "accepted": accepted})


def made_with(
    plan: Plan, settings: Settings, ear: str, how: Literal["audio", "call", "life"], call: str = CALL
) -> Made:
    """The versions of this installation's parts, for a journal made today."""
    return Made(
        on=date.today().isoformat(),
        how=how,
        call=call,
        plan=plan.version,
        topics=ensure_model(settings.dialplans, settings.var / "topics").stem,
        prompts=prompts_version(settings.dialplans),
        ear=ear,
    )


def prompts_version(dialplans: Path) -> str:
    """Names the texts of the prompts and the studio recordings."""
    files = [dialplans / "prompts.yaml", *sorted((dialplans / "recordings").glob("*.wav"))]
    total = hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file()))
    return total.hexdigest()[:16]


class _Listening:
    """The recogniser of this installation and what it is remembered to have heard."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model = model_folder(settings.var / "models", "whisper")
        self._cache = Memory(settings.var / "replay" / "heard.jsonl", appends=True)

    def ear(self, fixture: Path, fresh: bool = False) -> RememberingEar:
        """An ear for one replay of ``fixture``."""
        engine = self._engine if self._model is not None else None
        return RememberingEar(EAR, engine, [Memory(fixture / HEARD), self._cache], fresh=fresh)

    @lru_cache(maxsize=1)  # noqa: B019  # lives as long as the process
    def vosk(self) -> StreamingEar:
        """The ear that streams, of the Vosk model that the settings name."""
        model = self._settings.vosk_model
        if model is None:
            raise FileNotFoundError(NO_VOSK)
        return StreamingEar(f"vosk-{model.name}", VoskEngine(str(model)))

    @lru_cache(maxsize=1)  # noqa: B019  # lives as long as the process
    def _engine(self) -> WhisperEngine:
        assert self._model is not None
        return WhisperEngine(str(self._model), threads=THREADS, hint=HINT)


def judging(depth: str, replay: Callable[[Folder], Result]) -> Replay:
    """``replay`` of a folder that can be read; one that cannot is refused, with every fault of its file."""

    def judged(path: Path) -> Result:
        try:
            folder = load(path)
        except FixtureError as error:
            why = "; ".join(f"{path.name}/{fault}" for fault in error.faults)
            return refused(path.name, str(path), depth, why)
        return replay(folder)

    return judged
