"""One call on ``recordings.caller.sip_line``'s line: up (``SipLeg``) or still ringing here (``SipIncoming``)."""

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from aiosipua import Dialog, DialogState, IncomingCall, SipRequest, parse_sdp

from recordings.caller.media import AudioPort
from recordings.caller.sdp import SdpError, answer_sdp, read_sdp, write_sdp
from recordings.caller.sip import Ending, Refused

if TYPE_CHECKING:
    from recordings.caller.sip_line import SipLine

log = structlog.get_logger(__name__)


class SipLeg:
    """``recordings.caller.sip.Leg`` on a dialog of the library."""

    def __init__(
        self, line: "SipLine", dialog: Dialog, media: AudioPort, session: int, peer: tuple[str, int], version: int = 1
    ) -> None:
        self.call_id: str = dialog.call_id
        self.media = media
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.renegotiated = 0
        self._line, self._dialog, self._session, self._peer = line, dialog, session, peer
        self._version = version
        self._agreement: asyncio.Future[None] | None = None
        line.legs[self.call_id] = self

    def hang_up(self) -> None:
        if self._dialog.state == DialogState.CONFIRMED:
            self._line.uac.send_bye(self._dialog, self._peer)
        self.end(Ending("us"))

    def end(self, ending: Ending) -> None:
        """The call is over, by whomever."""
        self._line.legs.pop(self.call_id, None)
        incoming = self._line.uas.get_call(self.call_id)
        if incoming is not None:
            incoming._stop_retransmissions()  # the library forgets calls only when the other side hangs up
            self._line.uas._calls.pop(self.call_id, None)
        self.media.close()
        if self._agreement is not None and not self._agreement.done():
            self._agreement.set_exception(Refused(481, "the call ended"))
        if not self.ended.done():
            self.ended.set_result(ending)

    async def hold(self) -> None:
        await self._renegotiate("sendonly")
        self.media.holding = True

    async def resume(self) -> None:
        await self._renegotiate("sendrecv")
        self.media.holding = False
        self.media.hearing.interrupted()

    async def _renegotiate(self, direction: str) -> None:
        if self._agreement is not None and not self._agreement.done():
            raise Refused(491, "a change of the session is still under way")
        self._agreement = asyncio.get_running_loop().create_future()
        self._line.uac.send_reinvite(self._dialog, parse_sdp(self._describe(direction)), self._peer)
        await self._agreement

    def _describe(self, direction: str = "sendrecv") -> str:
        here, there = self.media.here, self.media.there
        self._version += 1
        if there is not None:
            here = replace(here, audio=there.audio, events=there.events)
        return write_sdp(replace(here, direction=direction), session=self._session, version=self._version)

    def renegotiation_answered(self, request: SipRequest, status: int, reason: str) -> None:
        """Our re-INVITE was answered: acknowledge a 2xx (again, should it come again); refusals the transport does."""
        if status < 300:
            number, cseq = self._dialog.local_cseq, request.cseq
            ack = self._dialog.create_request(
                "ACK", via_host=self._line.transport.local_addr[0], via_port=self._line.transport.local_addr[1]
            )
            self._dialog.local_cseq = number
            ack.headers.set_single("CSeq", f"{cseq.seq if cseq else number} ACK")
            self._line.transport.send(ack, self._peer)
        if self._agreement is not None and not self._agreement.done():
            if status < 300:
                self._agreement.set_result(None)
            else:
                self._agreement.set_exception(Refused(status, reason))

    def reinvited(self, call: IncomingCall, offer: str) -> None:
        """The other side changes the session: agree, or refuse what cannot be (488), which leaves all as it was."""
        if not offer:
            call.accept(parse_sdp(self._describe()))
            self.renegotiated += 1
            return
        self._version += 1
        try:
            answer, theirs = answer_sdp(offer, self.media.here, session=self._session, version=self._version)
        except SdpError as error:
            log.warning("re-INVITE refused", why=str(error))
            call._send_response(488, "Not Acceptable Here")  # reject() would end the dialog
            return
        call.accept(parse_sdp(answer))
        self.media.aim(theirs)
        self.renegotiated += 1

    def described(self, text: str) -> None:
        """A description that answers ours: aim there."""
        try:
            self.media.aim(read_sdp(text))
        except SdpError as error:
            log.warning("description not usable, audio stays as it was", why=str(error))


class SipIncoming:
    """``recordings.caller.sip.Incoming`` on a call of the library."""

    def __init__(self, line: "SipLine", call: IncomingCall, offer: str) -> None:
        self.call_id: str = call.call_id
        sender = call.invite.from_addr
        self.caller: str = (sender.uri.user or "") if sender and sender.uri else ""
        self.gone: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._line, self._call, self._offer = line, call, offer

    def ring(self) -> None:
        if not self.gone.done():
            self._call.ringing()

    async def answer(self) -> SipLeg:
        media = await AudioPort.open(self._line.bind)
        if self.gone.done():
            media.close()
            raise Refused(487, "the caller gave up")
        session = secrets.randbits(31)
        try:
            answer, theirs = answer_sdp(self._offer, media.here, session=session)
        except SdpError as error:
            media.close()
            self.reject(488)
            raise Refused(488, f"offer without usable audio: {error}") from error
        self._line.ringing.pop(self.call_id, None)
        self._call.accept(parse_sdp(answer))
        media.aim(theirs)
        return SipLeg(self._line, self._call.dialog, media, session, self._call.source_addr)

    def reject(self, code: int = 486) -> None:
        if not self.gone.done():
            self._call.reject(code)
            self.give_up(Ending("refused", code))

    def give_up(self, ending: Ending) -> None:
        """The call came to nothing."""
        self._line.ringing.pop(self.call_id, None)
        if not self.gone.done():
            self.gone.set_result(ending)
