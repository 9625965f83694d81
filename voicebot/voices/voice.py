"""What a voice is, and which one this machine has."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

Pace = Literal["usual", "slow"]
"""``slow`` is for who asked for slower speech."""


class VoiceError(RuntimeError):
    """A voice is missing or will not speak: says in Polish what to do about it."""


class Voice(Protocol):
    """Speaks Polish at one pace. ``name`` and ``version`` name how it sounds: a change of either renders every prompt
    anew."""

    name: str
    version: str

    async def render(self, text: str) -> bytes:
        """``text`` as 8 kHz s16le mono, trimmed, of telephone band and even loudness. Raises ``VoiceError``."""


def find_voice(prefer: str = "", *, pace: Pace = "usual") -> Voice:
    """RHVoice where it is installed with a Polish voice of a free licence, else espeak-ng; ``prefer`` asks for one by
    name (``rhvoice``, ``rhvoice-magda``, ``espeak-ng``), whatever its licence. Raises ``VoiceError`` with the mend when
    there is none."""
    from .espeak import Espeak
    from .rhvoice import RHVoice

    engine, _, name = prefer.partition("-") if prefer.startswith("rhvoice") else (prefer, "", "")
    makers: Mapping[str, Callable[[], Voice]] = {
        "rhvoice": lambda: RHVoice(name, pace=pace, any_licence=bool(prefer)),
        "espeak-ng": lambda: Espeak(pace=pace),
    }
    if prefer and engine not in makers:
        raise VoiceError(f"nie ma głosu {prefer!r}; są: {', '.join(makers)}")
    faults = []
    for maker in (makers[engine],) if prefer else tuple(makers.values()):
        try:
            return maker()
        except VoiceError as error:
            faults.append(str(error))
    raise VoiceError("; ".join(faults))


LEXICON = Path(__file__).with_name("lexicon.yaml")
