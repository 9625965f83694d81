"""A small Asterisk for trying the test phones on: its own configuration, folder and ports; ended with the tests."""

import os
import subprocess
import time
from pathlib import Path

from infolinia.asterisk.site import Site
from recordings.caller.consultant import soft_tone
from voicebot.audio import silence, write_wav

MODULES = """
res_timing_timerfd res_crypto res_sorcery_config res_sorcery_memory res_sorcery_astdb res_rtp_asterisk codec_alaw
codec_resample format_wav format_pcm res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_pubsub
res_pjsip_registrar res_pjsip_authenticator_digest res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip
res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_nat res_pjsip_header_funcs chan_pjsip bridge_simple bridge_softmix
bridge_native_rtp bridge_builtin_features pbx_config res_musiconhold app_queue app_dial app_playback app_read app_echo
app_senddtmf app_stack app_verbose func_callerid func_channel func_logic func_strings res_pjsip_dlg_options
"""

FILES = {
    "asterisk.conf": """[directories]
astetcdir => {run}/etc
astmoddir => {modules}
astdatadir => {data}
astvarlibdir => {run}/lib
astdbdir => {run}/lib
astkeydir => {run}/lib
astspooldir => {run}/spool
astrundir => {run}/run
astlogdir => {run}/log
[options]
systemname = phones
""",
    "logger.conf": "[logfiles]\nmessages => notice,warning,error\n",
    "rtp.conf": "[general]\nrtpstart={rtp}\nrtpend={rtp_end}\n",
    "musiconhold.conf": "[default]\nmode=files\ndirectory={run}/music\n",
    "queues.conf": """[general]
[sprawy]
strategy=ringall
timeout=3
retry=1
member => PJSIP/konsultant1
""",
    "pjsip.conf": """[global]
type=global
user_agent=small
endpoint_identifier_order=auth_username,username,ip
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{sip}
[line](!)
type=endpoint
transport=udp
disallow=all
allow=alaw
dtmf_mode=rfc4733
media_address=127.0.0.1
bind_rtp_to_media_address=yes
trust_id_inbound=yes
direct_media=no
context=calls
[trunk](line)
[trunk]
type=identify
endpoint=trunk
match=127.0.0.1
[operator](line)
auth=operator
direct_media=yes
[operator]
type=auth
auth_type=userpass
username=operator
password={password}
[konsultant1](line)
aors=konsultant1
auth=konsultant1
direct_media=yes
[konsultant1]
type=aor
max_contacts=1
remove_existing=yes
[konsultant1]
type=auth
auth_type=userpass
username=konsultant1
password={password}
""",
    "extensions.conf": """[calls]
exten => echo,1,Answer()
 same => n,Echo()
exten => _read.,1,Answer()
 same => n,Wait(0.1)
 same => n,Read(TYPED,,${{EXTEN:4}},t,1,5)
 same => n,SendDTMF(${{TYPED}},80,100)
 same => n,Wait(0.3)
 same => n,Hangup()
exten => prompts,1,Answer()
 same => n,Playback({run}/prompt)
 same => n,Wait(2)
 same => n,Playback({run}/prompt)
 same => n,Wait(2)
exten => short,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup(17)
exten => busy,1,Busy(1)
exten => who,1,Answer()
 same => n,Set(OPEN=${{IF($["${{CALLERID(pres)}}"="allowed_not_screened"]?1:0)}})
 same => n,SendDTMF(${{FILTER(0-9,${{CALLERID(num)}})}}#${{OPEN}},80,80)
 same => n,Hangup()
exten => ring,1,Ringing()
 same => n,Wait(20)
exten => dial,1,Dial(PJSIP/konsultant1,20)
 same => n,Hangup()
exten => queue,1,Answer()
 same => n,Queue(sprawy,,,,20)
 same => n,Hangup()
""",
}


class SmallAsterisk:
    """One running Asterisk; ``stop`` ends it."""

    def __init__(self, site: Site, run: Path, sip: int, rtp: int, password: str) -> None:
        self.sip, self.password, self._run = ("127.0.0.1", sip), password, run
        values = {
            "run": run,
            "modules": site.modules,
            "data": site.data,
            "sip": sip,
            "rtp": rtp,
            "rtp_end": rtp + 1999,
            "password": password,
        }
        for folder in ("etc", "lib", "spool", "run", "log", "music"):
            (run / folder).mkdir(parents=True)
        for name, text in FILES.items():
            (run / "etc" / name).write_text(text.format(**values))
        listed = "".join(f"load={name}.so\n" for name in MODULES.split())
        (run / "etc/modules.conf").write_text(f"[modules]\nautoload=no\n{listed}")
        write_wav(run / "prompt.wav", soft_tone(1.5) + silence(0.1) + soft_tone(0.4))
        write_wav(run / "music/tone.wav", soft_tone(3.0, 300.0))
        self._binary = site.binary
        self._process = subprocess.Popen(
            [self._binary, "-f", "-C", run / "etc/asterisk.conf"],
            stdin=subprocess.DEVNULL,
            stdout=(run / "stdout").open("wb"),
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )

    def command(self, line: str) -> str:
        """What Asterisk's console says to ``line``."""
        asked = [self._binary, "-C", self._run / "etc/asterisk.conf", "-rx", line]
        return subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False).stdout

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Wait until it serves. Raises ``RuntimeError`` with its last words."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self._process.poll() is None:
            if "fully booted" in self.command("core waitfullybooted"):
                return
            time.sleep(0.2)
        self.stop()
        log = self._run / "log/messages"
        raise RuntimeError(
            (self._run / "stdout").read_text()[-2000:] + (log.read_text()[-2000:] if log.exists() else "")
        )

    def stop(self) -> None:
        """End the process that was started here."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
