"""Asterisk's side of a FastAGI conversation, well and badly behaved, on real sockets."""

import asyncio
import socket
import struct
from collections.abc import Callable

HEADER = b"agi_network_script: arrive\nagi_uniqueid: 1.2\nagi_arg_1: canary\n\n"


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, first: bytes = b"") -> "Peer":
        peer = cls(*await asyncio.open_connection("127.0.0.1", port))
        peer.say(first)
        return peer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hear(self) -> bytes:
        """The next command; empty at the end of the stream, a reset included."""
        try:
            return await asyncio.wait_for(self.reader.readline(), 5)
        except ConnectionResetError:
            return b""

    def half_close(self) -> None:
        self.writer.write_eof()

    def reset(self) -> None:
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about; the whole test fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)
