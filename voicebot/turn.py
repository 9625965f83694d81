"""Whose turn it is: a pure state machine. Speech probabilities of 20 ms frames in, decisions out, time an argument.

Rules:

1. Speech begins with 5 voiced frames out of 6, or, behind as many unvoiced ones as "chc" of "chcę" has, with 2 or with
   the first frame of a vowel (``BEGAN``). A prompt that plays is held at once: it falls silent and keeps its place.
2. Under a prompt the caller takes the turn (``INTERRUPT``) with more speech than a cough, an "mhm" or a "tak, tak" has,
   or with a complete answer. Less is a ``MURMUR``: unless the ear finds an answer in it, the prompt goes on.
3. The turn ends (``ENDED``) after a silence: a short one when what was said is a complete answer, a little more when
   it is one that a longer one begins with ("nie", "nie wiem"), a long one when the caller hesitates ("yyy") or has
   only begun to say an answer ("warmińsko").
4. Who speaks again while the ear still thinks had not finished: ``WENT_ON``, and both parts are one answer.
5. Nothing lasts for ever: an answer has to begin within the patience after the prompt (``NO_INPUT``) and to end within
   ``longest`` (``TOO_LONG``).
"""

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum

FRAME = 0.02


class Decision(Enum):
    """What the frame just taken means."""

    BEGAN = "began"  # somebody speaks: hold the prompt; listen, from ``lookback`` before now on
    INTERRUPT = "interrupt"  # the caller has the turn
    MURMUR = "murmur"  # the caller made a short sound under the prompt and fell silent
    ENDED = "ended"  # the caller has finished
    WENT_ON = "went on"  # the caller had not finished: what comes now belongs to what was said before
    TOO_LONG = "too long"  # the caller speaks without end: take what there is
    NO_INPUT = "no input"  # nobody began to answer in time


@dataclass(frozen=True)
class Timing:
    """Seconds, and frames for ``onset`` out of ``window``. ``voiced`` is the probability that counts as speech.

    ``late`` voiced frames in a row, or one that a vowel begins with, are enough where ``unvoiced`` of the last
    ``before`` frames sounded.

    After a ``lull`` an ear that does not stream may look at what was said. An answer to an open question is taken
    ``open`` seconds after its last sound at the earliest: until then its caller may go on (rule 4)."""

    voiced: float = 0.5
    onset: int = 5
    window: int = 6
    late: int = 2
    unvoiced: int = 8
    before: int = 12
    lookback: float = 0.3
    barge_in: float = 0.7
    murmur: float = 0.3
    end: float = 0.6
    end_complete: float = 0.24
    end_whole: float = 0.36
    end_hesitating: float = 1.2
    lull: float = 0.2
    open: float = 1.0
    longest: float = 15.0
    second_chance: float = 2.0

    def slower(self, factor: float = 1.5) -> "Timing":
        """The same for a caller who speaks slowly: longer silences inside an answer."""
        names = ("murmur", "end", "end_complete", "end_whole", "end_hesitating", "open", "longest", "second_chance")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


class Turn:
    """One answer to one question. ``patience`` is in seconds after the prompt; ``prompt`` tells whether one plays."""

    def __init__(self, patience: float, at: float, *, prompt: bool, timing: Timing | None = None) -> None:
        self.timing = timing or Timing()
        self.speaking = False
        self.spoken = 0.0
        self._patience = patience
        self._until: float | None = None if prompt else at + patience
        self._recent: deque[bool] = deque(maxlen=self.timing.window)
        self._sounding: deque[bool] = deque(maxlen=self.timing.before)
        self._interrupted = not prompt
        self._began = self._last_voice = at
        self._silence = self.timing.end
        self._over = self._ended = False

    @property
    def under_prompt(self) -> bool:
        """Whether the prompt of this question is not over yet: it plays or is held."""
        return self._until is None

    def silence(self, at: float) -> float:
        """Seconds since the last voiced frame of what is or was just said."""
        return at - self._last_voice

    def prompt_over(self, at: float) -> None:
        """The prompt has ended or was stopped; from now on the patience runs."""
        if self._until is None:
            self._until = at + self._patience
        self._interrupted = True

    def frame(
        self,
        probability: float,
        at: float,
        *,
        sounds: bool = False,
        vowel: bool = False,
        complete: bool = False,
        whole: bool = False,
        hesitating: bool = False,
    ) -> Decision | None:
        """Take the next frame. ``sounds``: something like speech is in it, voiced or not; ``vowel``: a
        voice sets in with it, behind fainter sounds. ``whole``: what was understood so far is an answer; ``complete``:
        and no longer one begins with it; ``hesitating``: it ends like a thought that goes on, or is the beginning of an
        answer."""
        voiced = probability >= self.timing.voiced
        self._recent.append(voiced)
        self._sounding.append(sounds)
        if not self.speaking:
            return self._onset(at, vowel) or self.tick(at)
        if voiced:
            self._last_voice = at
            self.spoken += FRAME
        self._silence = self._silence_for(complete, whole, hesitating)
        if not self._interrupted and (complete or self.spoken + FRAME / 2 >= self.timing.barge_in):
            self._interrupted = True
            self._silence = self._silence_for(complete, whole, hesitating)
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
        self.speaking, self._over, self._ended = False, True, True
        self._recent.clear()
        self._sounding.clear()
        return Decision.ENDED if self._interrupted else Decision.MURMUR

    def deadline(self) -> float | None:
        """When ``tick`` has something to say if no frame comes; None: not before a frame comes."""
        if self._over:
            return None
        if self.speaking:
            return min(self._last_voice + self._silence, self._began + self.timing.longest)
        return self._until

    def again(self, at: float) -> None:
        """What was heard was nothing: wait for another answer, at least a little while. A prompt that is not over goes
        on."""
        self.speaking = self._over = self._ended = False
        self._recent.clear()
        self._sounding.clear()
        self._interrupted = self._until is not None
        if self._until is not None:
            self._until = max(self._until, at + self.timing.second_chance)

    def postpone(self, until: float) -> None:
        """Nobody can answer now (music on the line): the patience lasts until then at least."""
        if self._until is not None:
            self._until = max(self._until, until)

    def _onset(self, at: float, vowel: bool) -> Decision | None:
        voiced = max(sum(self._recent), int(vowel))
        began = voiced >= self.timing.onset or self._late_voice(vowel)
        if not began or (self._over and not self._ended):
            return None
        went_on = self._ended
        self.speaking, self._over, self._ended = True, False, False
        self._last_voice = at
        self._silence = self._silence_for(False, False, False)
        if went_on:
            self.spoken += voiced * FRAME
            return Decision.WENT_ON
        self.spoken = voiced * FRAME
        self._began = at - (len(self._recent) - 1) * FRAME
        return Decision.BEGAN

    def _late_voice(self, vowel: bool) -> bool:
        """Whether a voice has just set in behind unvoiced sounds."""
        newest = tuple(self._recent)[-self.timing.late :]
        return (vowel or sum(newest) == self.timing.late) and sum(self._sounding) >= self.timing.unvoiced

    def _silence_for(self, complete: bool, whole: bool, hesitating: bool) -> float:
        if complete:
            return self.timing.end_complete
        if whole and self._interrupted:
            return self.timing.end_whole
        if hesitating:
            return self.timing.end_hesitating
        return self.timing.end if self._interrupted else self.timing.murmur
