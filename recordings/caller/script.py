"""A call script: what a test caller does, step by step. A YAML file (``recordings.caller.script_file``) or Python.

Every step is one verb. ``after_s`` ties a step to the bot's prompt: 0.5 acts half a second after its end (never before
the script's ``settle_s``, for nobody can tell the end of a prompt from a pause sooner), a negative one speaks or types
into it: ``prompt_s`` before its end where the prompt's length is given, else ``BARGE_IN`` after its beginning.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, SecretStr, Tag, model_validator

from recordings.caller.people import Kind
from recordings.caller.rtp import KEYS
from recordings.caller.timeline import GAP_SECONDS, KEY_SECONDS

BARGE_IN = 0.6
"""Seconds into a prompt of unknown length at which a step with a negative ``after_s`` acts."""
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=3600)]


class Step(BaseModel):
    """What all steps share. ``timeout_s``: how long it may wait for what it waits for (None: the script's)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    timeout_s: Seconds | None = None


class Timed(Step):
    """A step that may be tied to the bot's prompt."""

    after_s: float | None = Field(None, ge=-60, le=60)
    prompt_s: Seconds | None = None


class NumberOf(BaseModel):
    """The number of a person of the callers' file, and the keys behind it: ``{pin_of: dz-01}``, ``then: ""``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    pin_of: str | None = None
    pesel_of: str | None = None
    nip_of: str | None = None
    then: str = "#"

    @model_validator(mode="after")
    def _one_person(self) -> "NumberOf":
        if sum(name is not None for name in (self.pin_of, self.pesel_of, self.nip_of)) != 1:
            raise ValueError("podaj dokładnie jedno z: pin_of, pesel_of, nip_of")
        _only_keys(self.then or "#")
        return self

    @property
    def wanted(self) -> tuple[Kind, str]:
        """Which number of whom."""
        for kind, person in (("pin", self.pin_of), ("pesel", self.pesel_of), ("nip", self.nip_of)):
            if person is not None:
                return kind, person  # type: ignore[return-value]  # mypy widens the literal in the tuple
        raise AssertionError("validated: one of them is set")


def _only_keys(keys: Any) -> Any:
    if isinstance(keys, int | float) or keys is None:
        raise ValueError('klawisze zapisz w cudzysłowie, np. keys: "0123#"; bez niego giną zera i krzyżyk')
    if isinstance(keys, str) and (not keys or any(key not in KEYS for key in keys)):
        raise ValueError("klawisze to cyfry, *, # i litery A–D, co najmniej jeden")
    return keys


class Keys(Timed):
    """Press keys: ``keys: "85831410110#"`` or ``keys: {pin_of: dz-01}``; held ``key_s``, ``gap_s`` apart."""

    keys: Annotated[SecretStr | NumberOf, BeforeValidator(_only_keys)]
    key_s: float = Field(KEY_SECONDS, ge=0.04, le=8)
    gap_s: float = Field(GAP_SECONDS, ge=0, le=60)


class Say(Timed):
    """Play a WAV file (any rate) and wait for its end; the path is relative to the script."""

    say: Path


class Pause(Step):
    """Do nothing for so many seconds, whatever the bot does."""

    pause: Seconds


class WaitSpeech(Step):
    """Wait until the bot speaks (again, after the last thing the caller did)."""

    wait_speech: Literal[True]


class WaitSilence(Step):
    """Wait until the bot has spoken and then been silent for so many seconds."""

    wait_silence: Seconds


class WaitFor(Step):
    """Wait for a condition that the test gave under this name."""

    wait_for: str = Field(min_length=1)


class WaitHangup(Step):
    """Wait until the other side hangs up."""

    wait_hangup: Literal[True]


class ExpectMedia(Step):
    """Packets must arrive within so many seconds: ``packets`` of them (default 10)."""

    expect_media: Seconds
    packets: int = Field(10, ge=1, le=10_000)


class Hold(Timed):
    """Put the other side on hold for so many seconds."""

    hold: Seconds


class HangUp(Timed):
    """Hang up."""

    hangup: Literal[True]


VERBS: dict[str, type[Step]] = {
    "keys": Keys,
    "say": Say,
    "pause": Pause,
    "wait_speech": WaitSpeech,
    "wait_silence": WaitSilence,
    "wait_for": WaitFor,
    "wait_hangup": WaitHangup,
    "expect_media": ExpectMedia,
    "hold": Hold,
    "hangup": HangUp,
}


def verb_of(step: Any) -> str | None:
    """The verb of a step, written or built; None when it has none or several."""
    if isinstance(step, Step):
        return next(verb for verb, model in VERBS.items() if isinstance(step, model))
    found = [verb for verb in VERBS if verb in step] if isinstance(step, dict) else []
    return found[0] if len(found) == 1 else None


def _spelled_out(step: Any) -> Any:
    """``- hangup`` stands for ``- hangup: true``."""
    return {step: True} if isinstance(step, str) else step


AnyStep: TypeAlias = Annotated[
    Annotated[Keys, Tag("keys")]
    | Annotated[Say, Tag("say")]
    | Annotated[Pause, Tag("pause")]
    | Annotated[WaitSpeech, Tag("wait_speech")]
    | Annotated[WaitSilence, Tag("wait_silence")]
    | Annotated[WaitFor, Tag("wait_for")]
    | Annotated[WaitHangup, Tag("wait_hangup")]
    | Annotated[ExpectMedia, Tag("expect_media")]
    | Annotated[Hold, Tag("hold")]
    | Annotated[HangUp, Tag("hangup")],
    Discriminator(verb_of),
    BeforeValidator(_spelled_out),
]


class Script(BaseModel):
    """A whole call. ``caller``: the number shown unless ``withheld``; ``asserted``: the one an operator vouches for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = ""
    to: str | None = None
    caller: str = "+48000000001"
    withheld: bool = False
    asserted: str | None = None
    settle_s: float = Field(0.7, ge=0.1, le=10)
    patience_s: Seconds = 30.0
    ring_s: Seconds = 30.0
    max_s: Seconds = 600.0
    steps: tuple[AnyStep, ...] = ()
