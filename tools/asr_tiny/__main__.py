"""The steps of making the model. ``make model`` takes them all."""

import argparse
import pickle
import random
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
WIDTH = 256
WORK = ROOT / "var/asr_tiny"
MODEL = ROOT / "voicebot/ears/tiny-pl"
SAVED = "trained.pickle"


def say(text: str) -> None:
    print(f"    {text}", flush=True)


def train(options: argparse.Namespace) -> None:
    """Data and training; what came of it goes to ``SAVED`` in the work folder."""
    began = time.monotonic()
    options.work.mkdir(parents=True, exist_ok=True)
    names = phone_set([*vocabulary(), *topic_phrases()])
    phones = {name: number for number, name in enumerate(names)}
    say(f"{len(vocabulary())} words, {len(names)} phones")
    heard: Counter[tuple[str, tuple[str, ...]]] = Counter()
    held_out = list(corpus.espeak_clips(150, SEED + 7, phones, Counter()))
    clips = corpus.gather(corpus.espeak_clips(options.clips, SEED, phones, heard), options.clips, "espeak-ng", say)
    noise = list(corpus.noise_clips(options.clips // 40, SEED + 2))
    model = network.fresh(clips, len(names), WIDTH, SEED)
    voices = [voice for voice in rhvoice.voices(options.rhvoice) if voice in rhvoice.TRAINED]
    if voices and options.rhvoice_clips:
        say(f"RHVoice: {', '.join(voices)}")
        raw = corpus.gather(
            corpus.rhvoice_clips(options.rhvoice_clips, SEED + 3, voices, options.rhvoice),
            options.rhvoice_clips,
            "RHVoice",
            say,
        )
        network.train(model, [*clips, *noise], held_out, 2, say)
        aligned = [clip for clip in (aligned_by(model, clip, phones) for clip in raw) if clip is not None]
        say(f"RHVoice: {len(aligned)} of {len(raw)} aligned")
        clips += aligned
    else:
        say("RHVoice is not there: espeak-ng alone")
    random.Random(SEED).shuffle(clips)
    network.train(model, [*clips, *noise], held_out, options.rounds, say)
    hours = sum(len(clip.frames) for clip in [*clips, *noise]) / 360_000
    ways = lexicon(vocabulary(), heard, set(names))
    content = {
        "names": names,
        "lexicon": ways,
        "network": model,
        "priors": network.priors(model, clips),
        "hours": hours,
        "voices": voices,
    }
    (options.work / SAVED).write_bytes(pickle.dumps(content))
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
    content = pickle.loads((options.work / SAVED).read_bytes())
    phones = Phones(content["names"])
    rejection = Rejection(options.unknown, options.unknown_frame)
    write_model(options.model, phones, content["network"], content["priors"], rejection, options.beam, options.scale)
    write_graph(options.model / "graph", phones, content["lexicon"], Bigrams(SEED), rejection)
    size = sum(file.stat().st_size for file in options.model.rglob("*") if file.is_file())
    say(f"{options.model}: {size / 1e6:.1f} MB, {len(content['lexicon'])} words")


def judged(options: argparse.Namespace) -> None:
    """Figures on held-out voices."""
    made = list(judge.cases(options.cases, SEED + 11, options.rhvoice, say))
    for (voice, kind, way), score in judge.judge(options.model, made).items():
        what = "taken for words" if kind == "strange" else "not wholly right"
        rate = "" if kind == "strange" else f"{100 * score.rate:.1f} % word errors, "
        say(f"{voice:10} {kind:8} {way:8} {rate}{score.wrong} of {score.cases} {what}")
        for said, heard in score.heard[: options.show]:
            say(f"    {said!r}: {heard!r}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="asr_tiny", description=__doc__)
    parser.add_argument("step", choices=["all", "train", "export", "judge"], nargs="?", default="all")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--clips", type=int, default=9000, help="utterances by espeak-ng")
    parser.add_argument("--rhvoice-clips", type=int, default=4000, help="utterances by RHVoice, where it is installed")
    parser.add_argument("--rhvoice", type=Path, help="its data folder, when not the system's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beam", type=float, default=13.0)
    parser.add_argument("--scale", type=float, default=0.6)
    parser.add_argument("--unknown", type=float, default=2.0)
    parser.add_argument("--unknown-frame", type=float, default=1.0)
    parser.add_argument("--cases", type=int, default=40, help="judged cases of each kind and voice")
    parser.add_argument("--show", type=int, default=0, help="so many recognised texts of each kind")
    options = parser.parse_args()
    if options.step in ("all", "train"):
        print("==> Training", flush=True)
        train(options)
    if options.step in ("all", "export"):
        print("==> The model folder", flush=True)
        export(options)
    if options.step in ("all", "judge"):
        print("==> Held-out voices", flush=True)
        judged(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
