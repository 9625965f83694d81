"""Rehearsals: what the caller does, what is expected, and where it is told when it went otherwise."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from infolinia.stubs.eus.in_process import InProcessAuthority, People
from ivr.dialogue.events import Heard
from ivr.dialogue.plan import Plan
from ivr.rehearsal import Outcome, Rehearsal, Stage, load, rehearse

pytestmark = pytest.mark.anyio
PEOPLE = People()


def stage(plan: Plan) -> Stage:
    def authority(now: datetime) -> InProcessAuthority:
        return InProcessAuthority(PEOPLE, now)

    return Stage(plan, PEOPLE, authority, lambda: None)


async def run(plan: Plan, *steps: Any, **head: Any) -> Outcome:
    data = {"version": 1, "title": "próba", "number": "224605992", "at": "2026-04-21 10:00", **head, "steps": steps}
    return await rehearse(stage(plan), Rehearsal.model_validate(data))


async def test_a_call_as_expected_has_no_mismatch(plan: Plan) -> None:
    outcome = await run(
        plan,
        {"expect": {"node": "tozsamosc", "said": "Rozmawia z Państwem automat", "prompts": ["automat", "podaj-numer"]}},
        {"keys": {"pesel_of": "dz-01"}, "expect": {"node": "telepin"}},
        {"keys": {"pin_of": "dz-01"}, "expect": {"verdict": "ok", "not_said": "Nie udało się"}},
        {"keys": "0", "expect": {"queue": "malopolskie-kol-ogolna"}},
        {"queue": "served", "expect": {"ended": "served"}},
    )
    assert outcome.mismatches == []
    assert outcome.call.auth is not None


async def test_what_is_otherwise_is_told_by_step_and_field(plan: Plan) -> None:
    outcome = await run(
        plan,
        {"expect": {"node": "telepin"}},
        {"keys": "#", "expect": {"said": "nigdy", "office": "x", "prompts": "rodo"}},
    )
    assert [(found.step, found.field) for found in outcome.mismatches] == [
        (0, "node"),
        (1, "office"),
        (1, "prompts"),
        (1, "said"),
    ]


async def test_steps_after_the_end_of_the_call_are_told(plan: Plan) -> None:
    outcome = await run(plan, "hangup", {"keys": "1"})
    assert [found.step for found in outcome.mismatches] == [1]


async def test_keys_typed_ahead_answer_the_questions_to_come(plan: Plan) -> None:
    ahead = PEOPLE.number("pesel", "dz-01") + "#" + PEOPLE.number("telepin", "dz-01") + "#"
    outcome = await run(plan, {"keys": ahead, "expect": {"node": "sprawa", "verdict": "ok"}})
    assert outcome.mismatches == []


async def test_nobody_listens_at_a_telepin(plan: Plan) -> None:
    outcome = await run(plan, {"keys": {"pesel_of": "dz-01"}}, {"say": "konsultant", "expect": {"node": "telepin"}})
    assert outcome.mismatches == []
    assert not any(isinstance(event, Heard) for event, *_ in outcome.turns)


async def test_a_wrong_telepin_is_refused_and_the_third_is_not_checked(plan: Plan) -> None:
    wrong = {"keys": {"wrong_pin_of": "dz-01"}}
    outcome = await run(plan, {"keys": {"pesel_of": "dz-01"}}, wrong, wrong, {**wrong, "expect": {"node": "sprawa"}})
    assert outcome.mismatches == []
    assert (outcome.call.auth, outcome.call.verdict) == (None, "throttled")


async def test_a_chosen_verdict_beats_what_was_keyed(plan: Plan) -> None:
    outcome = await run(
        plan,
        {"keys": {"pesel_of": "dz-01"}},
        {"verdict": "throttled"},
        {"keys": {"pin_of": "dz-01"}, "expect": {"verdict": "throttled", "node": "sprawa"}},
    )
    assert outcome.mismatches == []


async def test_the_clock_moves_and_the_office_closes(plan: Plan) -> None:
    outcome = await run(
        plan,
        {"keys": "#"},
        {"keys": "0", "clock": "16:01", "expect": {"node": "po-godzinach"}},
        at="2026-04-30 15:59",
    )
    assert outcome.mismatches == []


async def test_lost_media_and_a_new_engine(plan: Plan) -> None:
    outcome = await run(
        plan, {"lost": True, "expect": {"node": "sprawa"}}, "resume", {"resume": True, "expect": {"node": "kolejka"}}
    )
    assert outcome.mismatches == []
    assert not outcome.call.media


async def test_an_unknown_person_is_told(plan: Plan) -> None:
    outcome = await run(plan, {"keys": {"pesel_of": "nikt"}})
    assert "nikt" in outcome.mismatches[0].message


@pytest.mark.parametrize(
    ("text", "line", "piece"),
    [
        ("steps:\n  - {keys: '1', say: x}\n", 6, "jedna czynność"),
        ("steps:\n  - {kesy: '1'}\n", 6, "kesy"),
        ("steps:\n  - {keys: {pin_of: a, nip_of: b}}\n", 6, "jedno z"),
        ("steps:\n  - {keys: abc}\n", 6, "keys"),
        ("steps: []\n", 5, "jest pusta"),
        ("steps:\n  - silence\n  - {queue: zajete}\n", 7, "zajete"),
    ],
)
def test_a_broken_rehearsal_is_told_with_its_line(tmp_path: Path, text: str, line: int, piece: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f'version: 1\ntitle: próba\nnumber: "224605992"\nat: "2026-04-21 10:00"\n{text}', encoding="utf-8")
    rehearsal, _, faults = load(file, tmp_path)
    assert rehearsal is None
    assert any(piece in fault.message and fault.line == line for fault in faults), faults
