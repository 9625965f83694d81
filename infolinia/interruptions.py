"""What ends a long command before its time: Ctrl-C, SIGTERM (``timeout``, CI) or a limit of its own, all in one way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(limit: float = 0.0) -> Iterator[None]:
    """Within it, SIGTERM and the end of ``limit`` seconds (0: none) interrupt as Ctrl-C does (``KeyboardInterrupt``).
    Signals belong to the main thread: elsewhere it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within it, nothing interrupts: what was begun is cleared away to the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Hand it on to whoever handles Ctrl-C now: asyncio has a handler of its own while it runs. A shell's background
    jobs ignore Ctrl-C, but not this."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
