"""The line of a replayed call: what Asterisk is to the engine, in memory and on the loop's clock.

It answers AGI commands, holds the other end of the media session, sends the caller's sound frame by frame and notes
when the bot speaks.
"""

import asyncio
import uuid
from array import array
from collections import deque
from typing import Any

from ivr.asterisk.agi import AgiHungUp, AgiReply, AgiRequest
from ivr.asterisk.fastagi import AgiChannel
from voicebot import audiosocket
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, RATE, SILENCE
from voicebot.media import MediaServer

from ..fixture.sound import mixed
from .verdict import Moment

PAUSE = 0.35
"""Seconds of silence that end what the bot says; between its lines there are 0.25."""
PICK_UP = 0.05
LETTERS_A_SECOND, LEAD = 15.0, 0.3
QUIETEST = 300
_SOUND = 0x10
UP = "6"


class Hums:
    """Prompts as the replayed line has them: a hum as long as a voice takes for the text, the same on every machine.
    Its loudness tells which text it is, so that the line knows what is heard when."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    async def audio(self, prompt: str, text: str, *, slow: bool = False) -> bytes:
        if text not in self._texts:
            self._texts.append(text)
        level = QUIETEST + self._texts.index(text)
        return array("h", [level, -level] * (round(spoken_seconds(text) * RATE) // 2)).tobytes()

    def text(self, frame: bytes) -> str | None:
        """The text that ``frame`` is of; None for silence, and where a hum begins, ends or fades."""
        place = int.from_bytes(frame[:2], "little") - QUIETEST
        if not 0 <= place < len(self._texts) or frame[:4] * (len(frame) // 4) != frame:
            return None
        return self._texts[place]


def spoken_seconds(text: str) -> float:
    """How long the replayed line takes to say ``text``."""
    return LEAD + len(text) / LETTERS_A_SECOND


class Line:
    """One call's line. ``background`` repeats under all that the caller does."""

    def __init__(self, server: MediaServer, hums: Hums, background: bytes = b"") -> None:
        self.hums = hums
        self.began: dict[str, float] = {}
        """By text, when it was last begun."""
        self.loop = asyncio.get_running_loop()
        self.hung_up = self.broken = False
        self.next_step = ""
        self.last_loud = -1e9
        self.spoken: list[Moment] = []
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self._server = server
        self._under = _Repeating(background)
        self._frames: deque[bytes] = deque()
        self._wire: _Wire | None = None

    @property
    def media_up(self) -> bool:
        return self._wire is not None and not self._wire.is_closing()

    @property
    def sending(self) -> bool:
        """Whether the caller still speaks."""
        return bool(self._frames)

    def silent_for(self) -> float:
        """Seconds since the bot was last heard."""
        return self.loop.time() - self.last_loud

    def speak(self, pcm: bytes) -> None:
        """The caller says ``pcm`` from now on."""
        for start in range(0, len(pcm), FRAME_BYTES):
            self._frames.append(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))

    def press(self, key: str) -> None:
        """The caller presses ``key``."""
        if self._wire is not None and self.media_up:
            self._wire.receive(audiosocket.encode(audiosocket.KEY, key.encode()))
        else:
            self.keys.put_nowait(key)

    def hang_up(self) -> None:
        """The caller is gone."""
        self.hung_up = True
        self._frames.clear()
        if self._wire is not None:
            self._wire.close()

    def lose_media(self) -> None:
        """The media connection breaks; the call goes on."""
        self.broken = True
        if self._wire is not None:
            self._wire.close()

    async def carry(self, session: uuid.UUID) -> None:
        """The media session of ``session``, until either side ends it."""
        await asyncio.sleep(PICK_UP)
        if self.broken or self.hung_up:
            return
        self._wire = _Wire(self._server.connection(), self._heard)
        self._wire.open(session)
        start, tick = self.loop.time(), 0
        while not self._wire.is_closing():
            tick += 1
            await asyncio.sleep(max(start + tick * FRAME_SECONDS - self.loop.time(), 0))
            frame = self._frames.popleft() if self._frames else SILENCE
            self._wire.receive(audiosocket.sound(self._under.beneath(frame)))

    def _heard(self, frame: bytes) -> None:
        if frame.count(0) == len(frame):
            return
        now = self.loop.time()
        paused, self.last_loud = now - self.last_loud > FRAME_SECONDS * 1.5, now
        text = self.hums.text(frame)
        if text is not None and (paused or not self.spoken or self.spoken[-1].text != text):
            self.began[text] = now
            self.spoken.append(Moment(now, "bot", "speaks", text))
        if self.spoken:
            last = self.spoken[-1]
            self.spoken[-1] = Moment(last.at, last.who, last.what, last.text, until=now + FRAME_SECONDS)


class _Repeating:
    """A background that begins anew where it ends."""

    def __init__(self, pcm: bytes) -> None:
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._frames = [pcm[start : start + FRAME_BYTES] for start in range(0, whole, FRAME_BYTES)]
        self._at = 0

    def beneath(self, frame: bytes) -> bytes:
        if not self._frames:
            return frame
        self._at = (self._at + 1) % len(self._frames)
        return mixed(frame, self._frames[self._at])


class _Wire(asyncio.Transport):
    """The connection of a media session, Asterisk's end: what the engine writes is heard by ``heard``."""

    def __init__(self, protocol: asyncio.Protocol, heard: Any) -> None:
        super().__init__()
        self._protocol, self._heard = protocol, heard
        self._closed = False
        self._loop = asyncio.get_running_loop()

    def open(self, session: uuid.UUID) -> None:
        self._protocol.connection_made(self)
        self.receive(audiosocket.identity(session))

    def receive(self, data: bytes) -> None:
        if not self._closed:
            self._protocol.data_received(data)

    def write(self, data: Any) -> None:
        kind, pcm = data[0], bytes(data[audiosocket.HEADER_BYTES :])
        if kind == _SOUND:
            self._heard(pcm)
        elif kind == audiosocket.TERMINATE:
            self.close()

    def is_closing(self) -> bool:
        return self._closed

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


class Channel(AgiChannel):
    """The AGI conversation of one request over ``line``. What Asterisk itself plays is named by its text."""

    def __init__(self, request: AgiRequest, line: Line) -> None:
        self.request = request
        self.hung_up = asyncio.Event()
        self._line = line

    async def command(self, line: str, *args: str) -> AgiReply:
        if self._line.hung_up:
            self.hung_up.set()
            raise AgiHungUp("the caller is gone")
        if line == "EXEC" and args[0] == "TryExec":
            session, _, _ = args[1].removeprefix("AudioSocket(").partition(",")
            await self._line.carry(uuid.UUID(session))
            return AgiReply(200, "0")
        if line.startswith("GOSUB"):
            await self._line.carry(uuid.UUID(args[0].partition(",")[0]))
            return AgiReply(200, "0")
        if line == "CHANNEL STATUS":
            return AgiReply(200, UP)
        if line == "SET VARIABLE" and args[0] == "IVR_NEXT":
            self._line.next_step = args[1]
        if line == "STREAM FILE":
            return AgiReply(200, await self._key(spoken_seconds(args[0]), listen=bool(args[1])))
        if line.startswith("WAIT FOR DIGIT"):
            return AgiReply(200, await self._key(int(line.split()[-1]) / 1000, listen=True))
        return AgiReply(200, "0")

    async def _key(self, seconds: float, *, listen: bool) -> str:
        """The code of a key pressed within ``seconds``, ``0`` for none; meanwhile Asterisk plays or waits."""
        if not listen:
            await asyncio.sleep(seconds)
            return "0"
        try:
            key = await asyncio.wait_for(self._line.keys.get(), seconds)
        except TimeoutError:
            return "0"
        return str(ord(key))
