"""What a voice is, and which one this machine has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class VoiceError(RuntimeError):
    """A voice is missing or will not speak: says what to do about it."""


class Voice(Protocol):
    """Speaks Polish. ``name`` and ``version`` name how it sounds: a change of either renders every prompt anew."""

    name: str
    version: str

    async def render(self, text: str) -> bytes:
        """``text`` as 8 kHz s16le mono, trimmed, of telephone band and even loudness. Raises ``VoiceError``."""


def find_voice(prefer: str = "") -> Voice:
    """RHVoice where it is installed with a Polish voice, else espeak-ng; ``prefer`` asks for one by name
    (``rhvoice``, ``espeak-ng``). Raises ``VoiceError`` with the mend when there is none."""
    from .espeak import Espeak
    from .rhvoice import RHVoice

    makers: Mapping[str, type[RHVoice] | type[Espeak]] = {"rhvoice": RHVoice, "espeak-ng": Espeak}
    if prefer and prefer not in makers:
        raise VoiceError(f"there is no voice called {prefer!r}; known are: {', '.join(makers)}")
    faults = []
    for maker in (makers[prefer],) if prefer else tuple(makers.values()):
        try:
            return maker()
        except VoiceError as error:
            faults.append(str(error))
    raise VoiceError("; ".join(faults))


LEXICON = Path(__file__).with_name("lexicon.yaml")
