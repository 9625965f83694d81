"""A call that is up, as the verbs of a caller: press, say, wait for the bot, hold, hang up. Times are loop times."""

import asyncio
from pathlib import Path

from pydantic import SecretStr

from recordings.caller.script import BARGE_IN
from recordings.caller.sip import Ending, Leg
from recordings.caller.timeline import GAP_SECONDS, KEY_SECONDS, KeyPress
from recordings.caller.track import write_stereo
from voicebot.audio import load


class Impatient(Exception):
    """What was waited for did not come in time. Says it in Polish."""


class LiveCall:
    """One answered call. ``mark`` is the end of the caller's last act: what the bot says counts from there on."""

    def __init__(self, leg: Leg, *, settle: float = 0.7) -> None:
        self.leg, self.settle = leg, settle
        self.presses: list[KeyPress] = []
        self._loop = asyncio.get_running_loop()
        self.answered = self.mark = self._loop.time()

    async def keys(
        self, keys: str | SecretStr, at: float | None = None, key: float = KEY_SECONDS, gap: float = GAP_SECONDS
    ) -> list[KeyPress]:
        """Press ``keys`` from ``at`` on (None: now); back when the last has been released."""
        digits = keys.get_secret_value() if isinstance(keys, SecretStr) else keys
        pressed = await self.leg.media.press(digits, at, key, gap)
        self.presses += pressed
        self.mark = self._loop.time()
        return pressed

    async def say(self, sound: Path | bytes) -> None:
        """Play a WAV file or 8 kHz 16-bit sound to its end. Raises ``voicebot.audio.AudioError`` for a bad file."""
        self.leg.media.say(load(sound) if isinstance(sound, Path) else sound)
        await self.leg.media.spoken()
        self.mark = self._loop.time()

    async def wait_speech(self, timeout: float = 30.0) -> float:
        """Wait until the bot speaks after ``mark``; when that stretch of speech began, ``mark`` at the earliest."""
        hearing = self.leg.media.hearing
        try:
            async with asyncio.timeout(timeout):
                while not hearing.spoken_since(self.mark):
                    await self.leg.media.heard()
        except TimeoutError:
            raise Impatient(f"przez {timeout:g} s nikt się nie odezwał") from None
        return max(hearing.segments[-1].start, self.mark)

    async def wait_silence(self, quiet: float, timeout: float = 30.0) -> float:
        """Wait until the bot has spoken after ``mark`` and then been silent for ``quiet`` s; when its speech ended."""
        deadline = self._loop.time() + timeout
        await self.wait_speech(timeout)
        hearing = self.leg.media.hearing
        while (remaining := quiet - hearing.quiet_for(self._loop.time())) > 0:
            if self._loop.time() + remaining > deadline:
                raise Impatient(f"przez {timeout:g} s nie było ciszy trwającej {quiet:g} s")
            await asyncio.sleep(remaining)
        return self._loop.time() - hearing.quiet_for(self._loop.time())

    async def moment(self, after: float | None, prompt: float | None = None, timeout: float = 30.0) -> float:
        """Wait for the moment that ``after_s`` names (see ``recordings.caller.script``); that moment, to act at."""
        if after is None:
            return self._loop.time()
        if after >= 0:
            quiet = max(after, self.settle)
            return await self.wait_silence(quiet, timeout) + quiet
        start = await self.wait_speech(timeout)
        moment = start + (max(prompt + after, 0.0) if prompt is not None else BARGE_IN)
        await asyncio.sleep(moment - self._loop.time())
        return moment

    async def expect_media(self, packets: int, within: float) -> None:
        """Wait until ``packets`` more packets have come. Raises ``Impatient`` after ``within`` seconds."""
        quality = self.leg.media.hearing.quality
        before = quality.received
        try:
            async with asyncio.timeout(within):
                while quality.received < before + packets:
                    await self.leg.media.heard()
        except TimeoutError:
            came = quality.received - before
            raise Impatient(f"w {within:g} s przyszło {came} pakietów dźwięku zamiast {packets}") from None

    async def hold(self, duration: float) -> None:
        """Put the other side on hold for ``duration`` seconds. Raises ``recordings.caller.sip.Refused``."""
        await self.leg.hold()
        await asyncio.sleep(duration)
        await self.leg.resume()
        self.mark = self._loop.time()

    async def wait_hangup(self, timeout: float = 30.0) -> Ending:
        """Wait until the call is over."""
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self.leg.ended)
        except TimeoutError:
            raise Impatient(f"druga strona nie rozłączyła się przez {timeout:g} s") from None

    def hang_up(self) -> None:
        """Hang up; does nothing when the call is over."""
        if not self.leg.ended.done():
            self.leg.hang_up()

    def record(self, path: Path) -> None:
        """Write what was heard (left) and said (right) so far as a stereo WAV file. Keys leave no sound in it."""
        write_stereo(path, self.leg.media.hearing.track, self.leg.media.said)
