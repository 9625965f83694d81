"""The degraded mode: the engine's media is down, so Asterisk plays the prompts and collects single menu keys.

Nothing is heard and nobody is authenticated here; number entry never comes to it (the core leaves it out).
"""

from collections.abc import Callable, Sequence

from ..asterisk.agi import AgiReply
from ..asterisk.fastagi import AgiChannel
from ..dialogue.actions import Ask, Line
from ..dialogue.events import Event, HumanAsked, Keyed, NothingHeard
from .conversation import Prompts

ANY_KEY = "0123456789*#"


class AskedByAsterisk:
    """Says and asks over plain AGI commands."""

    def __init__(self, channel: AgiChannel, prompts: Prompts, spool: Callable[[str, bytes], str]) -> None:
        self._channel, self._prompts, self._spool = channel, prompts, spool
        self._ahead = ""
        """The key that was pressed while something was said, until a question takes it."""

    async def say(self, lines: Sequence[Line], firm: bool = False) -> None:
        """Play ``lines``. A key ends them and answers the next question, which is not said then; ``firm`` lines are
        played to their end and no key counts."""
        for line in lines:
            if self._ahead:
                return
            name = self._spool(line.text, await self._prompts.audio(line.prompt, line.text))
            self._ahead = _key(await self._channel.command("STREAM FILE", name, "" if firm else ANY_KEY))

    async def ask(self, ask: Ask) -> Event:
        """Play the question and wait for one key."""
        await self.say(ask.lines)
        key, self._ahead = self._ahead, ""
        key = key or _key(await self._channel.command(f"WAIT FOR DIGIT {int(ask.patience * 1000)}"))
        if not key:
            return NothingHeard()
        if key in ask.choices:
            return Keyed(keys=key)
        return HumanAsked(by="key") if key in "0*" else Keyed(keys="?")


def _key(reply: AgiReply) -> str:
    """The key that ended a command; empty where none did."""
    return "" if reply.result in ("0", "-1", "") else chr(int(reply.result))
