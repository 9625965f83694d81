"""Topics measured beyond ``infolinia topics analyse``: ``python tools/bench_topics.py [SECTION…]``.

``dialogue``: calls walked through ``step`` with a truthful caller. ``waves``: the February experiment, 20 new topics
beside 34 live ones. ``curve``: the learning curve. ``shuffled``: the control. ``near``: near-duplicates between what
was taught and what is judged. ``precedence``: a threshold, chosen by what was taught alone. ``speed``: training and
reading. Judged on the independent held-out sets, never taught.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from unittest.mock import patch

import msgspec
import numpy as np
from numpy.typing import NDArray

from ivr.dialogue.actions import Ask
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, Heard, Keyed, LookedUp, Skipped
from ivr.dialogue.machine import step
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from ivr.phones.meaning import Meaning, matters
from voicebot.audio import RATE, alaw_decode, alaw_encode, pcm_of, resample
from voicebot.ears.choose import whisper_ear
from voicebot.ears.ear import Question
from voicebot.listen import Utterance
from voicebot.topics.catalogue import HUMAN, NONE, Catalogue, Phrase, load_catalogue
from voicebot.topics.evaluate import Figures, figures, read_set
from voicebot.topics.model import softmax
from voicebot.topics.normalise import normalise
from voicebot.topics.precedence import ruled_out
from voicebot.topics.recogniser import TopicRecogniser, ensure_model
from voicebot.topics.train import RECIPE, Fit, calibrate, fit, likeness

ROOT = Path(__file__).resolve().parent.parent
HELDOUT = ROOT / "tests/voicebot/topics/heldout"
SEEDS = (1, 2)
SEASON = "2026-04-21T10:00:00+02:00"
"""An arrival at which the topics of the annual return are on."""


@cache
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "dialplans")


@cache
def shipped() -> TopicRecogniser:
    """The model of the present phrases, trained once and kept."""
    return TopicRecogniser.load(ensure_model(ROOT / "dialplans", ROOT / "var/topics"))


def heldout() -> list[Phrase]:
    return [said for path in sorted(HELDOUT.glob("independent-[ab].yaml")) for said in read_set(path)]


def judged(model: Fit | TopicRecogniser, said: Sequence[Phrase]) -> Figures:
    recogniser = TopicRecogniser(model.model) if isinstance(model, Fit) else model
    return figures([one.label for one in said], [recogniser.predict(one.text) for one in said])


def some(phrases: Sequence[Phrase], count: int, seed: int) -> list[Phrase]:
    """``count`` phrases of each label, chosen by ``seed``."""
    shuffled = random.Random(seed).sample(list(phrases), len(phrases))
    taken: Counter[str] = Counter()
    chosen = []
    for phrase in shuffled:
        if taken[phrase.label] < count:
            taken[phrase.label] += 1
            chosen.append(phrase)
    return chosen


def dialogue() -> None:
    """What calls come to after the dialogue's questions. Asked openly again, the caller repeats the same words, or
    says it in the words of the next utterance of the same label."""
    plan = load_plan(ROOT / "dialplans")
    meaning = Meaning(shipped)
    said = [one for one in heldout() if one.label in plan.topics and not one.label.startswith("ctl-")]
    outside = [one for one in heldout() if one.label == NONE]
    print("| caller, asked anew | right topic | wrong topic | keys, right queue | other key | person | questions |")
    print("|---|---|---|---|---|---|---|")
    for name, following in (("repeats the same words", False), ("says it otherwise", True)):
        for what, group in (("in scope", said), ("out of scope", outside)):
            ends: Counter[str] = Counter()
            questions = 0
            for at, one in enumerate(group):
                same = [other for other in group[at + 1 :] + group[:at] if other.label == one.label]
                end, asked = _call(plan, meaning, one, same[0].text if following and same else one.text)
                ends[end] += 1
                questions += asked
            shares = " | ".join(
                f"{ends[end] / len(group):.1%}" for end in ("right", "wrong", "queue", "other", "person")
            )
            print(f"| {what}, {name} | {shares} | {questions / len(group):.2f} |")


def _call(plan: Plan, meaning: Meaning, one: Phrase, again: str) -> tuple[str, int]:
    """How the call of a truthful caller ends, and how many questions the matter took."""
    call = Call(id="bench")
    opening: tuple[Event, ...] = (
        CallArrived(dialled="224605992", caller=None, at=SEASON),
        LookedUp(what="hours", ok=True, found={"open": True}),
        Skipped(),
    )
    for event in opening:
        call, _ = step(plan, call, event)
    words, asked = one.text, 0
    while (question := _matter(call)) is not None:
        asked += 1
        call, _ = step(plan, call, _reply(plan, call, question, meaning, one, words))
        words = again
    if call.topic is not None:
        return ("right" if one.label in (call.topic, *call.further) else "wrong"), asked
    if call.wants_human or call.queue is None:
        return "person", asked
    topic = plan.topics.get(one.label)
    return ("queue" if topic is not None and call.queue == topic.queue else "other"), asked


def _matter(call: Call) -> Ask | None:
    last = call.pending[-1] if call.pending else None
    return last if isinstance(last, Ask) and last.question == "matter" else None


def _reply(plan: Plan, call: Call, question: Ask, meaning: Meaning, one: Phrase, words: str) -> Event:
    """A truthful answer: yes or no, the one offered that is right, the key of the right area, or the matter itself."""
    if question.grammar == "yes-no":
        heard: Heard = meaning.of(question, Utterance("tak" if call.offered[0].id == one.label else "nie", 1.0))
        return heard
    if question.grammar == "choice":
        return Keyed(keys=next((key for key, id_ in question.choices.items() if id_ == one.label), "3"))
    if question.choices:
        topic = plan.topics.get(one.label)
        wanted = topic.queue if topic else None
        return Keyed(keys=next((key for key, queue in question.choices.items() if queue == wanted), "9"))
    return meaning.of(question, Utterance(words, 1.0))


def waves() -> None:
    """34 PCC topics live; then callers of 20 topics of the annual return (the first wave) call too."""
    first = {topic.id for topic in catalogue().topics.values() if topic.wave == 1}
    control = {NONE, HUMAN, "ctl-powtorz", "ctl-nie-wiem", "ctl-rezygnacja"}
    live = {topic for topic in catalogue().topics if topic.startswith("pcc-")} | control
    old = [phrase for phrase in catalogue().phrases if phrase.label in live]
    new = [phrase for phrase in catalogue().phrases if phrase.label in first]
    before = [said for said in heldout() if said.label in live]
    after = [said for said in heldout() if said.label in live | first]
    fresh = [said for said in heldout() if said.label in first]
    print(f"{len(live - control)} topics live, {len(first)} new; {len(before)} and {len(fresh)} utterances")
    print("| labelled utterances per new topic | all topics, top 1 | within 2 | handled | old topics | new topics |")
    print("|---|---|---|---|---|---|")
    base = fit(old, catalogue().lexicon)
    _wave("34 live, their own callers", [base], before, before, None)
    _wave("0: the new topics' callers come", [base], after, before, fresh)
    for count in (3, 5, 10, 20, 30):
        fits = [fit([*old, *some(new, count, seed)], catalogue().lexicon) for seed in SEEDS]
        _wave(str(count), fits, after, before, fresh)
    _wave(f"all ({len(new) / len(first):.0f})", [fit([*old, *new], catalogue().lexicon)], after, before, fresh)


def _wave(
    name: str, fits: Sequence[Fit], said: Sequence[Phrase], old: Sequence[Phrase], new: Sequence[Phrase] | None
) -> None:
    found = [judged(one, said) for one in fits]
    cells = [np.mean([getattr(one, field) for one in found]) for field in ("top1", "top2", "handled")]
    cells.append(np.mean([judged(one, old).top1 for one in fits]))
    cells += [np.mean([judged(one, new).top1 for one in fits])] if new else []
    print(f"| {name} | " + " | ".join(f"{cell:.1%}" for cell in cells) + " |", flush=True)


def curve() -> None:
    print("| phrases per topic | top 1 | within 2 | out of scope accepted | wrong and confident |")
    print("|---|---|---|---|---|")
    said = heldout()
    for count in (3, 5, 10, 20, 40):
        outside = [phrase for phrase in catalogue().phrases if phrase.label == NONE]
        inside = [phrase for phrase in catalogue().phrases if phrase.label != NONE]
        share = some(outside, count * len(outside) // 45, 1)
        _point(str(count), fit([*some(inside, count, 1), *share], catalogue().lexicon), said)
    _point("all", shipped(), said)


def _point(name: str, model: Fit | TopicRecogniser, said: Sequence[Phrase]) -> None:
    found = judged(model, said)
    cells = (found.top1, found.top2, found.false_acceptance, found.confident_wrong)
    print(f"| {name} | " + " | ".join(f"{cell:.1%}" for cell in cells) + " |", flush=True)


def shuffled() -> None:
    phrases = catalogue().phrases
    labels = random.Random(7).sample([phrase.label for phrase in phrases], len(phrases))
    mixed = [Phrase(phrase.text, label) for phrase, label in zip(phrases, labels, strict=True)]
    found = judged(fit(mixed, catalogue().lexicon), heldout())
    print(f"labels shuffled: top 1 {found.top1:.1%}, within 2 {found.top2:.1%} of in-scope utterances")


def near() -> None:
    """Held-out utterances equal or nearly equal (cosine) to a phrase of the same label, and the figure without them."""
    said = [one for one in heldout() if "|" not in one.label]
    phrases = catalogue().phrases
    alike = likeness(shipped().model.space, [one.text for one in (*said, *phrases)])[: len(said), len(said) :]
    same = np.array([one.label for one in said])[:, None] == np.array([phrase.label for phrase in phrases])[None, :]
    closest = (alike * same).max(axis=1)
    taught = {" ".join(normalise(phrase.text)) for phrase in phrases}
    equal = sum(" ".join(normalise(one.text)) in taught for one in said)
    print(f"equal after normalising: {equal} of {len(said)}")
    for least in (0.9, 0.8, 0.7):
        rest = [one for one, value in zip(said, closest, strict=True) if value < least]
        found = judged(shipped(), rest)
        print(
            f"cosine ≥ {least}: {len(said) - len(rest)}; without them top 1 {found.top1:.1%}, within 2 {found.top2:.1%}"
        )


def speed() -> None:
    start, processor = time.perf_counter(), time.process_time()
    model = fit(catalogue().phrases, catalogue().lexicon)
    wall, used = time.perf_counter() - start, time.process_time() - processor
    recogniser, said = TopicRecogniser(model.model), heldout()
    start = time.perf_counter()
    for one in said:
        recogniser.predict(one.text)
    each = (time.perf_counter() - start) / len(said)
    print(f"training on {len(catalogue().phrases)} phrases: {wall:.0f} s ({used:.0f} s of processor time)")
    print(f"reading: {each * 1000:.2f} ms an utterance")


def precedence() -> None:
    """How much a word that rules a topic out takes off its score (``STRONG``), by what was taught alone: each phrase
    judged by a model that was taught neither it nor any like it. No held-out set is looked at."""
    phrases = catalogue().phrases
    with patch("voicebot.topics.train.ruled_out", lambda tokens, labels: np.zeros(len(labels), np.float32)):
        taught = fit(phrases, catalogue().lexicon)
    words, labels = [set(normalise(phrase.text)) for phrase in phrases], taught.model.labels
    outside = np.array([label == NONE for label in labels])
    print("| STRONG | surprise | top 1 | within 2 | handled | out of scope accepted | wrong and confident |")
    print("|---|---|---|---|---|---|---|")
    for strong in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5):
        with patch("voicebot.topics.precedence.STRONG", strong):
            scores = taught.unseen - np.stack([ruled_out(said, labels) for said in words])
        scale, start = calibrate(scores, taught.truth, outside, RECIPE.caution)
        scores += np.float32(start) * outside
        shares = softmax(scores * np.float32(scale))
        own = shares[np.arange(len(phrases)), taught.truth]
        order = np.argsort(-shares, axis=1, kind="stable")[:, :3]
        rankings = [[(labels[at], float(row[at])) for at in top] for row, top in zip(shares, order, strict=True)]
        found = figures([phrase.label for phrase in phrases], rankings)
        cells = (found.top1, found.top2, found.handled, found.false_acceptance, found.confident_wrong)
        surprise = -np.log(own + 1e-12).mean()  # nats
        print(f"| {strong} | {surprise:.4f} | " + " | ".join(f"{cell:.2%}" for cell in cells) + " |", flush=True)


DRAWS = {"first": (11, 150), "second": (12, 230)}
"""Utterances drawn to be spoken: seed and number, always the same ones, every voice in turn. The first draw was in view
when the sounds were chosen, the second was drawn after all was."""
JUDGES = ("natan", "magda", "alicja")
"""Voices of the ear's judgement; ``michal`` speaks what teaches (``heard_phrases.py``)."""
WRITTEN = ("no-diacritics", "noisy")
"""Styles that stand for what an ear or a keyboard does to words: nobody speaks so."""


def ear() -> None:
    """Recognition of topics behind the real ear, beside the same utterances as text."""
    from asr_tiny import rhvoice

    place = os.environ.get("RHVOICE_DATA_PATH")
    data = Path(place) if place else None
    speakers = [name for name in rhvoice.voices(data) if name in JUDGES]
    model = ROOT / "var/models/whisper-base"
    if not speakers or not model.is_dir():
        sys.exit("RHVoice with a Polish voice and var/models/whisper-base are needed")
    pool = [one for one in heldout() if "|" not in one.label]
    print(f"voices: {', '.join(speakers)}")
    for name, (seed, count) in DRAWS.items():
        drawn = random.Random(seed).sample(pool, count)
        pool = [one for one in pool if one not in drawn]
        said = [one for one in drawn if one.style not in WRITTEN]
        heard = asyncio.run(_heard(said, model, lambda at, text: rhvoice.say(text, speakers[at % len(speakers)], data)))
        _ear(name, said, heard)


def _ear(name: str, said: Sequence[Phrase], heard: Sequence[Utterance]) -> None:
    recogniser = shipped()
    pairs = [(_plain(one.text), _plain(found.text)) for one, found in zip(said, heard, strict=True)]
    words, errors = sum(len(spoken) for spoken, _ in pairs), sum(_distance(*pair) for pair in pairs)
    unheard = sum(not found.text for found in heard)
    print(f"\n{name} draw: {len(said)} utterances, {unheard} unheard; {words} words, {errors / words:.1%} wrong")
    print("| judged on | in scope | top 1 | within 2 | handled | out of scope accepted | wrong and confident |")
    print("|---|---|---|---|---|---|---|")
    known = {
        "text": [recogniser.predict(one.text) for one in said],
        "likeliest hypothesis": [recogniser.predict(one.text) for one in heard],
        "all hypotheses, as calls do": [matters(recogniser, one) for one in heard],
    }
    for row, rankings in known.items():
        found = figures([one.label for one in said], rankings)
        shares = (found.top1, found.top2, found.handled, found.false_acceptance, found.confident_wrong)
        print(f"| {row} | {found.inside} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")


async def _heard(
    said: Sequence[Phrase], model: Path, say: Callable[[int, str], tuple[NDArray[np.int16], int]]
) -> list[Utterance]:
    """What Whisper makes of ``said`` on a telephone line, remembered in ``var/bench``."""
    kept = ROOT / "var/bench/topics-ear.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = msgspec.json.decode(kept.read_bytes(), type=dict[str, Utterance]) if kept.is_file() else {}
    crew = whisper_ear(model)
    await crew.start()
    try:
        for at, one in enumerate(said):
            if one.text in known:
                continue
            samples, rate = say(at, one.text)
            hearing = crew.listen(Question("matter"))
            assert hearing is not None
            hearing.feed(alaw_decode(alaw_encode(pcm_of(resample(samples.astype(np.float64), rate, RATE)))))
            known[one.text] = await hearing.finish() or Utterance("", 0.0)
            kept.write_bytes(msgspec.json.encode(known))
    finally:
        await crew.close()
    return [known[one.text] for one in said]


def _plain(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()


def _distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words put in, left out or exchanged."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]


SECTIONS: dict[str, Callable[[], None]] = {
    "dialogue": dialogue,
    "waves": waves,
    "curve": curve,
    "shuffled": shuffled,
    "near": near,
    "precedence": precedence,
    "speed": speed,
    "ear": ear,
}

if __name__ == "__main__":
    for section in sys.argv[1:] or [name for name in SECTIONS if name != "ear"]:
        print(f"\n## {section}\n", flush=True)
        SECTIONS[section]()
