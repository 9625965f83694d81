"""Asterisk's side of AudioSocket on a real socket."""

import asyncio
import socket
import struct
import uuid
from collections.abc import Callable

from voicebot import audiosocket


class MediaPeer:
    """Reads frames and keeps their payloads in ``heard``; ``ended`` is set at the end of the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard: list[bytes] = []
        self.kinds: list[int] = []
        self.ended = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int, session: uuid.UUID | None = None, *, read: bool = True) -> "MediaPeer":
        peer = cls(*await asyncio.open_connection("127.0.0.1", port))
        if session is not None:
            peer.say(audiosocket.identity(session))
        if read:
            peer._task = asyncio.create_task(peer._read())
        else:
            peer._writer.transport.pause_reading()  # type: ignore[attr-defined]
        return peer

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    def key(self, key: str) -> None:
        self.say(audiosocket.encode(audiosocket.KEY, key.encode()))

    def half_close(self) -> None:
        self._writer.write_eof()

    def reset(self) -> None:
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()

    async def _read(self) -> None:
        try:
            while True:
                kind, size = struct.unpack("!BH", await self._reader.readexactly(3))
                payload = await self._reader.readexactly(size)
                self.kinds.append(kind)
                if kind in audiosocket.SOUND_RATES:
                    self.heard.append(payload)
                elif kind == audiosocket.TERMINATE:
                    self.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
        self.ended.set()


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about; the whole test fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)
