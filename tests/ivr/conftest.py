"""A database of each kind for what journals and reads journals."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from store import METADATA, create_tables, open_database
from tests.fakes.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/journal.db", busy_timeout=0.5)
    else:
        pytest.importorskip("psycopg", reason="left out: psycopg is not installed")
        engine = open_database(request.getfixturevalue("postgres"))
    await create_tables(engine)
    yield engine
    if request.param == "postgresql":
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.drop_all)
    await engine.dispose()
