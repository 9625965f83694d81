"""A fixture's caller over real SIP: the verdict is read from the journal of the hotline that took the call."""

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


async def replayed(hotline: Hotline, place: Path, number: str) -> Result:
    folder = load(place)
    lines = Lines(hotline.line, hotline.journal, finder(hotline.database), hotline.plan, people())
    return await call.replay(lines, folder, number, folder.fixture.at)


def copied(folder: Path, name: str) -> Path:
    """The fixture without its journal: what it expects is judged, not words that dialplans may have changed. It is one
    that needs no recogniser, which this stack has not got."""
    place = folder / name
    place.mkdir()
    (place / "fixture.yaml").write_bytes((CALLS / name / "fixture.yaml").read_bytes())
    return place


async def test_a_keyed_call_comes_out_as_expected(hotline: Hotline, tmp_path: Path) -> None:
    result = await replayed(hotline, copied(tmp_path, "rozlacza-przy-telepin"), "+48600990001")
    assert result.verdict == "pass", result.why


async def test_another_outcome_is_told(hotline: Hotline, tmp_path: Path) -> None:
    place = copied(tmp_path, "rozlacza-przy-telepin")
    change(place / "fixture.yaml", {("expect", "node"): "sprawa"})
    result = await replayed(hotline, place, "+48600990002")
    assert result.verdict == "fail"
    assert result.divergence is not None
    assert (result.divergence.expected, result.divergence.actual) == ("sprawa", "telepin")
