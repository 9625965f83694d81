"""The FastAGI server: one handler coroutine per call, and nothing a connection does can touch another call.

A connection gets ``header_seconds`` to say what it wants. At most ``limit`` are open at once: when there is no room,
the oldest one that still owes its header makes place; when all are calls, the newcomer is turned away (Asterisk then
asks the next engine). A handler's exception ends its own call only: the dialplan goes on without an outcome. It is
logged as a plain trace, without the values of local variables: keys may be among them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import structlog

from . import agi
from .agi import AgiError, AgiHungUp, AgiReply, AgiRequest, HangUp

__all__ = ["AgiChannel", "AgiError", "AgiHungUp", "AgiReply", "AgiRequest", "AgiServer"]

log = structlog.get_logger(__name__)

HEADER_SECONDS = 5.0

Handler = Callable[["AgiChannel"], Awaitable[None]]


class AgiChannel:
    """One AGI conversation. ``hung_up`` is set once the caller is gone or the connection has ended."""

    def __init__(self, request: AgiRequest, codec: agi.Codec, transport: asyncio.Transport) -> None:
        self.request = request
        self.hung_up = asyncio.Event()
        self._codec = codec
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reply: asyncio.Future[AgiReply] | None = None
        self._abandoned = False
        self._fault: Exception | None = None

    async def command(self, line: str, *args: str) -> AgiReply:
        """Send one command and wait for its reply, as long as that takes (``EXEC`` may last a whole call).

        ``line`` goes as it stands, ``args`` are quoted. Only one command may be under way: a second one raises
        ``AgiError``, unless the first was cancelled, whose reply is then awaited and dropped. A reply of 200 is
        returned, ``result=-1`` too, except on a channel known to be gone. Raises ``AgiHungUp`` when the connection
        has ended or the channel is gone, ``AgiError`` when Asterisk refused the command or broke the protocol.
        """
        if self._reply is not None and not self._abandoned:
            raise AgiError(f"a command is under way already; {agi.verb(line)} was not sent", fault="ours")
        if self._reply is not None:
            await asyncio.wait([self._reply])
        if self._fault is not None:
            raise self._fault
        if self._transport.is_closing():
            raise AgiHungUp("the connection has ended")
        self._transport.write(self._codec.send(line, *args))
        self._reply = self._loop.create_future()
        try:
            reply = await self._reply
        except asyncio.CancelledError:
            self._abandon()
            raise
        if reply.code == 200 and not reply.failed:
            return reply
        return self._judged(reply, line)

    async def get_variable(self, name: str) -> str | None:
        """The value of a channel variable or function; None when there is none."""
        reply = await self.command("GET VARIABLE", name)
        return reply.data if reply.result == "1" else None

    async def set_variable(self, name: str, value: str) -> None:
        await self.command("SET VARIABLE", name, value)

    async def execute(self, application: str, data: str = "") -> AgiReply:
        """Run a dialplan application; ``data`` is its arguments as in the dialplan, without expansion of ``${…}``."""
        return await self.command("EXEC", application, data)

    async def gosub(self, context: str, *args: str) -> AgiReply:
        """Run the subroutine ``context`` (extension ``s``) of the dialplan with ``args``; returns when it does. From
        its first application to its last nothing reads the channel between them: no key is lost there."""
        return await self.command(f"GOSUB {context} s 1", ",".join(args))

    def _abandon(self) -> None:
        """The command was cancelled: its reply is still to come, and belongs to nobody. Unless it just came."""
        if self._reply is not None:
            self._reply, self._abandoned = self._loop.create_future(), True

    def _judged(self, reply: AgiReply, line: str) -> AgiReply:
        if reply.code == 511 or (reply.failed and self.hung_up.is_set()):
            raise AgiHungUp(f"the channel is gone ({agi.verb(line)})")
        if reply.code != 200:
            raise AgiError(f"Asterisk refused the command {agi.verb(line)} with {reply.code}", fault="ours")
        return reply

    def _receive(self, event: AgiReply | HangUp) -> None:
        if isinstance(event, HangUp):
            self.hung_up.set()
            return
        reply, self._reply, self._abandoned = self._reply, None, False
        if reply is not None and not reply.done():
            reply.set_result(event)

    def _end(self, fault: Exception) -> None:
        self._fault = self._fault or fault
        self.hung_up.set()
        reply, self._reply = self._reply, None
        if reply is not None and not reply.done():
            reply.set_exception(fault)
            reply.exception()


class AgiServer:
    """Listens for Asterisk and runs ``handler`` for each call. See the module's text for what protects it."""

    def __init__(self, handler: Handler, *, limit: int = 1000, header_seconds: float = HEADER_SECONDS) -> None:
        self.limit = limit
        self.header_seconds = header_seconds
        self.turned_away = 0
        self._handler = handler
        self._owing: dict[_Connection, None] = {}
        self._calls: dict[_Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None

    @property
    def calls(self) -> int:
        """How many handlers run."""
        return len(self._calls)

    @property
    def port(self) -> int:
        """The port listened on (for a ``start`` with port 0). Raises ``RuntimeError`` before ``start``."""
        if self._server is None:
            raise RuntimeError("the AGI server does not listen yet")
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises ``OSError`` when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)

    async def close(self, grace: float = 0.0) -> None:
        """Listen no more, give running handlers ``grace`` seconds, cancel those left and wait for them."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._owing):
            connection.drop("the server closes")
        tasks = set(self._calls.values())
        if tasks and grace > 0:
            _, tasks = await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        if tasks:
            log.warning("agi.cut_off", calls=len(tasks), grace=grace)
            await asyncio.wait(tasks)
        if self._server is not None:
            await self._server.wait_closed()

    def _opened(self, connection: "_Connection") -> bool:
        if len(self._owing) + len(self._calls) >= self.limit:
            if not self._owing:
                self._turn_away()
                return False
            next(iter(self._owing)).drop("it owes its header and the place is needed")
        self._owing[connection] = None
        return True

    def _turn_away(self) -> None:
        """Logged at the first and then every hundredth time: a flood must not fill the disk."""
        self.turned_away += 1
        if self.turned_away % 100 == 1:
            log.warning("agi.full", limit=self.limit, calls=len(self._calls), turned_away=self.turned_away)

    def _asked(self, connection: "_Connection", channel: AgiChannel) -> None:
        del self._owing[connection]
        task = asyncio.get_running_loop().create_task(self._run(channel), name=f"agi {channel.request.why}")
        self._calls[connection] = task
        task.add_done_callback(lambda _: self._done(connection))

    def _done(self, connection: "_Connection") -> None:
        del self._calls[connection]
        connection.hang_up()

    def _left(self, connection: "_Connection") -> None:
        self._owing.pop(connection, None)

    async def _run(self, channel: AgiChannel) -> None:
        try:
            await self._handler(channel)
        except AgiHungUp:
            log.info("agi.hung_up", uniqueid=channel.request.uniqueid, why=channel.request.why)
        except Exception as error:
            log.error("agi.handler_failed", uniqueid=channel.request.uniqueid, why=channel.request.why, exc_info=error)


class _Connection(asyncio.Protocol):
    def __init__(self, server: AgiServer) -> None:
        self._server = server
        self._codec = agi.Codec()
        self._channel: AgiChannel | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._dropped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._server._opened(self):
            self._dropped = True
            self._transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._server.header_seconds, self.drop, "its header took too long")

    def data_received(self, data: bytes) -> None:
        try:
            events = self._codec.receive(data)
        except AgiError as error:
            self.drop(str(error), error)
            return
        for event in events:
            if isinstance(event, AgiRequest):
                self._stop_timer()
                self._channel = AgiChannel(event, self._codec, self._transport)
                self._server._asked(self, self._channel)
            elif self._channel is not None:
                self._channel._receive(event)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._server._left(self)
        if self._channel is not None:
            self._channel._end(AgiHungUp("the connection ended"))
        elif not self._dropped:
            log.warning("agi.dropped", fault="the connection ended within the header")

    def drop(self, fault: str, error: AgiError | None = None) -> None:
        log.warning("agi.dropped", fault=fault)
        self._dropped = True
        self._server._left(self)
        if self._channel is not None:
            self._channel._end(error or AgiHungUp(fault))
        self._transport.abort()

    def hang_up(self) -> None:
        self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
