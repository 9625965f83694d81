"""A fixture's caller over real SIP: the verdict is read from the journal of the hotline that took the call."""

import asyncio
from pathlib import Path

import pytest

from infolinia.rehearsals import people
from infolinia.replay_calls import finder
from infolinia.settings import ROOT
from recordings.fixture.edit import change
from recordings.fixture.folder import load
from recordings.replay import call
from recordings.replay.live import Lines
from recordings.replay.verdict import Result
from tests.live.hotline import Hotline

pytestmark = [pytest.mark.live, pytest.mark.anyio]
CALLS = ROOT / "recordings" / "calls"
SMOKE = ("rozlacza-przy-telepin", "auth-nip", "rozlacza-w-powitaniu")


async def replayed(hotline: Hotline, place: Path, number: str) -> Result:
    folder = load(place)
    lines = Lines(hotline.line, hotline.journal, finder(hotline.database), hotline.plan, people())
    return await call.replay(lines, folder, number, call.scene_of(folder))


def copied(folder: Path, name: str) -> Path:
    """The fixture without its journal: what it expects is judged, not words that dialplans may have changed. It is one
    that needs no recogniser, which this stack has not got: here the matter is asked for by a menu."""
    place = folder / name
    place.mkdir()
    text = (CALLS / name / "fixture.yaml").read_text(encoding="utf-8")
    (place / "fixture.yaml").write_text(text.replace("sprawa/w-jakiej-sprawie", "sprawa"), encoding="utf-8")
    return place


async def test_keyed_calls_come_out_as_expected_every_time(hotline: Hotline, tmp_path: Path) -> None:
    """A smoke set, two runs of it at once: ``infolinia bench replay-calls`` is ten runs with speech."""
    places = [copied(tmp_path, name) for name in SMOKE]
    calls = [replayed(hotline, place, f"+4860099001{n}") for n, place in enumerate(places * 2)]
    results = await asyncio.gather(*calls)
    assert [result.verdict for result in results] == ["pass"] * 2 * len(SMOKE), [result.why for result in results]


async def test_another_outcome_is_told(hotline: Hotline, tmp_path: Path) -> None:
    place = copied(tmp_path, "rozlacza-przy-telepin")
    change(place / "fixture.yaml", {("expect", "node"): "sprawa"})
    result = await replayed(hotline, place, "+48600990002")
    assert result.verdict == "fail"
    assert result.divergence is not None
    assert (result.divergence.expected, result.divergence.actual) == ("sprawa", "telepin")
