"""What the caller of a replay has said, and when."""

from dataclasses import dataclass
from typing import Protocol

from .question import Question
from .verdict import Moment

SPECIAL = {"__human__": "konsultant", "__none__": "spoza zakresu", "": "nic"}


@dataclass
class Said:
    """One utterance as it was played: ``step`` and when it began and ended."""

    step: int
    question: str
    began: float
    ended: float = 0.0


class Caller(Protocol):
    """What a caller did. ``stuck`` is a question that nothing recorded answers (``again``: its node was answered
    before); ``questions`` tells by step what it answered."""

    stuck: Question | None
    again: bool
    said: list[Said]
    done: list[Moment]
    questions: dict[int, str]


def topic_name(topic: str | None) -> str:
    """A topic's id, or what stands for none of them in words."""
    return SPECIAL.get(topic or "", topic or "")
