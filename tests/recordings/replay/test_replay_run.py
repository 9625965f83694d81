"""Many fixtures: results in the order of the fixtures, alone or in several processes, and an early end."""

from pathlib import Path

import pytest

from recordings.replay.run import Replay, run
from recordings.replay.verdict import Result

PATHS = [Path(f"call-{number:02}") for number in range(12)]


def replays(failing: str) -> Replay:
    def replay(path: Path) -> Result:
        return Result(path.name, str(path), "audio", "fail" if path.name == failing else "pass")

    return replay


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_keep_their_order(jobs: int) -> None:
    seen: list[str] = []
    results = run(PATHS, replays, ("",), jobs, lambda result: seen.append(result.name) is None)
    assert [result.name for result in results] == [path.name for path in PATHS]
    assert sorted(seen) == [path.name for path in PATHS]


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_first_failure_may_be_the_last_replay(jobs: int) -> None:
    results = run(PATHS, replays, ("call-00",), jobs, lambda result: result.verdict == "pass")
    assert [result.verdict for result in results].count("fail") == 1
    assert len(results) < len(PATHS)


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_was_judged_before_an_interruption_is_told(jobs: int) -> None:
    told: list[str] = []

    def done(result: Result) -> bool:
        told.append(result.name)
        if len(told) == 2:
            raise KeyboardInterrupt
        return True

    with pytest.raises(KeyboardInterrupt):
        run(PATHS, replays, ("",), jobs, done)
    assert len(set(told)) >= 2
