"""How the model does on voices that it was not trained on: word errors, and what it takes for a word that was none."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from . import espeak, rhvoice
from .corpus import HELD_OUT, Telephone
from .language import UNKNOWN
from .vocabulary import ROOT, answers, number, vocabulary, words

UNSEEN = ROOT / "tests/voicebot/topics/heldout/independent-a.yaml"
"""Sentences to the open question that taught nothing."""
YES_NO = (
    "tak",
    "nie",
    "zgadza się",
    "nie zgadza się",
    "konsultant",
    "proszę połączyć z konsultantem",
    "powtórz",
    "nie wiem",
)

MOST_ERRORS = {("answer", "grammar"): 0.15, ("place", "grammar"): 0.15, ("number", "free"): 0.25}
"""Shares of wrong words, espeak-ng's held-out voices, above which a model proves nothing and is not taken."""
MOST_TAKEN = 0.15
"""The share of strange words that a grammar may take for its own."""


@dataclass(frozen=True)
class Case:
    kind: str
    voice: str
    text: str
    sound: npt.NDArray[np.int16]


@dataclass
class Score:
    """Word errors of ``said`` words; of ``cases``, those ``wrong`` in any word."""

    errors: int = 0
    said: int = 0
    cases: int = 0
    wrong: int = 0
    heard: list[tuple[str, str]] = field(default_factory=list)

    def add(self, text: str, heard: str) -> None:
        self.errors += distance(text.split(), heard.split())
        self.said += len(text.split())
        self.cases += 1
        self.wrong += text != heard
        self.heard.append((text, heard))

    @property
    def rate(self) -> float:
        return self.errors / max(1, self.said)


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words inserted, left out or replaced."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for place, other in enumerate(heard, 1):
            diagonal, row[place] = row[place], min(diagonal + (word != other), row[place] + 1, row[place - 1] + 1)
    return row[-1]


def texts(chance: random.Random, kind: str) -> str:
    """A sentence of ``kind``: ``answer`` to yes or no, ``place``, ``number``, ``matter`` (of known words), ``strange``
    (nothing of it is known)."""
    if kind == "answer":
        return chance.choice(YES_NO)
    if kind == "place":
        return chance.choice([text for text in answers() if text.endswith("skie")])
    if kind == "number":
        return number(chance)
    known = set(vocabulary())
    if kind == "matter":
        return chance.choice([text for text in _unseen() if set(text.split()) <= known and len(text.split()) > 2])
    return " ".join(chance.choice(_strangers()) for _ in range(chance.randint(1, 3)))


def _unseen() -> list[str]:
    listed = YAML(typ="safe").load(UNSEEN.read_text(encoding="utf-8"))
    found = listed["utterances"] if "utterances" in listed else next(v for v in listed.values() if isinstance(v, list))
    return [" ".join(words(str(each["text"]))) for each in found if not any(map(str.isdigit, str(each["text"])))]


def _strangers() -> list[str]:
    """Words of the language that are no words of the hotline."""
    known = set(vocabulary())
    said = (
        "pogoda zmienna książka ptaki śpiewają samolot gitara herbata kwiaty chleb pociąg morze niebieski czerwony "
        "łyżka widelec kanapka parasol żółw wiewiórka jezioro śnieżyca kaloryfer długopis zegarek szklanka poduszka "
        "truskawka ogórek rower hulajnoga piosenka latarnia wulkan kangur pomidor szachy fortepian kominek rękawiczka"
    )
    return [word for word in said.split() if word not in known]


def cases(count: int, seed: int, data: Path | None, say: Callable[[str], None]) -> Iterator[Case]:
    """``count`` cases of each kind and voice: held-out variants of espeak-ng, RHVoice voices not trained on."""
    telephone = Telephone(seed)
    chance = telephone.chance
    others = [voice for voice in rhvoice.voices(data) if voice not in rhvoice.TRAINED]
    for voice in ["espeak-ng", *others]:
        for kind in ("answer", "place", "number", "matter", "strange"):
            for _ in range(count):
                text = texts(chance, kind)
                if voice == "espeak-ng":
                    spoken = espeak.say(text, chance.choice(HELD_OUT), chance.randint(120, 200), chance.randint(35, 65))
                    sound, rate = spoken.sound, spoken.rate
                else:
                    sound, rate = rhvoice.say(text, voice, data)
                yield Case(kind, voice, text, telephone(sound, rate, 1.0)[0])
        say(f"cases of {voice} are made")


def recognise(vosk: Any, model: Any, sound: npt.NDArray[np.int16], grammar: Sequence[str] = ()) -> str:
    options = [json.dumps([*grammar, UNKNOWN], ensure_ascii=False)] if grammar else []
    recogniser = vosk.KaldiRecognizer(model, 8000, *options)
    pcm = sound.astype("<i2").tobytes()
    parts = []
    for start in range(0, len(pcm), 640):
        if recogniser.AcceptWaveform(pcm[start : start + 640]):
            parts.append(json.loads(recogniser.Result())["text"])
    parts.append(json.loads(recogniser.FinalResult())["text"])
    return " ".join(word for word in " ".join(parts).split() if word != UNKNOWN)


def judge(folder: Path, made: Sequence[Case]) -> dict[tuple[str, str, str], Score]:
    """Scores by (voice, kind, ``grammar`` or ``free``). ``wrong`` of strange words are those taken for known ones."""
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(str(folder))
    places = [text for text in answers() if text.endswith("skie")]
    found: dict[tuple[str, str, str], Score] = {}
    for case in made:
        grammars = {"answer": YES_NO, "place": [*places, *YES_NO[4:]], "strange": [*YES_NO, *places]}
        for way, grammar in (("grammar", grammars.get(case.kind)), ("free", ())):
            if grammar is None or (way == "free" and case.kind == "answer"):
                continue
            heard = recognise(vosk, model, case.sound, grammar)
            found.setdefault((case.voice, case.kind, way), Score()).add(
                "" if case.kind == "strange" else case.text, heard
            )
    return found


def faults(scores: dict[tuple[str, str, str], Score]) -> list[str]:
    """Why a model with these scores is not to be taken; nothing: it may be."""
    found = []
    for (kind, way), most in MOST_ERRORS.items():
        score = scores.get(("espeak-ng", kind, way), Score())
        if not score.cases or score.rate > most:
            found.append(
                f"{kind} ({way}): {100 * score.rate:.0f} % of {score.said} words wrong, {100 * most:.0f} % at most"
            )
    strange = [score for (_, kind, way), score in scores.items() if (kind, way) == ("strange", "grammar")]
    taken, asked = sum(score.wrong for score in strange), sum(score.cases for score in strange)
    if not asked or taken > MOST_TAKEN * asked:
        found.append(f"{taken} of {asked} strange sayings taken for words, {100 * MOST_TAKEN:.0f} % at most")
    return found
