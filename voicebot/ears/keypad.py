"""No ear at all: the hotline works by keys, and says so once in the log."""

import structlog

from .ear import Hearing, Question

log = structlog.get_logger(__name__)


class KeypadOnly:
    """An ear that is never free."""

    name = "keypad"

    async def start(self) -> None:
        log.warning(
            "ear.none",
            what="no speech recogniser is installed; callers answer by keys",
            mend="infolinia models get whisper-base",
        )

    def listen(self, question: Question) -> Hearing | None:
        return None

    async def close(self) -> None:
        return None
