"""Placing many fixtures' calls over a ramp, from one process; and how late that process itself was."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ivr.asterisk.agi import AgiError
from ivr.dialogue.events import Event, LookedUp
from voicebot.audio import AudioError

from ..caller.sip import Line, Refused
from ..fixture.folder import Folder
from ..fixture.journal_file import JournalError
from ..fixture.model import Step
from ..replay.audio import hindrance
from ..replay.live import Lines, play
from .measures import Measured, measured

TICK = 0.02
LATE = 0.02
"""Seconds of lateness past which the callers themselves spoil delays."""


@dataclass
class Load:
    """What all calls came to; ``late`` are the lags of this process, seconds, one each ``TICK``; ``most`` calls were
    up at once."""

    calls: list[Measured] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    most: int = 0
    seconds: float = 0.0


def playable(folder: Folder) -> str:
    """Why ``folder`` cannot be played to a hotline that runs for others too; nothing when it can."""
    fixture = folder.fixture
    if fixture.known is not None:
        return "znana wada"
    if fixture.closures or fixture.earlier or not fixture.hears or fixture.expect.ended == "closed":
        return "wymaga innego stanu infolinii"
    if not all(_open(turn.event) for turn in folder.journal):
        return "wymaga innej pory"
    if fixture.expect.verdict == "refused":
        return "odmowy powtarzane na jednym koncie wstrzymałyby je wszystkim"
    for step in fixture.steps:
        if step.verdict or step.lost or step.clock or step.queue not in (None, "served"):
            return "wymaga innego stanu infolinii"
        if step.keys is not None and not isinstance(step.keys, str) and step.keys.wrong_pin_of:
            return "złe telePIN-y zablokowałyby konto wszystkim"
    return hindrance(folder)


def _open(event: Event) -> bool:
    """Whether what was looked up finds no office closed."""
    return not isinstance(event, LookedUp) or event.found.get("open", True) is not False


def without_consultants(folder: Folder) -> Folder:
    """``folder`` whose caller hangs up in the queue instead of waiting for a person."""
    steps = tuple(
        Step(hangup=True, asked=step.asked, after=1.0) if step.queue is not None else step
        for step in folder.fixture.steps
    )
    return replace(folder, fixture=folder.fixture.model_copy(update={"steps": steps}))


class _Timed:
    """``line`` that tells how long each call took to be answered."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self.answered: float | None = None

    async def dial(self, dial: Any) -> Any:
        began = asyncio.get_running_loop().time()
        leg = await self._line.dial(dial)
        self.answered = asyncio.get_running_loop().time() - began
        return leg


async def place(
    lines: Lines,
    folders: Sequence[Folder],
    calls: int,
    ramp: float,
    number: Callable[[int], str],
    done: Callable[[Measured], None],
    load: Load,
) -> None:
    """Place ``calls`` calls, evenly over ``ramp`` seconds, ``folders`` in turn; ``number(n)`` is who calls. What came
    of each is in ``load`` as soon as it is over, also when this is interrupted."""
    loop = asyncio.get_running_loop()
    began, up = loop.time(), 0
    watching = asyncio.create_task(_watch(load))

    async def one(place_: int) -> None:
        nonlocal up
        await asyncio.sleep(max(began + place_ * ramp / max(calls, 1) - loop.time(), 0))
        up += 1
        load.most = max(load.most, up)
        try:
            load.calls.append(await _played(lines, folders[place_ % len(folders)], number(place_)))
        finally:
            up -= 1
        done(load.calls[-1])

    try:
        await asyncio.gather(*(one(place_) for place_ in range(calls)))
    finally:
        watching.cancel()
        load.seconds = loop.time() - began


async def _played(lines: Lines, folder: Folder, number: str) -> Measured:
    timed = _Timed(lines.line)
    caller = None if folder.fixture.caller is None else number
    try:
        course = await play(replace(lines, line=cast(Line, timed)), folder, caller)
        return measured(folder, course, timed.answered)
    except Refused as error:
        return Measured(folder.name, failed=f"infolinia nie odebrała: {error}")
    except (AudioError, JournalError, AgiError, OSError, KeyError) as error:
        return Measured(folder.name, timed.answered, failed=f"{type(error).__name__}: {error}")


async def _watch(load: Load) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        load.late.append(max(0.0, loop.time() - due))
