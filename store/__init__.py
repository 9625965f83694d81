"""The database: how it is opened and what every table shares. Knows no other room.

SQLite (the embedded default) and PostgreSQL behind one SQLAlchemy Core engine. SQLite runs in WAL mode with
``synchronous=FULL``: what ``commit`` returned for survives a power cut; what is deleted leaves its pages too.
"""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

METADATA = MetaData()
"""Every room declares its tables on this one object; ``create_tables`` makes those whose modules are imported."""


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC. SQLite forgets time zones; this restores them. Refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: give it a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_database(url: str, *, busy_timeout: float = 5.0) -> AsyncEngine:
    """An engine for ``sqlite+aiosqlite:///FILE`` or ``postgresql+psycopg://…``; ``busy_timeout`` in seconds. Its
    errors never quote the values of a statement."""
    engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if url.startswith("sqlite"):

        @event.listens_for(engine.sync_engine, "do_connect")
        def _can_be_opened(_dialect: Any, _record: Any, args: Any, _options: Any) -> None:
            """A file that cannot be opened fails here: in aiosqlite's thread it fails past the end of the loop, too."""
            sqlite3.connect(args[0]).close()

        @event.listens_for(engine.sync_engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.execute(f"PRAGMA busy_timeout={int(busy_timeout * 1000)}")
            cursor.close()

    return engine


async def create_tables(engine: AsyncEngine) -> None:
    """Make every declared table that is not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
