"""The stub's accounts: who exists, whose telePIN is what, in which state. Durable; telePINs salted and hashed."""

import hashlib
import hmac
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CALLERS = Path(__file__).with_name("callers.yaml")
TRIES = 3
"""Wrong telePINs in a row that block an account (the real threshold is not published: an assumption)."""
FORGETS = 24 * 3600.0
"""Seconds after the last wrong telePIN when the row begins anew (an assumption too)."""
ADULT_YEARS = 18
REMEMBERED = 2 * 3600.0
"""Seconds for which a positive verification may be referred to."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB,
  status TEXT NOT NULL CHECK (status IN ('active', 'blocked', 'inactive', 'unset')), failed INTEGER NOT NULL,
  failed_at REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS withdrawn (caller TEXT NOT NULL, party TEXT NOT NULL, PRIMARY KEY (caller, party));
CREATE TABLE IF NOT EXISTS verifications (request TEXT PRIMARY KEY, caller TEXT NOT NULL, at REAL NOT NULL);
"""


@dataclass(frozen=True)
class Party:
    """Somebody who may be a principal."""

    id: str
    name: str
    pesel: str | None
    nip: str | None
    place: str | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for number in (self.pesel, self.nip) if number)


@dataclass(frozen=True)
class Mandate:
    """A right to act for ``party``, from and to the days given, both included."""

    party: Party
    basis: str
    first: str
    last: str | None

    def holds(self, today: date) -> bool:
        return self.first <= today.isoformat() <= (self.last or "9999")


@dataclass(frozen=True)
class Caller:
    id: str
    name: str
    pesel: str
    nip: str | None
    office: str
    mandates: tuple[Mandate, ...]

    def adult(self, today: date) -> bool:
        """By the PESEL; nobody born in the 1800s to 1900s of the test data is a minor."""
        month = int(self.pesel[2:4])
        century = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[month // 20]
        born = (century + int(self.pesel[:2]) + ADULT_YEARS, month % 20, int(self.pesel[4:6]))
        return born <= (today.year, today.month, today.day)


@dataclass(frozen=True)
class State:
    """An account as the page shows it. ``failed``: wrong telePINs since the last right one; ``withdrawn``: the parties
    whose mandate was taken back on the page."""

    caller: Caller
    status: str
    failed: int
    withdrawn: frozenset[str] = frozenset()


class Accounts:
    """Callers from the data file and their telePINs from a database that outlives the stub. Safe between threads.

    ``forgets``: seconds after which wrong telePINs no longer count (None: only a right or a new one ends the row).
    ``clock`` gives seconds since 1970.
    """

    def __init__(
        self,
        database: Path,
        callers: Path = CALLERS,
        forgets: float | None = FORGETS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._forgets, self._clock = forgets, clock
        data = YAML(typ="safe").load(callers)
        self.callers = _callers(data)
        self._by_number = {
            number: caller for caller in self.callers.values() for number in (caller.pesel, caller.nip) if number
        }
        database.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.executescript(_SCHEMA)
        if "failed_at" not in {row[1] for row in self._rows.execute("PRAGMA table_info(accounts)")}:
            self._rows.execute("ALTER TABLE accounts ADD COLUMN failed_at REAL NOT NULL DEFAULT 0")
        self._decoy = secrets.token_bytes(16)
        self._seed(data["callers"])

    def _seed(self, rows: list[Mapping[str, Any]]) -> None:
        known = {row[0] for row in self._rows.execute("SELECT id FROM accounts")}
        self._rows.execute("BEGIN IMMEDIATE")
        for row in rows:
            if row["id"] in known:
                continue
            salt = secrets.token_bytes(16)
            digest = _digest(row["telepin"], salt) if row["telepin"] else None
            values = (row["id"], salt, digest, row["status"], row["failed"], self._clock())
            self._rows.execute("INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?, ?)", values)
        self._rows.execute("COMMIT")

    def verify(self, number: str, telepin: str, today: date, leave: int = 0) -> Caller | None:
        """The holder of ``number`` if the telePIN is right and active; else None, after the same work. A wrong one is
        not counted where the account would bear fewer than ``leave`` further ones after it."""
        with self._lock:
            caller = self._by_number.get(number)
            found = caller and self._rows.execute("SELECT * FROM accounts WHERE id = ?", (caller.id,)).fetchone()
            _, salt, digest, status, failed, at = found or ("", self._decoy, None, "unset", 0, 0.0)
            right = hmac.compare_digest(_digest(telepin, salt), digest or b"")
            if caller is None or status != "active" or not caller.adult(today):
                return None
            now = self._clock()
            failed = 0 if self._forgets is not None and now - at > self._forgets else failed
            if not right and TRIES - (failed + 1) < leave:
                return None
            failed = 0 if right else failed + 1
            values = ("blocked" if failed >= TRIES else "active", failed, now, caller.id)
            self._rows.execute("UPDATE accounts SET status = ?, failed = ?, failed_at = ? WHERE id = ?", values)
            return caller if right else None

    def remember(self, request: str, caller: Caller) -> None:
        """``request`` verified ``caller``: a later question about a mandate may refer to it."""
        now = time.time()
        with self._lock:
            self._rows.execute("DELETE FROM verifications WHERE at < ?", (now - REMEMBERED,))
            self._rows.execute("INSERT OR REPLACE INTO verifications VALUES (?, ?, ?)", (request, caller.id, now))

    def verified(self, request: str) -> Caller | None:
        """Whom ``request`` verified, not too long ago."""
        query = "SELECT caller FROM verifications WHERE request = ? AND at >= ?"
        with self._lock:
            found = self._rows.execute(query, (request, time.time() - REMEMBERED)).fetchone()
        return self.callers[found[0]] if found else None

    def mandates(self, caller: Caller, today: date) -> tuple[Mandate, ...]:
        """All mandates of ``caller``; one that was withdrawn ended yesterday."""
        gone, ended = self.withdrawn(caller), (today - timedelta(days=1)).isoformat()
        return tuple(replace(one, last=ended) if one.party.id in gone else one for one in caller.mandates)

    def withdraw(self, caller: str, party: str, back: bool = False) -> None:
        """Take the mandate for ``party`` back, or (``back``) give it again. KeyError when there is none."""
        if party not in {one.party.id for one in self.callers[caller].mandates}:
            raise KeyError(party)
        withdraw, restore = (
            "INSERT OR IGNORE INTO withdrawn VALUES (?, ?)",
            "DELETE FROM withdrawn WHERE caller = ? AND party = ?",
        )
        with self._lock:
            self._rows.execute(restore if back else withdraw, (caller, party))

    def withdrawn(self, caller: Caller) -> frozenset[str]:
        """The parties whose mandate was taken back from ``caller``."""
        with self._lock:
            rows = self._rows.execute("SELECT party FROM withdrawn WHERE caller = ?", (caller.id,)).fetchall()
        return frozenset(row[0] for row in rows)

    def set_telepin(self, caller: str, telepin: str) -> None:
        """Set or change: active again, whatever it was. KeyError for an unknown caller, ValueError when ``telepin``
        is not six digits or the holder is a minor."""
        if not re.fullmatch(r"[0-9]{6}", telepin):
            raise ValueError("telePIN musi mieć dokładnie sześć cyfr")
        if not self.callers[caller].adult(date.today()):
            raise ValueError("telePIN może ustawić tylko osoba pełnoletnia")
        salt = secrets.token_bytes(16)
        values = (salt, _digest(telepin, salt), caller)
        with self._lock:
            self._rows.execute("UPDATE accounts SET salt=?, hash=?, status='active', failed=0 WHERE id=?", values)

    def delete_telepin(self, caller: str) -> None:
        """Delete: the account becomes inactive. KeyError for an unknown caller, ValueError where there is none."""
        values = (self.callers[caller].id,)
        deleting = "UPDATE accounts SET hash=NULL, status='inactive', failed=0 WHERE id=? AND hash IS NOT NULL"
        with self._lock:
            if not self._rows.execute(deleting, values).rowcount:
                raise ValueError("nie ma telePIN-u, który można by usunąć")

    def states(self) -> list[State]:
        """All accounts in the order of the data file."""
        with self._lock:
            rows = {row[0]: row for row in self._rows.execute("SELECT id, status, failed FROM accounts")}
        return [
            State(caller, rows[caller.id][1], rows[caller.id][2], self.withdrawn(caller))
            for caller in self.callers.values()
        ]

    def statistics(self) -> dict[str, int]:
        """How many telePINs are active, blocked and inactive, as e-US counts them."""
        states = [state.status for state in self.states()]
        return {status: states.count(status) for status in ("active", "blocked", "inactive")}

    def close(self) -> None:
        self._rows.close()


def _callers(data: Mapping[str, Any]) -> dict[str, Caller]:
    parties = {
        row["id"]: Party(row["id"], row["name"], row["pesel"], row["nip"], row.get("place")) for row in data["parties"]
    }
    found = {}
    for row in data["callers"]:
        mandates = tuple(
            Mandate(parties[one["party"]], one["basis"], one["from"], one["to"]) for one in row["principals"]
        )
        found[row["id"]] = Caller(row["id"], row["name"], row["pesel"], row["nip"], row["office"], mandates)
    return found


def _digest(telepin: str, salt: bytes) -> bytes:
    # Six digits cannot be protected by hashing alone; the cost only slows whoever got hold of the file.
    return hashlib.scrypt(telepin.encode(), salt=salt, n=2**13, r=8, p=1)
