"""Fakes of the desk's neighbours, and wires recorded from a real Asterisk."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desk.message import Card, Message, ring_id

WIRES = Path(__file__).parent / "wires"
CALL = "11111111-2222-4333-8444-555555555555"
QUEUE = "malopolskie-kol-pcc-sd"


def wire(name: str) -> list[dict[str, str]]:
    """The events of a recorded wire, in order."""
    blocks = (WIRES / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    return [
        dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in b.split("\n")) for b in blocks
    ]


@dataclass
class FakeReply:
    ok: bool = True
    message: str = ""
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass
class FakeSwitchboard:
    """Asterisk's queues as the manager shows them. ``channels`` is what CoreShowChannels answers."""

    queues: tuple[str, ...] = (QUEUE, "malopolskie-kol-pit", "lodzkie-kol-pit", "krajowa-kol-ogolna")
    members: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    channels: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    handlers: list[tuple[str, Callable[..., Any]]] = field(default_factory=list)
    connect_handlers: list[Callable[..., Any]] = field(default_factory=list)

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        self.handlers.append((event, handler))

    def on_connect(self, handler: Callable[..., Any]) -> None:
        self.connect_handlers.append(handler)

    def emit(self, event: Mapping[str, Any]) -> None:
        for name, handler in self.handlers:
            if name in ("*", event["Event"]):
                handler(event)

    async def reconnect(self) -> None:
        for handler in self.connect_handlers:
            await handler()

    async def action(self, name: str, **headers: str) -> FakeReply:
        self.asked.append((name, headers))
        await asyncio.sleep(0)
        match name:
            case "QueueStatus":
                return self._status()
            case "CoreShowChannels":
                return FakeReply(events=tuple(self.channels))
            case "QueueAdd":
                return self._add(headers)
        key = (headers["Interface"], headers["Queue"])
        if key not in self.members:
            return FakeReply(False, "Interface not found")
        if name == "QueueRemove":
            del self.members[key]
        elif name == "QueuePause":
            self.members[key]["Paused"] = "1" if headers["Paused"] == "true" else "0"
        return FakeReply()

    def _add(self, headers: dict[str, str]) -> FakeReply:
        if headers["Queue"] not in self.queues:
            return FakeReply(False, "Unable to add interface to queue: No such queue")
        key = (headers["Interface"], headers["Queue"])
        if key in self.members:
            return FakeReply(False, "Unable to add interface: Already there")
        paused = "1" if headers.get("Paused") == "true" else "0"
        self.members[key] = {"Paused": paused, "Membership": "dynamic", "Status": "1"}
        return FakeReply()

    def _status(self) -> FakeReply:
        params = [{"Event": "QueueParams", "Queue": queue} for queue in self.queues]
        members = [
            {"Event": "QueueMember", "Queue": queue, "Location": location, **member}
            for (location, queue), member in self.members.items()
        ]
        return FakeReply(events=(*params, *members))


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def card_message(call: str = CALL, leg: str = "1700000000.1", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "kind": "card",
        "call": call,
        "ring": ring_id(call, leg),
        "leg": leg,
        "agent": "konsultant1",
        "queue": QUEUE,
        "at": "2025-11-21T13:00:00.000+01:00",
        "data": Card(office=None, topic=None, caller_masked="+48 *** *** 001", authenticated=False),
    }
    return Message(**{**values, **changes})
