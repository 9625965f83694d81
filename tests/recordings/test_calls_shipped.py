"""The shipped calls: enough of them, of every kind, legible, small, and none holds a number of a person."""

import json
import re

from infolinia.settings import ROOT
from infolinia.stubs.eus.in_process import People
from ivr.dialplan import load_plan
from recordings.fixture.folder import Folder, find, load
from recordings.replay import journal
from recordings.replay.verdict import as_json

CALLS = ROOT / "recordings" / "calls"
MOST = 15_000_000
STYLES = {
    "hesitant", "elderly", "noisy", "silent", "interrupting", "out-of-scope", "angry", "line-noise", "music", "hang-up",
}  # fmt: skip
VERDICTS = {"ok", "refused", "throttled", "unavailable", "skipped", "gave-up"}
SMOKE = ("pcc-samochod-pesel", "auth-trzy-zle", "czlowiek-slowem", "po-godzinach-pyta", "kolejka-nikt", "trudne-cisza")


def folders() -> list[Folder]:
    return [load(path) for path in find([CALLS])]


def test_there_are_calls_of_every_kind() -> None:
    calls = folders()
    assert len(calls) >= 60
    assert {style for folder in calls for style in folder.fixture.style} >= STYLES
    assert {turn.after.verdict for folder in calls for turn in folder.journal} >= VERDICTS
    areas = {folder.fixture.area for folder in calls}
    assert areas >= {"pcc", "pit", "epit", "ogolne", "telepin", "poza-zakresem"}
    said = {step.topic for folder in calls for step in folder.fixture.steps if step.topic}
    queues = {topic.queue for topic in load_plan(ROOT / "dialplans").topics.values() if topic.queue}
    plan = load_plan(ROOT / "dialplans")
    assert {plan.topics[topic].queue for topic in said} == queues, "some thematic queue is never asked for"


def test_synthetic_voices_are_marked_and_licensed() -> None:
    for folder in folders():
        voice = folder.fixture.voice
        assert voice.kind in ("synthetic", "none"), folder.name
        assert voice.kind == "none" or voice.licence, folder.name


def test_every_piece_of_sound_is_there_and_all_is_small() -> None:
    for folder in folders():
        for step in folder.fixture.steps:
            assert step.say is None or step.sound is not None, folder.name
            if step.sound is not None:
                assert folder.sound.piece(step.sound), folder.name
    assert sum(file.stat().st_size for file in CALLS.rglob("*") if file.is_file()) < MOST


def test_no_number_of_a_person_is_in_any_file() -> None:
    people = People()
    numbers = {
        str(row[kind])
        for row in (*people.rows.values(), *people.parties.values())
        for kind in ("pesel", "nip", "telepin")
        if row.get(kind)
    }
    for file in CALLS.rglob("*"):
        if file.suffix in (".yaml", ".jsonl"):
            text = file.read_text(encoding="utf-8")
            found = set(re.findall(r"(?<![0-9a-f])\d{6,}(?![0-9a-f])", text))
            assert not found & numbers, file


def test_a_few_replay_through_the_core() -> None:
    """A smoke set: all of them are ``infolinia replay --journal``. What a dialplan says differently since is no fault
    of the core, so only the course counts here."""
    plan = load_plan(ROOT / "dialplans")
    for name in SMOKE:
        result = journal.replay(plan, load(CALLS / name))
        assert result.verdict == "pass" or (result.divergence and result.divergence.field == "said"), result.why


def test_ten_runs_of_the_smoke_set_are_the_same_to_the_byte() -> None:
    """All calls, with sound too: ``infolinia bench replay``; real calls: ``infolinia bench replay-calls``."""
    plan = load_plan(ROOT / "dialplans")
    chosen = [load(CALLS / name) for name in SMOKE]
    runs = {json.dumps(as_json([journal.replay(plan, one) for one in chosen], details=True)) for _ in range(10)}
    assert len(runs) == 1
