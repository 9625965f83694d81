"""The degraded mode: the engine's media is down, so Asterisk plays the prompts and collects single menu keys.

Nothing is heard and nobody is authenticated here; number entry never comes to it (the core leaves it out).
"""

from collections.abc import Callable, Sequence

from ..asterisk.fastagi import AgiChannel
from ..dialogue.actions import Ask, Line
from ..dialogue.events import Event, HumanAsked, Keyed, NothingHeard
from .conversation import Prompts

ANY_KEY = "0123456789*#"


class AskedByAsterisk:
    """Says and asks over plain AGI commands."""

    def __init__(self, channel: AgiChannel, prompts: Prompts, spool: Callable[[str, bytes], str]) -> None:
        self._channel, self._prompts, self._spool = channel, prompts, spool

    async def say(self, lines: Sequence[Line], keys: str = "") -> str:
        """Play ``lines``; returns the key that stopped them, if any of ``keys`` did."""
        for line in lines:
            name = self._spool(line.text, await self._prompts.audio(line.prompt, line.text))
            reply = await self._channel.command("STREAM FILE", name, keys)
            if reply.result not in ("0", "-1", ""):
                return chr(int(reply.result))
        return ""

    async def ask(self, ask: Ask) -> Event:
        """Play the question and wait for one key."""
        key = await self.say(ask.lines, ANY_KEY)
        if not key:
            reply = await self._channel.command(f"WAIT FOR DIGIT {int(ask.patience * 1000)}")
            key = chr(int(reply.result)) if reply.result not in ("0", "-1", "") else ""
        if not key:
            return NothingHeard()
        if key in ask.choices:
            return Keyed(keys=key)
        return HumanAsked(by="key") if key in "0*" else Keyed(keys="?")
