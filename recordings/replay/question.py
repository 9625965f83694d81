"""Which recorded answer belongs to the question that today's bot asks: by the question, never by the order.

A question is ``node/prompt``: the node that asks and the last prompt of what it says. Where the plan has renamed one
of the two since, the other one tells; a question that cannot be told apart from none has no answer, and the replay
refuses.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ivr.dialogue.actions import Action, CheckPin, Enqueue, LookUp, RecallCheck, Transfer
from ivr.dialogue.call import Call

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Question:
    """What a call waits for: ``node`` and the ``prompt`` said last; ``kind`` is the action's name, ``detail`` what a
    look-up is about."""

    kind: str
    node: str
    prompt: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.node}/{self.prompt}" if self.prompt else self.node

    @property
    def answered_by_caller(self) -> bool:
        """Whether a person answers it, not the world."""
        return self.kind not in (LookUp.__name__, CheckPin.__name__, RecallCheck.__name__)


def question_of(node: str, actions: Sequence[Action]) -> Question | None:
    """The question that a turn at ``node`` ends in; None when it ends in none."""
    if not actions:
        return None
    last = actions[-1]
    kind = type(last).__name__
    if isinstance(last, LookUp):
        return Question(kind, node, detail=" ".join([last.what, *map(str, last.args.values())]))
    if isinstance(last, CheckPin | RecallCheck | Enqueue | Transfer):
        return Question(kind, node)
    lines = getattr(last, "lines", None)
    if lines is None or kind == "Say":
        return None
    return Question(kind, node, lines[-1].prompt if lines else "")


def question_now(call: Call) -> Question | None:
    """What ``call`` waits for."""
    return question_of(call.node, call.pending)


@dataclass
class _Kept(Generic[Answer]):
    asked: str
    answer: Answer
    given: bool = False


class Answers(Generic[Answer]):
    """Recorded answers, each given once. ``nodes`` and ``prompts`` are those that today's plan knows: an answer to a
    node that is gone is found by its prompt, and the other way round; one to no question in particular ("") answers the
    next one."""

    def __init__(
        self, kept: Sequence[tuple[str, Answer]], nodes: Collection[str] = (), prompts: Collection[str] = ()
    ) -> None:
        self._kept = [_Kept(asked, answer) for asked, answer in kept]
        self._nodes, self._prompts = nodes, prompts
        self._next = 0

    def give(self, question: str) -> Answer | None:
        """The recorded answer to ``question``, now given; None when there is none."""
        first = True
        for kept in self._kept:
            if not kept.given and ((first and not kept.asked) or self._fits(kept.asked, question)):
                kept.given = True
                return kept.answer
            first = first and kept.given
        return None

    def take(self, answer: Answer) -> None:
        """``answer`` is given without its question having been asked."""
        for kept in self._kept:
            kept.given = kept.given or kept.answer == answer

    def knows(self, question: str) -> bool:
        """Whether the node that asks ``question`` was ever answered in the recording."""
        node = question.partition("/")[0]
        return any(kept.asked.partition("/")[0] == node for kept in self._kept)

    @property
    def left(self) -> list[Answer]:
        """Answers that nobody asked for."""
        return [kept.answer for kept in self._kept if not kept.given]

    def _fits(self, asked: str, question: str) -> bool:
        if asked == question:
            return True
        if not asked:
            return False
        (node, _, prompt), (node_now, _, prompt_now) = asked.partition("/"), question.partition("/")
        if not prompt:
            return node == node_now
        if prompt == prompt_now:
            return node not in self._nodes
        return node == node_now and prompt not in self._prompts
