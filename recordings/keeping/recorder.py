"""Keeps the calls of one engine as folders: sound of both sides, journal, and what they were made with.

A call is kept only where its office has switched it on and once the caller has heard the announcement to its end.
Sound is held back until its turn is decided: the caller's side of a turn in which a number was keyed or spoken is
silenced, length kept, before anything is written; while the session is deaf (telePIN) nothing comes in at all. Files
are written by a thread of their own; a disk that does not keep up ends the recording, never the call.
"""

import asyncio
import os
import shutil
import struct
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from ivr.dialogue.actions import Action, AskDigits, AskPin, CheckPin, RecallCheck
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, Heard, IdentityGiven, NumberRefused
from voicebot.audio import RATE
from voicebot.media import MediaSession
from voicebot.playback import Playback
from voicebot.redaction import MARK

from ..fixture import journal_file
from ..fixture.folder import JOURNAL
from ..fixture.journal_file import Turn
from .sides import CALLER, SYSTEM, Sides

log = structlog.get_logger(__name__)

SOUND, FACTS = "call.wav", "recording.json"
TONE_BEFORE, TONE_AFTER = 0.4, 0.3
"""Seconds around a key in which a line that carries keys as tones may be heard; the caller's side is silent there."""
AFTERMATH = 4.0
"""Seconds after a turn with a spoken number in which its last digits may still be said."""
BACKLOG = 400
"""Pieces that wait for the disk; past them the recording ends."""
CALLS = 2_000
_ALAW = 6


class Piece(msgspec.Struct, frozen=True):
    """A media session in the file: it began ``at`` seconds after the call's arrival and lies at ``start`` to ``end``
    seconds of the sound."""

    at: float
    start: float
    end: float


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``recording.json``. ``announced``: seconds from arrival when the caller had heard the announcement; ``silenced``
    are stretches of the file in which a number may have been given; ``whole`` is False when the recording broke off."""

    call: str
    office: str | None
    at: str
    made: dict[str, str]
    pieces: tuple[Piece, ...] = ()
    silenced: tuple[tuple[float, float], ...] = ()
    announced: float | None = None
    whole: bool = True


@dataclass
class _Kept:
    folder: Path
    call: Call
    at: str
    arrived: float
    turns: list[Turn] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    silenced: list[tuple[float, float]] = field(default_factory=list)
    announced: float | None = None
    whole: bool = True
    sides: Sides | None = None
    session: MediaSession | None = None
    since: float = 0.0
    mute_caller: bool = False
    aftermath: float = 0.0
    """Loop time until which the caller may still be saying a number."""
    mute_system: float | None = None
    written: float = 0.0


class Recorder:
    """``wanted(office)`` says whether an office keeps calls; ``made`` names the versions in use."""

    def __init__(self, folder: Path, wanted: Callable[[str | None], bool], made: Callable[[], dict[str, str]]) -> None:
        self._folder, self._wanted, self._made = folder, wanted, made
        self._calls: OrderedDict[str, _Kept] = OrderedDict()
        self._disk = ThreadPoolExecutor(1, "recorder")
        self._waiting = 0

    def turn(self, call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        """A turn was committed."""
        now = asyncio.get_running_loop().time()
        if isinstance(event, CallArrived) and self._wanted(call.office):
            folder = self._folder / call.id
            self._calls[call.id] = _Kept(folder, call, event.at, now)
            while len(self._calls) > CALLS:
                self._calls.popitem(last=False)
        kept = self._calls.get(call.id)
        if kept is None:
            return
        kept.call = call
        kept.turns.append(journal_file.turn(now - kept.arrived, event, call, actions))
        self._settle(kept, event, now)
        kept.mute_caller = any(isinstance(one, AskDigits | AskPin | CheckPin | RecallCheck) for one in actions)
        secret = any(isinstance(one, AskPin | CheckPin | RecallCheck) for one in actions)
        left = 0.0 if secret or kept.session is None else kept.session.left
        kept.mute_system = now + left if kept.mute_caller else None
        over = kept.session is None or kept.session.ended.done()
        self._flush(kept, over=over)
        if over and call.ended is not None:
            del self._calls[call.id]

    def wants(self, call: str) -> bool:
        """Whether a recording of ``call`` is to begin or to go on."""
        kept = self._calls.get(call)
        return kept is not None and kept.whole

    def told(self, call: str) -> bool:
        """Whether the caller has heard the announcement."""
        kept = self._calls.get(call)
        return kept is not None and kept.announced is not None

    def begin(self, call: str, media: MediaSession, announcement: Playback | None) -> None:
        """Keep what ``media`` hears and says from now on; ``announcement`` is on its way to the caller. A caller who
        does not hear it to its end is not kept."""
        kept = self._calls.get(call)
        if kept is None or media.ended.done():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        kept.session, kept.sides, kept.since = media, Sides(now), now
        kept.pieces.append(Piece(round(now - kept.arrived, 3), kept.written, kept.written))
        media.tap = _Ear(kept.sides)
        media.ended.add_done_callback(lambda _: self._over(call, kept))
        if announcement is not None:
            announcement.done.add_done_callback(lambda done: self._announced(kept, done.result(), loop.time()))

    def drop(self, call: str) -> None:
        """Keep nothing of ``call``."""
        if call in self._calls:
            self._forget(self._calls[call])

    def _forget(self, kept: _Kept) -> None:
        self._calls.pop(kept.call.id, None)
        self._end(kept)
        self._disk.submit(shutil.rmtree, kept.folder, ignore_errors=True)

    async def close(self) -> None:
        """Write what is still held and end."""
        for kept in self._calls.values():
            if kept.sides is not None:
                self._settle(kept, None, asyncio.get_running_loop().time())
            self._flush(kept)
        await asyncio.to_thread(self._disk.shutdown)

    def _announced(self, kept: _Kept, whole: bool, now: float) -> None:
        if whole:
            kept.announced = round(now - kept.arrived, 2)
        else:
            self._forget(kept)

    def _over(self, call: str, kept: _Kept) -> None:
        if kept.sides is not None:
            self._settle(kept, None, asyncio.get_running_loop().time())
            kept.sides = None
        if call in self._calls:
            self._flush(kept)
            if kept.call.ended is not None:
                del self._calls[call]

    def _settle(self, kept: _Kept, event: Event | None, now: float) -> None:
        """Write the sound up to ``now``; what may hold a number is silent first."""
        sides = kept.sides
        if sides is None:
            return
        number = _gave_number(event)
        if number or kept.mute_caller:
            self._mute(kept, CALLER, kept.since, now)
        self._mute(kept, CALLER, kept.since, min(kept.aftermath, now))
        kept.aftermath = now + AFTERMATH if number and isinstance(event, Heard) else kept.aftermath
        if kept.mute_system is not None:
            self._mute(kept, SYSTEM, kept.mute_system, now)
        data, length = sides.take(now), kept.pieces[-1].end
        kept.written = round(length + len(data) / 2 / RATE, 4)
        kept.pieces[-1] = msgspec.structs.replace(kept.pieces[-1], end=kept.written)
        kept.since = now
        self._write(kept, data)

    def _mute(self, kept: _Kept, side: int, first: float, last: float) -> None:
        if kept.sides is None or last <= first:
            return
        kept.sides.mute(side, first, last)
        if side == CALLER:
            offset = kept.pieces[-1].start - kept.sides.began
            kept.silenced.append((round(first + offset, 2), round(last + offset, 2)))

    def _write(self, kept: _Kept, data: bytes) -> None:
        if self._waiting > BACKLOG:
            log.error("recording ended: the disk does not keep up", call=kept.call.id)
            self._end(kept)
            return
        self._waiting += 1
        self._disk.submit(_append, kept.folder, data).add_done_callback(
            lambda done: self._written(kept, done.exception())
        )

    def _written(self, kept: _Kept, error: BaseException | None) -> None:
        self._waiting -= 1
        if error is not None:
            log.error("recording ended", call=kept.call.id, error=type(error).__name__)
            self._end(kept)

    def _end(self, kept: _Kept) -> None:
        kept.whole, kept.sides = False, None
        if kept.session is not None:
            kept.session.tap = None

    def _flush(self, kept: _Kept, *, over: bool = True) -> None:
        """Write journal and facts, so that the folder is whole as far as it goes; while its session goes on (not
        ``over``) it says that it is not, for this engine may die."""
        if not kept.pieces:
            return
        facts = Facts(
            call=kept.call.id,
            office=kept.call.office,
            at=kept.at,
            made={**self._made(), "plan": kept.call.plan, "topics": kept.call.model},
            pieces=tuple(kept.pieces),
            silenced=tuple(kept.silenced),
            announced=kept.announced,
            whole=kept.whole and over,
        )
        self._disk.submit(_finish, kept.folder, journal_file.dump(kept.turns), msgspec.json.encode(facts))


class _Ear:
    """The tap of one session."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._quiet_until = 0.0

    def heard(self, pcm: bytes, at: float) -> None:
        if at >= self._quiet_until:
            self._sides.put(CALLER, pcm, at)

    def said(self, pcm: bytes, at: float) -> None:
        self._sides.put(SYSTEM, pcm, at)

    def pressed(self, at: float) -> None:
        self._sides.mute(CALLER, at - TONE_BEFORE, at + TONE_AFTER)
        self._quiet_until = at + TONE_AFTER


def _gave_number(event: Event | None) -> bool:
    """Whether a number, or what may be one, was given."""
    if isinstance(event, Heard):
        return event.spoke_number or MARK in event.text
    return isinstance(event, IdentityGiven | NumberRefused)


def _private(path: Path, flags: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)


def _append(folder: Path, data: bytes) -> None:
    """Add ``data`` to the sound file and set its header right."""
    with os.fdopen(_private(folder / SOUND, 0), "wb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            file.write(bytes(46))
        file.write(data)
        body = file.seek(0, os.SEEK_END) - 46
        file.seek(0)
        file.write(_header(body))


def _header(size: int) -> bytes:
    form = struct.pack("<HHIIHHH", _ALAW, 2, RATE, RATE * 2, 2, 8, 0)
    return b"".join(
        (struct.pack("<4sI4s", b"RIFF", 38 + size, b"WAVE"), struct.pack("<4sI", b"fmt ", 18), form,
         struct.pack("<4sI", b"data", size))
    )  # fmt: skip


def _finish(folder: Path, journal: bytes, facts: bytes) -> None:
    for name, data in ((JOURNAL, journal), (FACTS, facts)):
        with os.fdopen(_private(folder / name, os.O_TRUNC), "wb") as file:
            file.write(data)
