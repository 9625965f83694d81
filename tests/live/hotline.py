"""A whole hotline for tests: Asterisk, two engines under their supervisor, desk, stubs and consultants' telephones, in
a ``var`` of its own, and callers who place real calls to it.

Nothing here sleeps for a result: what happened is read from the journal, the CRM and Asterisk, as an operator could.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import func, select

from desk.agents import Agents
from infolinia.asterisk import install
from infolinia.asterisk.connection import manager
from infolinia.asterisk.port import holder, listening
from infolinia.background import Background
from infolinia.demo_caller import CALLERS
from infolinia.installation import prepare
from infolinia.secret_files import read_secret
from infolinia.settings import ROOT, Settings
from infolinia.stack import Stack
from ivr.dialogue.call import Call
from ivr.dialogue.events import Resumed
from ivr.journal import CALLS, Journal, Turn
from recordings.caller.consultant import Behaviour, ConsultantPhone, soft_tone
from recordings.caller.live import LiveCall
from recordings.caller.people import Kind, People
from recordings.caller.sip import Dial
from recordings.caller.sip_line import SipLine
from store import open_database
from telepin.vault import SEALED

PATIENCE = 40.0
"""Seconds for anything to happen. Long: the machine may be busy. How fast the hotline is belongs to the benches."""
OFFICES = ("podlaskie", "wielkopolskie", "malopolskie", "dolnoslaskie", "lodzkie", "opolskie", "krajowa")
NUMBERS = {
    "podlaskie": "224605990",
    "wielkopolskie": "224605991",
    "malopolskie": "224605992",
    "dolnoslaskie": "224605993",
    "lodzkie": "224605994",
    "opolskie": "224605995",
    "krajowa": "223300330",
}
STAFFED = {"1": "kol-pit", "3": "kol-pcc-sd", "4": "kol-vat-nip", "9": "kol-ogolna"}
"""Areas of the matter menu with consultants who pick up at once, in every office of ``OFFICES``."""
PAUSED, RINGING, EMPTY = ("2", "kol-epit"), ("7", "kol-euslugi"), ("8", "kol-clo-akcyza")
"""Areas where the only consultant has a break; where the only telephone rings and nobody answers; with nobody."""
GENERAL = tuple(f"ogolny{n}" for n in range(1, 11))
ON_BREAK, AWAY, SPARE, BUSY = "przerwa", "nieobecny", "zapasowy", "zajety"
_numbers = count(600_000_001)


def checkout_var() -> Path:
    """The ``var`` that ``make setup`` filled: what is slow to make is taken from there."""
    return Settings().var


def free_shift(shift: int) -> int:
    """The first port shift from ``shift`` on at which no other stack listens."""
    while any(listening(Settings(port_shift=shift).port(name)) for name in ("eus", "crm", "agi", "ami", "media")):
        shift += 200
    return shift


def own_settings(folder: Path, shift: int, rtp: int, **more: Any) -> Settings:
    """Settings of a stack in ``folder`` that reuses the checkout's Asterisk, prompts, topics, models and proof."""
    shift = free_shift(shift)
    prefix = install.ensure(Settings()).binary.parent.parent
    (folder / "asterisk").mkdir(parents=True)
    with suppress(FileNotFoundError):
        shutil.copy(checkout_var() / "asterisk" / "probed", folder / "asterisk" / "probed")
    for name in ("prompts", "topics", "models", "proof"):
        if (checkout_var() / name).is_dir():
            (folder / name).symlink_to(checkout_var() / name)
    return Settings(
        var=folder,
        port_shift=shift,
        rtp_first=rtp,
        rtp_last=rtp + 499,
        asterisk_prefix=prefix,
        hours="open",
        consultants=(*GENERAL, ON_BREAK, AWAY, SPARE, BUSY),
        **more,
    )


class Hotline:
    """The running stack. ``start`` and ``stop`` are for its processes, ``open`` and ``close`` for our ends of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stack = Stack(settings)
        self.people = People.load(CALLERS)
        self.phones: dict[str, ConsultantPhone] = {}
        self.lines: dict[str, SipLine] = {}
        self.events: list[dict[str, str]] = []

    # Processes

    def start(self) -> None:
        """Set up and start everything; what runs already is left alone."""
        self.plan = prepare(self.settings, lambda text: None)
        self.up()

    def up(self) -> None:
        """The children learn by their environment what a stack does not pass on itself."""
        kept = dict(os.environ)
        os.environ |= {
            "INFOLINIA_WHISPER": str(self.settings.whisper),
            "INFOLINIA_EARS": json.dumps(self.settings.ears),
            "INFOLINIA_JOURNAL_STALL": "5",
        }
        if self.settings.vosk_model is not None:
            os.environ["INFOLINIA_VOSK_MODEL"] = str(self.settings.vosk_model)
        try:
            self.stack.up()
        finally:
            os.environ.clear()
            os.environ.update(kept)

    def stop(self) -> None:
        """End all that was started here, stopped processes too."""
        supervisor = self.supervisor
        for pid in (supervisor, *(self.engine(n) for n in range(self.settings.engines))):
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        self.stack.settings = self.settings.model_copy(update={"drain_seconds": 0.0})
        self.stack.down()

    @property
    def supervisor(self) -> int | None:
        return Background(self.settings.var, "serve").pid()

    def engine(self, number: int) -> int | None:
        """The process that listens for engine ``number``'s calls."""
        found = re.search(r"pid (\d+)", holder(self.settings.port("agi", number), "tcp") or "")
        return int(found.group(1)) if found else None

    async def kill(self, number: int, how: signal.Signals = signal.SIGKILL) -> float:
        """Signal engine ``number``; the wall clock before that."""
        pid = self.engine(number)
        assert pid is not None, f"engine {number} does not run"
        at = time.time()
        os.kill(pid, how)
        return at

    async def ready(self) -> None:
        """Wait until every engine serves and has loaded all that it will."""
        for number in range(self.settings.engines):
            await until(lambda number=number: self._serves(number), f"engine {number} is ready")  # type: ignore[misc]

    async def _serves(self, number: int) -> bool:
        try:
            shown = await self.http.get(f"http://127.0.0.1:{self.settings.port('metrics', number)}/metrics")
        except httpx2.HTTPError:
            return False
        return "infolinia_ready 1.0" in shown.text and self.engine(number) is not None

    # Our ends of it

    async def open(self) -> None:
        self.database = open_database(self.settings.database_url)
        self.journal = Journal(self.database, "tests")
        self.http = httpx2.AsyncClient(trust_env=False, timeout=10)
        self.ami = manager(self.settings)
        self.ami.on("*", lambda event: self.events.append({str(k).lower(): str(v) for k, v in event.items()}))
        await self.ami.start()
        self.agents = Agents(self.ami, self.database)
        self.line = self._line()
        await self.line.start()
        for name in self.settings.consultants:
            await self._sit_down(name)
        for name in GENERAL:
            await self.agents.add(name, [f"{office}-{queue}" for office in OFFICES for queue in STAFFED.values()])
        for name, (_, queue) in ((ON_BREAK, PAUSED), (AWAY, RINGING)):
            await self.agents.add(name, [f"{office}-{queue}" for office in OFFICES if office != "krajowa"])
        await self.agents.pause(ON_BREAK, reason="test")
        self.phones[AWAY].behaviour = Behaviour(answer_after=None)

    async def close(self) -> None:
        for line in self.lines.values():
            await line.stop()
        await self.line.stop()
        await self.ami.close()
        await self.http.aclose()
        await self.database.dispose()

    def _line(self) -> SipLine:
        return SipLine((self.settings.sip_bind, self.settings.port("sip")))

    async def _sit_down(self, name: str) -> None:
        line = self.lines[name] = self._line()
        await line.start()
        phone = self.phones[name] = ConsultantPhone(line, Behaviour(0.2, greeting=soft_tone(0.5)))
        password = read_secret(self.settings, f"sip-{name}").decode().strip()
        await phone.register(name, SecretStr(password))

    # The world around

    async def eus(self, mode: str = "none", delay: float = 5.0) -> None:
        """How e-US behaves from now on."""
        await self._switch(self.settings.eus, {"mode": mode, "delay": delay})

    async def crm(self, mode: str = "ok") -> None:
        """How the CRM behaves from now on."""
        await self._switch(self.settings.crm, {"mode": mode})

    async def _switch(self, where: str, fault: Mapping[str, object]) -> None:
        (await self.http.post(f"{where}/_faults", json=dict(fault))).raise_for_status()

    def close_office(self, office: str, text: str | None) -> None:
        """An emergency closure, or its end."""
        file = self.settings.var / "closures.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, office: text}))

    async def messages(self, call: str) -> list[dict[str, Any]]:
        """All that the CRM was told about ``call``, in the order in which it came."""
        answer = await self.http.get(f"{self.settings.crm}/api/events", params={"call": call})
        return list(answer.json())

    async def channels(self, call: str) -> list[str]:
        """Asterisk's channels of ``call``."""
        shown = (await self.ami.action("CoreShowChannels")).events
        return [str(event.get("Channel")) for event in shown if call in str(dict(event))]

    async def sealed(self, call: str) -> int:
        """How many sealed texts of ``call`` the vault holds."""
        query = select(func.count()).select_from(SEALED).where(SEALED.c.call == call)
        async with self.database.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    def heard(self, event: str, text: str) -> list[dict[str, str]]:
        """Asterisk's events of that name that mention ``text``."""
        return [
            one for one in self.events if one.get("event") == event and any(text in value for value in one.values())
        ]

    # Callers

    @asynccontextmanager
    async def call(
        self,
        office: str = "malopolskie",
        *,
        dialled: str | None = None,
        withheld: bool = False,
        number: str | None = None,
        engine: int | None = None,
    ) -> AsyncIterator["Caller"]:
        """A caller with a number of their own, connected; they hang up in the end, and the journal must end too.
        ``engine``: dial again until that engine has the call."""
        caller = await self._dial(dialled or NUMBERS[office], withheld, number)
        while engine is not None and (await caller.first()).engine != f"engine-{engine}":
            caller.live.hang_up()
            await caller.over()
            caller = await self._dial(dialled or NUMBERS[office], withheld, number)
        try:
            yield caller
        finally:
            caller.live.hang_up()
        if caller.id:
            await caller.over()

    async def _dial(self, dialled: str, withheld: bool, number: str | None) -> "Caller":
        own = None if withheld else number or f"+48{next(_numbers)}"
        began = datetime.now(UTC)
        leg = await self.line.dial(Dial(dialled, own))
        return Caller(self, LiveCall(leg), dialled, own, began)


class Caller:
    """One call. ``id`` is the hotline's name for it, known once an engine took it."""

    def __init__(self, hotline: Hotline, live: LiveCall, dialled: str, number: str | None, began: datetime) -> None:
        self.hotline, self.live, self.dialled, self.number = hotline, live, dialled, number
        self.id = ""
        self._began = began

    async def keys(self, keys: str | SecretStr) -> None:
        """Press ``keys``, from the first sound of the hotline on at the earliest."""
        await until(self._hears, "the hotline is heard")
        await self.live.keys(keys)

    async def _hears(self) -> bool:
        return self.live.leg.media.hearing.quality.received > 0

    async def say(self, recording: str) -> None:
        """Say one of the demo's sentences once the hotline has finished speaking."""
        await self.live.wait_silence(0.8, 60)
        await self.live.say(ROOT / "recordings" / "demo" / f"{recording}.wav")

    async def number_of(self, person: str, kind: Kind = "pesel", then: str = "#") -> None:
        """Key ``person``'s PESEL, NIP or telePIN."""
        secret = self.hotline.people.keys(kind, person)
        await self.keys(SecretStr(secret.get_secret_value() + then))

    async def authenticate(self, person: str, kind: Kind = "pesel") -> None:
        """Type number and telePIN ahead."""
        await self.number_of(person, kind)
        await self.number_of(person, "pin")

    async def turns(self) -> list[Turn]:
        if not self.id:
            await until(self._known, f"an engine takes the call to {self.dialled}")
        return await self.hotline.journal.turns(self.id)

    async def _known(self) -> bool:
        query = select(CALLS.c.id).where(
            CALLS.c.dialled == self.dialled, CALLS.c.arrived >= self._began, CALLS.c.caller.is_(self.number)
        )
        async with self.hotline.database.connect() as connection:
            self.id = (await connection.execute(query)).scalars().first() or ""
        return bool(self.id)

    async def first(self) -> Turn:
        return (await self.turns())[0]

    async def turn(self, wanted: Callable[[Turn], bool], what: str, after: int = 0, within: float = PATIENCE) -> Turn:
        """The first turn past number ``after`` that is ``wanted``."""
        deadline = time.monotonic() + within
        while True:
            turns = await self.turns()
            for turn in turns:
                if turn.turn > after and wanted(turn):
                    return turn
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {within:.0f} s. The call went: {trail(turns)}")
            await asyncio.sleep(0.1)

    async def asked(self, node: str, awaits: str = "", after: int = 0, within: float = PATIENCE) -> Turn:
        """Wait until the hotline has asked a question at ``node``, and the moment a person takes to react."""

        def question(turn: Turn) -> bool:
            return turn.state.node == node and any(awaits in name for name in turn.state.awaits)

        found = await self.turn(question, f"{node} asks for {awaits or 'anything'}", after, within)
        await asyncio.sleep(0.6)
        return found

    async def tell(self, recording: str, wanted: Callable[[Turn], bool], what: str) -> Turn:
        """Say ``recording``, and once more whenever the question is put again, as a caller does whom a busy machine did
        not understand; ``wanted`` within three tries."""
        after = (await self.turns())[-1].turn
        for _ in range(3):
            await self.say(recording)
            found = await self.turn(lambda turn: wanted(turn) or "Heard" in turn.state.awaits, what, after)
            if wanted(found):
                return found
            after = found.turn
            await asyncio.sleep(0.6)
        raise AssertionError(f"{what}: not in three tries. The call went: {trail(await self.turns())}")

    async def event(self, kind: type, after: int = 0, within: float = PATIENCE) -> Turn:
        """Wait for an event of that type."""
        return await self.turn(lambda turn: isinstance(turn.event, kind), f"event {kind.__name__}", after, within)

    async def queued(self, queue: str = "", within: float = PATIENCE) -> Turn:
        """Wait until the hotline has handed the call to ``queue``."""
        return await self.turn(
            lambda turn: "QueueEnded" in turn.state.awaits and queue in turn.state.queues_tried[-1],
            f"queue {queue}",
            within=within,
        )

    async def in_queue(self, queue: str = "") -> None:
        """Wait until the call stands in Asterisk's queue."""
        await self.queued(queue)
        await until(lambda: _now(self.hotline.heard("QueueCallerJoin", self.id)), f"call {self.id} joins a queue")

    async def page(self, within: float = PATIENCE) -> dict[str, Any]:
        """Wait for the page that opens as a consultant picks up: the CRM's session."""
        await self.turns()
        found: list[dict[str, Any]] = []

        async def opened() -> bool:
            found[:] = [one for one in await self.hotline.messages(self.id) if one["kind"] == "session"]
            return bool(found)

        try:
            await until(opened, f"the page of call {self.id}", within)
        except AssertionError as error:
            raise AssertionError(f"{error}. The call went: {trail(await self.turns())}") from None
        assert len(found) == 1, "one talk opens one page"
        return found[0]

    async def over(self) -> Call:
        """Wait until the journal of the call has ended; its last state."""
        if not self.id and not await self._known():
            return Call(id="")
        return (await self.turn(lambda turn: turn.state.ended is not None, "the journal ends")).state

    async def left_nothing(self) -> None:
        """Wait until neither the vault nor Asterisk holds anything of the call."""

        async def nothing() -> bool:
            return not await self.hotline.sealed(self.id) and not await self.hotline.channels(self.id)

        try:
            await until(nothing, "vault and channels are empty", 15)
        except AssertionError:
            sealed, channels = await self.hotline.sealed(self.id), await self.hotline.channels(self.id)
            raise AssertionError(f"{sealed} sealed texts and the channels {channels} are left") from None

    async def resumed(self, engine: int, before: Turn, since: float) -> Turn:
        """Wait until ``engine`` has taken the call over and goes on where ``before`` left it."""
        found = await self.event(Resumed, after=before.turn)
        assert found.engine == f"engine-{engine}"
        assert found.turn == before.turn + 1, "no turn lies between what was lost and what goes on"
        assert found.state.node == before.state.node
        assert found.state.awaits == before.state.awaits
        assert found.at.timestamp() - since < 10, "the caller hears the other engine soon"
        return found


async def until(true: Callable[[], Awaitable[object]], what: str, within: float = PATIENCE) -> None:
    """Wait until ``true`` says so. Raises ``AssertionError`` naming ``what`` did not happen."""
    deadline = time.monotonic() + within
    while not await true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within:.0f} s")
        await asyncio.sleep(0.1)


async def _now(value: object) -> object:
    return value


def trail(turns: Sequence[Turn]) -> str:
    """A call's turns in a line, for messages of failed tests. Journals hold no secrets."""
    return " → ".join(
        f"{turn.turn}:{type(turn.event).__name__}{getattr(turn.event, 'text', '')!r}@{turn.state.node}[{turn.engine}]"
        for turn in turns
    )


def prompts_of(turn: Turn) -> list[str]:
    """Ids of what was said in ``turn``."""
    return [line.prompt for action in turn.actions for line in getattr(action, "lines", ())]


Scenario = Callable[[Hotline], Awaitable[None]]


class Scenarios:
    """Calls of one file that are placed at the same time: ``@scenarios`` on each, one parametrised test for all, which
    only waits for its own and tells of it."""

    def __init__(self) -> None:
        self.known: dict[str, Scenario] = {}

    def __call__(self, scenario: Scenario) -> Scenario:
        self.known[scenario.__name__] = scenario
        return scenario

    def add(self, name: str, scenario: Scenario) -> None:
        self.known[name] = scenario

    def start(self, hotline: Hotline, names: Sequence[str]) -> dict[str, "asyncio.Task[None]"]:
        async def play(scenario: Scenario) -> None:
            await scenario(hotline)

        return {name: asyncio.create_task(play(self.known[name]), name=name) for name in names}
