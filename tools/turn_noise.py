"""Noise and nods under a prompt: how often each way of turn taking holds it, and how often it is lost."""

from dataclasses import dataclass, field

from tools.bench_media import Figures
from tools.noise_corpus import KINDS, minutes, nods
from tools.turn_ends import WAYS
from tools.turn_sounds import frames
from voicebot import understand
from voicebot.audio import FRAME_SECONDS, RATE
from voicebot.ears.ear import Ear, Question
from voicebot.listen import REAL_SPEECH, STRICT, WORD, plausible
from voicebot.turn import Decision, Turn
from voicebot.voice_activity import Loudness, Vowels, WebRtc


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
    cut, begin, strict, loudness, vowels = frames(pcm), 0, WebRtc(STRICT), Loudness(), Vowels()
    for n, frame in enumerate(cut):
        at = (n + 1) * FRAME_SECONDS
        probability = detector.probability(frame)
        if way == "ours":
            probability = loudness.judge(probability, frame, speaking=turn.speaking, under_prompt=turn.under_prompt)
        vowel = vowels.begins(frame) and turn.under_prompt and way == "ours"
        match turn.frame(probability, at, sounds=way == "ours" and strict.probability(frame) > 0, vowel=vowel):
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
