"""What the caller of a replay has said, and when."""

from dataclasses import dataclass
from typing import Protocol

from .question import Question
from .verdict import Moment


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
