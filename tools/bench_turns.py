"""Whose turn it is, measured: our turn taking beside plain hang-over on WebRTC's detector, and on real calls.

    .venv/bin/python tools/bench_turns.py detectors [--minutes 2]   end-pointing, early cut-offs, noises
    .venv/bin/python tools/bench_turns.py calls [--calls 17]        end of speech to first sound, barge-in

``detectors`` needs no telephone: recordings and noises made by rule, through A-law. ``calls`` places calls to an engine
in this process, with the ear that the machine has; the ear works in a process of its own, as in the product.
"""

import argparse
import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from infolinia.settings import Settings
from ivr.dialogue.actions import Ask
from ivr.phones.meaning import Meaning
from recordings.caller.live import LiveCall
from tools.bench_media import spread, tone
from tools.media_rig import AUDIOSOCKET, Rig, rig, session_of
from tools.noise_corpus import KINDS, line, minutes, nods
from voicebot import understand
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, RATE, level, load, samples_of
from voicebot.ears.choose import HINT, open_ear
from voicebot.ears.ear import Ear, Utterance
from voicebot.ears.tiny import TINY
from voicebot.ears.vosk import VoskEngine
from voicebot.ears.whisper import WhisperEngine
from voicebot.listen import REAL_SPEECH, STRICT, WORD, Listener, Question, plausible
from voicebot.media import MediaServer, MediaSession
from voicebot.models import model_folder
from voicebot.turn import Decision, Timing, Turn
from voicebot.voice_activity import Loudness, VoiceActivity, WebRtc, voice_activity
from voicebot.voices.rhvoice import polish_voices
from voicebot.voices.voice import find_voice

Figures = dict[str, Any]


class Engine(Protocol):
    """A recogniser in this process."""

    def begin(self, stream: int, question: Question) -> None: ...
    def feed(self, stream: int, pcm: bytes) -> str | None: ...
    def end(self, stream: int) -> Utterance: ...
    def drop(self, stream: int) -> None: ...


DEMO = Path("recordings/demo")
VOICE_DB = -38.0
WAYS: dict[str, tuple[Callable[[], VoiceActivity], Timing]] = {
    "ours": (voice_activity, Timing()),
    "webrtcvad, 300 ms hang-over": (WebRtc, Timing(end=0.3, barge_in=0.1, murmur=0.3)),
    "webrtcvad, 600 ms hang-over": (WebRtc, Timing(barge_in=0.1)),
}
PAUSES = (0.2, 0.3, 0.4, 0.5, 0.55)
"""Pauses inside a sentence, in seconds: a breath, a thought."""

VOSK = "Vosk's end-pointer"
THINKS = Timing().open - Timing().end
"""Seconds in which an open answer that has ended may go on; what is said in them is added to it."""


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def voiced_span(pcm: bytes) -> tuple[float, float]:
    """Where speech begins and ends in a recording, in seconds, by loudness."""
    loud = [n for n, frame in enumerate(frames(pcm)) if level(frame) > VOICE_DB]
    return loud[0] * FRAME_SECONDS, (loud[-1] + 1) * FRAME_SECONDS


def utterances() -> dict[str, bytes]:
    draw = np.random.default_rng(5)
    return {file.stem: line(samples_of(load(file)).astype(np.float64), draw) for file in sorted(DEMO.glob("*.wav"))}


def halves(pcm: bytes, pause: float) -> bytes:
    """A sentence with a pause at its quietest place near the middle."""
    cut = frames(pcm)
    begin, end = (round(edge / FRAME_SECONDS) for edge in voiced_span(pcm))
    middle = range(begin + (end - begin) // 3, begin + 2 * (end - begin) // 3)
    at = min(middle, key=lambda n: level(cut[n]))
    return b"".join(cut[:at]) + bytes(round(pause / FRAME_SECONDS) * FRAME_BYTES) + b"".join(cut[at:])


def ends(pcm: bytes, way: str, thinks: float = 0.0) -> list[float]:
    """When a way of turn taking thinks that the caller has finished, in seconds, first to last. Who speaks on within
    the time that the ear ``thinks`` had not: that end is taken back."""
    activity, timing = WAYS[way]
    detector, turn, found = activity(), Turn(60.0, 0.0, prompt=False, timing=timing), []
    strict, loudness = WebRtc(STRICT), Loudness()
    for n, frame in enumerate(frames(pcm + bytes(FRAME_BYTES * 100))):
        at = (n + 1) * FRAME_SECONDS
        probability = detector.probability(frame)
        if way == "ours":
            probability = loudness.judge(probability, frame, speaking=turn.speaking, under_prompt=False)
        decision = turn.frame(probability, at, sounds=way == "ours" and strict.probability(frame) > 0)
        if decision is Decision.ENDED:
            found.append(at)
        elif decision is Decision.WENT_ON and at - found[-1] <= thinks:
            found.pop()
    return found


class VoskEndPointer:
    """Vosk's own end-pointer, with the small model of tests."""

    def __init__(self) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk, self._model = vosk, vosk.Model(str(TINY))

    def ends(self, pcm: bytes) -> list[float]:
        recogniser = self._vosk.KaldiRecognizer(self._model, RATE)
        found = []
        for n, frame in enumerate(frames(pcm + bytes(FRAME_BYTES * 150))):
            if recogniser.AcceptWaveform(frame) and json.loads(recogniser.Result()).get("text"):
                found.append((n + 1) * FRAME_SECONDS)
        return found


def end_pointing() -> Figures:
    """Seconds from the last sound of speech to the decision; how many utterances were cut off before their end."""
    found: Figures = {}
    known = utterances()
    theirs = VoskEndPointer()
    for way in (*WAYS, VOSK):

        def decisions(pcm: bytes, way: str = way) -> list[float]:
            return theirs.ends(pcm) if way == VOSK else ends(pcm, way)

        late, cut, missed, lasting = [], {"whole": 0, **{f"pause {pause:g} s": 0 for pause in PAUSES}}, 0, 0
        for name, pcm in known.items():
            decided = decisions(pcm)
            end = voiced_span(pcm)[1]
            missed += not decided
            cut["whole"] += bool(decided) and decided[0] < end - 0.1
            if decided:
                late.append(decided[-1] - end)
            for pause in PAUSES if len(name) > 8 else ():
                torn = halves(pcm, pause)
                decided = decisions(torn)
                cut[f"pause {pause:g} s"] += bool(decided) and decided[0] < voiced_span(torn)[1] - 0.1
                if way == "ours":
                    decided = ends(torn, way, THINKS)
                    lasting += bool(decided) and decided[0] < voiced_span(torn)[1] - 0.1
        long = sum(len(name) > 8 for name in known)
        share = {what: round(100 * n / (len(known) if what == "whole" else long), 1) for what, n in cut.items()}
        found[way] = {"end_to_decision": spread(late), "cut_off_percent": share, "not_heard": missed}
        if way == "ours":
            found[way]["cut_off_percent_not_taken_back"] = round(100 * lasting / (long * len(PAUSES)), 1)
    return found


# Closed answers: what the ear has understood decides when the caller has finished.

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


def voices() -> list[str]:
    """The voices of this machine that say the closed answers."""
    known = [f"rhvoice-{name}" for name in polish_voices()] if shutil.which("RHVoice-test") else []
    return known or ["espeak-ng"]


async def spoken(words: str, voice: str) -> bytes:
    sound = samples_of(await find_voice(voice).render(words)).astype(np.float64)
    return line(np.concatenate([np.zeros(RATE // 2), sound, np.zeros(RATE // 2)]), np.random.default_rng(7))


def engine_of(ear: str) -> tuple[Engine, bool]:
    """The recogniser in this process, and whether it streams."""
    if ear == "vosk":
        return VoskEngine(str(TINY)), True
    model = model_folder(Settings().var / "models", "whisper")
    return WhisperEngine(str(model), 2, HINT), False


def ears_here() -> list[str]:
    return ["vosk", *(["whisper"] if model_folder(Settings().var / "models", "whisper") else [])]


@dataclass
class Heard:
    """What a way of turn taking made of noise under a prompt."""

    held: int = 0
    taken: int = 0
    lost: int = 0
    sounds: list[tuple[bytes, float]] = field(default_factory=list)


def under_prompt(pcm: bytes, way: str) -> Heard:
    """``held``: the prompt fell silent for a while. ``sounds``: what an ear is asked about before it is lost."""
    activity, timing = WAYS[way]
    detector, turn, found = activity(), Turn(60.0, 0.0, prompt=True, timing=timing), Heard()
    cut, begin, strict, loudness = frames(pcm), 0, WebRtc(STRICT), Loudness()
    for n, frame in enumerate(cut):
        at = (n + 1) * FRAME_SECONDS
        probability = detector.probability(frame)
        if way == "ours":
            probability = loudness.judge(probability, frame, speaking=turn.speaking, under_prompt=turn.under_prompt)
        match turn.frame(probability, at, sounds=way == "ours" and strict.probability(frame) > 0):
            case Decision.BEGAN:
                found.held += 1
                begin = max(0, n - 20)
            case Decision.INTERRUPT:
                found.taken += 1
            case Decision.MURMUR:
                if turn.spoken >= WORD:
                    found.sounds.append((b"".join(cut[begin : n + 1]), turn.spoken))
                turn.again(at)
            case Decision.ENDED | Decision.TOO_LONG:
                found.sounds.append((b"".join(cut[begin : n + 1]), turn.spoken))
                turn.again(at)
    return found


async def noises(ear: Ear, count: float) -> Figures:
    """Noise under a prompt: how often ten minutes of it hold a prompt, and how often one is lost, by kind."""
    found: Figures = {}
    corpus = {kind: minutes(kind, count) for kind in KINDS}
    for way in WAYS:
        rows: Figures = {}
        for kind, pcm in corpus.items():
            heard = under_prompt(pcm, way)
            lost = heard.taken
            if way == "ours":
                lost = sum([await answers(ear, *sound) for sound in heard.sounds])
            rows[kind] = {"held": round(heard.held * 10 / count, 1), "lost": round(lost * 10 / count, 1)}
        rows["all"] = {
            name: round(sum(row[name] for row in rows.values()) / len(KINDS), 2) for name in ("held", "lost")
        }
        found[way] = rows
    said = list(nods())
    for way in WAYS:
        lost = 0
        for _, pcm in said:
            heard = under_prompt(pcm + bytes(RATE * 4), way)
            asked = [await answers(ear, *sound) for sound in heard.sounds] if way == "ours" else [heard.taken > 0]
            lost += any(asked)
        found[way]["nods_that_lost_the_prompt"] = f"{lost} of {len(said)}"
    return found


async def answers(ear: Ear, sound: bytes, spoken: float) -> bool:
    """Whether an ear finds in ``sound`` what takes the turn at an open question (as ``voicebot.listen`` judges)."""
    hearing = ear.listen(Question("matter"))
    if hearing is None:
        return False
    hearing.feed(sound)
    utterance = plausible(await hearing.finish(), spoken)
    if utterance is None:
        return spoken > REAL_SPEECH
    return bool(utterance.text) and not understand.nods(utterance.text)


# --------------------------------------------------------------------------------------------------------- real calls


@dataclass
class Spoken:
    """One answer on a call: loop times of its parts."""

    end: float = 0.0
    ended: float = 0.0
    text: float = 0.0
    play: float = 0.0
    heard: float = 0.0

    def parts(self) -> dict[str, float]:
        return {
            "line and end-pointing": self.ended - self.end,
            "ear": self.text - self.ended,
            "understanding": self.play - self.text,
            "first sound": self.heard - self.play,
            "end of speech to first sound": self.heard - self.end,
        }


class Bot:
    """The engine's side of one call: listens, understands, answers with a tone."""

    def __init__(self, media: MediaSession, listener: Listener, meaning: Meaning) -> None:
        self._media, self._listener, self._meaning = media, listener, meaning
        self._loop = asyncio.get_running_loop()

    async def answer(self, ask: Ask, spoken: Spoken) -> None:
        def floor(whose: str) -> None:
            if whose == "bot":
                spoken.ended = self._loop.time()

        phrases = (
            understand.YES_NO_PHRASES if ask.grammar == "yes-no" else tuple(w for ws in ask.words.values() for w in ws)
        )
        question = Question(ask.grammar, phrases, 10.0)
        utterance = await self._listener.hear(self._media, None, question, floor)
        spoken.text = self._loop.time()
        if utterance is not None:
            self._meaning.of(ask, utterance)
        spoken.play = self._loop.time()
        self._media.play(tone(0.5))


OPEN = Ask(question="matter", lines=(), grammar="matter")
YES_NO = Ask(question="q", lines=(), grammar="yes-no")
OFFICES = Ask(
    question="office",
    lines=(),
    grammar="choice",
    words={"m": ("mazowieckie", "małopolskie"), "d": ("dolnośląskie",)},
)
ASKED = {"tak": YES_NO, "nie": YES_NO, "malopolskie": OFFICES, "dolnoslaskie": OFFICES, "mazowieckie": OFFICES}


async def one_answer(
    made: Rig, media: MediaServer, listener: Listener, meaning: Meaning, number: str, name: str
) -> Spoken:
    expected = media.expect(session_of(number))
    call = await made.dial(number)
    bot = Bot(await asyncio.wait_for(expected, 5), listener, meaning)
    spoken = Spoken()
    answering = asyncio.create_task(bot.answer(ASKED.get(name, OPEN), spoken))
    await asyncio.sleep(0.5)
    pcm = load(DEMO / f"{name}.wav")
    began = asyncio.get_running_loop().time()
    await call.say(pcm)
    spoken.end = began + voiced_span(pcm)[1]
    await answering
    call.mark = spoken.play
    spoken.heard = await call.wait_speech(5)
    call.hang_up()
    return spoken


async def one_barge_in(made: Rig, media: MediaServer, listener: Listener, number: str, name: str) -> float | None:
    """Seconds from the first sound of speech to the prompt silent at the caller's ear."""
    expected = media.expect(session_of(number))
    call: LiveCall = await made.dial(number)
    session = await asyncio.wait_for(expected, 5)
    prompt = session.play(tone(20))
    hearing = asyncio.create_task(listener.hear(session, prompt, Question("matter", patience=3)))
    await call.wait_speech(5)
    await asyncio.sleep(0.7)
    loop, pcm = asyncio.get_running_loop(), load(DEMO / f"{name}.wav")
    began = loop.time() + voiced_span(pcm)[0]
    call.leg.media.say(pcm)
    heard = call.leg.media.hearing
    while loop.time() < began + 3:
        await asyncio.sleep(0.01)
        if loop.time() > began + 0.15 and heard.quiet_for(loop.time()) > 0.15:
            break
    found = heard.segments[-1].end - began if heard.quiet_for(loop.time()) > 0.15 else None
    hearing.cancel()
    call.hang_up()
    return found


async def calls(count: int, ear: str) -> Figures:
    listener = Listener(await ear_here(ear))
    meaning = Meaning(lambda: None)
    names = [file.stem for file in sorted(DEMO.glob("*.wav"))]
    found: Figures = {"ear": listener.ear.name}
    async with rig() as made:
        media = MediaServer()
        await media.start("127.0.0.1", made.audiosocket)
        spoken = []
        for n in range(count):
            name = names[n % len(names)]
            spoken.append((name, await one_answer(made, media, listener, meaning, f"{AUDIOSOCKET}{n:04}", name)))
        for kind, chosen in (("commands", True), ("open question", False)):
            of_kind = [one.parts() for name, one in spoken if (name in ASKED) is chosen]
            if of_kind:
                found[kind] = {part: spread([parts[part] for parts in of_kind]) for part in of_kind[0]}
        silent = []
        for n in range(count):
            silent.append(
                await one_barge_in(made, media, listener, f"{AUDIOSOCKET}{1000 + n:04}", names[n % len(names)])
            )
        found["barge-in: speech to silence"] = spread([value for value in silent if value is not None])
        found["barge-in: not stopped"] = sum(value is None for value in silent)
        await media.close()
    await listener.ear.close()
    return found


EARS = ("best", "tiny", "whisper")


async def ear_here(name: str) -> Ear:
    """``best``: what an engine of this installation would have; ``tiny``: Vosk with the small model of tests."""
    settings = Settings()
    models = settings.var / "models"
    if name == "tiny":
        return await open_ear(TINY, None)
    if name == "whisper":
        return await open_ear(None, model_folder(models, "whisper"))
    return await open_ear(settings.vosk_model or model_folder(models, "vosk"), model_folder(models, "whisper"))


async def detectors(count: float, name: str) -> Figures:
    ear = await ear_here(name)
    try:
        return {
            "ear": ear.name,
            "end-pointing": end_pointing(),
            "closed answers": await closed_answers(ears_here()),
            "under a prompt, in 10 minutes": await noises(ear, count),
        }
    finally:
        await ear.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("detectors", "calls"))
    parser.add_argument("--minutes", type=float, default=2.0, help="of each kind of noise")
    parser.add_argument("--calls", type=int, default=17)
    parser.add_argument("--ear", choices=EARS, default="best")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    ear = options.ear
    run = (
        detectors(min(options.minutes, 10), ear) if options.what == "detectors" else calls(min(options.calls, 60), ear)
    )
    found = asyncio.run(run)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
