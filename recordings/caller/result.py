"""What came of a call: times in seconds from the answer, none of the caller's digits anywhere."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Note(BaseModel):
    """Something that happened: ``at`` seconds after the answer; ``what`` is a step's verb or an event's name."""

    model_config = ConfigDict(frozen=True)

    at: float
    what: str
    detail: str = ""


class Heard(BaseModel):
    """A stretch of speech of the other side and its loudest moment in dB of full scale."""

    start: float
    end: float
    level: float


class KeySent(BaseModel):
    """One key: when it was to begin and when its first packet left."""

    asked: float
    sent: float


class End(BaseModel):
    """How the call ended; ``code`` is the SIP status, ``cause`` the Q.850 cause where one was sent."""

    by: Literal["us", "them", "refused", "cancelled"]
    code: int
    reason: str = ""
    cause: int | None = None


class CallResult(BaseModel):
    """One call. ``failure`` is None when every step was done; else which step failed and why, in Polish.

    ``keys_heard`` are keys that the other side sent, ``renegotiated`` how often it changed the session.
    """

    script: str
    to: str
    caller: str | None
    started: datetime
    call_id: str = ""
    answered_after: float | None = None
    duration: float = 0.0
    end: End
    failure: str | None = None
    notes: list[Note] = []
    heard: list[Heard] = []
    keys: list[KeySent] = []
    keys_heard: str = ""
    received: dict[str, float] = {}
    pacing: dict[str, float] = {}
    renegotiated: int = 0
    recording: Path | None = None

    @property
    def ok(self) -> bool:
        """Every step was done."""
        return self.failure is None
