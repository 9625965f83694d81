"""Calls per second and concurrent calls of a running stack (SIPp), and how exact our own caller is.

    .venv/bin/python tools/bench_calls.py load --to 224605990 --rate 20 --calls 200 --keys '85831410110#' --seconds 8
    .venv/bin/python tools/bench_calls.py exact --to 224605990 --calls 10 --seconds 10

``load`` makes every SIPp call play one coherent recording (PCMA and RFC 4733 keys, made by the test caller's own
timeline), hang up after ``--seconds``, and prints what came of it as JSON. ``--pid`` adds the processor time of that
process. SIPp (Debian: sip-tester) plays recordings through a raw socket: root, or CAP_NET_RAW. ``exact`` places calls
with the test caller and prints how far keys and packets were from their deadlines.
"""

import argparse
import asyncio
import csv
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from recordings.caller.live import LiveCall
from recordings.caller.sip import Dial, Refused
from recordings.caller.sip_line import SipLine
from recordings.caller.timeline import Timeline

MOST_CALLS, MOST_RATE, MOST_SECONDS = 5000, 200, 120

REQUEST = """<send retrans="500"{timer}><![CDATA[
{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:+48000000001@[local_ip]:[local_port]>;tag=[pid]load[call_number]
{to}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:load@[local_ip]:[local_port]>
Max-Forwards: 70
{body}]]></send>
"""
OFFER = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
"""
NOTHING = "Content-Length: 0\n\n"


def scenario(recording: Path, seconds: float) -> str:
    """A SIPp scenario: call, play ``recording`` for ``seconds``, hang up. The other side must stay that long."""
    first, later = "To: <sip:[service]@[remote_ip]:[remote_port]>", "[last_To:]"
    ack = REQUEST.format(timer="", method="ACK", to=later, number=1, body=NOTHING).replace(' retrans="500"', "")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="load">
{REQUEST.format(timer=' start_rtd="1"', method="INVITE", to=first, number=1, body=OFFER)}
<recv response="100" optional="true"/><recv response="180" optional="true"/><recv response="183" optional="true"/>
<recv response="200" rtd="1" rrs="true"/>
{ack}
<nop><action><exec play_pcap_audio="{recording}"/></action></nop>
<pause milliseconds="{round(seconds * 1000)}"/>
{REQUEST.format(timer="", method="BYE", to=later, number=2, body=NOTHING)}
<recv response="200"/>
</scenario>
"""


def write_pcap(path: Path, seconds: float, keys: str, keys_after: float) -> None:
    """One stream as Ethernet frames on loopback, of which SIPp takes the RTP: silence and ``keys``."""
    timeline = Timeline(0.0, ssrc=0x1F0, timestamp=8000)
    if keys:
        timeline.press(keys, keys_after)
    packets: list[tuple[float, bytes]] = []
    for tick in range(round(seconds * 1000)):
        packets += [(due.at, due.data) for due in timeline.take(tick / 1000)]
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, rtp in packets:
            udp = struct.pack("!HHHH", 10000, 10000, 8 + len(rtp), 0) + rtp
            local = b"\x7f\0\0\1"
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, local, local) + udp
            frame = bytes(12) + b"\x08\x00" + ip
            file.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)


def load(options: argparse.Namespace) -> dict[str, Any]:
    """Run SIPp once; its counts."""
    if shutil.which("sipp") is None:
        sys.exit("SIPp is missing: install Debian's package sip-tester")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_pcap(here / "call.pcap", options.seconds, options.keys, options.keys_after)
        (here / "call.xml").write_text(scenario(here / "call.pcap", options.seconds))
        limit = options.calls / options.rate + options.seconds + 20
        command = ["sipp", options.server, "-sf", "call.xml", "-s", options.to, "-i", "127.0.0.1", "-mi", "127.0.0.1"]
        command += ["-p", "0", "-m", str(options.calls), "-r", str(options.rate), "-l", str(options.limit)]
        command += ["-nostdin", "-timeout", str(round(limit)), "-trace_stat", "-stf", "stat.csv", "-fd", "1"]
        before, begun = processor_time(options.pid), time.monotonic()
        with (here / "screen").open("wb") as screen:
            done = subprocess.run(command, cwd=here, stdout=screen, stderr=screen, timeout=limit + 30, check=False)
        took = time.monotonic() - begun
        if not (here / "stat.csv").exists():
            sys.exit((here / "screen").read_text(errors="replace")[-1000:])
        rows = list(csv.DictReader((here / "stat.csv").read_text().splitlines(), delimiter=";"))
    last = rows[-1]
    figures: dict[str, Any] = {
        "rate": options.rate,
        "calls": options.calls,
        "answered_and_ended": int(last["SuccessfulCall(C)"]),
        "failed": int(last["FailedCall(C)"]),
        "retransmissions": int(last["Retransmissions(C)"]),
        "most_at_once": max(int(row["CurrentCall"]) for row in rows),
        "invite_to_answer": last.get("ResponseTime1(C)"),
        "seconds": round(took, 1),
        "exit": done.returncode,
    }
    if before is not None:
        figures["cores_of_pid"] = round(((processor_time(options.pid) or before) - before) / took, 2)
    return figures


def processor_time(pid: int | None) -> float | None:
    """Seconds of processor time that the process has used."""
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def exact(options: argparse.Namespace) -> dict[str, Any]:
    """Place ``calls`` calls at once, press keys all the while; how far from their deadlines keys and packets left."""
    host, _, port = options.server.rpartition(":")
    line = SipLine((host, int(port)))
    await line.start()
    try:
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(press_for(line, options)) for _ in range(options.calls)]
    finally:
        await line.stop()
    keys = np.abs([error for call in calls for error in call.result()[0]]) * 1000
    off = np.abs([error for call in calls for error in call.result()[1]]) * 1000
    found = {"calls": options.calls, "keys": int(keys.size), "packets": int(off.size)}
    for name, errors in (("key_start_error_ms", keys), ("pacing_error_ms", off)):
        quantiles = np.quantile(errors, (0.5, 0.99, 1.0))
        found[name] = dict(zip(("p50", "p99", "max"), (round(float(q), 3) for q in quantiles), strict=True))
    return found


async def press_for(line: SipLine, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """One call: a key every quarter of a second; errors of keys and of packets in seconds."""
    try:
        live = LiveCall(await line.dial(Dial(options.to)))
    except Refused as refusal:
        sys.exit(f"no call to {options.to}: {refusal}")
    loop = asyncio.get_running_loop()
    end = loop.time() + options.seconds
    while loop.time() < end and not live.leg.ended.done():
        await live.keys("1", loop.time() + 0.15)
    live.hang_up()
    return [press.sent - press.asked for press in live.presses if press.sent is not None], live.leg.media.pacing.off


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("load", "exact"))
    parser.add_argument("--server", default="127.0.0.1:5060")
    parser.add_argument("--to", required=True)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--rate", type=int, default=5, help="new calls a second")
    parser.add_argument("--limit", type=int, default=1000, help="most calls at once")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a call")
    parser.add_argument("--keys", default="")
    parser.add_argument("--keys-after", type=float, default=1.0)
    parser.add_argument("--pid", type=int, help="report the processor time of this process too")
    options = parser.parse_args()
    if not (0 < options.calls <= MOST_CALLS and 0 < options.rate <= MOST_RATE and 0 < options.seconds <= MOST_SECONDS):
        parser.error(f"at most {MOST_CALLS} calls, {MOST_RATE} a second, {MOST_SECONDS} s each; all more than 0")
    figures = load(options) if options.what == "load" else asyncio.run(exact(options))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
