"""Whether the running Asterisk lets the desk and the engines in."""

from typing import Any, ClassVar

import pytest

from infolinia.asterisk import connection
from infolinia.secret_files import write_secret
from infolinia.settings import Settings
from ivr.asterisk.ami import AmiError, AmiRefused

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Door:
    """A manager connection that is as ``faults`` says by user."""

    faults: ClassVar[dict[str, Exception]] = {}
    closed: ClassVar[list[str]] = []

    def __init__(self, host: str, port: int, user: str, *_: Any, **__: Any) -> None:
        self._user = user

    async def start(self) -> None:
        if fault := self.faults.get(self._user):
            raise fault

    async def close(self) -> None:
        self.closed.append(self._user)


async def test_who_is_not_let_in_is_told_with_what_is_missing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(var=tmp_path)
    monkeypatch.setattr(connection, "Ami", Door)
    told = await connection.not_let_in(settings)
    assert len(told) == 2, "before set-up there is no password"
    assert all("infolinia setup" in one for one in told)
    for user in ("desk", "engine"):
        write_secret(settings.secret(f"ami-{user}"), b"geheimnis")
    assert await connection.not_let_in(settings) == []
    monkeypatch.setattr(Door, "faults", {"desk": AmiRefused("no"), "engine": AmiError("away")})
    refused, away = await connection.not_let_in(settings)
    assert refused.startswith("Asterisk nie przyjmuje hasła stanowiska (desk): konsultanci nie mają stron")
    assert away.startswith("Asterisk nie odpowiada na porcie poleceń 127.0.0.1:5038")
    assert Door.closed == ["desk", "engine"] * 2
