"""Whose turn it is: a pure state machine. Speech probabilities of 20 ms frames in, decisions out, time an argument.

Rules. Speech begins with 5 voiced frames out of 6. While the prompt plays, the caller takes the turn only with more
speech than a cough or an "mhm" has, or with a complete answer; less is a ``MURMUR``. The turn ends after a silence: a
short one when what was said is a complete answer, a long one when the caller hesitates. Nothing lasts for ever: an
answer has to begin within the patience after the prompt and to end within ``longest``.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum

FRAME = 0.02


class Decision(Enum):
    """What the frame just taken means."""

    BEGAN = "began"  # somebody speaks: listen, from ``lookback`` before now on
    INTERRUPT = "interrupt"  # stop the prompt: the caller has the turn
    MURMUR = "murmur"  # the caller made a short sound under the prompt and fell silent; the prompt goes on
    ENDED = "ended"  # the caller has finished
    TOO_LONG = "too long"  # the caller speaks without end: take what there is
    NO_INPUT = "no input"  # nobody began to answer in time


@dataclass(frozen=True)
class Timing:
    """Seconds, and frames for ``onset`` out of ``window``. ``voiced`` is the probability that counts as speech."""

    voiced: float = 0.5
    onset: int = 5
    window: int = 6
    lookback: float = 0.3
    barge_in: float = 0.35
    end: float = 0.6
    end_complete: float = 0.24
    end_hesitating: float = 1.2
    longest: float = 15.0
    second_chance: float = 2.0

    def slower(self, factor: float = 1.5) -> "Timing":
        """The same for a caller who speaks slowly: longer silences inside an answer."""
        return Timing(
            self.voiced,
            self.onset,
            self.window,
            self.lookback,
            self.barge_in,
            self.end * factor,
            self.end_complete * factor,
            self.end_hesitating * factor,
            self.longest * factor,
            self.second_chance * factor,
        )


class Turn:
    """One answer to one question. ``patience`` is in seconds after the prompt; ``prompt`` tells whether one plays."""

    def __init__(self, patience: float, at: float, *, prompt: bool, timing: Timing | None = None) -> None:
        self.timing = timing or Timing()
        self.speaking = False
        self.spoken = 0.0
        self._patience = patience
        self._until: float | None = None if prompt else at + patience
        self._recent: deque[bool] = deque(maxlen=self.timing.window)
        self._interrupted = not prompt
        self._began = self._last_voice = at
        self._silence = self.timing.end
        self._over = False

    def prompt_over(self, at: float) -> None:
        """The prompt has ended or was stopped; from now on the patience runs."""
        if self._until is None:
            self._until = at + self._patience
        self._interrupted = True

    def frame(
        self, probability: float, at: float, *, complete: bool = False, hesitating: bool = False
    ) -> Decision | None:
        """Take the next frame. ``complete``: what was understood so far is a whole answer that no longer one extends;
        ``hesitating``: it ends like a thought that goes on."""
        voiced = probability >= self.timing.voiced
        self._recent.append(voiced)
        if not self.speaking:
            return self._onset(at) or self.tick(at)
        if voiced:
            self._last_voice = at
            self.spoken += FRAME
        self._silence = self._silence_for(complete, hesitating)
        if not self._interrupted and (complete or self.spoken >= self.timing.barge_in):
            self._interrupted = True
            return Decision.INTERRUPT
        return self.tick(at)

    def tick(self, at: float) -> Decision | None:
        """Let time pass without a frame (the line may fall silent altogether)."""
        deadline = self.deadline()
        if self._over or deadline is None or at + FRAME / 2 < deadline:
            return None
        if not self.speaking:
            self._over = True
            return Decision.NO_INPUT
        if at + FRAME / 2 >= self._began + self.timing.longest:
            self._over = True
            return Decision.TOO_LONG
        if not self._interrupted:
            self.again(at)
            return Decision.MURMUR
        self._over = True
        return Decision.ENDED

    def deadline(self) -> float | None:
        """When ``tick`` has something to say if no frame comes; None: not before a frame comes."""
        if self._over:
            return None
        if self.speaking:
            return min(self._last_voice + self._silence, self._began + self.timing.longest)
        return self._until

    def again(self, at: float) -> None:
        """What was heard was nothing: wait for another answer, at least a little while."""
        self.speaking = self._over = False
        self._recent.clear()
        if self._until is not None:
            self._until = max(self._until, at + self.timing.second_chance)

    def _onset(self, at: float) -> Decision | None:
        voiced = sum(self._recent)
        if voiced < self.timing.onset or self._over:
            return None
        self.speaking = True
        self.spoken = voiced * FRAME
        self._began = at - (len(self._recent) - 1) * FRAME
        self._last_voice = at
        self._silence = self.timing.end
        return Decision.BEGAN

    def _silence_for(self, complete: bool, hesitating: bool) -> float:
        if complete:
            return self.timing.end_complete
        return self.timing.end_hesitating if hesitating else self.timing.end
