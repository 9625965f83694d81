"""Vault: identity digits and verdicts, encrypted while the call lasts and gone with it.

Every engine that knows the key can open them, so a call survives its engine. AES-256-GCM (NIST SP 800-38D) with a
random 96-bit nonce; the row's name and call are bound in as associated data, so a row cannot be passed off for
another. Rows that a crash left behind go after ``KEPT``.
"""

import secrets
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, LargeBinary, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store import METADATA, UtcTime

KEPT = timedelta(hours=24)
KEY_BYTES = 32
_NONCE = 12

SEALED = Table(
    "telepin_sealed",
    METADATA,
    Column("ref", String(128), primary_key=True),
    Column("call", String(64), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
)


def derive(key: bytes, purpose: str) -> bytes:
    """A key for one purpose out of the room's key (HKDF-SHA-256, RFC 5869). ValueError when ``key`` is too short."""
    if len(key) < KEY_BYTES:
        raise ValueError(f"the telePIN key has {len(key)} bytes, it needs at least {KEY_BYTES}: run the set-up again")
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"infolinia telepin " + purpose.encode()).derive(key)


class Vault:
    """Sealed texts by reference and call. Errors of the database pass through as ``SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine, key: bytes) -> None:
        self._database = database
        self._cipher = AESGCM(derive(key, "vault"))

    @staticmethod
    def new_ref() -> str:
        """An opaque reference that says nothing about what it refers to."""
        return f"id-{secrets.token_urlsafe(16)}"

    async def put(self, ref: str, call: str, text: bytes, at: datetime) -> None:
        """Seal ``text`` under ``ref``, in the place of what was there."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, text, _bound(ref, call))
        async with self._database.begin() as connection:
            await connection.execute(delete(SEALED).where(SEALED.c.ref == ref))
            await connection.execute(insert(SEALED).values(ref=ref, call=call, sealed=sealed, at=at))

    async def get(self, ref: str, call: str | None = None) -> bytes | None:
        """The text under ``ref``; None when there is none, it belongs to another ``call`` or was tampered with."""
        query = select(SEALED.c.call, SEALED.c.sealed).where(SEALED.c.ref == ref)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or (call is not None and row.call != call):
            return None
        try:
            return self._cipher.decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _bound(ref, row.call))
        except InvalidTag:
            return None

    async def forget(self, call: str) -> None:
        """Remove all that is sealed for ``call``."""
        async with self._database.begin() as connection:
            await connection.execute(delete(SEALED).where(SEALED.c.call == call))

    async def expire(self, now: datetime) -> None:
        """Remove what is older than ``KEPT``: calls whose end nobody saw."""
        async with self._database.begin() as connection:
            await connection.execute(delete(SEALED).where(SEALED.c.at < now - KEPT))


def _bound(ref: str, call: str) -> bytes:
    return f"{len(ref)}:{ref}{call}".encode()
