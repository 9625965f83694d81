"""From an utterance to what it means for the question that was asked. The text is redacted before anything else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from voicebot.understand import read_choice, redact

from ..dialogue.actions import Ask
from ..dialogue.events import Candidate, Heard
from ..dialogue.node import HUMAN, NONE, QUIT, REPEAT, SKIP

YES_NO: Mapping[str, Sequence[str]] = {"yes": (), "no": ()}
CONTROL = (HUMAN, REPEAT, SKIP)
CONTROL_TOPICS = {"ctl-powtorz": REPEAT, "ctl-nie-wiem": NONE, "ctl-rezygnacja": QUIT, "ctl-konsultant": HUMAN}
"""Topics of the catalogue that steer the conversation instead of naming a matter."""


class Topics(Protocol):
    """The recogniser of topics: readings of a text, calibrated, best first."""

    def predict(self, text: str) -> list[tuple[str, float]]: ...


class Meaning:
    """Reads utterances. ``topics`` is asked for open questions, and for answers that fit no choice."""

    def __init__(self, topics: Callable[[], Topics | None]) -> None:
        self._topics = topics

    def of(self, ask: Ask, text: str, confidence: float) -> Heard:
        """What ``text`` means as an answer to ``ask``."""
        clean, spoke_number = redact(text)
        return Heard(text=clean, confidence=confidence, readings=self._readings(ask, clean), spoke_number=spoke_number)

    def of_command(self, text: str, confidence: float) -> Heard:
        """What ``text`` means while a number is keyed: only commands count."""
        clean, spoke_number = redact(text)
        found = tuple(Candidate(id_, score) for id_, score in read_choice(clean, {}) if id_ in CONTROL)
        return Heard(text=clean, confidence=confidence, readings=found, spoke_number=spoke_number)

    def _readings(self, ask: Ask, text: str) -> tuple[Candidate, ...]:
        if ask.grammar == "matter":
            return self._matter(text)
        words = YES_NO if ask.grammar == "yes-no" else ask.words
        found = tuple(Candidate(id_, score) for id_, score in read_choice(text, words))
        if not found and ask.question == "matter":
            return self._matter(text)
        return found

    def _matter(self, text: str) -> tuple[Candidate, ...]:
        control = [Candidate(id_, score) for id_, score in read_choice(text, {}) if id_ == REPEAT and score >= 0.9]
        topics = self._topics()
        if topics is None:
            return tuple(control)
        found = [Candidate(CONTROL_TOPICS.get(id_, id_), score) for id_, score in topics.predict(text)]
        return tuple(sorted((*control, *found), key=lambda candidate: -candidate.confidence))
