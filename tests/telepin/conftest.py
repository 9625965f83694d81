"""A database of its own for each test, a clock that stands still, and the e-US stub in the same process."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from infolinia.stubs.eus.accounts import Accounts
from infolinia.stubs.eus.server import build
from store import create_tables, open_database

KEY = b"not a real key, only for tests !"
TODAY = date(2026, 4, 15)


class Clock:
    """A wall clock that moves only when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'telepin.db'}"


@pytest.fixture
async def database(database_url: str, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    engine = open_database(database_url, busy_timeout=2.0)
    await create_tables(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    opened = Accounts(tmp_path / "eus" / "accounts.db")
    yield opened
    opened.close()


@pytest.fixture
def stub(accounts: Accounts) -> FastAPI:
    return build(accounts, lambda: TODAY)


@pytest.fixture
def wire(stub: FastAPI) -> httpx2.ASGITransport:
    """The way to the stub without a socket."""
    return httpx2.ASGITransport(stub)
