"""Calls under load: which fixtures can be played so, and what counts as a lost key and a wrong route."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from infolinia.cli import build
from ivr.dialogue.call import Call
from ivr.dialogue.events import NumberRefused
from recordings.fixture.folder import Folder, load
from recordings.load.measures import measured
from recordings.load.placing import playable, without_consultants
from recordings.replay.virtual_call import Course

CALLS = Path(__file__).parents[3] / "recordings" / "calls"


@pytest.fixture
def nip() -> Folder:
    return load(CALLS / "auth-nip")


def course(folder: Folder) -> Course:
    """The recorded course as if it were today's."""
    found = Course(Call(id="x"))
    found.turns, found.times = list(folder.journal), [turn.at for turn in folder.journal]
    return found


def test_a_call_as_recorded_loses_nothing(nip: Folder) -> None:
    found = measured(nip, course(nip), 0.1)
    assert found.entries >= 2
    assert (found.lost, found.wrong, found.failed) == ([], [], "")


def test_an_entry_that_came_short_is_a_lost_key_and_another_queue_a_wrong_route(nip: Folder) -> None:
    today = course(nip)
    place = next(n for n, turn in enumerate(today.turns) if type(turn.event).__name__ == "IdentityGiven")
    today.turns[place] = msgspec.structs.replace(today.turns[place], event=NumberRefused(fault="length"))
    expect = nip.fixture.expect.model_copy(update={"queue": "malopolskie-kol-innych-spraw"})
    other = replace(nip, fixture=nip.fixture.model_copy(update={"expect": expect}))
    found = measured(other, today, 0.1)
    assert found.lost == ["tozsamosc/podaj-numer: numer → niepełny wpis"]
    assert any("zamiast malopolskie-kol-innych-spraw" in text for text in found.wrong)
    assert measured(nip, Course(Call(id="x")), None).failed


def test_what_needs_a_hotline_of_its_own_is_left_out() -> None:
    assert playable(load(CALLS / "auth-nip")) == ""
    for name in (
        "auth-trzy-zle",
        "zamkniecie-awaryjne",
        "auth-eus-niedostepny",
        "pcc-konto-zly",
        "kolejka-pelna",
        "swieto",
    ):
        assert playable(load(CALLS / name)), name


def test_nobody_waits_for_a_consultant() -> None:
    folder = without_consultants(load(CALLS / "pcc-samochod-starszy"))
    assert folder.fixture.steps[-1].hangup
    assert all(step.queue is None for step in folder.fixture.steps)


@pytest.mark.parametrize(
    ("words", "says"), [(["--ramp", "jutro"], "na przykład 30s"), (["-k", "("], "-k"), (["--calls", "0"], "calls")]
)
def test_bad_wishes_are_refused(words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    monkeypatch.setattr("infolinia.commands.load.listening", lambda port: True)
    done = CliRunner().invoke(build(["load"]), ["load", *words])
    assert done.exit_code == 2
    assert says in done.output


def test_without_a_hotline_the_mend_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    monkeypatch.setenv("INFOLINIA_PORT_SHIFT", "41000")
    done = CliRunner().invoke(build(["load"]), ["load"])
    assert done.exit_code == 2
    assert "infolinia up" in done.output
