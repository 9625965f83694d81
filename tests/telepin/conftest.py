"""A database of its own for each test, a clock that stands still, and the e-US stub in the same process."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from telepin_fakes import TODAY, Clock

from infolinia.stubs.eus.accounts import Accounts
from infolinia.stubs.eus.server import build
from store import create_tables, open_database
from tests.fakes.postgres import postgres

__all__ = ["postgres"]


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


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stub's first state, made once: hashing thirty telePINs is slow on purpose."""
    path = tmp_path_factory.mktemp("eus") / "accounts.db"
    Accounts(path).close()
    return path


@pytest.fixture
def accounts(tmp_path: Path, seeded: Path) -> Iterator[Accounts]:
    path = tmp_path / "eus" / "accounts.db"
    path.parent.mkdir()
    shutil.copy(seeded, path)
    opened = Accounts(path)
    yield opened
    opened.close()


@pytest.fixture
def stub(accounts: Accounts) -> FastAPI:
    return build(accounts, lambda: TODAY)


@pytest.fixture
def wire(stub: FastAPI) -> httpx2.ASGITransport:
    """The way to the stub without a socket."""
    return httpx2.ASGITransport(stub)
