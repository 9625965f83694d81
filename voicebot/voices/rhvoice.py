"""RHVoice, as a process of its own: the good voice, where the machine has it with a Polish voice."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .finish import finish
from .lexicon import shipped
from .process import synthesise
from .voice import Pace, VoiceError

DATA = (Path("/usr/share/RHVoice"), Path("/usr/local/share/RHVoice"))
PREFERRED = ("natan", "magda", "michal", "alicja")
PERCENT: Mapping[Pace, int] = {"usual": 100, "slow": 75}
FREE = (
    "creativecommons.org/publicdomain/zero/",
    "creativecommons.org/licenses/by/",
    "creativecommons.org/licenses/by-sa/",
)
"""Licences that let an office play, change and pass on what a voice says, as a voice's own files name them."""
MEND = "zainstaluj pakiety Debiana rhvoice i rhvoice-polish (non-free) albo mów głosem espeak-ng"


class RHVoice:
    """A Polish RHVoice voice of this machine: ``voice``, or the first of a free licence (of any, with ``any_licence``).
    Raises ``VoiceError`` when there is none."""

    def __init__(
        self,
        voice: str = "",
        program: str = "RHVoice-test",
        data: Sequence[Path] = DATA,
        *,
        pace: Pace = "usual",
        any_licence: bool = False,
    ) -> None:
        found = shutil.which(program)
        if found is None:
            raise VoiceError(f"nie ma tu programu {program} (RHVoice): {MEND}")
        voices = polish_voices(data)
        if not voices or (voice and voice not in voices):
            raise VoiceError(f"RHVoice nie ma tu głosu {voice or 'polskiego'}: {MEND}")
        allowed = [name for name in voices if voice or any_licence or is_free(name, data)]
        if not allowed:
            raise VoiceError(
                f"licencje głosów RHVoice ({', '.join(voices)}) czegoś zabraniają, więc żaden nie mówi sam z siebie: "
                f'ustaw voice = "rhvoice", jeśli u Was wolno, albo dodaj wolny głos do {data[-1]}/voices'
            )
        self._program, self._rate = found, PERCENT[pace]
        self._voice = voice or next((name for name in PREFERRED if name in allowed), allowed[0])
        self.name = f"rhvoice-{self._voice}"
        self.version = f"{self._rate}-2"

    async def render(self, text: str) -> bytes:
        pcm = finish(*await synthesise(self._command, shipped().spell(text) + "\n", self.name))
        if not pcm:
            raise VoiceError(f"{self.name} nic nie powiedział (znaków tekstu: {len(text)})")
        return pcm

    def _command(self, output: Path) -> Sequence[str]:
        return (self._program, "-p", self._voice, "-r", str(self._rate), "-o", str(output))


def is_free(voice: str, data: Sequence[Path] = DATA) -> bool:
    """Whether the files that come with ``voice`` name a free licence."""
    notes = (
        file.read_text(encoding="utf-8", errors="replace")
        for root in data
        for name in ("attrib.html", "README.md")
        if (file := root / "voices" / voice / name).is_file()
    )
    return any(licence in note for note in notes for licence in FREE)


def polish_voices(data: Sequence[Path] = DATA) -> list[str]:
    """Names of the installed Polish voices (folder names), sorted."""
    folders = {info.parent for root in data for info in root.glob("voices/*/voice.info")}
    polish = [folder for folder in folders if "language=Polish" in (folder / "voice.info").read_text(errors="replace")]
    return sorted(folder.name for folder in polish)
