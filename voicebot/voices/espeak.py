"""espeak-ng: always there, robotic.

Called directly, a process a text: pyttsx3 2.99 loses, empties and, on a busy machine, cuts short the files it writes.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .finish import finish
from .lexicon import shipped
from .process import synthesise
from .voice import Pace, VoiceError

WORDS_PER_MINUTE: Mapping[Pace, int] = {"usual": 150, "slow": 112}
MEND = "apt-get install espeak-ng"


class Espeak:
    """The espeak-ng on this machine. Raises ``VoiceError`` when there is none."""

    name = "espeak-ng"

    def __init__(self, program: str = "espeak-ng", *, pace: Pace = "usual") -> None:
        found = shutil.which(program)
        if found is None:
            raise VoiceError(f"nie ma tu programu espeak-ng; instalacja: {MEND}")
        self._program = found
        self._rate = WORDS_PER_MINUTE[pace]
        self.version = f"pl-{self._rate}-3"

    async def render(self, text: str) -> bytes:
        pcm = finish(*await synthesise(self._command, shipped().spell(text), self.name))
        if not pcm:
            raise VoiceError(f"espeak-ng nic nie powiedział (znaków tekstu: {len(text)})")
        return pcm

    def _command(self, output: Path) -> Sequence[str]:
        return (self._program, "-v", "pl", "-s", str(self._rate), "-b", "1", "-w", str(output), "--stdin")
