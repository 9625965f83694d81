"""The steps of making the model. ``make model`` takes them all."""

import argparse
import hashlib
import pickle
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from . import corpus, judge, network, rhvoice
from .export import write_model
from .graph import Phones, Rejection, write_graph
from .language import Bigrams
from .lexicon import lexicon, phone_set
from .vocabulary import ROOT, topic_phrases, vocabulary

SEED = 20
WIDTH = 192
WORK = ROOT / "var/asr_tiny"
MODEL = ROOT / "voicebot/ears/tiny-pl"
SPOKEN, TRAINED = "spoken.pickle", "trained.pickle"
MANIFEST = "sha256.txt"


NOTE = """\
# A trial model, never for citizens

A Vosk model of {size} Polish words, made of synthetic telephone speech by `make model` (tools/asr_tiny). It serves
tests and benches: the real engine, its streaming, grammars and latency. It says nothing about how well people are
understood, and the program warns whenever it is used. For callers: `infolinia models get vosk-pl`.

- Trained on {hours:.1f} hours in {clips} utterances, seed {seed}: variants of espeak-ng's Polish voice{rhvoice}.
- Text: phrases of dialplans/topics, answers to closed questions, numbers, words in no order.
- Line: 8 kHz, telephone band, microphones, rooms, noise 5 to 40 dB below speech, A-law.
- Each phone's label and time came from espeak-ng; RHVoice's speech was aligned by a first network.
- `[unk]` takes what is none of its words.

The model is part of Infolinia and under its licence (EUPL-1.2). RHVoice's voices natan and michal are in the public
domain (CC0 1.0).
"""


def say(text: str) -> None:
    print(f"    {text}", flush=True)


def speak(options: argparse.Namespace) -> None:
    """The training data, to ``SPOKEN`` in the work folder."""
    options.work.mkdir(parents=True, exist_ok=True)
    names = phone_set([*vocabulary(), *topic_phrases()])
    phones = {name: number for number, name in enumerate(names)}
    say(f"{len(vocabulary())} words, {len(names)} phones")
    heard: Counter[tuple[str, tuple[str, ...]]] = Counter()
    held_out = list(corpus.espeak_clips(150, SEED + 7, phones, Counter()))
    made = corpus.espeak_clips(options.clips, SEED, phones, heard)
    clips = corpus.gather(made, options.clips, "espeak-ng", say)
    clips += corpus.noise_clips(options.clips // 40, SEED + 2)
    unlabelled: list[corpus.Clip] = []
    voices = rhvoice.trained(options.rhvoice)
    if voices and options.rhvoice_clips:
        say(f"RHVoice: {', '.join(voices)}")
        raw = corpus.rhvoice_clips(options.rhvoice_clips, SEED + 3, voices, options.rhvoice)
        unlabelled = corpus.gather(raw, options.rhvoice_clips, "RHVoice", say)
    else:
        say("no RHVoice voice of a free licence (natan, michal): espeak-ng alone")
    content = (names, lexicon(vocabulary(), heard, set(names)), voices, held_out, clips, unlabelled)
    (options.work / SPOKEN).write_bytes(pickle.dumps(content))


def train(options: argparse.Namespace) -> None:
    """The network and what goes with it, from ``SPOKEN`` to ``TRAINED`` in the work folder."""
    began = time.monotonic()
    names, ways, voices, held_out, clips, unlabelled = pickle.loads((options.work / SPOKEN).read_bytes())
    phones = {name: number for number, name in enumerate(names)}
    model = network.fresh(clips, len(names), WIDTH, SEED)
    if unlabelled:
        network.train(model, clips, held_out, 1, say)
        aligned = [clip for clip in (aligned_by(model, clip, phones) for clip in unlabelled) if clip is not None]
        say(f"RHVoice: {len(aligned)} of {len(unlabelled)} aligned")
        clips += aligned
    random.Random(SEED).shuffle(clips)
    network.train(model, clips, held_out, options.rounds, say)
    hours = sum(len(clip.frames) for clip in clips) / 360_000
    content = {
        "names": names,
        "lexicon": ways,
        "network": model,
        "priors": network.priors(model, clips),
        "hours": hours,
        "clips": len(clips),
        "voices": voices,
    }
    (options.work / TRAINED).write_bytes(pickle.dumps(content))
    say(f"trained on {hours:.2f} h in {time.monotonic() - began:.0f} s")


def aligned_by(model: network.Network, clip: corpus.Clip, phones: dict[str, int]) -> corpus.Clip | None:
    if not all(phone in phones for word in clip.phones for phone in word):
        return None
    scores = network.likelihoods(model, clip.frames)
    labels = network.align(scores, [[phones[phone] for phone in word] for word in clip.phones])
    if labels is None or float(np.mean(scores[np.arange(len(labels)), labels])) < -2.5:
        return None
    return corpus.Clip(clip.frames, labels, clip.phones)


def export(options: argparse.Namespace) -> None:
    """The model folder from what was trained."""
    content = pickle.loads((options.work / TRAINED).read_bytes())
    phones = Phones(content["names"])
    rejection = Rejection(options.unknown, options.unknown_frame)
    write_model(options.model, phones, content["network"], content["priors"], rejection, options.beam, options.scale)
    write_graph(options.model / "graph", phones, content["lexicon"], Bigrams(set(content["lexicon"]), SEED), rejection)
    rhvoices = "".join(f", RHVoice's {voice}" for voice in content["voices"])
    facts = {name: content[name] for name in ("hours", "clips")}
    note = NOTE.format(seed=SEED, size=len(content["lexicon"]), rhvoice=rhvoices, **facts)
    (options.model / "NEVER-FOR-CITIZENS.md").write_text(note)
    seal(options.model)
    size = sum(file.stat().st_size for file in options.model.rglob("*") if file.is_file())
    say(f"{options.model}: {size / 1e6:.1f} MB, {len(content['lexicon'])} words")


def judged(options: argparse.Namespace) -> bool:
    """Figures on held-out voices, and whether the model is good enough to be taken."""
    made = list(judge.cases(options.cases, SEED + 11, options.rhvoice, say))
    scores = judge.judge(options.model, made)
    for (voice, kind, way), score in scores.items():
        what = "taken for words" if kind == "strange" else "not wholly right"
        rate = "" if kind == "strange" else f"{100 * score.rate:.1f} % word errors, "
        say(f"{voice:10} {kind:8} {way:8} {rate}{score.wrong} of {score.cases} {what}")
        for said, heard in score.heard[: options.show]:
            say(f"    {said!r}: {heard!r}")
    found = judge.faults(scores)
    for fault in found:
        say(f"not good enough: {fault}")
    return not found


def put_in_place(made: Path, model: Path) -> None:
    """The folder ``made`` becomes ``model``, which is moved aside first, so that there always is a whole one."""
    before = model.with_name(f"{model.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if model.exists():
        model.rename(before)
    shutil.copytree(made, model)
    shutil.rmtree(before, ignore_errors=True)


def seal(folder: Path) -> None:
    """The checksums that `infolinia models check` reads."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n" for file in files]
    (folder / MANIFEST).write_text("".join(lines))


def main() -> int:
    parser = argparse.ArgumentParser(prog="asr_tiny", description=__doc__)
    parser.add_argument("step", choices=["all", "speak", "train", "export", "judge"], nargs="?", default="all")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--clips", type=int, default=3600, help="utterances by espeak-ng")
    parser.add_argument("--rhvoice-clips", type=int, default=1100, help="utterances by RHVoice, where it is installed")
    parser.add_argument("--rhvoice", type=Path, help="its data folder, when not the system's")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--beam", type=float, default=13.0)
    parser.add_argument("--scale", type=float, default=0.6)
    parser.add_argument("--unknown", type=float, default=2.0)
    parser.add_argument("--unknown-frame", type=float, default=1.0)
    parser.add_argument("--cases", type=int, default=40, help="judged cases of each kind and voice")
    parser.add_argument("--show", type=int, default=0, help="so many recognised texts of each kind")
    options = parser.parse_args()
    if options.step in ("all", "speak"):
        print("==> Training data", flush=True)
        speak(options)
    if options.step in ("all", "train"):
        print("==> Training", flush=True)
        train(options)
    target = options.model
    if options.step == "all":
        options.model = options.work / target.name
    if options.step in ("all", "export"):
        print("==> The model folder", flush=True)
        export(options)
    if options.step not in ("all", "judge"):
        return 0
    print("==> Held-out voices", flush=True)
    if not judged(options):
        say(f"{target} stays as it is; the new model is in {options.model}" if options.step == "all" else "not passed")
        return 1
    if options.step == "all":
        put_in_place(options.model, target)
        say(f"passed: {target} is the new model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
