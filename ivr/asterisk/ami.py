"""AMI, hardened: panoramisk's wire (framing, action ids, what answers which action) under our own line keeping.

What is ours and why is told in ``docs/decisions/0004-ami.md``: bytes are decoded by whole messages; a handler's bug
never costs the connection; every action ends in a reply or an error, and none is ever sent twice (an ``Originate``
would ring twice); the connection is watched, and restored with growing pauses, except when the log-in is refused.
"""

import asyncio
import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message
from pydantic import SecretStr

log = structlog.get_logger(__name__)

MAX_MESSAGE_BYTES = 1 << 20
MAX_WAITING_EVENTS = 10_000
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
_BANNER = b"Asterisk Call Manager/"
_END = b"\r\n\r\n"

EventHandler = Callable[[Mapping[str, str]], Awaitable[None] | None]
ConnectHandler = Callable[[], Awaitable[None] | None]


class AmiError(Exception):
    """An action has no reply: not connected, timed out, or cut off. Whether Asterisk carried it out is not known."""


class AmiRefused(AmiError):
    """Asterisk refused the log-in: wrong user name or password, or the address is not permitted. Not tried again."""


@dataclass(frozen=True, slots=True)
class AmiReply:
    """The reply to an action. ``events`` are the items of a list action (``QueueStatus``), its closing event left out.
    A header sent several times (``Output``) is one string of several lines."""

    ok: bool
    message: str
    headers: Mapping[str, str]
    events: tuple[Mapping[str, str], ...] = ()


class _Action(Action):  # type: ignore[misc]
    """An action whose end is told by the protocol (``EventList``), not guessed from the wording of the reply."""

    def add_message(self, message: Message) -> bool:
        self.responses.append(message)
        first = self.responses[0]
        is_list = first.response == "Success" and first.eventlist.lower() == "start"
        if is_list and message.eventlist.lower() not in ("complete", "cancelled"):
            return False
        if not self.future.done():
            self.future.set_result(self.responses)
        return True


class _Wire(AMIProtocol):  # type: ignore[misc]
    """One connection. ``lost`` is done when it has ended."""

    def __init__(self, dispatch: Callable[[Message], None]) -> None:
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._dispatch = dispatch
        self._bytes = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        if not self.greeted.done() and not self._greet():
            return
        *messages, rest = self._bytes.split(_END)
        self._bytes = rest
        for raw in messages:
            message = Message.from_line(raw.decode("utf-8", "replace").lstrip("\r\n"))
            if message is not None:
                self.handle_message(message)
        if len(rest) > MAX_MESSAGE_BYTES:
            log.error("ami.message_too_long", limit=MAX_MESSAGE_BYTES)
            self.transport.abort()

    def _greet(self) -> bool:
        if not self._bytes.startswith(_BANNER[: len(self._bytes)]):
            self.greeted.set_exception(AmiError("what answers there is not Asterisk's manager interface"))
            self.transport.abort()
        elif b"\r\n" in self._bytes:
            del self._bytes[: self._bytes.index(b"\r\n") + 2]
            self.greeted.set_result(None)
            return True
        return False

    def send(self, action: _Action) -> "asyncio.Future[list[Message]]":
        self.responses[action.id] = action
        self.transport.write(str(action).encode())
        future: asyncio.Future[list[Message]] = action.future
        return future

    def forget(self, action: _Action) -> None:
        self.responses.pop(action.id, None)

    def dispatch(self, event: Message) -> None:
        self._dispatch(event)

    def connection_lost(self, exc: Exception | Message | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the actions under way fail, and are not kept for the next one."""
        self.closed = True
        self.transport.abort()
        for future in (self.greeted, *(action.future for action in self.responses.values())):
            if not future.done():
                future.set_exception(AmiError("the connection to Asterisk was lost; the action is not sent again"))
                future.exception()
        self.responses.clear()
        if not self.lost.done():
            self.lost.set_result(None)


class _Subscriber:
    """One handler. What it gets it gets in order, one at a time, and what it raises is logged, no more."""

    def __init__(self, event: str, handler: Callable[..., Awaitable[None] | None]) -> None:
        self._event = event
        self._handler = handler
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._task: asyncio.Task[None] | None = None

    def feed(self, *args: Mapping[str, str]) -> None:
        if len(self._waiting) >= MAX_WAITING_EVENTS:
            log.error("ami.event_lost", event_name=self._event, waiting=len(self._waiting))
            return
        self._waiting.append(args)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name=f"ami {self._event}")

    async def _work(self) -> None:
        while self._waiting:
            try:
                result = self._handler(*self._waiting.popleft())
                if result is not None:
                    await result
            except Exception as error:
                log.error("ami.handler_failed", event_name=self._event, exc_info=error)

    def cancel(self) -> None:
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()


class Ami:
    """The connection to Asterisk's manager interface, kept for as long as this object is open.

    ``events`` is the mask asked for at log-in (``on``, ``off`` or classes such as ``call,agent``). Times in seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: SecretStr,
        *,
        events: str = "on",
        action_seconds: float = 5.0,
        ping_seconds: float = 10.0,
    ) -> None:
        self._where = (host, port)
        self._username = username
        self._secret = secret
        self._events = events
        self._action_seconds = action_seconds
        self._ping_seconds = ping_seconds
        self._subscribers: dict[str, list[_Subscriber]] = defaultdict(list)
        self._connect_subscribers: list[_Subscriber] = []
        self._wire: _Wire | None = None
        self._runner: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._up.is_set()

    def on(self, event: str, handler: EventHandler) -> None:
        """Call ``handler`` with every event of this name (``*``: of any), in order; headers as Asterisk spells them."""
        self._subscribers[event].append(_Subscriber(event, handler))

    def on_connect(self, handler: ConnectHandler) -> None:
        """Call ``handler`` after every log-in, the first included: what was missed meanwhile has to be asked for."""
        self._connect_subscribers.append(_Subscriber("connect", handler))

    async def start(self, *, patient: bool = False) -> None:
        """Connect and log in. Raises ``AmiRefused``; and ``AmiError`` when Asterisk cannot be reached, unless
        ``patient``, which goes on trying. From then on the connection is restored whenever it is lost."""
        self._runner = asyncio.get_running_loop().create_task(self._keep(patient), name="ami")
        first = asyncio.ensure_future(self._up.wait())
        try:
            await asyncio.wait((self._runner, first), return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        if self._runner.done():
            await self._runner

    async def closed(self) -> None:
        """Wait for the end: returns after ``close``, raises ``AmiRefused`` when a later log-in was refused."""
        if self._runner is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(self._runner)

    async def close(self) -> None:
        """End the connection for good."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait((self._runner,))
        for subscriber in (*self._connect_subscribers, *(s for group in self._subscribers.values() for s in group)):
            subscriber.cancel()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def action(self, name: str, **headers: str | Sequence[str]) -> AmiReply:
        """Send an action and return its reply, ``ok`` or not; a sequence is a header sent several times.

        Raises ``AmiError`` when there is no connection, or no reply in time, or the connection was cut meanwhile;
        ``ValueError`` for a CR, LF or NUL in a header.
        """
        if self._wire is None or not self.connected:
            raise AmiError(f"there is no connection to Asterisk, so {name} was not sent")
        return await self._send(self._wire, name, headers)

    async def _send(self, wire: _Wire, name: str, headers: Mapping[str, str | Sequence[str]]) -> AmiReply:
        action = _Action(_checked({"Action": name, **headers}))
        try:
            messages = await asyncio.wait_for(wire.send(action), self._action_seconds)
        except TimeoutError:
            raise AmiError(f"Asterisk did not answer {name} within {self._action_seconds:g} s") from None
        finally:
            wire.forget(action)
        first, *items = messages
        events = tuple(_flat(item) for item in items if item.eventlist.lower() not in ("complete", "cancelled"))
        return AmiReply(bool(first.success), str(first.message), _flat(first), events)

    async def _keep(self, patient: bool) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                wire = await self._log_in()
            except AmiRefused as error:
                log.error("ami.refused", error=str(error))
                raise
            except (AmiError, OSError, TimeoutError) as error:
                if not patient:
                    raise AmiError(f"Asterisk's manager interface at {self._address} is not there: {error}") from error
                log.warning("ami.unreachable", address=self._address, error=str(error), pause=pause)
            else:
                patient, pause = True, FIRST_PAUSE
                await self._serve(wire)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(LONGEST_PAUSE, pause * 2)

    @property
    def _address(self) -> str:
        return f"{self._where[0]}:{self._where[1]}"

    async def _log_in(self) -> _Wire:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._action_seconds):
            _, wire = await loop.create_connection(lambda: _Wire(self._hear), *self._where)
        try:
            async with asyncio.timeout(self._action_seconds):
                await wire.greeted
            login = {"Username": self._username, "Secret": self._secret.get_secret_value(), "Events": self._events}
            reply = await self._send(wire, "Login", login)
            if not reply.ok:
                raise AmiRefused(
                    f"Asterisk at {self._address} refused the log-in of {self._username!r} ({reply.message}); "
                    "the secret must be the one in its manager.conf, and this address permitted there"
                )
        except BaseException:
            wire.close()
            raise
        return wire

    async def _serve(self, wire: _Wire) -> None:
        """Use ``wire`` until it is lost; one that answers no Ping is taken for lost (half-open)."""
        self._wire = wire
        self._up.set()
        log.info("ami.connected", address=self._address)
        for subscriber in self._connect_subscribers:
            subscriber.feed()
        try:
            while not wire.lost.done():
                await asyncio.wait((wire.lost,), timeout=self._ping_seconds)
                if not wire.lost.done():
                    await self._send(wire, "Ping", {})
        except AmiError as error:
            log.warning("ami.half_open", address=self._address, error=str(error))
        finally:
            self._up.clear()
            self._wire = None
            wire.close()
        log.warning("ami.lost", address=self._address)

    def _hear(self, event: Message) -> None:
        name = event.event
        subscribers = (*self._subscribers.get(name, ()), *self._subscribers.get("*", ()))
        if subscribers:
            headers = _flat(event)
            for subscriber in subscribers:
                subscriber.feed(headers)


def _flat(message: Message) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else "\n".join(value)
        for name, value in message.items()
        if name != "content"
    }


def _checked(headers: Mapping[str, str | Sequence[str]]) -> dict[str, str | list[str]]:
    checked: dict[str, str | list[str]] = {}
    for name, value in headers.items():
        values = [value] if isinstance(value, str) else list(value)
        if any(c in text for text in (name, *values) for c in "\r\n\0"):
            raise ValueError(f"CR, LF or NUL in the AMI header {name!r}: another action could be smuggled in")
        checked[name] = [text.encode("utf-8", "replace").decode() for text in values]
    return checked
