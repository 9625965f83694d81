"""From an utterance to what it means for the question that was asked. The text is redacted before anything else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from voicebot.confidence import probability
from voicebot.listen import Utterance
from voicebot.understand import read_choice, redact

from ..dialogue.actions import Ask
from ..dialogue.events import Candidate, Heard
from ..dialogue.manners import SLOWER
from ..dialogue.node import HUMAN, NONE, QUIT, REPEAT, SKIP

YES_NO: Mapping[str, Sequence[str]] = {"yes": (), "no": ()}
CONTROL = (HUMAN, REPEAT, SKIP, SLOWER)
CONTROL_TOPICS = {"ctl-powtorz": REPEAT, "ctl-nie-wiem": NONE, "ctl-rezygnacja": QUIT, "ctl-konsultant": HUMAN}
"""Topics of the catalogue that steer the conversation instead of naming a matter."""
HYPOTHESES = 4
"""How many readings of an ear are looked at."""


class Topics(Protocol):
    """The recogniser of topics: readings of a text, calibrated, best first; ``name`` is its model's in the journal."""

    @property
    def name(self) -> str: ...

    def predict(self, text: str) -> list[tuple[str, float]]: ...


class Meaning:
    """Reads utterances. ``topics`` is asked for open questions, and for answers that fit no choice."""

    def __init__(self, topics: Callable[[], Topics | None]) -> None:
        self._topics = topics

    @property
    def model(self) -> str:
        """Names the topic model that would be asked now; empty while none is loaded."""
        topics = self._topics()
        return "" if topics is None else topics.name

    def of(self, ask: Ask, utterance: Utterance) -> Heard:
        """What ``utterance`` means as an answer to ``ask``."""
        clean, spoke_number = redact(utterance.text)
        readings, model = self._readings(ask, utterance)
        return Heard(
            text=clean,
            confidence=utterance.confidence,
            readings=readings,
            spoke_number=spoke_number,
            fault=utterance.fault,
            model=model,
        )

    def of_command(self, utterance: Utterance) -> Heard:
        """What ``utterance`` means while a number is keyed: only commands count."""
        clean, spoke_number = redact(utterance.text)
        found = tuple(Candidate(id_, score) for id_, score in read_choice(clean, {}) if id_ in CONTROL)
        return Heard(text=clean, confidence=utterance.confidence, readings=found, spoke_number=spoke_number)

    def _readings(self, ask: Ask, utterance: Utterance) -> tuple[tuple[Candidate, ...], str]:
        """Best first, and the name of the topic model that was asked for them, if one was."""
        if ask.grammar == "matter":
            return self._matter(utterance)
        words = YES_NO if ask.grammar == "yes-no" else ask.words
        found = closed(words, utterance)
        if not found and ask.question == "matter":
            return self._matter(utterance)
        return found, ""

    def _matter(self, utterance: Utterance) -> tuple[tuple[Candidate, ...], str]:
        """Commands are looked for in the likeliest hypothesis alone. A wish for slower speech is one to hear it again,
        which is all that the topics know of it."""
        control = [
            Candidate(id_, fit) for id_, fit in read_choice(_clean(utterance.text), {}) if id_ in (REPEAT, SLOWER)
        ]
        control = [candidate for candidate in control if candidate.confidence >= 0.9]
        topics = self._topics()
        if topics is None:
            return tuple(control), ""
        found = [Candidate(CONTROL_TOPICS.get(id_, id_), score) for id_, score in matters(topics, utterance)]
        if any(candidate.id == SLOWER for candidate in control):
            found = [candidate for candidate in found if candidate.id != REPEAT]
        return tuple(sorted((*control, *found), key=lambda candidate: -candidate.confidence)), topics.name


def matters(topics: Topics, utterance: Utterance) -> list[tuple[str, float]]:
    """Topics over all that the ear may have heard, best first: each hypothesis lends its readings its share."""
    scores: dict[str, float] = {}
    for text, share in hypotheses(utterance):
        for id_, score in topics.predict(_clean(text)):
            scores[id_] = scores.get(id_, 0.0) + share * score
    return sorted(scores.items(), key=lambda item: -item[1])


def closed(words: Mapping[str, Sequence[str]], utterance: Utterance) -> tuple[Candidate, ...]:
    """The readings of an answer to a closed question, best first, with the probability that each was meant, over all
    that the ear may have heard: each hypothesis that reads as an answer lends it its share; one that reads as nothing
    takes its share away."""
    scores: dict[str, float] = {}
    for text, share in hypotheses(utterance):
        for id_, fit in read_choice(_clean(text), words):
            scores[id_] = scores.get(id_, 0.0) + share * probability(utterance.ear, utterance.confidence, fit)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return tuple(Candidate(id_, round(min(score, 1.0), 3)) for id_, score in ranked)


def _clean(text: str) -> str:
    return redact(text)[0]


def hypotheses(utterance: Utterance) -> Iterator[tuple[str, float]]:
    """What the ear may have heard, with shares that add up to 1. A single hypothesis has all of it."""
    known = {utterance.text: max(utterance.confidence, 0.01)}
    for text, confidence in utterance.alternatives[: HYPOTHESES - 1]:
        known.setdefault(text, max(min(confidence, utterance.confidence), 0.01))
    total = sum(known.values())
    for text, confidence in known.items():
        yield text, confidence / total
