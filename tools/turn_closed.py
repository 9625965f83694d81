"""Closed answers: what the ear has understood decides when the caller has finished. How often one is over before its
end."""

from collections.abc import Sequence
from typing import Protocol

from infolinia.settings import Settings
from tools.bench_media import Figures, spread
from tools.turn_sounds import frames, halves, spoken, voiced_span, voices
from voicebot import understand
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS
from voicebot.ears.choose import HINT
from voicebot.ears.ear import Question, Utterance
from voicebot.ears.tiny import TINY
from voicebot.ears.vosk import VoskEngine
from voicebot.ears.whisper import WhisperEngine
from voicebot.listen import STRICT
from voicebot.models import model_folder
from voicebot.turn import Decision, Timing, Turn
from voicebot.voice_activity import Loudness, WebRtc, voice_activity


class Engine(Protocol):
    """A recogniser in this process."""

    def begin(self, stream: int, question: Question) -> None: ...
    def feed(self, stream: int, pcm: bytes) -> str | None: ...
    def end(self, stream: int) -> Utterance: ...
    def drop(self, stream: int) -> None: ...


CLOSED = (
    "warmińsko-mazurskie",
    "kujawsko-pomorskie",
    "zachodniopomorskie",
    "dolnośląskie",
    "nie zgadza się",
    "jak najbardziej",
    "nie, dziękuję",
    "proszę połączyć z konsultantem",
    "jeszcze raz",
    "coś innego",
)
"""Answers of two parts, said by the voices that are there."""
CLOSED_PAUSES = (0.0, 0.3, 0.5, 0.8)


class Partials:
    """What an engine has understood so far, as a call would know it: at once with Vosk; with Whisper, which does not
    stream, in every pause, and nothing again when the caller speaks on."""

    def __init__(self, engine: Engine, question: Question, *, streams: bool) -> None:
        self._engine, self._question, self._streams = engine, question, streams
        self._said, self._guess, self._guessed = bytearray(), "", False
        engine.begin(1, question)

    def feed(self, pcm: bytes) -> None:
        self._said += pcm
        if self._streams:
            newer = self._engine.feed(1, pcm)
            self._guess = self._guess if newer is None else newer

    def at(self, silence: float) -> str:
        if self._streams:
            return self._guess
        if silence < FRAME_SECONDS / 2:
            self._guess, self._guessed = "", False
        elif silence + FRAME_SECONDS / 2 >= Timing().lull and not self._guessed:
            self._guess, self._guessed = self._ask(), True
        return self._guess

    def _ask(self) -> str:
        self._engine.begin(2, self._question)
        self._engine.feed(2, bytes(self._said))
        return self._engine.end(2).text

    def close(self) -> None:
        self._engine.drop(1)


def answered(pcm: bytes, engine: Engine, question: Question, *, streams: bool, begun: bool) -> tuple[float, str] | None:
    """When a closed answer is over, and what was understood by then. ``begun``: the beginning of an answer is waited
    for."""
    turn, detector, strict, loudness = Turn(60.0, 0.0, prompt=False), voice_activity(), WebRtc(STRICT), Loudness()
    phrases, heard = understand.Phrases(question.phrases), Partials(engine, question, streams=streams)
    cut = frames(pcm + bytes(FRAME_BYTES * 100))
    before, text = round(Timing().lookback / FRAME_SECONDS) + Timing().window, ""
    try:
        for n, frame in enumerate(cut):
            at = (n + 1) * FRAME_SECONDS
            if turn.speaking:
                heard.feed(frame)
            probability = loudness.judge(detector.probability(frame), frame, speaking=turn.speaking, under_prompt=False)
            decision = turn.frame(
                probability,
                at,
                sounds=strict.probability(frame) > 0,
                complete=phrases.complete(text),
                whole=phrases.holds(text),
                hesitating=understand.hesitates(text) or (begun and phrases.begun(text)),
            )
            if decision is Decision.BEGAN:
                heard.feed(b"".join(cut[max(0, n + 1 - before) : n + 1]))
            elif decision is Decision.ENDED:
                return at, text
            text = heard.at(turn.silence(at)) if turn.speaking else ""
    finally:
        heard.close()
    return None


async def closed_answers(ears: Sequence[str]) -> Figures:
    """How often a closed answer is over before its end, by ear and pause inside it. ``cut``: before it is an answer;
    what is one already may end early. Beside it the same without waiting for what has only begun."""
    question = Question("choice", (*CLOSED, *understand.YES_NO_PHRASES, *understand.CONTROL_PHRASES))
    said = [(words, pcm) for words in CLOSED for pcm in [await spoken(words, voice) for voice in voices()]]
    found: Figures = {"voices": voices(), "answers": len(said)}
    for ear in ears:
        engine, streams = engine_of(ear)
        for pause in CLOSED_PAUSES:
            for begun in (True, False):
                cut, others, early, late = list[str](), list[str](), 0, list[float]()
                for words, pcm in said:
                    torn = halves(pcm, pause) if pause else pcm
                    over, end = answered(torn, engine, question, streams=streams, begun=begun), voiced_span(torn)[1]
                    if over is not None and over[0] < end - 0.1:
                        whole = understand.Phrases(question.phrases).holds(over[1])
                        same = understand.words_of(words)[: len(understand.words_of(over[1]))]
                        early += whole
                        cut += [] if whole else [f"{words} ({over[1]})"]
                        others += [f"{words} ({over[1]})"] if whole and understand.words_of(over[1]) != same else []
                    elif over is not None:
                        late.append(over[0] - end)
                row = found.setdefault(f"{ear}, {'waits for the rest' if begun else 'does not'}", {})
                row[f"pause {pause:g} s"] = {
                    "cut_percent": round(100 * len(cut) / len(said), 1),
                    "answers_already_percent": round(100 * early / len(said), 1),
                    "end_to_decision": spread(late),
                    "cut": cut,
                    "another_answer": others,
                }
    return found


def engine_of(ear: str) -> tuple[Engine, bool]:
    """The recogniser in this process, and whether it streams."""
    if ear == "vosk":
        return VoskEngine(str(TINY)), True
    model = model_folder(Settings().var / "models", "whisper")
    return WhisperEngine(str(model), 2, HINT), False


def ears_here() -> list[str]:
    return ["vosk", *(["whisper"] if model_folder(Settings().var / "models", "whisper") else [])]
