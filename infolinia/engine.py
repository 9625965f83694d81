"""One engine: FastAGI and AudioSocket servers, and all that its calls share.

It listens at once and hears later: until the recogniser and the topics are loaded, its calls go by keys. So an engine
that was killed serves again within a second or two.
"""

import asyncio
import hashlib
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import structlog
from prometheus_client import Counter, Gauge, start_http_server
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.alarms import Alarms
from ivr.asterisk.ami import Ami, AmiRefused
from ivr.asterisk.fastagi import AgiServer
from ivr.asterisk.queue_news import QueueNews
from ivr.calendar import WARSAW
from ivr.closures import Closures
from ivr.dialogue.actions import Action
from ivr.dialogue.call import Call
from ivr.dialogue.events import Event
from ivr.hotline import Edition, Hotline, TurnHook
from ivr.journal import Journal
from ivr.phones.asterisk import Parts
from ivr.phones.meaning import Meaning, Topics
from ivr.world import World
from recordings.keeping.ageing import keep_forgetting
from recordings.keeping.recorder import Recorder
from recordings.keeping.switch import Switch
from store import create_tables, open_database
from store.versions import Version
from telepin.service import TelePin
from voicebot.ears.choose import open_ear
from voicebot.ears.keypad import KeypadOnly
from voicebot.listen import Listener
from voicebot.media import MediaServer
from voicebot.models import model_folder

from . import logs
from .asterisk.connection import manager
from .asterisk.port import check_free
from .deployment import plan_of, versions_of
from .editions import Editions
from .eus import eus_client
from .secret_files import read_secret
from .settings import Settings
from .stray_thread import to_stray_thread
from .supervisor import beat
from .voice import prompt_book

log = structlog.get_logger(__name__)

LONGEST_CALL = timedelta(hours=6)
"""Past it a call without an end in the journal is over: no queue lets anybody wait so long."""
COUNTER_PATIENCE = 1.0
"""Seconds that an attempt's count may wait for other writers of the database."""
TURNS = Counter("infolinia_turns_total", "committed turns, by event", ["event"])
CALLS = Gauge("infolinia_calls", "calls with this engine now")
PLAN = Gauge("infolinia_plan", "the version of the dialplans that new calls get", ["version"])
READY = Gauge("infolinia_ready", "1 once topics and ear are loaded, as far as this machine has them")


def spool_in(folder: Path) -> Any:
    """Where prompts lie that Asterisk itself must play: written once, named for STREAM FILE."""

    def spool(text: str, pcm: bytes) -> str:
        name = folder / hashlib.sha256(text.encode() + pcm).hexdigest()[:32]
        file = name.with_suffix(".sln")
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_bytes(pcm)
            part.replace(file)
        return str(name)

    return spool


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """The time, or that of ``settings.clock`` and on from there."""
    if not settings.clock:
        return lambda: datetime.now(WARSAW)
    start, began = datetime.strptime(settings.clock, "%Y-%m-%d %H:%M").replace(tzinfo=WARSAW), time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


class Engine:
    """Engine ``number`` of this installation."""

    def __init__(self, settings: Settings, number: int) -> None:
        self._settings, self._number, self._name = settings, number, f"engine-{number}"
        self._alarms = Alarms(command=settings.alarm_command, webhook=settings.alarm_webhook)
        self._listener = Listener(KeypadOnly(), warming=True)
        self._ami = _manager(settings)
        self._recognisers = WeakValueDictionary[Path, Topics]()
        self._unlearned: list[_Recognised] = []
        self._learning = True
        self._clock = clock_of(settings)

    async def run(self, heartbeat: int | None) -> None:
        """Serve until SIGTERM or until the supervisor is gone, then drain."""
        settings = self._settings
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        beating = asyncio.create_task(beat(heartbeat, stopping.set)) if heartbeat is not None else None
        for kind in ("agi", "media", "metrics"):
            check_free("127.0.0.1", settings.port(kind, self._number), "tcp", kind)
        database = open_database(settings.database_url, busy_timeout=settings.journal_stall)
        await create_tables(database)
        start_http_server(settings.port("metrics", self._number), "127.0.0.1")
        journal = Journal(database, self._name, stall=settings.journal_stall, alarm=self._alarms)
        await journal.start()
        with suppress(SQLAlchemyError):
            await journal.close_lost(datetime.now(UTC) - LONGEST_CALL)
        media = MediaServer()
        await media.start("127.0.0.1", settings.port("media", self._number))
        counters = open_database(settings.database_url, busy_timeout=COUNTER_PATIENCE)
        telepin = self._telepin(counters)
        await telepin.start()
        kept = settings.var / "recordings"
        recorder = Recorder(kept, Switch(settings.var / "recording.json").on, self._made)
        editions = self._editions(journal, media, telepin, recorder)
        editions.start()
        asking = asyncio.create_task(self._reach_asterisk())
        hotline = Hotline(self._name, editions, journal, self.hears, _both(self._count, recorder.turn), self._clock)
        CALLS.set_function(lambda: hotline.calls)
        server = AgiServer(hotline.handle)
        await server.start("127.0.0.1", settings.port("agi", self._number))
        log.info("engine serves", engine=self._name, plan=editions.live.plan.version)
        loading = asyncio.create_task(self._learn_to_hear())
        watching = asyncio.create_task(editions.watch())
        days = settings.recordings_days
        forgetting = asyncio.create_task(keep_forgetting(kept, days)) if days else None
        await stopping.wait()
        log.info("engine drains", engine=self._name, calls=hotline.calls)
        await server.close(settings.drain_seconds)
        loading.cancel()
        watching.cancel()
        if forgetting is not None:
            forgetting.cancel()
        asking.cancel()
        if self._ami is not None:
            await self._ami.close()
        await telepin.close()
        await media.close()
        await recorder.close()
        await self._listener.ear.close()
        await journal.close()
        await counters.dispose()
        await database.dispose()
        if beating is not None:
            beating.cancel()

    async def _reach_asterisk(self) -> None:
        """Keep the manager connection by which queues are asked about; without it they count as free."""
        if self._ami is None:
            return
        try:
            await self._ami.start(patient=True)
            await self._ami.closed()
        except AmiRefused as error:
            log.error("queues cannot be asked about", why=str(error), mend="infolinia setup, then restart Asterisk")

    def hears(self) -> bool:
        """Whether a call that arrives now will be understood by the time it is asked."""
        return self._learning or self._listener.available

    def _made(self) -> dict[str, str]:
        """What a kept call is made with, beside its plan."""
        return {"ear": self._listener.ear.name}

    def _editions(self, journal: Journal, media: MediaServer, telepin: TelePin, recorder: Recorder) -> Editions:
        """The versions of the dialplans, made with what all of them share."""
        settings = self._settings
        prompts = prompt_book(settings)
        parts = Parts(
            media=media,
            media_address=f"127.0.0.1:{settings.port('media', self._number)}",
            prompts=prompts,
            listener=self._listener,
            authority=telepin,
            meaning=Meaning(lambda: None),
            world=World(
                lambda: editions.live.plan,
                journal,
                Closures(settings.var / "closures.json"),
                settings.hours,
                self._clock,
                queues=QueueNews(self._ami) if self._ami is not None else None,
                acts=telepin.acts,
            ),
            spool=spool_in(settings.var / "prompts" / "spool"),
            recorder=recorder,
        )

        def load(version: Version) -> Edition:
            plan, topics = plan_of(version), _Recognised(version)
            if self._learning:
                self._unlearned.append(topics)
            else:
                self._learn(topics)
            book = prompts.with_recordings(version.files / "recordings")
            waiting = plan.lines(*plan.manners.waiting) if plan.manners else ()
            manners = plan.manners
            told = plan.lines(manners.recorded) if manners is not None and manners.recorded else ()
            meaning = Meaning(lambda: topics.by)
            return Edition(plan, replace(parts, prompts=book, meaning=meaning, waiting=waiting, announcement=told))

        editions = Editions(
            versions_of(settings), load, self._tell_live, self._alarms, (settings.var / "topics" / "live",)
        )
        return editions

    def _tell_live(self, version: str) -> None:
        PLAN.clear()
        PLAN.labels(version).set(1)

    def _telepin(self, database: AsyncEngine) -> TelePin:
        key = read_secret(self._settings, "telepin")
        return TelePin(database, key, eus_client(self._settings), alarm=self._alarm_of_telepin)

    def _alarm_of_telepin(self, kind: str, facts: Any) -> None:
        self._alarms(kind, ", ".join(f"{name}: {value}" for name, value in facts.items()))

    def _count(self, call: Call, event: Event, actions: Sequence[Action]) -> None:
        TURNS.labels(type(event).__name__).inc()

    async def _learn_to_hear(self) -> None:
        """Load the topics and open the ear, beside the first calls."""
        settings = self._settings
        await to_stray_thread(self._learn_all)
        models = settings.var / "models"
        whisper = model_folder(models, "whisper") if settings.whisper else None
        self._listener.open(await open_ear(settings.vosk_model or model_folder(models, "vosk"), whisper, settings.ears))
        self._learning = False
        await to_stray_thread(self._learn_all)
        READY.set(1)
        log.info("engine hears", engine=self._name, ear=self._listener.ear.name)

    def _learn_all(self) -> None:
        while self._unlearned:
            self._learn(self._unlearned.pop())

    def _learn(self, topics: "_Recognised") -> None:
        """Load the deployed recogniser of topics; that of the version's own phrases when none is deployed or readable.
        A file is read once for all calls that need it, and forgotten with the last of them."""
        from voicebot.topics.catalogue import CatalogueError
        from voicebot.topics.model import ModelError
        from voicebot.topics.recogniser import TopicRecogniser, ensure_model
        from voicebot.topics.versions import live_model

        folder = self._settings.var / "topics"
        try:
            if (deployed := live_model(folder)) is not None:
                topics.by = self._recognisers.get(deployed) or TopicRecogniser.load(deployed)
                self._recognisers[deployed] = topics.by
                return
        except (CatalogueError, ModelError) as error:
            log.error("deployed topics cannot be read: those of the present phrases serve", why=str(error))
        file = ensure_model(topics.version.files, folder)
        topics.by = self._recognisers.get(file) or TopicRecogniser.load(file)
        self._recognisers[file] = topics.by


def _both(first: TurnHook, second: TurnHook) -> TurnHook:
    def told(call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        first(call, event, actions)
        second(call, event, actions)

    return told


def _manager(settings: Settings) -> Ami | None:
    """The connection by which queues are asked about; None where set-up has not made its secret yet."""
    try:
        return manager(settings, "engine")
    except FileNotFoundError as error:
        log.error("queues cannot be asked about", why=str(error))
        return None


@dataclass
class _Recognised:
    """What recognises the topics of ``version``; None until it is loaded."""

    version: Version
    by: Topics | None = None


async def run_engine(settings: Settings, number: int, heartbeat: int | None = None) -> None:
    """Run engine ``number`` until it is told to stop."""
    logs.to_file(settings.var / "log" / f"engine-{number}.log")
    await Engine(settings, number).run(heartbeat)
