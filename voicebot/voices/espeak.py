"""espeak-ng, through pyttsx3: always there, robotic.

pyttsx3 2.99 loses or empties files when several are queued, so each text is one ``save_to_file`` and one
``runAndWait`` in a process of its own. When that writes no sound, espeak-ng is called directly.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from .finish import finish
from .lexicon import shipped
from .process import synthesise
from .voice import Pace, VoiceError

log = structlog.get_logger(__name__)

WORDS_PER_MINUTE: Mapping[Pace, int] = {"usual": 150, "slow": 112}
MEND = "apt-get install espeak-ng"


class Espeak:
    """The espeak-ng on this machine. Raises ``VoiceError`` when there is none."""

    name = "espeak-ng"

    def __init__(self, program: str = "espeak-ng", *, pace: Pace = "usual") -> None:
        found = shutil.which(program)
        if found is None:
            raise VoiceError(f"espeak-ng is not installed; to install it: {MEND}")
        self._program = found
        self._rate = WORDS_PER_MINUTE[pace]
        self.version = f"pl-{self._rate}-2"

    async def render(self, text: str) -> bytes:
        spelled = shipped().spell(text)
        for command in (self._through_pyttsx3, self._direct):
            try:
                pcm = finish(*await synthesise(command, spelled, self.name))
            except VoiceError as error:
                if command == self._direct:
                    raise
                log.warning("voice.pyttsx3_failed", why=str(error), what="espeak-ng is called directly")
                continue
            if pcm:
                return pcm
        raise VoiceError(f"espeak-ng said nothing for a text of {len(text)} characters")

    def _direct(self, output: Path) -> Sequence[str]:
        return (self._program, "-v", "pl", "-s", str(self._rate), "-b", "1", "-w", str(output), "--stdin")

    def _through_pyttsx3(self, output: Path) -> Sequence[str]:
        return (sys.executable, "-m", "voicebot.voices.pyttsx3_process", str(self._rate), str(output))
