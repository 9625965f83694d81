"""SIP over UDP with the transaction rules that ``aiosipua`` leaves out (RFC 3261 § 17).

Requests are sent again until something answers, refusals of an INVITE are acknowledged, an answer that comes twice is
handed on once, and a request that comes twice gets the answer it got before. Session descriptions are taken out of
messages before the library sees them: reading those is ``recordings.caller.sdp``'s.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiosipua import SipMessage, SipRequest, SipResponse, UdpSipTransport
from aiosipua.transport import _stamp_via_received

log = structlog.get_logger(__name__)

T1, T2, GIVE_UP = 0.5, 4.0, 32.0
"""RFC 3261's timers in seconds: first repetition, longest pause, the end of trying."""
Key = tuple[str, str]
"""A transaction: the topmost Via's branch and the method."""


@dataclass
class _Sent:
    request: SipRequest
    raw: bytes
    to: tuple[str, int]
    timer: asyncio.TimerHandle | None = None
    final: bool = False
    until: float = field(default_factory=lambda: time.monotonic() + GIVE_UP)


@dataclass
class SipTransport(UdpSipTransport):
    """One UDP socket.

    ``before_send`` may add to an outgoing request, ``described`` gets every session description, ``answered`` sees an
    answer with its request and says whether the library shall, ``unanswered`` is told of a request given up.
    """

    before_send: Callable[[SipRequest], None] | None = None
    answered: Callable[[SipRequest, SipResponse], bool] | None = None
    described: Callable[[SipRequest | SipResponse, str], None] | None = None
    unanswered: Callable[[SipRequest], None] | None = None
    _sent: dict[Key, _Sent] = field(default_factory=dict, init=False)
    _answers: dict[Key, tuple[float, bytes, tuple[str, int]]] = field(default_factory=dict, init=False)
    _settling: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def start(self) -> None:
        """Open the socket. Raises ``OSError`` when the port is taken."""
        loop = asyncio.get_running_loop()
        self._udp_transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._dispatch), local_addr=self.local_addr
        )
        self.local_addr = self._udp_transport.get_extra_info("sockname")[:2]

    async def stop(self) -> None:
        for sent in self._sent.values():
            _stop(sent)
        await super().stop()

    async def settled(self, timeout: float) -> None:
        """Wait until every request has its answer, ``timeout`` seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while any(not sent.final for sent in self._sent.values()):
                    self._settling.clear()
                    await self._settling.wait()

    def send(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        if self._udp_transport is None or self._udp_transport.is_closing():
            return
        if isinstance(message, SipRequest) and self.before_send is not None:
            self.before_send(message)
        raw = bytes(message)
        self._udp_transport.sendto(raw, addr)
        self._forget_old()
        if isinstance(message, SipResponse):
            self._answers[_key(message)] = (time.monotonic() + GIVE_UP, raw, addr)
        elif message.method != "ACK":
            sent = self._sent[_key(message)] = _Sent(message, raw, addr)
            self._repeat_after(sent, T1)

    def _dispatch(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.strip():
            return  # keep-alive
        try:
            message = SipMessage.parse(data)
        except ValueError as error:
            log.warning("sip message not understood", peer=addr[0], error=str(error)[:100])
            return
        self._take_description(message)
        if isinstance(message, SipRequest):
            self._request(message, addr)
        else:
            self._response(message, addr)

    def _take_description(self, message: SipRequest | SipResponse) -> None:
        """UPDATE keeps its own: the library refuses one with an offer (488), which is right for these phones."""
        if isinstance(message, SipRequest) and message.method == "UPDATE":
            return
        if (message.content_type or "").lower().startswith("application/sdp") and message.body:
            text, message.body = message.text, b""
            if self.described is not None:
                self.described(message, text)

    def _request(self, request: SipRequest, addr: tuple[str, int]) -> None:
        before = self._answers.get(_key(request))
        if before is not None and request.method != "ACK" and self._udp_transport is not None:
            self._udp_transport.sendto(before[1], before[2])
            return
        _stamp_via_received(request, addr)
        if self.on_message is not None:
            self.on_message(request, addr)

    def _response(self, response: SipResponse, addr: tuple[str, int]) -> None:
        sent = self._sent.get(_key(response))
        if sent is None:
            return
        invite, status = sent.request.method == "INVITE", response.status_code
        if invite or status >= 200:
            _stop(sent)
        if invite and status >= 300:
            self._acknowledge_refusal(sent, response)
        if sent.final and not (invite and status < 300):
            return
        if status >= 200:
            sent.final = True
            self._settling.set()
        for_library = self.answered is None or self.answered(sent.request, response)
        if for_library and self.on_message is not None:
            self.on_message(response, addr)

    def _acknowledge_refusal(self, sent: _Sent, response: SipResponse) -> None:
        """RFC 3261 § 17.1.1.3: within the INVITE's own transaction, with the To of the refusal."""
        ack = SipRequest(method="ACK", uri=sent.request.uri)
        ack.headers.append("Via", sent.request.headers.get("via")[0])
        for name, source in (("From", sent.request), ("To", response), ("Call-ID", sent.request)):
            ack.headers.set_single(name, source.get_header(name) or "")
        for route in sent.request.headers.get("route"):
            ack.headers.append("Route", route)
        number = sent.request.cseq.seq if sent.request.cseq else 1
        ack.headers.set_single("CSeq", f"{number} ACK")
        ack.headers.set_single("Max-Forwards", "70")
        if self._udp_transport is not None:
            self._udp_transport.sendto(bytes(ack), sent.to)

    def _repeat_after(self, sent: _Sent, pause: float) -> None:
        longest = GIVE_UP if sent.request.method == "INVITE" else T2
        sent.timer = asyncio.get_running_loop().call_later(pause, self._repeat, sent, min(pause * 2, longest))

    def _repeat(self, sent: _Sent, pause: float) -> None:
        if time.monotonic() >= sent.until:
            sent.final = True
            self._settling.set()
            if self.unanswered is not None:
                self.unanswered(sent.request)
        elif self._udp_transport is not None:
            self._udp_transport.sendto(sent.raw, sent.to)
            self._repeat_after(sent, pause)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key in [key for key, answer in self._answers.items() if answer[0] < now]:
            del self._answers[key]
        for key in [key for key, sent in self._sent.items() if sent.final and sent.until < now]:
            del self._sent[key]


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._receive(data, (addr[0], addr[1]))


def _key(message: SipRequest | SipResponse) -> Key:
    via, cseq = message.via, message.cseq
    return (via[0].branch or "" if via else "", cseq.method if cseq else "")


def _stop(sent: _Sent) -> None:
    if sent.timer is not None:
        sent.timer.cancel()
