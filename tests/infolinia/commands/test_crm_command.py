"""``infolinia crm``: what waits and what was laid aside, and another try."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from desk.delivery import Courier
from desk.message import Card, Message, ring_id
from desk.outbox import Outbox
from desk.webhook import Answer
from infolinia.commands import crm
from infolinia.settings import Settings
from store import create_tables, open_database

CALL = str(uuid4())


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(crm.app, list(words), env={"COLUMNS": "200"})


def refuse_one() -> None:
    """A card that the CRM refused for good."""

    async def refused(key: str, body: bytes, late: bool) -> Answer:
        return Answer("refused", "HTTP 401")

    async def act() -> None:
        database = open_database(Settings().database_url)
        await create_tables(database)
        outbox = Outbox(database)
        message = Message(
            kind="card",
            call=CALL,
            ring=ring_id(CALL, "1.1"),
            leg="1.1",
            agent="konsultant1",
            queue="malopolskie-kol-pit",
            at="2026-04-21T10:00:00+02:00",
            data=Card(office=None, topic=None, caller_masked="numer nieznany", authenticated=False),
        )
        await outbox.put(message)
        await Courier(outbox, refused, lambda kind, text: None).deliver_one()
        await database.dispose()

    asyncio.run(act())


def test_nothing_pending_is_said(var: Path) -> None:
    assert "CRM przyjął wszystko" in run("list").output


def test_what_was_laid_aside_is_listed_and_tried_again(var: Path) -> None:
    refuse_one()
    shown = run("list").output
    assert CALL in shown
    assert "HTTP 401" in shown
    assert "infolinia crm retry" in shown
    (row,) = json.loads(run("list", "--json").output)
    assert (row["call"], row["parked"], row["answer"]) == (CALL, True, "HTTP 401")
    assert "odłożonych 1" in run("retry").output
    (row,) = json.loads(run("list", "--json").output)
    assert row["parked"] is False


def test_a_broken_database_is_said(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_DATABASE", f"sqlite+aiosqlite:///{var}/missing/infolinia.db")
    result = run("list")
    assert result.exit_code == 1
    assert f"Nie ma jeszcze bazy danych {var}/missing/infolinia.db" in result.output
    assert "infolinia setup" in result.output
