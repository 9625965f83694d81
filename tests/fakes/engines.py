"""Recognisers for a process of their own that answer, hang or die as told."""

import os
import time

from voicebot.ears.ear import Question, Utterance


class Echo:
    """Understands the number of bytes it was given. One byte hangs it, two kill it, three make it fail."""

    def __init__(self, refuse: str = "") -> None:
        if refuse:
            raise FileNotFoundError(refuse)
        print("a native library talks on stdout")
        self._streams: dict[int, int] = {}

    def begin(self, stream: int, question: Question) -> None:
        self._streams[stream] = 0

    def feed(self, stream: int, pcm: bytes) -> str | None:
        self._streams[stream] += len(pcm)
        return f"{self._streams[stream]} so far"

    def end(self, stream: int) -> Utterance:
        size = self._streams.pop(stream)
        match size:
            case 1:
                time.sleep(3600)
            case 2:
                os._exit(3)
            case 3:
                raise RuntimeError("cannot")
        return Utterance(f"{size} bytes by {os.getpid()}", 0.5, (("other", 0.1),))

    def drop(self, stream: int) -> None:
        self._streams.pop(stream, None)
