"""Every node's documented example is valid, is run, and stands in the reference page as it is."""

import sys
from pathlib import Path

import pytest

from ivr.dialogue.nodes import KINDS
from ivr.dialogue.plan import Plan

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import node_reference  # noqa: E402


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_example_runs(name: str, plan: Plan) -> None:
    assert node_reference.run(KINDS[name], plan)[0] == "Answer"


def test_the_reference_page_is_what_the_nodes_say() -> None:
    assert node_reference.PAGE.read_text(encoding="utf-8") == node_reference.page()
