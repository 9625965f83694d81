"""Which version serves which call: new calls the live one, a call under way its own; a broken one nobody."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from infolinia import editions as module
from infolinia.editions import Editions, NothingToServe
from ivr.hotline import Edition
from store.versions import Version, VersionError, Versions

pytestmark = pytest.mark.anyio


@dataclass
class Named:
    version: str


class Shelf:
    """Versions whose plan is but a name; ``broken`` cannot be loaded."""

    def __init__(self, folder: Path) -> None:
        self.versions, self._source = Versions(folder / "kept"), folder / "source"
        self._source.mkdir()
        self.broken: set[str] = set()
        self.loaded: list[str] = []
        self.told: list[str] = []
        self.alarms: list[str] = []

    def deploy(self, text: str) -> Version:
        (self._source / "flow.yaml").write_text(text)
        with self.versions.draft(self._source, ["flow.yaml"]) as draft:
            version = self.versions.keep(draft, by="ania")
        self.versions.go_live(version, by="ania")
        return version

    def load(self, version: Version) -> Edition:
        if version.id in self.broken:
            raise VersionError("uszkodzona")
        version.verify()
        self.loaded.append(version.id)
        return Edition(cast(Any, Named(version.id)), cast(Any, None))

    def editions(self) -> Editions:
        return Editions(self.versions, self.load, self.told.append, lambda kind, text: self.alarms.append(kind))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(module, "LOOK", 0.01)
    return Shelf(tmp_path)


async def until_live(editions: Editions, id_: str) -> None:
    async with asyncio.timeout(10):
        while editions.live.plan.version != id_:
            await asyncio.sleep(0.01)


async def test_a_new_version_is_live_for_new_calls_and_the_old_one_for_old_calls(shelf: Shelf) -> None:
    one = shelf.deploy("one")
    editions = shelf.editions()
    editions.start()
    watching = asyncio.create_task(editions.watch())
    began = editions.live
    two = shelf.deploy("two")
    await until_live(editions, two.id)
    assert await editions.of(one.id) is began
    assert (await editions.of(two.id)).plan.version == two.id
    assert shelf.told == [one.id, two.id]
    shelf.versions.go_live(one, by="ania", what="rollback")
    await until_live(editions, one.id)
    watching.cancel()


async def test_an_engine_started_later_serves_old_calls_too(shelf: Shelf) -> None:
    one, two = shelf.deploy("one"), shelf.deploy("two")
    editions = shelf.editions()
    editions.start()
    found = await asyncio.gather(*(editions.of(one.id) for _ in range(5)))
    assert {edition.plan.version for edition in found} == {one.id}
    assert shelf.loaded == [two.id, one.id], "loaded once, whoever asks"


async def test_a_version_that_is_gone_gives_way_to_the_live_one(shelf: Shelf) -> None:
    one = shelf.deploy("one")
    editions = shelf.editions()
    editions.start()
    assert (await editions.of("0123456789abcdef")).plan.version == one.id
    assert (await editions.of("")).plan.version == one.id


async def test_a_broken_version_changes_nothing(shelf: Shelf) -> None:
    one = shelf.deploy("one")
    editions = shelf.editions()
    editions.start()
    watching = asyncio.create_task(editions.watch())
    (shelf.versions.folder / "live.json").write_text('[{"version": "01')
    async with asyncio.timeout(10):
        while not shelf.alarms:
            await asyncio.sleep(0.01)
    assert editions.live.plan.version == one.id
    watching.cancel()


async def test_an_engine_starts_with_the_last_version_that_is_whole(shelf: Shelf) -> None:
    one, two = shelf.deploy("one"), shelf.deploy("two")
    shelf.broken.add(two.id)
    editions = shelf.editions()
    editions.start()
    assert editions.live.plan.version == one.id
    assert shelf.alarms == ["dialplans-damaged"]


async def test_nothing_to_serve_is_told(shelf: Shelf) -> None:
    with pytest.raises(NothingToServe, match="infolinia deploy"):
        shelf.editions().start()
