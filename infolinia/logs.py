"""Logs: JSON lines on standard output or in a file of ``var/log``; the first place where an operator looks."""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

import structlog

from .floods import Floods


def to_file(path: Path) -> None:
    """Log JSON lines to ``path`` (appended, line by line), which is made with the first of them."""
    _configure(_Unbroken(lambda: _opened(path)))


def to_stderr() -> None:
    """Log JSON lines to standard error."""
    _configure(_Unbroken(lambda: sys.stderr))


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a", buffering=1, encoding="utf-8")


class _Unbroken:
    """A stream whose faults (a full disk) do not reach who logs: losing a line is better than losing a call."""

    def __init__(self, open_: Callable[[], TextIO]) -> None:
        self._open = open_
        self._stream: TextIO | None = None

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream = self._stream or self._open()
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            if self._stream is not None:
                self._stream.flush()


def _configure(stream: _Unbroken) -> None:
    structlog.configure(
        processors=[
            Floods(),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_values),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, stream)),
    )
    logging.basicConfig(
        stream=cast(TextIO, stream), level=logging.WARNING, force=True, format='{"event": "%(name)s: %(message)s"}'
    )


_TRACE = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)


def _without_values(exc_info: "structlog.typing.ExcInfo") -> Any:
    """A traceback as types and places; messages of exceptions may quote what a caller keyed, so they are left out."""
    return [
        {"type": part["exc_type"], "frames": [f"{f['filename']}:{f['lineno']} {f['name']}" for f in part["frames"]]}
        for part in _TRACE(exc_info)
    ]
