"""Phrases as the ear writes them: ``python tools/heard_phrases.py [--minutes 6] [--most 900]``.

Taught phrases are spoken by one RHVoice voice that judges nothing (``VOICE``), sent through A-law at 8 kHz and heard by
the shipped Whisper. A line of JSON each goes to ``var/bench/heard-phrases.jsonl`` at once: run it again to go on.
``--write`` appends what was heard, where it differs from what was said, to the phrases, with the style ``heard``.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asr_tiny import rhvoice

from voicebot.audio import RATE, alaw_decode, alaw_encode, pcm_of, resample
from voicebot.ears.choose import HINT
from voicebot.ears.ear import Question
from voicebot.ears.whisper import WhisperEngine
from voicebot.topics.catalogue import NONE, Phrase, load_catalogue

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var/bench/heard-phrases.jsonl"
VOICE = "michal"
"""Speaks what teaches; never what judges (``JUDGES`` in ``bench_topics.py``)."""
SEED = 5
UNSPOKEN = ("noisy",)
"""Styles of writing, not of speech."""
LEAST = 0.4
"""What the ear itself hardly believes teaches nothing."""
OUTSIDE = 6
"""Out-of-scope phrases for one of a topic: they are of no one kind."""


def spread(phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """All phrases that can be spoken, topic after topic in turn: however many are taken, no topic has more than one
    above another."""
    chance = random.Random(SEED)
    parts: dict[str, list[Phrase]] = {}
    for phrase in chance.sample(list(phrases), len(phrases)):
        if phrase.style not in UNSPOKEN and _diacritics(phrase.text):
            parts.setdefault(phrase.label, []).append(phrase)
    while parts:
        for label in sorted(parts):
            for _ in range(OUTSIDE if label == NONE else 1):
                if parts[label]:
                    yield parts[label].pop()
        parts = {label: rest for label, rest in parts.items() if rest}


def _diacritics(text: str) -> bool:
    """Long enough without a Polish letter, a text was written without them, and a voice would misread it."""
    return len(text) < 25 or any(sign in "ąćęłńóśźż" for sign in text)


def line_of(text: str, voice: str, data: Path | None, rate: int = 100, pitch: int = 100) -> bytes:
    """``text`` as it comes off the telephone line: linear PCM at 8 kHz that was A-law."""
    samples, native = rhvoice.say(text, voice, data, rate, pitch)
    return alaw_decode(alaw_encode(pcm_of(resample(samples.astype(np.float64), native, RATE))))


def hear(minutes: float, most: int, data: Path | None) -> None:
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    done = {(one["label"], one["text"]) for one in kept()}
    engine = WhisperEngine(str(ROOT / "var/models/whisper-base"), 2, HINT)
    end = time.monotonic() + minutes * 60
    chance = random.Random(SEED + 1)
    with KEPT.open("a", encoding="utf-8") as file:
        for number, phrase in enumerate(spread(load_catalogue(ROOT / "dialplans").phrases)):
            rate, pitch = chance.randint(85, 120), chance.randint(85, 120)
            if number >= most or time.monotonic() > end:
                break
            if (phrase.label, phrase.text) in done:
                continue
            engine.begin(1, Question("matter"))
            engine.feed(1, line_of(phrase.text, VOICE, data, rate, pitch))
            heard = engine.end(1)
            entry = {"label": phrase.label, "text": phrase.text, "heard": heard.text, "confidence": heard.confidence}
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            done.add((phrase.label, phrase.text))
            print(f"\r{len(done)}", end="", flush=True)
    print(f"\n{len(done)} phrases heard, in {KEPT}")


def write() -> None:
    """Appends what was heard to the phrases: once, with the style ``heard``, never what is taught or judged already."""
    from bench_topics import HELDOUT

    from voicebot.topics.evaluate import read_set
    from voicebot.topics.labelling import file_of, scalar
    from voicebot.topics.normalise import normalise

    dialplans = ROOT / "dialplans"
    judged = [said for path in HELDOUT.iterdir() for said in read_set(path)]
    known = {" ".join(normalise(said.text)) for said in (*judged, *load_catalogue(dialplans).phrases)}
    lines: dict[Path, list[str]] = {}
    for one in kept():
        key = " ".join(normalise(one["heard"]))
        if key and key not in known and one["confidence"] >= LEAST and not _turned(one):
            known.add(key)
            line = f"  - {{text: {scalar(one['heard'])}, style: heard}}\n"
            lines.setdefault(file_of(dialplans / "topics", one["label"]), []).append(line)
    for path, mine in lines.items():
        path.write_text(path.read_text("utf-8").rstrip("\n") + "\n" + "".join(mine), "utf-8")
    print(f"{sum(map(len, lines.values()))} phrases appended to {len(lines)} files")


def _turned(one: dict[str, Any]) -> bool:
    """Whether the ear has put in a word that decides for another topic, or lost the one that decides for this."""
    from voicebot.topics.normalise import normalise
    from voicebot.topics.precedence import ruled_out

    said, heard = (ruled_out(set(normalise(one[what])), [one["label"]])[0] for what in ("text", "heard"))
    return bool(heard > said)


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()] if KEPT.is_file() else []


if __name__ == "__main__":
    import os

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--most", type=int, default=900)
    parser.add_argument("--write", action="store_true", help="append what was heard to the phrases")
    options = parser.parse_args()
    place = os.environ.get("RHVOICE_DATA_PATH")
    if options.write:
        write()
    else:
        hear(options.minutes, options.most, Path(place) if place else None)
