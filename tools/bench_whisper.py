"""How short a window Whisper may look at: word errors and time by the window's length and the beam, side by side.

    .venv/bin/python tools/bench_whisper.py [--shortest 30 15 10 6] [--beam 5] [--json FILE]

Recordings of `recordings/demo` and, where they are there, `../shared/audio/callers-rhvoice`: as they are, with noise
15 and 8 dB under the voice, and three in a row as one long utterance. Each is put to every way before the next one, so
that what else the machine does falls on all alike. The open question, with the shipped hint.
"""

import argparse
import csv
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infolinia.settings import Settings
from voicebot.audio import load, pcm_of, samples_of
from voicebot.ears import whisper
from voicebot.ears.choose import HINT
from voicebot.ears.ear import Question
from voicebot.models import model_folder
from voicebot.understand import words_of

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "recordings/demo", ROOT.parent / "shared/audio/callers-rhvoice")
NOISES = (None, 15.0, 8.0)
Sound = npt.NDArray[np.float64]


def recordings() -> Iterator[tuple[str, str, str, Sound]]:
    """Set, voice, words and sound of every recording with a transcript."""
    for folder in FOLDERS:
        if not (folder / "transcripts.tsv").is_file():
            continue
        with (folder / "transcripts.tsv").open(encoding="utf-8", newline="") as rows:
            for name, voice, words, *_ in csv.reader(rows, delimiter="\t"):
                if (folder / name).is_file():
                    yield folder.name, voice, words, samples_of(load(folder / name)).astype(np.float64)


def utterances() -> Iterator[tuple[str, str, bytes]]:
    """Set, words, sound: each recording over three lines, and three of one voice in a row."""
    draw, rows = np.random.default_rng(3), defaultdict[tuple[str, str], list[tuple[str, Sound]]](list)
    for name, voice, words, sound in recordings():
        for noise in NOISES:
            loud = np.sqrt(np.mean(sound**2)) * 10 ** (-(noise or 0) / 20)
            noisy = sound if noise is None else sound + draw.normal(0, loud, len(sound))
            yield f"{name}, {'clean' if noise is None else f'{noise:g} dB'}", words, pcm(noisy)
        if len(words.split()) > 3:
            rows[name, voice].append((words, sound))
    for (name, _), row in rows.items():
        for at in range(0, len(row) - 2, 3):
            three = row[at : at + 3]
            words = " ".join(words for words, _ in three)
            yield f"{name}, three in a row", words, pcm(np.concatenate([sound for _, sound in three]))


def pcm(sound: Sound) -> bytes:
    return pcm_of(np.clip(sound, -32768, 32767).astype(np.int16))


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words to change, add or take away."""
    row = list(range(len(heard) + 1))
    for n, word in enumerate(said, start=1):
        before, row[0] = row[0], n
        for m, other in enumerate(heard, start=1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (word != other))
    return row[-1]


def measure(model: Path, windows: Sequence[float], beam: int) -> dict[str, Any]:
    whisper.BEAM, whisper.READINGS = beam, min(whisper.READINGS, beam)
    engine = whisper.WhisperEngine(str(model), 2, HINT)
    wrong = {shortest: defaultdict[str, int](int) for shortest in windows}
    took, words = defaultdict[float, list[float]](list), defaultdict[str, int](int)
    for name, said, sound in utterances():
        words[name] += len(words_of(said))
        for shortest in windows:
            engine.shortest = shortest
            engine.begin(1, Question("matter"))
            engine.feed(1, sound)
            began = time.perf_counter()
            heard = engine.end(1).text
            took[shortest].append(time.perf_counter() - began)
            wrong[shortest][name] += errors(words_of(said), words_of(heard))
    return {
        f"{shortest:g} s": {
            "word_errors_percent": {name: round(100 * wrong[shortest][name] / words[name], 1) for name in words},
            "p50_ms": round(1000 * float(np.percentile(took[shortest], 50))),
            "p95_ms": round(1000 * float(np.percentile(took[shortest], 95))),
        }
        for shortest in windows
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shortest", type=float, nargs="+", default=[30.0, 15.0, 10.0, 6.0], help="seconds")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    model = model_folder(Settings().var / "models", "whisper")
    if model is None:
        parser.exit(1, "no Whisper model in var/models: infolinia models get whisper-base\n")
    found = measure(model, options.shortest, options.beam)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
