"""The desk as a process: Asterisk's queue events become pop-ups, the outbox is delivered, consultants stay seated."""

import asyncio
import signal
import time
from functools import partial
from typing import Any

import httpx2
import structlog
from prometheus_client import start_http_server
from sqlalchemy.exc import SQLAlchemyError

from desk.agents import AgentError, Agents
from desk.alarms import Alarms
from desk.delivery import Courier
from desk.message import Names
from desk.outbox import Outbox
from desk.service import Desk
from desk.unkept import Unkept
from desk.webhook import Webhook
from ivr.asterisk.ami import Ami, AmiError
from ivr.dialogue.plan import Plan
from ivr.dialplan import PlanError
from ivr.journal import Journal
from store import create_tables, open_database
from store.versions import VersionError
from telepin.service import still_acts

from . import logs
from .asterisk.connection import manager
from .asterisk.port import check_free
from .deployment import live_plan, versions_of
from .eus import eus_client
from .secret_files import read_secret
from .settings import Settings
from .supervisor import beat

log = structlog.get_logger(__name__)

LOOK = 1.0
"""Seconds between two looks for a new version of the dialplans."""


async def _connected(ami: Ami, ready: asyncio.Event) -> None:
    """Connect once the desk is ready, with patience for an Asterisk that is not there; back when all is over."""
    await ready.wait()
    await ami.start(patient=True)
    await ami.closed()


def _learn(names: Names, plan: Plan) -> None:
    """The titles of ``plan``; those of versions before stay, for their calls under way."""
    names.offices.update({office.id: office.name for office in plan.offices.values()})
    names.topics.update({topic.id: topic.title for topic in plan.topics.values()})
    names.sources.update({topic.id: topic.source for topic in plan.topics.values() if topic.source})


async def _follow(settings: Settings, names: Names, agents: Agents) -> None:
    """After a deployment: new titles, and consultants seated in queues that are there again."""
    versions = versions_of(settings)
    seen = versions.stamp()
    while True:
        await asyncio.sleep(LOOK)
        if versions.stamp() == seen:
            continue
        seen = versions.stamp()
        try:
            _learn(names, await asyncio.to_thread(live_plan, settings))
            await agents.apply()
        except (VersionError, PlanError, AmiError, AgentError, SQLAlchemyError, TimeoutError) as error:
            log.error("a new version of the dialplans is not followed", why=type(error).__name__)


async def run_desk(settings: Settings, heartbeat: int | None = None) -> None:
    """Serve until SIGTERM. Raises ``AmiRefused`` when Asterisk refuses the log-in, ``PortTaken``."""
    logs.to_file(settings.var / "log" / "desk.log")
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    beating = asyncio.create_task(beat(heartbeat, stopping.set)) if heartbeat is not None else None
    alarms = Alarms(command=settings.alarm_command, webhook=settings.alarm_webhook)
    metrics = settings.port("metrics") - 1
    check_free("127.0.0.1", metrics, "tcp", "metryki stanowiska")
    start_http_server(metrics, "127.0.0.1")
    plan = live_plan(settings)
    database = open_database(settings.database_url, busy_timeout=1.0)
    await create_tables(database)
    ami, eus = manager(settings), eus_client(settings)
    async with httpx2.AsyncClient(trust_env=False) as client:
        webhook = Webhook(client, f"{settings.crm}/webhook", read_secret(settings, "webhook"), time.time)
        outbox = Outbox(database)
        names, agents = Names(), Agents(ami, database)
        _learn(names, plan)
        desk = Desk(
            ami,
            Journal(database, "desk"),
            outbox,
            Courier(outbox, webhook.send, alarms),
            Unkept(outbox, webhook.send, alarms),
            agents,
            names,
            alarms,
            acts=partial(still_acts, eus),
        )
        following = asyncio.create_task(_follow(settings, names, agents))
        running = asyncio.create_task(desk.run())
        connected = asyncio.create_task(_connected(ami, desk.ready))
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(stopping.wait()), connected, running]
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in (running, connected, following, beating):
            if task is not None:
                task.cancel()
        await ami.close()
        for finished in done:
            finished.result()
    await eus.close()
    await database.dispose()
