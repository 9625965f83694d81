"""Every bench that ``infolinia bench`` names is there, and what it takes from the rooms exists: a bench runs too seldom
to notice by itself that a name has moved."""

import ast
from collections.abc import Iterator
from importlib import import_module

import pytest

from infolinia.commands.bench import BENCHES
from infolinia.settings import ROOT

ROOMS = ("desk", "infolinia", "ivr", "recordings", "store", "telepin", "voicebot")
SCRIPTS = sorted({command[0] for command in BENCHES.values()})


def taken(source: str) -> Iterator[tuple[str, str]]:
    """Module and name of all that a script takes from our rooms."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS:
            yield from ((node.module, alias.name) for alias in node.names)


def missing(source: str) -> list[str]:
    return [f"{module}.{name}" for module, name in taken(source) if not there(module, name)]


def there(module: str, name: str) -> bool:
    """Whether ``module`` exists and has ``name``, be it a module of its own."""
    try:
        if hasattr(import_module(module), name):
            return True
        import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_bench_takes_from_the_rooms_exists(script: str) -> None:
    assert missing((ROOT / "tools" / script).read_text(encoding="utf-8")) == []


def test_a_name_that_has_moved_is_noticed() -> None:
    assert missing("from infolinia.demo import NOWHERE, Demo\nfrom infolinia import demo, gone") == [
        "infolinia.demo.NOWHERE",
        "infolinia.gone",
    ]
