"""A clock to turn, and a database of each kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_fakes import Clock
from sqlalchemy.ext.asyncio import AsyncEngine

from store import METADATA, create_tables, open_database
from tests.fakes.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'infolinia.db'}"
    else:
        pytest.importorskip("psycopg", reason="left out: psycopg is not installed")
        url = request.getfixturevalue("postgres")
    engine = open_database(url)
    await create_tables(engine)
    yield engine
    if request.param == "postgresql":
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.drop_all)
    await engine.dispose()
