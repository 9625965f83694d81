"""RHVoice, as a process of its own: the good voice, where the machine has it with a Polish voice."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from .finish import finish
from .lexicon import shipped
from .process import synthesise
from .voice import VoiceError

DATA = (Path("/usr/share/RHVoice"), Path("/usr/local/share/RHVoice"))
PREFERRED = ("natan", "magda", "michal", "alicja")
MEND = "install Debian's packages rhvoice and rhvoice-polish (non-free), or use espeak-ng"


class RHVoice:
    """A Polish RHVoice voice of this machine. Raises ``VoiceError`` when there is none."""

    def __init__(self, voice: str = "", program: str = "RHVoice-test", data: Sequence[Path] = DATA) -> None:
        found = shutil.which(program)
        if found is None:
            raise VoiceError(f"RHVoice is not installed ({program} is not on the path): {MEND}")
        voices = polish_voices(data)
        if not voices or (voice and voice not in voices):
            raise VoiceError(f"RHVoice has no {voice or 'Polish'} voice: {MEND}")
        self._program = found
        self._voice = voice or next((name for name in PREFERRED if name in voices), voices[0])
        self.name = f"rhvoice-{self._voice}"
        self.version = "1"

    async def render(self, text: str) -> bytes:
        pcm = finish(*await synthesise(self._command, shipped().spell(text) + "\n", self.name))
        if not pcm:
            raise VoiceError(f"{self.name} said nothing for a text of {len(text)} characters")
        return pcm

    def _command(self, output: Path) -> Sequence[str]:
        return (self._program, "-p", self._voice, "-o", str(output))


def polish_voices(data: Sequence[Path] = DATA) -> list[str]:
    """Names of the installed Polish voices (folder names), sorted."""
    folders = {info.parent for root in data for info in root.glob("voices/*/voice.info")}
    polish = [folder for folder in folders if "language=Polish" in (folder / "voice.info").read_text(errors="replace")]
    return sorted(folder.name for folder in polish)
