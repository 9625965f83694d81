"""A trial: media of a call by Asterisk's chan_websocket, behind the same interface as ``voicebot.media.MediaSession``.

Asterisk connects (``Dial(WebSocket/media/c(slin)v(call=<id>))``), paces and buffers by itself, and drops what it holds
at ``FLUSH_MEDIA``. Kept to be measured beside AudioSocket (``tools/bench_media.py``, docs/decisions/0005); no part of
the product. A playback's place in time is reckoned, not known: Asterisk tells only when a mark was reached.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from voicebot.audio import BYTES_PER_SECOND, FRAME_BYTES

CHUNK = 32_000
"""Bytes of one message; Asterisk takes up to 65,500."""


class Playback:
    """Something said. ``done`` is set when Asterisk reports its mark, or at ``stop``."""

    def __init__(self, session: "WebSocketSession", pcm: bytes) -> None:
        self._session, self._loop = session, asyncio.get_running_loop()
        self.done: asyncio.Future[bool] = self._loop.create_future()
        self.started = self._loop.time()
        self.duration = len(pcm) / BYTES_PER_SECOND

    @property
    def position(self) -> float:
        return min(self._loop.time() - self.started, self.duration)

    def stop(self, fade: float = 0.06) -> None:
        self._session.hush(fade)

    def settle(self, *, played: bool) -> None:
        if not self.done.done():
            self.done.set_result(played)


class WebSocketSession:
    """One call's sound, 8 kHz 16-bit mono, and its keys."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection, self._loop = connection, asyncio.get_running_loop()
        self.on_key: Callable[[str, float], None] | None = None
        self.on_frame: Callable[[bytes, float], None] | None = None
        self.deaf = False
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._marks: dict[str, Playback] = {}
        self._orders: deque[str | bytes] = deque()
        self._more = asyncio.Event()
        self._heard = bytearray()
        self._number = 0

    @property
    def idle(self) -> bool:
        return not self._marks

    def play(self, pcm: bytes) -> Playback:
        playback = Playback(self, pcm)
        self._number += 1
        mark = f"m{self._number}"
        self._marks[mark] = playback
        self._send("START_MEDIA_BUFFERING")
        for at in range(0, len(pcm), CHUNK):
            self._send(pcm[at : at + CHUNK])
        self._send(f"STOP_MEDIA_BUFFERING {mark}")
        self._send(f"MARK_MEDIA {mark}")
        return playback

    def hush(self, fade: float = 0.06) -> None:
        """Drop all that Asterisk holds. It ends where it is: there is nothing to fade."""
        self._send("FLUSH_MEDIA")
        for playback in self._marks.values():
            playback.settle(played=False)
        self._marks.clear()

    async def finish(self) -> None:
        self._send("HANGUP")
        await asyncio.shield(self.ended)

    def _send(self, order: str | bytes) -> None:
        self._orders.append(order)
        self._more.set()

    async def run(self) -> None:
        """Serve until the connection is over."""
        writing = asyncio.create_task(self._write())
        try:
            async for message in self._connection:
                if isinstance(message, bytes):
                    self._sound(message)
                else:
                    self._told(message)
        except ConnectionClosed:
            pass
        finally:
            writing.cancel()
            if not self.ended.done():
                self.ended.set_result("closed")

    async def _write(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._orders:
                await self._connection.send(self._orders.popleft())

    def _sound(self, pcm: bytes) -> None:
        if self.deaf or self.on_frame is None:
            return
        self._heard += pcm
        now = self._loop.time()
        while len(self._heard) >= FRAME_BYTES:
            frame = bytes(self._heard[:FRAME_BYTES])
            del self._heard[:FRAME_BYTES]
            self.on_frame(frame, now)

    def _told(self, text: str) -> None:
        words = dict(word.partition(":")[::2] for word in text.split()[1:])
        if text.startswith("DTMF_END") and self.on_key is not None:
            self.on_key(words.get("digit", ""), self._loop.time())
        elif text.startswith("MEDIA_MARK_PROCESSED"):
            playback = self._marks.pop(words.get("correlation_id", ""), None)
            if playback is not None:
                playback.settle(played=True)


class WebSocketServer:
    """Accepts Asterisk's connections; ``on_session`` is told the call's id and its session."""

    def __init__(self, on_session: Callable[[str, WebSocketSession], None]) -> None:
        self._on_session = on_session
        self._server: Server | None = None

    async def start(self, host: str, port: int) -> None:
        self._server = await serve(self._serve, host, port, subprotocols=["media"], compression=None)  # type: ignore[list-item]

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        call = parse_qs(urlsplit(connection.request.path).query).get("call", [""])[0]
        session = WebSocketSession(connection)
        self._on_session(call, session)
        await session.run()
