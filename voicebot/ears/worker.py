"""``python -m voicebot.ears.worker ENGINE OPTIONS``: a recogniser process. It may hang or die; the crew replaces it.

``ENGINE`` is ``module:Class``, ``OPTIONS`` a JSON object of its arguments. Orders come on stdin, reports go to what
was stdout; anything a native library prints goes to stderr. When its parent ends, so does it.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
from typing import BinaryIO, Protocol

from . import wire
from .ear import Question, Utterance

_PR_SET_PDEATHSIG = 1


class Engine(Protocol):
    """A recogniser inside its process; all calls come from one thread."""

    def begin(self, stream: int, question: Question) -> None: ...

    def feed(self, stream: int, pcm: bytes) -> str | None:
        """Take sound; the partial text when it changed, else None."""

    def end(self, stream: int) -> Utterance: ...

    def drop(self, stream: int) -> None: ...


def serve(engine: Engine, orders: BinaryIO, reports: BinaryIO) -> None:
    """Obey until the orders end. One stream's failure is reported and touches no other."""
    while (body := wire.read(orders)) is not None:
        order = wire.decode_order(body)
        try:
            report = _obey(engine, order)
        except Exception as error:
            report = wire.Fault(order.stream, f"{type(error).__name__}: {error}")
        if report is not None:
            _send(reports, report)


def _obey(engine: Engine, order: wire.Order) -> wire.Report | None:
    match order:
        case wire.Begin(stream, question):
            engine.begin(stream, question)
        case wire.Sound(stream, pcm):
            partial = engine.feed(stream, pcm)
            if partial is not None:
                return wire.Partial(stream, partial)
        case wire.End(stream):
            return wire.Final(stream, engine.end(stream))
        case wire.Drop(stream):
            engine.drop(stream)
    return None


def _send(reports: BinaryIO, report: wire.Report) -> None:
    reports.write(wire.pack(report))
    reports.flush()


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main(spec: str, options: str) -> int:
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    module, _, name = spec.partition(":")
    try:
        engine: Engine = getattr(importlib.import_module(module), name)(**json.loads(options))
    except Exception as error:
        _send(reports, wire.Fault(None, f"{type(error).__name__}: {error}"))
        return 1
    _send(reports, wire.Ready())
    try:
        serve(engine, sys.stdin.buffer, reports)
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
