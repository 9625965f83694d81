"""A telephone line on ``aiosipua`` 0.7.1 (alpha, pinned): its dialogs, registration and digest; our transport and SDP.

The library's server side is attached too, or re-INVITEs and BYEs of the other side would go unanswered. Only this
module, ``sip_leg`` and ``transport`` know the library (docs/decisions/0010-test-phones.md).
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from aiosipua import (
    IncomingCall,
    OutgoingCall,
    Registration,
    SipDigestAuth,
    SipRequest,
    SipResponse,
    SipUAC,
    SipUAS,
    parse_sdp,
    stringify_uri,
)
from pydantic import SecretStr

from recordings.caller.media import AudioPort
from recordings.caller.sdp import SdpError, read_sdp, write_sdp
from recordings.caller.sip import ANONYMOUS, Dial, Ending, Incoming, Refused, cause_of
from recordings.caller.sip_leg import SipIncoming, SipLeg
from recordings.caller.transport import SipTransport

log = structlog.get_logger(__name__)

AGENT = "Infolinia test phone"
REGISTER_AGAIN = 2.0
"""Seconds until a registration that was lost is tried again."""


@dataclass
class _Attempt:
    """A call going out: what its INVITE is to carry, and what came of it."""

    headers: dict[str, str]
    display: str | None
    outcome: asyncio.Future[Ending] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    answer: str = ""
    cause: int | None = None
    server_lives: bool = False
    leg: SipLeg | None = None

    def settle(self, ending: Ending) -> None:
        if not self.outcome.done():
            self.outcome.set_result(ending)


class SipLine:
    """``recordings.caller.sip.Line``: calls to and from the server at ``server`` from one UDP port of ``bind``."""

    def __init__(self, server: tuple[str, int] = ("127.0.0.1", 5060), bind: str = "127.0.0.1", port: int = 0) -> None:
        self.server, self.bind = server, bind
        self.on_incoming: Callable[[Incoming], None] | None = None
        self.transport = SipTransport(
            local_addr=(bind, port),
            before_send=self._identify,
            described=self._described,
            answered=self._answered,
            unanswered=self._unanswered,
        )
        self.uac = SipUAC(self.transport)
        self.uas = SipUAS(self.transport, uac=self.uac, user_agent=AGENT)
        self.uas.on_invite = self._invited
        self.uas.on_reinvite = self._reinvited
        self.uas.on_bye = self._hung_up
        self.uas.on_cancel = self._cancelled
        self.legs: dict[str, SipLeg] = {}
        self.ringing: dict[str, SipIncoming] = {}
        self._offers: dict[str, str] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._dialling: _Attempt | None = None
        self._registration: Registration | None = None
        self._registered: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Open the port. Raises ``OSError`` when it is taken."""
        await self.uas.start()

    async def stop(self) -> None:
        for leg in list(self.legs.values()):
            leg.hang_up()
        for incoming in list(self.ringing.values()):
            incoming.reject(480)
        registration, self._registration = self._registration, None
        if registration is not None:
            registration.unregister()
        await self.transport.settled(1.0)
        await self.uas.stop()

    # Calling

    async def dial(self, dial: Dial) -> SipLeg:
        media = await AudioPort.open(self.bind)
        try:
            return await self._dial(dial, media)
        except BaseException:
            media.close()
            raise

    async def _dial(self, dial: Dial, media: AudioPort) -> SipLeg:
        host, port = self.server
        mine = self.transport.local_addr[0]
        session = secrets.randbits(31)
        auth = SipDigestAuth(dial.user, dial.password.get_secret_value()) if dial.user and dial.password else None
        display = "Anonymous" if dial.caller is None else dial.display
        attempt = self._dialling = _Attempt(dial.identity_headers(mine), display)
        call = self.uac.send_invite(
            ANONYMOUS if dial.caller is None else f"sip:{dial.caller}@{mine}",
            f"sip:{dial.to}@{host}:{port}",
            self.server,
            parse_sdp(write_sdp(media.here, session=session)),
            user_agent=AGENT,
            auth=auth,
        )
        self._dialling = None

        def picked_up(_: OutgoingCall) -> None:  # a BYE may follow in the same breath: the leg is there at once
            attempt.leg = SipLeg(self, call.dialog, media, session, self.server)
            attempt.settle(Ending("us"))

        call.on_answer = picked_up
        call.on_rejected = lambda _, code, reason: attempt.settle(Ending("refused", code, reason, attempt.cause))
        try:
            leg = await self._await_answer(call, attempt, dial.ring)
        finally:
            self._attempts.pop(call.call_id, None)
        try:
            media.aim(read_sdp(attempt.answer))
        except SdpError as error:
            leg.hang_up()
            raise Refused(488, f"odebrano bez dźwięku A-law: {error}") from error
        return leg

    async def _await_answer(self, call: OutgoingCall, attempt: _Attempt, ring: float) -> SipLeg:
        try:
            async with asyncio.timeout(ring):
                ending = await attempt.outcome
        except TimeoutError:
            self._withdraw(call, attempt)
            silent = f"serwer {self.server[0]}:{self.server[1]} nie odpowiada"
            raise Refused(408, f"nikt nie odebrał przez {ring:g} s" if attempt.server_lives else silent) from None
        except asyncio.CancelledError:
            self._withdraw(call, attempt)
            raise
        if attempt.leg is None:
            raise Refused(ending.code, ending.reason, ending.cause)
        return attempt.leg

    def _withdraw(self, call: OutgoingCall, attempt: _Attempt) -> None:
        if attempt.leg is not None:
            attempt.leg.hang_up()
        else:
            call.cancel(self.uac)

    def _identify(self, request: SipRequest) -> None:
        """Who calls, on every INVITE that opens a call: also on the one repeated with digest credentials."""
        if request.method != "INVITE" or _within_call(request):
            return
        call_id = request.call_id or ""
        attempt = self._attempts.get(call_id) or self._dialling
        if attempt is None:
            return
        self._attempts[call_id] = attempt
        for name, value in attempt.headers.items():
            request.headers.set_single(name, value)
        if attempt.display:
            request.headers.set_single("From", f'"{attempt.display}" {request.get_header("From")}')

    # Being called

    def _invited(self, call: IncomingCall) -> None:
        incoming = SipIncoming(self, call, self._offers.pop(call.call_id, ""))
        self.ringing[call.call_id] = incoming
        if self.on_incoming is None:
            incoming.reject(480)
        else:
            self.on_incoming(incoming)

    def _cancelled(self, request: SipRequest, _addr: tuple[str, int]) -> None:
        incoming = self.ringing.pop(request.call_id or "", None)
        if incoming is not None:
            incoming.give_up(Ending("cancelled", 487, cause=cause_of(request.get_header("Reason"))))

    # Registration

    async def register(self, user: str, password: SecretStr, expires: int = 120) -> None:
        host, port = self.server
        self._registered = asyncio.get_running_loop().create_future()
        registration = self._registration = Registration(
            self.uac,
            f"sip:{user}@{host}:{port}",
            self.server,
            expires=expires,
            auth=SipDigestAuth(user, password.get_secret_value()),
            registrar_uri=f"sip:{host}:{port}",
            user_agent=AGENT,
        )
        registration.on_registered = lambda _: self._registration_is(None)
        registration.on_failed = lambda _, code, reason: self._registration_is(Refused(code, reason))
        registration.on_expired = lambda _: self._registration_is(Refused(408, "registration expired"))
        registration.register()
        await self._registered

    def _registration_is(self, trouble: Refused | None) -> None:
        """The first answer is ``register``'s; a registration lost later is tried again until the line stops."""
        if self._registered is not None and not self._registered.done():
            if trouble is None:
                self._registered.set_result(None)
            else:
                self._registration = None
                self._registered.set_exception(trouble)
        elif trouble is not None:
            log.warning("registration lost", trouble=str(trouble), again_in=REGISTER_AGAIN)
            asyncio.get_running_loop().call_later(REGISTER_AGAIN, self._register_again)

    def _register_again(self) -> None:
        if self._registration is not None:
            self._registration.register()

    # What the transport tells

    def _described(self, message: SipRequest | SipResponse, text: str) -> None:
        call_id = message.call_id or ""
        leg = self.legs.get(call_id)
        if isinstance(message, SipRequest) and message.method == "INVITE":
            self._offers[call_id] = text
        elif leg is not None:
            leg.described(text)
        elif call_id in self._attempts:
            self._attempts[call_id].answer = text

    def _answered(self, request: SipRequest, response: SipResponse) -> bool:
        """Keep the dialog's target up to date; answers to our re-INVITEs are the leg's, not the library's."""
        call_id, status = request.call_id or "", response.status_code
        if call_id in self._attempts:
            self._attempts[call_id].server_lives = True
        if request.method != "INVITE" or status < 200:
            return True
        leg = self.legs.get(call_id)
        if _within_call(request):
            if leg is not None:
                leg.renegotiation_answered(request, status, response.reason_phrase)
            return False
        call, contacts = self.uac.get_call(call_id), response.contact
        if status < 300 and call is not None and contacts:
            call.dialog.remote_target = stringify_uri(contacts[0].uri)
        if status >= 300 and call_id in self._attempts:
            self._attempts[call_id].cause = cause_of(response.get_header("Reason"))
        return True

    def _unanswered(self, request: SipRequest) -> None:
        call_id = request.call_id or ""
        if request.method == "REGISTER":
            self._registration_is(Refused(408, "no answer to REGISTER"))
        elif call_id in self._attempts:
            self._attempts[call_id].settle(Ending("refused", 408, "serwer nie odpowiada"))
        elif call_id in self.legs and request.method == "INVITE":
            self.legs[call_id].renegotiation_answered(request, 408, "no answer to re-INVITE")

    def _reinvited(self, call: IncomingCall) -> None:
        leg = self.legs.get(call.call_id)
        if leg is None:
            call.reject(481)
        else:
            leg.reinvited(call, self._offers.pop(call.call_id, ""))

    def _hung_up(self, call: IncomingCall, request: SipRequest) -> None:
        leg = self.legs.get(call.call_id)
        if leg is not None:
            leg.end(Ending("them", cause=cause_of(request.get_header("Reason"))))


def _within_call(request: SipRequest) -> bool:
    to = request.to_addr
    return bool(to and to.tag)
