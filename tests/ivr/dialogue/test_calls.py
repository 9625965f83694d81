"""Golden journals: every call in tests/calls plays through today's core and comes out the same.

Rewrite them after a deliberate change with ``pytest tests/ivr/dialogue/test_calls.py --rewrite-calls`` and read the
difference before committing it.
"""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play

CALLS = sorted((Path(__file__).parents[2] / "calls").glob("*.yaml"))


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.default_flow_style, yaml.allow_unicode, yaml.sort_base_mapping_type_on_output = (
        110,
        False,
        True,
        False,
    )
    yaml.representer.ignore_aliases = lambda data: True
    return yaml


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_a_golden_call_comes_out_the_same(path: Path, plan: Plan, request: pytest.FixtureRequest) -> None:
    script = _yaml().load(path.read_text(encoding="utf-8"))
    turns = play(plan, script)
    if request.config.getoption("--rewrite-calls"):
        with path.open("w", encoding="utf-8") as file:
            _yaml().dump({"title": script["title"], "turns": turns}, file)
    expected = _yaml().load(path.read_text(encoding="utf-8"))["turns"]
    assert turns == expected


def test_there_are_golden_calls() -> None:
    assert len(CALLS) >= 35
