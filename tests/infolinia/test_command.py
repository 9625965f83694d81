"""The command as a whole: every verb is in the README, and teaches by example."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infolinia.cli import GROUPS, STUBS, VERBS, build

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("verb", sorted({*VERBS, *GROUPS, *(f"stub {name}" for name in STUBS)}))
def test_the_readme_names_every_verb(verb: str) -> None:
    table = README.read_text(encoding="utf-8").partition("| for | verbs |")[2].partition("\n\n")[0]
    assert re.search(rf"`{verb}[` ]", table)


@pytest.mark.parametrize("verb", sorted({*VERBS, *GROUPS, "stub", *(f"stub {name}" for name in STUBS)}))
def test_every_verb_teaches_by_example(verb: str) -> None:
    told = CliRunner().invoke(build(verb.split()), [*verb.split(), "--help"]).stdout
    assert f"infolinia {verb}" in " ".join(told.partition("Użycie:")[2].partition("\n")[2].split())
