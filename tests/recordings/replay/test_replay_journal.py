"""Depth ``journal``: the same core gives the same turns; every change of what callers meet is told, none passes."""

import copy
from pathlib import Path

import msgspec
import pytest

from ivr.dialogue.plan import Plan
from recordings.fixture import journal_file
from recordings.fixture.folder import Folder, load
from recordings.replay import journal
from recordings.replay.core_call import play
from recordings.replay.verdict import Result
from tests.recordings.replay.rehearsed import DIALPLANS, make, plan

DIALOGUES = sorted(path.stem for path in (DIALPLANS / "tests").glob("*.yaml"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folder]:
    root = tmp_path_factory.mktemp("calls")
    return {name: load(make(root, name)) for name in DIALOGUES}


def changed(**nodes: dict[str, object]) -> Plan:
    """Today's plan with fields of some nodes changed, in all offices."""
    other = copy.copy(plan())
    other.nodes = {
        name: node.model_copy(update=nodes[name]) if name in nodes else node for name, node in plan().nodes.items()
    }
    other.for_office = lambda office: other  # type: ignore[method-assign]
    return other


def verdict(folder: Folder, other: Plan) -> Result:
    return journal.replay(other, folder)


@pytest.mark.parametrize("name", DIALOGUES)
def test_an_unchanged_core_takes_the_recorded_course(folders: dict[str, Folder], name: str) -> None:
    result = journal.replay(plan(), folders[name])
    assert result.verdict == "pass", result.why


def test_another_wording_is_told_word_for_word(folders: dict[str, Folder]) -> None:
    other = changed(kolejka={"lines": ("do-widzenia",)})
    result = verdict(folders["pesel-i-telepin"], other)
    assert result.verdict == "fail"
    assert result.divergence is not None
    assert result.divergence.field == "said"
    assert "Łączę z konsultantem" in result.divergence.expected
    assert result.divergence.around


def test_two_questions_swapped_never_pass(folders: dict[str, Folder]) -> None:
    """The matter first and the identity after it: answers find their questions, and the change is told."""
    other = changed(
        powrot={"next": "sprawa"},
        sprawa={"next": "tozsamosc"},
        tozsamosc={"without": "odpowiedz"},
        telepin={"without": "odpowiedz"},
    )
    for name in ("pesel-i-telepin", "bez-telepin"):
        result = verdict(folders[name], other)
        assert result.verdict in ("fail", "refuse"), name
        assert result.divergence is not None
        assert result.divergence.field == "question"
        recorded = folders[name].journal
        played = play(other, recorded, "proba")
        topic = next(turn.after.topic for turn in recorded if turn.after.topic)
        assert topic in [turn.after.topic for turn in played.turns], "the matter's answer was given at another question"


def test_a_question_that_nobody_answered_is_refused(folders: dict[str, Folder]) -> None:
    other = changed(sprawa={"next": "po-godzinach"})
    result = verdict(folders["bez-telepin"], other)
    assert result.verdict == "refuse"
    assert "po-godzinach" in result.why


def test_a_core_that_fails_is_told(folders: dict[str, Folder]) -> None:
    other = changed()
    other.nodes = {name: node for name, node in other.nodes.items() if name != "sprawa"}
    result = verdict(folders["bez-telepin"], other)
    assert result.verdict == "fail"


def test_an_expectation_that_is_not_met_names_its_line(tmp_path: Path) -> None:
    place = make(tmp_path, "bez-telepin", expect={"queue": "malopolskie-kol-pit"})
    result = journal.replay(plan(), load(place))
    assert result.verdict == "fail"
    assert result.divergence is not None
    lines = (place / "fixture.yaml").read_text(encoding="utf-8").splitlines()
    assert "malopolskie-kol-pit" in lines[(result.divergence.line or 0) - 1]


def test_a_known_fault_must_fail(tmp_path: Path) -> None:
    known = {"why": "kolejka pomylona w planie", "depths": ["journal"]}
    failing = make(tmp_path / "a", "bez-telepin", expect={"queue": "inna"}, known=known)
    assert journal.replay(plan(), load(failing)).verdict == "known"
    mended = make(tmp_path / "b", "bez-telepin", known=known)
    result = journal.replay(plan(), load(mended))
    assert result.verdict == "fail"
    assert "już nie występuje" in result.why


def test_a_journal_cut_short_or_damaged_is_refused(tmp_path: Path) -> None:
    place = make(tmp_path, "bez-telepin")
    file = place / "journal.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + b'{"at": 1.0, "event": {"type": "Nonsense"}}\n')
    result = journal.replay(plan(), load(place))
    assert result.verdict == "refuse"
    assert "journal.jsonl:4:1" in result.why
    file.unlink()
    assert journal.replay(plan(), load(place)).verdict == "refuse"


def test_the_journal_file_survives_its_own_form(folders: dict[str, Folder]) -> None:
    for folder in folders.values():
        data = (folder.path / "journal.jsonl").read_bytes()
        assert journal_file.dump(journal_file.parse(data)) == data
        assert msgspec.json.decode(data.splitlines()[0])["event"]["type"] == "CallArrived"
