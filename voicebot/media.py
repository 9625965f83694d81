"""The live media of a call: AudioSocket connections from Asterisk, paired with calls by UUID.

``MediaServer`` accepts; ``MediaSession`` is one call's ear and mouth. Nothing a peer does (silence, garbage, flooding,
never reading, ending anywhere) touches another session, and nothing grows without bound: sound that cannot be written
is not queued but held back, and a peer that reads nothing for ``STUCK_SECONDS`` is cut off.
"""

import asyncio
import socket
import traceback
import uuid
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import structlog

from . import audiosocket
from .audio import FRAME_BYTES, RATE, SILENCE, Resampler
from .pacing import Wheel
from .playback import FADE, Mouth, Playback

__all__ = ["MediaServer", "MediaSession", "Playback"]

log = structlog.get_logger(__name__)

HELLO_SECONDS = 5.0
STRANGER_SECONDS = 2.0
STUCK_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
MAX_EARLY_KEYS = 64
MAX_WAITING_BYTES = 2 * (FRAME_BYTES + audiosocket.HEADER_BYTES)
KERNEL_BUFFER_BYTES = 8192
_SILENT_FRAME = audiosocket.sound(SILENCE)

KeyHandler = Callable[[str, float], None]
FrameHandler = Callable[[bytes, float], None]
What = TypeVar("What")


class Tap(Protocol):
    """Hears both sides along, frame by frame, at loop times, and when keys are pressed (not which). While the session
    is deaf it gets no sound."""

    def heard(self, pcm: bytes, at: float) -> None: ...

    def said(self, pcm: bytes, at: float) -> None: ...

    def pressed(self, at: float) -> None: ...


class MediaSession:
    """One call's sound, 8 kHz 16-bit mono in frames of 20 ms, and its keys.

    ``on_key`` gets every key at once with the loop time, keys that came before it was set included. ``on_frame`` gets
    the caller's sound in 320-byte frames. While ``deaf`` no frame leaves the session. ``ended`` tells how it was over:
    ``closed`` (end of stream: no proof of a hang-up), ``error`` or ``finished`` (by us).
    """

    def __init__(self, session: uuid.UUID, transport: asyncio.Transport, wheel: Wheel) -> None:
        self.id = session
        self.on_frame: FrameHandler | None = None
        self.tap: Tap | None = None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.held_back = 0
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._wheel = wheel
        self._mouth = Mouth(self._loop)
        self._on_key: KeyHandler | None = None
        self._early: deque[tuple[str, float]] = deque(maxlen=MAX_EARLY_KEYS)
        self._deaf = False
        self._heard = bytearray()
        self._resampler: Resampler | None = None
        self._stuck_since: float | None = None
        self._finishing = False
        wheel.add(self._beat)

    @property
    def on_key(self) -> KeyHandler | None:
        return self._on_key

    @on_key.setter
    def on_key(self, handler: KeyHandler | None) -> None:
        self._on_key = handler
        while handler is not None and self._early:
            handler(*self._early.popleft())

    @property
    def deaf(self) -> bool:
        return self._deaf

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._deaf = deaf
        self._heard.clear()

    @property
    def playing(self) -> Playback | None:
        """What the caller hears now, or None."""
        return self._mouth.playing

    @property
    def idle(self) -> bool:
        """Whether nothing plays and nothing waits to."""
        return self.playing is None

    @property
    def left(self) -> float:
        """Seconds of what plays and waits to."""
        return self._mouth.left

    def play(self, pcm: bytes) -> Playback:
        """Say ``pcm`` after all that waits already, without a gap. Returns at once. After the end: stopped at once."""
        return self._mouth.play(pcm)

    def hush(self, fade: float = FADE) -> None:
        """Stop what plays within ``fade`` seconds and drop what waits."""
        self._mouth.hush(fade)

    def hold(self, fade: float = FADE) -> None:
        """Silence what plays within ``fade`` seconds and keep its place for ``go_on``."""
        self._mouth.hold(fade)

    def go_on(self) -> None:
        """Take up what was held."""
        self._mouth.go_on()

    async def finish(self) -> None:
        """Say goodbye to Asterisk, so that the dialplan goes on, and wait for the end."""
        if not self.ended.done() and not self._finishing:
            self._finishing = True
            self._wheel.remove(self._beat)
            self._mouth.shut()
            if not self._transport.is_closing():
                self._transport.write(audiosocket.encode(audiosocket.TERMINATE))
                self._loop.call_later(GOODBYE_SECONDS, self._transport.abort)
        await asyncio.shield(self.ended)

    def _beat(self) -> None:
        if self._transport.is_closing():
            return
        now = self._loop.time()
        if self._transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._hold_back(now)
            return
        self._stuck_since = None
        frame = self._mouth.frame(now)
        if frame is not None and not self._deaf:
            self._tapped("said", frame, now)
        self._transport.write(_SILENT_FRAME if frame is None else audiosocket.sound(frame))

    def _hold_back(self, now: float) -> None:
        self.held_back += 1
        if self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > STUCK_SECONDS:
            log.warning("media.stuck", session=str(self.id), what="the peer reads nothing; cut off")
            self._fail()

    def _receive(self, event: audiosocket.Event) -> None:
        if self._finishing or self.ended.done():
            return
        match event:
            case audiosocket.Sound(rate, pcm):
                self._hear(rate, pcm)
            case audiosocket.Key(key):
                now = self._loop.time()
                self._tapped("pressed", now)
                if self._on_key is None:
                    self._early.append((key, now))
                else:
                    self._guarded(self._on_key, key, now)
            case audiosocket.Failed(code):
                log.warning("media.error_from_peer", session=str(self.id), code=code)
                self._fail()
            case audiosocket.Terminated():
                self._transport.close()

    def _hear(self, rate: int, pcm: bytes) -> None:
        if self._deaf or (self.on_frame is None and self.tap is None):
            return
        if rate != RATE:
            if self._resampler is None or self._resampler.rate != rate:
                self._resampler = Resampler(rate)
            pcm = self._resampler.feed(pcm)
        now = self._loop.time()
        self._tapped("heard", pcm, now)
        if self.on_frame is None:
            return
        self._heard += pcm
        while len(self._heard) >= FRAME_BYTES and self.on_frame is not None:
            frame = bytes(self._heard[:FRAME_BYTES])
            del self._heard[:FRAME_BYTES]
            self._guarded(self.on_frame, frame, now)

    def _tapped(self, what: str, *facts: object) -> None:
        """A tap's bug ends the tap alone."""
        if self.tap is not None:
            try:
                getattr(self.tap, what)(*facts)
            except Exception as error:
                self.tap = None
                log.error("media.tap_failed", session=str(self.id), error=type(error).__name__)

    def _guarded(self, handler: Callable[[What, float], None], what: What, at: float) -> None:
        """A handler's bug ends this session alone. Its text is not logged: it may hold a key."""
        try:
            handler(what, at)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "media.handler_failed",
                session=str(self.id),
                error=type(error).__name__,
                place=f"{place.filename}:{place.lineno}",
            )
            self._fail()

    def _fail(self) -> None:
        self._end("error")
        self._transport.abort()

    def _end(self, how: str) -> None:
        if self.ended.done():
            return
        self._wheel.remove(self._beat)
        self.ended.set_result("finished" if self._finishing else how)
        self._mouth.shut()
        self._early.clear()
        self._heard.clear()


class MediaServer:
    """Accepts Asterisk's AudioSocket connections. ``limit`` bounds how many are open at once; when there is no room,
    the oldest one that owes its UUID makes place."""

    def __init__(self, *, limit: int = 1000) -> None:
        self.limit = limit
        self._connections: dict[_Connection, None] = {}
        self._expected: dict[uuid.UUID, asyncio.Future[MediaSession]] = {}
        self._strangers: dict[uuid.UUID, _Connection] = {}
        self._server: asyncio.Server | None = None
        self._wheel: Wheel | None = None

    @property
    def wheel(self) -> Wheel:
        if self._wheel is None:
            self._wheel = Wheel(asyncio.get_running_loop())
        return self._wheel

    @property
    def connections(self) -> int:
        return len(self._connections)

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises ``OSError`` when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.connection, host, port, backlog=1024)

    def connection(self) -> asyncio.Protocol:
        """The protocol of one connection, for a transport of the caller's own (a replayed call has no socket)."""
        return _Connection(self)

    @property
    def port(self) -> int:
        """The port listened on (for a ``start`` with port 0). Raises ``RuntimeError`` before ``start``."""
        if self._server is None:
            raise RuntimeError("the media server does not listen yet")
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end every session as ``finished``."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.dismiss()
        for future in tuple(self._expected.values()):
            future.cancel()
        if self._server is not None:
            await self._server.wait_closed()

    def expect(self, session: uuid.UUID) -> asyncio.Future[MediaSession]:
        """The session that Asterisk opens (or has just opened) under this UUID; cancel it to expect it no more."""
        future = self._expected.get(session)
        if future is not None:
            return future
        future = asyncio.get_running_loop().create_future()
        stranger = self._strangers.pop(session, None)
        if stranger is not None and stranger.session is not None:
            stranger.admitted()
            future.set_result(stranger.session)
        else:
            self._expected[session] = future
            future.add_done_callback(lambda done: self._given_up(session, done))
        return future

    def _given_up(self, session: uuid.UUID, future: "asyncio.Future[MediaSession]") -> None:
        if self._expected.get(session) is future:
            del self._expected[session]

    def _identified(self, connection: "_Connection", session: MediaSession) -> None:
        future = self._expected.pop(session.id, None)
        if future is not None and not future.done():
            connection.admitted()
            future.set_result(session)
        elif self._known(session.id, connection):
            connection.refuse("a session of this UUID is open already")
        else:
            self._strangers[session.id] = connection
            connection.wait(STRANGER_SECONDS, "nobody expects this UUID")

    def _known(self, session: uuid.UUID, newcomer: "_Connection") -> bool:
        return any(c.session is not None and c.session.id == session for c in self._connections if c is not newcomer)

    def _opened(self, connection: "_Connection") -> bool:
        if len(self._connections) >= self.limit:
            nameless = next((other for other in self._connections if other.session is None), None)
            if nameless is None:
                log.warning("media.full", limit=self.limit, what="connection turned away")
                return False
            nameless.refuse("it owes its UUID and the place is needed")
            self._closed(nameless)
        self._connections[connection] = None
        return True

    def _closed(self, connection: "_Connection") -> None:
        self._connections.pop(connection, None)
        session = connection.session
        if session is not None and self._strangers.get(session.id) is connection:
            del self._strangers[session.id]


class _Connection(asyncio.Protocol):
    def __init__(self, server: MediaServer) -> None:
        self.session: MediaSession | None = None
        self._server = server
        self._codec = audiosocket.Codec()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._server._opened(self):
            self._transport.abort()
            return
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        self.wait(HELLO_SECONDS, "no UUID came")

    def data_received(self, data: bytes) -> None:
        try:
            events = self._codec.receive(data)
        except audiosocket.AudioSocketError as error:
            self.refuse(str(error))
            return
        for event in events:
            if isinstance(event, audiosocket.Identified):
                self.session = MediaSession(event.session, self._transport, self._server.wheel)
                self._server._identified(self, self.session)
            elif self.session is not None:
                self.session._receive(event)
            else:
                self._transport.close()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._server._closed(self)
        if self.session is not None:
            whole = self._codec.receive_eof()
            self.session._end("closed" if whole and exc is None else "error")

    def wait(self, seconds: float, fault: str) -> None:
        """Give the connection ``seconds`` to be admitted, else refuse it for ``fault``."""
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.refuse, fault)

    def admitted(self) -> None:
        self._stop_timer()

    def refuse(self, fault: str) -> None:
        log.warning("media.refused", fault=fault, session=str(self.session.id) if self.session else None)
        if self.session is not None:
            self.session._end("error")
        self._transport.abort()

    def dismiss(self) -> None:
        if self.session is not None:
            self.session._end("finished")
        self._transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
