"""Fixtures made of the shipped text dialogues: what they say, the journal they leave, no sound."""

import asyncio
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from infolinia.rehearsals import stage_of
from infolinia.settings import ROOT, Settings
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from ivr.rehearsal import Stage, load, rehearse
from recordings.fixture import journal_file

DIALPLANS = ROOT / "dialplans"
MADE = {"on": "2026-04-30", "how": "audio", "call": "proba", "plan": "x", "topics": "x", "prompts": "x", "ear": "x"}


@lru_cache(maxsize=1)
def plan() -> Plan:
    return load_plan(DIALPLANS)


@lru_cache(maxsize=1)
def stage() -> Stage:
    return stage_of(plan(), Settings())


def make(folder: Path, dialogue: str, **fields: object) -> Path:
    """The dialogue ``dialplans/tests/<dialogue>.yaml`` as a fixture under ``folder``."""
    rehearsal, source, faults = load(DIALPLANS / "tests" / f"{dialogue}.yaml", DIALPLANS)
    assert rehearsal is not None, faults
    outcome = asyncio.run(rehearse(stage(), rehearsal))
    place = folder / dialogue
    place.mkdir(parents=True)
    turns = [journal_file.turn(float(i), e, call, actions) for i, (e, call, actions) in enumerate(outcome.turns)]
    (place / "journal.jsonl").write_bytes(journal_file.dump(turns))
    last = outcome.call
    data = {**source.data, "area": "proba", "style": ["plain"], "voice": {"kind": "none"}, "made": MADE}
    data["expect"] = {"node": last.node, **({"ended": last.ended} if last.ended else {})}
    with (place / "fixture.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({**data, **fields}, file)
    return place
