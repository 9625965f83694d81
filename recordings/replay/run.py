"""Replaying many fixtures, several at a time, in an order that does not depend on who is ready first."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from .verdict import Result

Replay = Callable[[Path], Result]
_replay: Replay | None = None


def run(
    paths: Sequence[Path],
    make: Callable[..., Replay],
    options: Sequence[Any],
    jobs: int,
    done: Callable[[Result], bool],
) -> list[Result]:
    """The results for the fixture folders ``paths``, in their order; ``done`` is told of each as it comes, and says
    whether to go on with those not yet begun. Interrupted (``KeyboardInterrupt``), it lets those that are being played
    come to their end, tells ``done`` of them, and passes the interruption on.

    ``make(*options)`` makes what replays one fixture: once here, or once in each of ``jobs`` processes, so both must
    be picklable."""
    if jobs <= 1 or len(paths) <= 1:
        replay, results = make(*options), []
        for path in paths:
            results.append(replay(path))
            if not done(results[-1]):
                break
        return results
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(paths)), context, _open, (make, options)) as pool:
        tasks = {pool.submit(_one, path): number for number, path in enumerate(paths)}
        found: dict[int, Result] = {}
        try:
            for task in as_completed(tasks):
                found[tasks[task]] = task.result()
                if not done(task.result()):
                    pool.shutdown(wait=False, cancel_futures=True)
                    break  # those cancelled so never complete
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            for task, number in tasks.items():
                if number not in found and task.done() and not task.cancelled() and task.exception() is None:
                    done(task.result())
            raise
    return [found[number] for number in sorted(found)]


def _open(make: Callable[..., Replay], options: Sequence[Any]) -> None:
    global _replay
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent alone decides
    _replay = make(*options)


def _one(path: Path) -> Result:
    assert _replay is not None
    return _replay(path)
