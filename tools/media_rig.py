"""A rig for benches of media: an Asterisk of its own that hands calls to AudioSocket or chan_websocket, and telephones.

Number ``1XXXX`` rings through to AudioSocket with the UUID of ``session_of``, ``2XXXX`` to chan_websocket. When the
engine is gone the dialplan holds the call for four seconds. All on loopback.
"""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infolinia.asterisk.conf import folder, render_bare, replace_file
from infolinia.asterisk.control import Asterisk
from infolinia.asterisk.install import ensure
from infolinia.settings import Settings
from recordings.caller.live import LiveCall
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine

AUDIOSOCKET, WEBSOCKET = "1", "2"
SHIFT, RTP_FIRST = 24_000, 28_600
EXTENSIONS = """[general]
static=yes
[from-trunk]
exten => _1XXXX,1,Answer()
 same => n,TryExec(AudioSocket(00000000-0000-4000-8000-0000000${{EXTEN}},127.0.0.1:{audiosocket}))
 same => n,Goto(alive,1)
exten => _2XXXX,1,Answer()
 same => n,Dial(WebSocket/media/c(slin)v(call=${{EXTEN}}),,g)
 same => n,Goto(alive,1)
exten => alive,1,Wait(4)
 same => n,Hangup(16)
"""
PJSIP = """[udp]
type=transport
protocol=udp
bind=127.0.0.1:{sip}
[trunk]
type=endpoint
context=from-trunk
identify_by=ip
disallow=all
allow=alaw
aors=trunk
dtmf_mode=auto
direct_media=no
rtp_symmetric=yes
media_address=127.0.0.1
bind_rtp_to_media_address=yes
[trunk]
type=aor
[trunk]
type=identify
endpoint=trunk
match=127.0.0.1
"""
WEBSOCKET_CLIENT = """[media]
type = websocket_client
connection_type = per_call_config
uri = ws://127.0.0.1:{websocket}/media
protocols = media
"""
MODULES = ("res_http_websocket.so", "res_websocket_client.so", "chan_websocket.so")


def session_of(number: str) -> uuid.UUID:
    """The AudioSocket session of a dialled number ``1XXXX``."""
    return uuid.UUID(f"00000000-0000-4000-8000-0000000{number}")


class Rig:
    """``audiosocket`` and ``websocket`` are the ports where the engine listens."""

    def __init__(self, settings: Settings, asterisk: Asterisk, line: SipLine) -> None:
        self.settings, self.asterisk, self.line = settings, asterisk, line
        self.audiosocket, self.websocket = settings.port("media", 0), settings.port("media", 0) + 50

    async def dial(self, number: str) -> LiveCall:
        return LiveCall(await self.line.dial(Dial(number, None)))


@asynccontextmanager
async def rig(prefix: Path | None = None) -> AsyncIterator[Rig]:
    """An Asterisk that runs until the block is left. ``prefix``: its installation (None: as ``infolinia`` finds it)."""
    var = Path(tempfile.mkdtemp(prefix="inf-rig-"))
    site = ensure(Settings())
    settings = Settings(
        var=var,
        port_shift=SHIFT,
        asterisk_prefix=prefix or site.binary.parents[1],
        rtp_first=RTP_FIRST,
        rtp_last=RTP_FIRST + 299,
    )
    asterisk = Asterisk(settings, site)
    line = SipLine(("127.0.0.1", settings.port("sip")))
    made = Rig(settings, asterisk, line)
    files = render_bare(settings, site)
    ports = {"audiosocket": made.audiosocket, "websocket": made.websocket, "sip": settings.port("sip")}
    files["extensions.conf"] = EXTENSIONS.format(**ports)
    files["pjsip.conf"] = PJSIP.format(**ports)
    files["websocket_client.conf"] = WEBSOCKET_CLIENT.format(**ports)
    files["http.conf"] = "[general]\nenabled=no\n"
    files["modules.conf"] += "".join(f"load={name}\n" for name in MODULES)
    etc = folder(settings) / "etc"
    etc.mkdir(parents=True)
    for name, text in files.items():
        replace_file(etc / name, text.encode())
    try:
        await asyncio.to_thread(asterisk.boot)
        await line.start()
        yield made
    finally:
        await line.stop()
        await asyncio.to_thread(asterisk.stop)
        shutil.rmtree(var, ignore_errors=True)
