"""Fits how sure a reading of a closed question is, for each ear; prints the curves for ``voicebot/confidence.py``.

    .venv/bin/python tools/calibrate_ears.py [--ear whisper] [--ear tiny]

The demo's recordings are put to three closed questions, over lines with noise at four levels, A-law. A reading is right
when it is what the recording answers to that question; a sentence that answers none of them has no right reading. The
judgement leaves out the recording that is judged. Few recordings and synthetic voices: the curve says how an ear errs,
not how citizens speak.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.bench_turns import OFFICES, ear_here
from tools.noise_corpus import line
from tools.turn_sounds import DEMO
from voicebot.audio import load, samples_of
from voicebot.ears.ear import Ear, Question, Utterance
from voicebot.understand import CONTROL_PHRASES, YES_NO_PHRASES, read_choice

Table = npt.NDArray[np.float64]
QUESTIONS = {
    "yes-no": (Question("yes-no", (*YES_NO_PHRASES, *CONTROL_PHRASES)), {"yes": (), "no": ()}),
    "choice": (
        Question("choice", (*(w for ws in OFFICES.words.values() for w in ws), *CONTROL_PHRASES)),
        {"mazowieckie": ("mazowieckie",), "malopolskie": ("małopolskie",), "dolnoslaskie": ("dolnośląskie",)},
    ),
}
COMMANDS = {
    "konsultant": "__human__",
    "powtorz": "__repeat__",
    "nie-wiem": "__none__",
    "telepin-nie-pamietam": "__skip__",
}
RIGHT = {
    "yes-no": {"tak": "yes", "tak-zgadza-sie": "yes", "nie": "no", "nie-dziekuje": "no", **COMMANDS},
    "choice": {name: name for name in ("mazowieckie", "malopolskie", "dolnoslaskie")} | COMMANDS,
}
NOISES = (0.0, 300.0, 900.0, 2000.0)
"""RMS of the noise added, of 32768; a caller's is 2000 to 4000."""


async def answers(ear: Ear) -> list[tuple[str, float, float, bool]]:
    """Recording, confidence of the ear, fit of the words, whether the best reading is right; readings only."""
    draw, found = np.random.default_rng(11), []
    for file in sorted(DEMO.glob("*.wav")):
        sound = samples_of(load(file)).astype(np.float64)
        for noise in NOISES:
            pcm = line(sound + draw.normal(0, noise or 1e-9, len(sound)), draw)
            for kind, (question, words) in QUESTIONS.items():
                utterance = await heard(ear, question, pcm)
                readings = read_choice(utterance.text, words) if utterance else []
                if utterance and readings:
                    right = RIGHT[kind].get(file.stem) == readings[0][0]
                    found.append((file.stem, utterance.confidence, readings[0][1], right))
    return found


async def heard(ear: Ear, question: Question, pcm: bytes) -> Utterance | None:
    for _ in range(60):
        hearing = ear.listen(question)
        if hearing is not None:
            break
        await asyncio.sleep(0.5)  # it is being replaced
    else:
        return None
    hearing.feed(pcm)
    return await hearing.finish()


def fit(features: Table, right: Table, prior: float = 0.1) -> Table:
    """Logistic regression by Newton's method, with a small pull of the slopes towards nothing."""
    design = np.column_stack([np.ones(len(features)), features])
    weights, pull = np.zeros(design.shape[1]), np.diag([0.01, prior, prior])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (right - chance) - pull @ weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + pull
        weights += np.linalg.solve(bend, slope)
    return np.asarray(weights)


def error(chance: Table, right: Table, bins: int = 5) -> float:
    """Expected calibration error over bins of equal size."""
    parts = np.array_split(np.argsort(chance), bins)
    return float(sum(len(p) * abs(chance[p].mean() - right[p].mean()) for p in parts if len(p)) / len(chance))


def judged(rows: list[tuple[str, float, float, bool]]) -> dict[str, Any]:
    features = np.array([row[1:3] for row in rows])
    right = np.array([float(row[3]) for row in rows])
    chance = np.zeros(len(rows))
    for name in {row[0] for row in rows}:
        out = np.array([row[0] == name for row in rows])
        weights = fit(features[~out], right[~out])
        chance[out] = 1 / (1 + np.exp(-np.column_stack([np.ones(out.sum()), features[out]]) @ weights))
    taken = chance >= 0.5
    return {
        "curve": [round(float(weight), 3) for weight in fit(features, right)],
        "readings": len(rows),
        "right_percent": round(100 * float(right.mean()), 1),
        "calibration_error_percent": round(100 * error(chance, right), 1),
        "calibration_error_of_the_ears_own_percent": round(100 * error(features[:, 0], right), 1),
        "calibration_error_of_the_words_fit_percent": round(100 * error(features[:, 1], right), 1),
        "accepted_at_0.5_percent": round(100 * float(taken.mean()), 1),
        "wrong_of_accepted_percent": round(100 * float(1 - right[taken].mean()), 1) if taken.any() else None,
    }


async def measure(names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    found = []
    for name in names:
        ear = await ear_here(name)
        try:
            found.append((ear.name, judged(await answers(ear))))
        finally:
            await ear.close()
    return iter(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ear", action="append", choices=("whisper", "tiny"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = dict(asyncio.run(measure(options.ear or ["whisper", "tiny"])))
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
