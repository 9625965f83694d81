"""How well and how fast the ears hear: Vosk with a grammar and free, Whisper; and when each way of end-pointing ends.

Run by `infolinia bench ears`, or `python tools/bench_ears.py [--json FILE] [--rounds N]`. Vosk is the model of the
settings, else the trial one that comes with the program: its word errors say nothing about people, its times do.

- `streams`: seconds of sound that one core recognises in a second.
- `latency`: closed answers at the pace of speech through the real listener and the real recogniser process, from the
  end of speech to the text; beside it Vosk's own end-pointer and WebRTC's detector with a hang-over of 600 ms, on the
  same sound, in this process, their computing time added.
- `words`: `infolinia listen` on `recordings/demo` and, where it is there, `../shared/audio`, by ear and voice.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from infolinia.settings import Settings
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, RATE, load, pcm_of, samples_of, seconds
from voicebot.ears.choose import vosk_ear, whisper_ear
from voicebot.ears.crew import Crew
from voicebot.ears.ear import Question
from voicebot.ears.tiny import TINY
from voicebot.ears.vosk import UNKNOWN
from voicebot.listen import Listener
from voicebot.models import model_folder
from voicebot.understand import words_of

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "recordings/demo"
CALLERS = ROOT.parent / "shared/audio/callers-rhvoice"
ANSWERS = (
    "tak",
    "nie",
    "zgadza się",
    "nie zgadza się",
    "konsultant",
    "nie wiem",
    "powtórz",
    "małopolskie",
    "dolnośląskie",
)
SPOKEN = ("tak", "nie", "nie-wiem", "malopolskie", "dolnoslaskie")
CLOSED = Question("choice", ANSWERS, 6.0)
OPEN = Question("matter")
HANG_OVER = 0.6
TAIL = 2.5


class Line:
    """A media session that hears ``pcm`` at the pace of speech."""

    def __init__(self) -> None:
        self.on_frame: Callable[[bytes, float], None] | None = None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def play(self, pcm: bytes) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for frame in frames(pcm):
            due += FRAME_SECONDS
            await asyncio.sleep(due - loop.time())
            if self.on_frame is not None:
                self.on_frame(frame, loop.time())


def frames(pcm: bytes) -> Iterator[bytes]:
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES]


def on_the_line(name: str, noise: np.random.Generator) -> tuple[bytes, float]:
    """A recording with half a second before it and a tail of line noise; when its speech ends, in seconds."""
    speech = samples_of(load(DEMO / f"{name}.wav")).astype(np.float64)
    power = np.sqrt(np.convolve(speech**2, np.ones(160) / 160, "same"))
    end = RATE // 2 + int(np.flatnonzero(power > 0.03 * power.max())[-1])
    whole = np.concatenate([np.zeros(RATE // 2), speech, np.zeros(int(TAIL * RATE))])
    return pcm_of((whole + noise.normal(0, 12, len(whole))).clip(-32768, 32767).astype(np.int16)), end / RATE


def spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50_ms": round(1000 * p50), "p95_ms": round(1000 * p95), "n": len(values)}


async def through_the_listener(crew: Crew, sounds: Sequence[tuple[bytes, float]], question: Question) -> dict[str, Any]:
    """From the end of speech to what was heard, four callers at a time."""
    late, nothing = [], 0
    places = asyncio.Semaphore(4 if crew.streaming else 1)

    async def one(pcm: bytes, end: float) -> None:
        nonlocal nothing
        async with places:
            line, loop = Line(), asyncio.get_running_loop()
            task = asyncio.create_task(Listener(crew).hear(line, None, question))
            await asyncio.sleep(0)
            began = loop.time()
            playing = asyncio.create_task(line.play(pcm))
            heard = await task
            late.append(loop.time() - began - end)
            nothing += heard is None or not heard.text
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    await crew.start()
    try:
        await asyncio.gather(*(one(pcm, end) for pcm, end in sounds))
    finally:
        await crew.close()
    return {**spread(late), "nothing_heard": nothing}


def own_end_pointers(model: Any, sounds: Sequence[tuple[bytes, float]]) -> dict[str, Any]:
    """Vosk's own end-pointer, and WebRTC's detector with a hang-over, on the same sounds."""
    import vosk
    import webrtcvad

    late: dict[str, list[float]] = {"vosk": [], "webrtc": []}
    for pcm, end in sounds:
        for way in late:
            recogniser = vosk.KaldiRecognizer(model, RATE, json.dumps([*ANSWERS, UNKNOWN], ensure_ascii=False))
            detector, quiet, spoken = webrtcvad.Vad(3), 0.0, 0
            for index, frame in enumerate(frames(pcm), start=1):
                began = time.perf_counter()
                ended = recogniser.AcceptWaveform(frame)
                voiced = detector.is_speech(frame, RATE)
                spoken, quiet = spoken + voiced, 0.0 if voiced else quiet + FRAME_SECONDS
                if (ended and way == "vosk") or (way == "webrtc" and spoken >= 5 and quiet >= HANG_OVER):
                    recogniser.FinalResult()
                    late[way].append(index * FRAME_SECONDS + time.perf_counter() - began - end)
                    break
    return {"Vosk's own end-pointer": spread(late["vosk"]), "WebRTC and 600 ms": spread(late["webrtc"])}


def streams(model: Any, sound: bytes) -> dict[str, float]:
    """Seconds of sound a second of processor time, with a grammar and without."""
    import vosk

    found = {}
    for way, options in (("grammar", [json.dumps([*ANSWERS, UNKNOWN], ensure_ascii=False)]), ("free", [])):
        best = 0.0
        for _ in range(3):
            recogniser = vosk.KaldiRecognizer(model, RATE, *options)
            began = time.process_time()
            for frame in frames(sound):
                recogniser.AcceptWaveform(frame)
            recogniser.FinalResult()
            best = max(best, seconds(sound) / (time.process_time() - began))
        found[way] = round(best, 1)
    return found


def transcripts(folder: Path) -> list[tuple[Path, str, str]]:
    rows = [row.split("\t") for row in (folder / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]
    return [(folder / row[0], row[1], row[2]) for row in rows if len(row) == 3 and (folder / row[0]).is_file()]


def word_errors(ear: str, environment: dict[str, str]) -> dict[str, Any]:
    """Word error rate by voice, through the command."""
    listed = transcripts(DEMO) + (transcripts(CALLERS) if CALLERS.is_dir() else [])
    command = [
        sys.executable,
        "-m",
        "infolinia",
        "listen",
        "--json",
        "--ear",
        ear,
        *(str(file) for file, _, _ in listed),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    heard = {Path(one["file"]): one for one in map(json.loads, done.stdout.splitlines())}
    errors: dict[str, int] = defaultdict(int)
    said: dict[str, int] = defaultdict(int)
    for file, voice, text in listed:
        where = f"{'demo' if file.parent == DEMO else 'callers'}, {voice}"
        wanted = words_of(text)
        errors[where] += distance(wanted, words_of(heard[file]["text"]) if file in heard else ())
        said[where] += len(wanted)
    took = [one["seconds"] for one in heard.values()]
    return {
        "word_error_rate": {where: round(errors[where] / said[where], 3) for where in said},
        "an_utterance": spread(took),
    }


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words inserted, left out or replaced."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for place, other in enumerate(heard, 1):
            best = min(diagonal + (word != other), row[place] + 1, row[place - 1] + 1)
            diagonal, row[place] = row[place], best
    return row[-1]


def measure(rounds: int) -> dict[str, Any]:
    import vosk

    settings = Settings()
    folder = settings.vosk_model or model_folder(settings.var / "models", "vosk") or TINY
    whisper = model_folder(settings.var / "models", "whisper")
    vosk.SetLogLevel(-1)
    model = vosk.Model(str(folder))
    noise = np.random.default_rng(1)
    sounds = [on_the_line(name, noise) for _ in range(rounds) for name in SPOKEN]
    speech = b"".join(load(file) for file, _, _ in transcripts(DEMO))
    found: dict[str, Any] = {"vosk": folder.name, "whisper": whisper.name if whisper else None}
    found["streams"] = streams(model, speech)
    found["latency"] = {"Vosk, our turn taking": asyncio.run(through_the_listener(vosk_ear(folder), sounds, CLOSED))}
    found["latency"] |= own_end_pointers(model, sounds)
    environment = {**os.environ, "INFOLINIA_VOSK_MODEL": str(folder)}
    found["words"] = {"vosk": word_errors("vosk", environment)}
    if whisper is not None:
        few = sounds[: 2 * len(SPOKEN)]
        found["latency"]["Whisper, our turn taking"] = asyncio.run(
            through_the_listener(whisper_ear(whisper), few, CLOSED)
        )
        found["words"]["whisper"] = word_errors("whisper", environment)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=8, help="how often each of five answers is given")
    options = parser.parse_args()
    found = measure(options.rounds)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    print(text)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
