"""What all tests share: the shipped plan, the folder of shared data, and the flag that rewrites golden journals."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-calls", action="store_true", help="rewrite tests/calls from what the core does today")


@pytest.fixture(scope="session")
def plan() -> Plan:
    return load_plan(ROOT / "dialplans")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command that a test runs in this process configures the logs of its own; the next test must not feel it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
