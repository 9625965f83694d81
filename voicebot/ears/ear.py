"""What an ear is: something that turns one utterance into text, or says in time that it cannot."""

from typing import Literal, Protocol

import msgspec

Grammar = Literal["matter", "choice", "yes-no"]
Fault = Literal["", "too-long", "too-loud", "music", "machine"]


class Question(msgspec.Struct, frozen=True):
    """What is listened for. ``grammar`` is ``matter`` (open) or a closed kind, None for keys only; ``phrases`` are the
    answers of a closed question as they are said; ``patience`` is the time to begin an answer, in seconds after the
    prompt; ``slow``: the caller speaks slowly."""

    grammar: Grammar | None
    phrases: tuple[str, ...] = ()
    patience: float = 6.0
    slow: bool = False

    @property
    def closed(self) -> bool:
        """Whether only ``phrases`` are expected."""
        return self.grammar in ("choice", "yes-no") and bool(self.phrases)


class Utterance(msgspec.Struct, frozen=True):
    """What was heard: the best text (lower case unless it is a name), its ``confidence`` 0..1 and other readings, best
    first. An empty text means that somebody spoke and was not understood; ``fault`` is what may have kept it from being
    understood: speech without end or distorted by loudness, music instead of a caller, an answering machine.
    ``ear`` names the recogniser: each is sure in its own way (see ``voicebot.confidence``)."""

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    fault: Fault = ""
    ear: str = ""


class Hearing(Protocol):
    """One utterance being listened to."""

    @property
    def partial(self) -> str:
        """What is understood so far. An ear that does not stream knows it after a pause only."""

    def feed(self, pcm: bytes) -> None:
        """Take more of the utterance: 8 kHz s16le mono, any length."""

    def pause(self) -> None:
        """The caller has fallen silent, perhaps for good: an ear that does not stream may look at what there is.
        Harmless when repeated."""

    def resume(self) -> None:
        """The caller speaks on: what was found in a pause is not all."""

    async def finish(self) -> Utterance | None:
        """The utterance is over. None when no answer came by the ear's deadline."""

    def drop(self) -> None:
        """Forget the utterance. Harmless after ``finish``."""


class Ear(Protocol):
    """A recogniser. ``listen`` never blocks; it returns None when nobody is free, and the call goes on by keys."""

    name: str

    async def start(self) -> None: ...

    def listen(self, question: Question) -> Hearing | None: ...

    async def close(self) -> None: ...
