"""Asterisk's side of AMI on a real socket, as good or bad as a test wants it."""

import asyncio
from collections.abc import Callable

Reply = Callable[[dict[str, list[str]]], bytes | None]


def message(**headers: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


class ManagerPeer:
    """Answers Login and Ping; other actions as ``reply`` says (None: not at all). ``actions`` is all it was sent."""

    def __init__(self, reply: Reply | None = None, *, banner: bytes = b"Asterisk Call Manager/11.0.0\r\n") -> None:
        self.actions: list[dict[str, list[str]]] = []
        self.log_ins = 0
        self.accept = True
        self.answer_pings = True
        self.banner = banner
        self._reply = reply
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def named(self, name: str) -> list[dict[str, list[str]]]:
        return [action for action in self.actions if action["Action"] == [name]]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self.banner)
        try:
            while True:
                self._act(await reader.readuntil(b"\r\n\r\n"), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _act(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        action: dict[str, list[str]] = {}
        for line in raw.decode().strip().split("\r\n"):
            name, _, value = line.partition(": ")
            action.setdefault(name, []).append(value)
        self.actions.append(action)
        ident = action["ActionID"][0]
        match action["Action"][0]:
            case "Login" if self.accept:
                self.log_ins += 1
                writer.write(message(Response="Success", ActionID=ident, Message="Authentication accepted"))
            case "Login":
                writer.write(message(Response="Error", ActionID=ident, Message="Authentication failed"))
                writer.close()
            case "Ping":
                if self.answer_pings:
                    writer.write(message(Response="Success", ActionID=ident, Ping="Pong"))
            case _:
                reply = self._reply(action) if self._reply else message(Response="Success")
                if reply is not None:
                    writer.write(reply.replace(b"\r\n", f"\r\nActionID: {ident}\r\n".encode(), 1))
