"""One line for the first of a flood, then a count for as long as it lasts."""

from collections.abc import Callable, Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from infolinia.floods import FLOODS, Floods


class Clock:
    """What is to be done later, done when the test says so."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self.due.append(act)

    def pass_window(self) -> None:
        due, self.due = self.due, []
        for act in due:
            act()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> Iterator[LogCapture]:
    before, capture = structlog.get_config(), LogCapture()
    structlog.configure(processors=[Floods(clock.later), capture])
    yield capture
    structlog.configure(**before)


def test_the_first_is_told_and_the_rest_counted(clock: Clock, lines: LogCapture) -> None:
    log = structlog.get_logger()
    for _ in range(1001):
        log.warning("agi.dropped", fault="garbage")
    assert [line.get("fault") for line in lines.entries] == ["garbage"]
    clock.pass_window()
    assert (lines.entries[1]["event"], lines.entries[1]["more"]) == ("agi.dropped", 1000)
    log.warning("agi.dropped", fault="garbage")
    clock.pass_window()
    assert [line.get("more") for line in lines.entries] == [None, 1000, 1]
    clock.pass_window()
    assert clock.due == []
    log.warning("agi.dropped", fault="again")
    assert lines.entries[-1]["fault"] == "again"


def test_floods_do_not_hide_each_other_nor_other_lines(lines: LogCapture) -> None:
    log = structlog.get_logger()
    for _ in range(3):
        for event in (*sorted(FLOODS), "call taken over"):
            log.warning(event)
    assert len(lines.entries) == len(FLOODS) + 3
