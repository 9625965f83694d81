"""The training data: synthetic callers on synthetic telephone lines, each frame labelled with its phone."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import espeak, rhvoice
from .features import MIDDLE, mfcc
from .telephone import RATE, Wide, band, coloured, in_a_room, line
from .vocabulary import sentences

TRAINED = [
    "",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "f1",
    "f2",
    "f3",
    "f4",
    "Alex",
    "Andrea",
    "Andy",
    "Annie",
    "Denis",
    "Diogo",
    "Gene",
    "Henrique",
    "Hugo",
    "Jacky",
    "Lee",
    "Marco",
    "Mario",
    "Michael",
    "Mike",
    "adam",
    "anika",
    "antonio",
    "aunty",
    "belinda",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "ed",
    "edward",
    "grandma",
    "grandpa",
    "gustave",
    "iven",
    "iven2",
    "john",
    "linda",
    "marcelo",
    "max",
    "miguel",
    "norbert",
    "pablo",
    "paul",
    "pedro",
    "quincy",
    "rob",
    "sandro",
    "shelby",
    "steph2",
    "travis",
    "victor",
]
"""Variants of espeak-ng's Polish voice to learn from ("" is the voice itself) …"""
HELD_OUT = ["f5", "Alicia", "robert", "michel", "steph", "iven3", "Gene2"]
"""… and those kept for judging."""
UNLABELLED = -100


@dataclass(frozen=True)
class Clip:
    """``frames`` of one utterance and the phone of each; without labels ``phones`` is what is said in it, by words."""

    frames: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16] | None
    phones: list[list[str]]


class Telephone:
    """Puts clean speech on a line, as ``chance`` has it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._babble: deque[Wide] = deque(maxlen=40)

    def __call__(
        self, sound: npt.NDArray[np.int16], rate: int, fastest: float = 1.22
    ) -> tuple[npt.NDArray[np.int16], float, float]:
        """The sound of the call, the seconds of silence before the speech, and the speed."""
        speed = self.chance.uniform(0.82, fastest)
        speech = coloured(band(sound, rate * speed, low=self.chance.choice([80.0, 180.0, 280.0])), self.chance)
        if self.chance.random() < 0.3:
            speech = in_a_room(speech, self.chance, self._noise)
        before, after = self.chance.uniform(0.15, 0.6), self.chance.uniform(0.2, 0.7)
        self._babble.append(speech)
        whole = np.concatenate([np.zeros(int(before * RATE)), speech, np.zeros(int(after * RATE))])
        return line(whole, self.chance, self._noise, list(self._babble)), before, speed


def espeak_clips(
    count: int, seed: int, phones: dict[str, int], heard: Counter[tuple[str, tuple[str, ...]]]
) -> Iterator[Clip]:
    """``count`` labelled clips; ``heard`` counts how each word was said."""
    telephone = Telephone(seed)
    chance, text = telephone.chance, sentences(telephone.chance)
    made = 0
    while made < count:
        said = next(text)
        spoken = espeak.say(
            said, chance.choice(TRAINED), chance.randint(110, 240), chance.randint(20, 80), chance.randint(20, 80)
        )
        if not len(spoken.sound):
            continue
        heard.update((word, tuple(how)) for word, how in zip(said.split(), spoken.words, strict=False))
        sound, before, speed = telephone(spoken.sound, spoken.rate)
        frames = mfcc(sound)
        labels = np.zeros(len(frames), np.int16)
        end = before + len(spoken.sound) / spoken.rate / speed
        starts = [(name, before + at / speed) for name, at in spoken.phones]
        for (name, at), (_, until) in zip(starts, [*starts[1:], ("", end)], strict=True):
            first, last = (max(0, round((second - MIDDLE) * 100)) for second in (at, until))
            labels[first:last] = 0 if name == espeak.SILENCE else phones.get(name, UNLABELLED)
        made += 1
        yield Clip(frames, labels, spoken.words)


def rhvoice_clips(count: int, seed: int, voices: list[str], data: Path | None) -> Iterator[Clip]:
    """``count`` clips without labels, two lines for each rendering."""
    telephone = Telephone(seed)
    chance, text = telephone.chance, sentences(telephone.chance)
    made = 0
    while made < count:
        said = next(text)
        phones = espeak.say(said).words
        if not phones:
            continue
        sound, rate = rhvoice.say(said, chance.choice(voices), data, chance.randint(80, 135), chance.randint(85, 125))
        for _ in range(2):
            made += 1
            yield Clip(mfcc(telephone(sound, rate, 1.3)[0]), None, phones)


def noise_clips(count: int, seed: int) -> Iterator[Clip]:
    """Clips in which nobody speaks: noises that come and go."""
    telephone = Telephone(seed)
    noise = np.random.default_rng(seed)
    for _ in range(count):
        size = int(RATE * telephone.chance.uniform(1, 4))
        swell = np.interp(np.arange(size), np.sort(noise.integers(0, size, 9)), noise.uniform(0, 1, 9) ** 3)
        kind = telephone.chance.randrange(3)
        if kind == 0:
            made = noise.normal(size=size)
        elif kind == 1:
            made = np.sin(2 * np.pi * telephone.chance.uniform(200, 2500) * np.arange(size) / RATE)
        else:
            made = np.convolve(noise.normal(size=size), np.ones(telephone.chance.randint(2, 20)), "same")
        sound, _, _ = telephone(
            (3000 * swell * made / (np.std(made) + 1e-9)).clip(-32000, 32000).astype(np.int16), RATE
        )
        frames = mfcc(sound)
        yield Clip(frames, np.zeros(len(frames), np.int16), [])


def gather(clips: Iterator[Clip], count: int, title: str, say: Callable[[str], None]) -> list[Clip]:
    """All of ``clips``, with progress."""
    found: list[Clip] = []
    began = told = time.monotonic()
    for clip in clips:
        found.append(clip)
        if time.monotonic() - told > 10 or len(found) == count:
            told = time.monotonic()
            hours = sum(len(clip.frames) for clip in found) / 360_000
            say(f"{title}: {len(found)} of {count}, {hours:.2f} h of speech, {told - began:.0f} s")
    return found
