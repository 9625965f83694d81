"""Several ears, each for the questions it is best at."""

import asyncio
from collections.abc import Mapping

import structlog

from .ear import Ear, Grammar, Hearing, Question

log = structlog.get_logger(__name__)


class Division:
    """An ``Ear`` that passes a question on to ``ears`` by its grammar; one that is missing there goes to ``other``.

    An ear that two grammars share is started and closed once.
    """

    def __init__(self, ears: Mapping[Grammar, Ear], other: Ear) -> None:
        self._ears, self._other = dict(ears), other
        named = [f"{grammar}: {ear.name}" for grammar, ear in self._ears.items() if ear is not other]
        self.name = ", ".join([*named, f"else: {other.name}"])

    async def start(self) -> None:
        await asyncio.gather(*(ear.start() for ear in self._all()))

    def listen(self, question: Question) -> Hearing | None:
        if question.grammar is None:
            return None
        return self._ears.get(question.grammar, self._other).listen(question)

    async def close(self) -> None:
        await asyncio.gather(*(ear.close() for ear in self._all()))

    def _all(self) -> list[Ear]:
        return list({id(ear): ear for ear in (*self._ears.values(), self._other)}.values())
