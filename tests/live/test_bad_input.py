"""Numbers, peers and neighbours that are not as they should be."""

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from infolinia.settings import Settings
from tests.live.hotline import NUMBERS, Hotline, Scenarios, until

pytestmark = [pytest.mark.live, pytest.mark.anyio]
scenarios = Scenarios()


@scenarios
async def a_caller_without_a_number(hotline: Hotline) -> None:
    async with hotline.call("podlaskie", withheld=True) as caller:
        await caller.authenticate("dz-07", "nip")
        state = (await caller.asked("sprawa")).state
        assert state.caller is None
        await caller.keys("3")
        data = (await caller.page())["data"]
        assert data["caller"] is None
        assert data["authenticated"]["person"] == "dz-07"


@scenarios
async def an_unknown_number_is_told_so_and_reaches_a_person(hotline: Hotline) -> None:
    async with hotline.call(dialled="229999999") as caller:
        own = str(caller.number).lstrip("+")
        await until(lambda: _fallback(hotline, "229999999"), "the dialplan takes the call itself")
        news = hotline.heard("UserEvent", "229999999")[0]
        assert news["reason"] == "unknown-number"
        await caller.live.wait_speech()
        await until(lambda: _connected(hotline, own), "a consultant picks up")
        await until(lambda: _page(hotline, news["call"]), "the consultant's page comes")
        told = {message["kind"]: message["data"] for message in await hotline.messages(news["call"])}
        assert told["card"]["caller_masked"].endswith(own[-3:])
        assert (told["session"]["caller"], told["session"]["complete"]) == (caller.number, False)


async def _fallback(hotline: Hotline, dialled: str) -> bool:
    return bool(hotline.heard("UserEvent", dialled))


async def _page(hotline: Hotline, call: str) -> bool:
    return any(message["kind"] == "session" for message in await hotline.messages(call))


async def _connected(hotline: Hotline, number: str) -> bool:
    return bool(hotline.heard("AgentConnect", number))


@scenarios
async def a_call_is_not_disturbed_by_peers_that_misbehave(hotline: Hotline) -> None:
    """Garbage, half-open, slow and endless lines on all AGI and media ports, from greeting to page."""
    before = [hotline.engine(0), hotline.engine(1)]
    ports = [hotline.settings.port(kind, number) for kind in ("agi", "media") for number in (0, 1)]
    pests = [asyncio.create_task(pest(port)) for port in ports for pest in (garbage, half_open, slow, endless_line)]
    try:
        async with hotline.call("lodzkie") as caller:
            await caller.asked("tozsamosc", "IdentityGiven")
            await caller.number_of("dz-17")
            await caller.asked("telepin", "PinGiven")
            await caller.number_of("dz-17", "pin")
            await caller.asked("mocodawca")
            await caller.keys("1")
            await caller.asked("sprawa")
            await caller.keys("1")
            assert (await caller.page())["data"]["authenticated"]["person"] == "dz-17"
            quality = caller.live.leg.media.hearing.quality
            assert quality.lost == 0
    finally:
        for task in pests:
            task.cancel()
        outcomes = await asyncio.gather(*pests, return_exceptions=True)
    failed = [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, OSError)]
    assert failed == []
    assert [hotline.engine(0), hotline.engine(1)] == before, "no engine died of it"


async def garbage(port: int) -> None:
    """Bytes of no protocol, over and over, each time broken off."""
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            writer.write(os.urandom(3000) + b"\n\n" + bytes(range(256)))
            await writer.drain()
        writer.close()
        await asyncio.sleep(0.2)


async def half_open(port: int) -> None:
    """Connections that never say a word."""
    held = []
    for _ in range(20):
        held.append(await asyncio.open_connection("127.0.0.1", port))
        await asyncio.sleep(0.05)
    await asyncio.Event().wait()


async def slow(port: int) -> None:
    """A request a byte at a time."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in b"agi_network: yes\nagi_network_script: arrive\n" * 50:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.2)


async def endless_line(port: int) -> None:
    """A line without an end, as fast as it is taken, up to eight megabytes."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(128):
        writer.write(b"\x01" * 65536)
        await writer.drain()
        await asyncio.sleep(0.05)


@scenarios
async def a_refused_manager_password_is_said_and_ends_the_desk(hotline: Hotline) -> None:
    folder = hotline.settings.var / "wrong-password"
    shutil.copytree(hotline.settings.var / "secrets", folder / "secrets")
    (folder / "secrets" / "ami-desk").write_bytes(b"not-the-password")
    code, said = await command(hotline.settings, folder, "desk", INFOLINIA_METRICS_PORT="9500")
    assert code == 3
    assert "refused the log-in of 'desk'" in said
    assert "Pomoże infolinia setup" in said
    assert "not-the-password" not in said


@scenarios
async def a_taken_port_is_told_with_its_holder(hotline: Hotline) -> None:
    folder = hotline.settings.var / "taken-port"
    shutil.copytree(hotline.settings.var / "secrets", folder / "secrets")
    code, said = await command(hotline.settings, folder, "engine", "0")
    assert code != 0
    assert str(hotline.settings.port("agi")) in said
    assert f"pid {hotline.engine(0)}" in said
    assert "Traceback" not in said


async def command(settings: Settings, var: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run ``infolinia`` with the ports of ``settings`` and another ``var``; exit code and all that it said."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "infolinia", *arguments],
        env={**os.environ, "INFOLINIA_VAR": str(var), "INFOLINIA_PORT_SHIFT": str(settings.port_shift), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@scenarios
async def a_caller_who_presses_nonsense_reaches_a_person(hotline: Hotline) -> None:
    """By the number as it is dialled from abroad."""
    async with hotline.call(dialled=f"0048{NUMBERS['malopolskie']}") as caller:
        caller.dialled = NUMBERS["malopolskie"]
        await caller.asked("tozsamosc", "IdentityGiven")
        await caller.keys("#")
        await caller.asked("sprawa")
        await asyncio.sleep(1.0)  # a second # sooner is taken for a key that bounced
        await caller.keys("#")
        assert (await caller.page())["queue"] == "malopolskie-kol-ogolna"


@pytest.mark.parametrize("scenario", scenarios.known)
async def test_bad_input_is_borne(scenario: str, under_way: dict[str, "asyncio.Task[None]"]) -> None:
    await under_way[scenario]
