"""Turn taking: frames in, decisions out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.turn import FRAME, Decision, Timing, Turn


class Line:
    """Feeds a turn and collects ``(decision, seconds since the start)``."""

    def __init__(self, *, patience: float = 3.0, prompt: bool = False) -> None:
        self.at = 100.0
        self.turn = Turn(patience, self.at, prompt=prompt)
        self.found: list[tuple[Decision, float]] = []

    def voice(self, seconds: float, *, complete: bool = False, hesitating: bool = False) -> "Line":
        return self._frames(1.0, seconds, complete, hesitating)

    def quiet(self, seconds: float, *, complete: bool = False, hesitating: bool = False) -> "Line":
        return self._frames(0.0, seconds, complete, hesitating)

    def prompt_over(self) -> "Line":
        self.turn.prompt_over(self.at)
        return self

    @property
    def decisions(self) -> list[Decision]:
        return [decision for decision, _ in self.found]

    def _frames(self, probability: float, seconds: float, complete: bool, hesitating: bool) -> "Line":
        for _ in range(round(seconds / FRAME)):
            self.at += FRAME
            decision = self.turn.frame(probability, self.at, complete=complete, hesitating=hesitating)
            if decision is not None:
                self.found.append((decision, round(self.at - 100.0, 3)))
        return self


def test_an_answer_begins_with_five_voiced_frames_and_ends_after_a_silence() -> None:
    line = Line().quiet(0.5).voice(1.0).quiet(1.0)
    assert line.found == [(Decision.BEGAN, 0.6), (Decision.ENDED, 2.1)]


def test_one_quiet_frame_in_six_is_still_an_onset_two_are_not() -> None:
    line = Line()
    line.voice(0.06).quiet(0.02).voice(0.04)
    assert line.decisions == [Decision.BEGAN]
    broken = Line()
    for _ in range(40):
        broken.voice(0.06).quiet(0.04)
    assert Decision.BEGAN not in broken.decisions


@pytest.mark.parametrize(("unvoiced", "began"), [(0.14, 0.24), (0.16, 0.2), (0.3, 0.34)])
def test_a_voice_behind_unvoiced_sounds_begins_at_once(unvoiced: float, began: float) -> None:
    turn, at, found = Turn(3.0, 0.0, prompt=True), 0.0, None
    while found is None:
        at += FRAME
        found = turn.frame(float(at > unvoiced + FRAME / 2), at, sounds=at <= unvoiced + FRAME / 2)
    assert (found, round(at, 2)) == (Decision.BEGAN, began)


def test_unvoiced_sounds_alone_begin_nothing() -> None:
    turn = Turn(3.0, 0.0, prompt=True)
    assert [turn.frame(float(n % 4 == 0), n * FRAME, sounds=True) for n in range(100)] == [None] * 100


@pytest.mark.parametrize(("unvoiced", "began"), [(0.14, False), (0.16, True)])
def test_a_vowel_behind_unvoiced_sounds_begins_before_its_voice_is_believed(unvoiced: float, began: bool) -> None:
    turn, at = Turn(3.0, 0.0, prompt=True), 0.0
    while at < unvoiced - FRAME / 2:
        at += FRAME
        assert turn.frame(0.0, at, sounds=True) is None
    assert turn.frame(0.0, at + FRAME, vowel=True) is (Decision.BEGAN if began else None)
    assert turn.spoken == (FRAME if began else 0.0)


def test_a_complete_answer_ends_sooner_a_hesitating_one_later() -> None:
    complete = Line().voice(0.6).quiet(1.0, complete=True)
    plain = Line().voice(0.6).quiet(1.0)
    hesitating = Line().voice(0.6).quiet(2.0, hesitating=True)
    ends = [line.found[-1] for line in (complete, plain, hesitating)]
    assert ends == [(Decision.ENDED, 0.84), (Decision.ENDED, 1.2), (Decision.ENDED, 1.8)]


def test_an_answer_that_may_grow_is_waited_for_a_little_longer() -> None:
    turn, at, found = Turn(3.0, 0.0, prompt=False), 0.0, None
    while found is not Decision.ENDED:
        at += FRAME
        found = turn.frame(float(at < 0.5 + FRAME / 2), at, whole=True)
    assert at == pytest.approx(0.5 + 0.36)


def test_a_pause_inside_an_answer_does_not_end_it() -> None:
    line = Line().voice(0.5).quiet(0.5).voice(0.5).quiet(0.7)
    assert line.found == [(Decision.BEGAN, 0.1), (Decision.ENDED, 2.1)]


def test_a_cough_does_not_stop_the_prompt_and_a_sentence_does() -> None:
    line = Line(prompt=True).quiet(0.5).voice(0.66).quiet(1.0)
    assert line.found == [(Decision.BEGAN, 0.6), (Decision.MURMUR, 1.46)]
    line.turn.again(line.at)
    line.voice(1.0).quiet(1.0)
    assert line.decisions[2:] == [Decision.BEGAN, Decision.INTERRUPT, Decision.ENDED]


def test_the_turn_is_taken_after_the_barge_in_time() -> None:
    line = Line(prompt=True).voice(1.0)
    assert line.found == [(Decision.BEGAN, 0.1), (Decision.INTERRUPT, 0.7)]


def test_tak_tak_is_one_murmur_and_what_follows_a_thinking_ear_belongs_to_it() -> None:
    line = Line(prompt=True).voice(0.2).quiet(0.2).voice(0.2).quiet(0.4)
    assert line.decisions == [Decision.BEGAN, Decision.MURMUR]
    line.voice(0.6).quiet(0.8)
    assert line.decisions[2:] == [Decision.WENT_ON, Decision.INTERRUPT, Decision.ENDED]


@pytest.mark.parametrize(
    ("spoken", "silence", "complete", "hesitating", "ends_after"),
    [
        (1.0, 2.0, False, False, 0.6),
        (1.0, 2.0, True, False, 0.24),
        (1.0, 2.0, False, True, 1.2),
        (1.0, 0.5, False, False, None),
        (1.0, 1.1, False, True, None),
        (0.2, 2.0, True, False, 0.24),
        (15.5, 0.0, False, False, -0.5),
    ],
)
def test_when_an_answer_ends(
    spoken: float, silence: float, complete: bool, hesitating: bool, ends_after: float | None
) -> None:
    line = Line().voice(spoken).quiet(silence, complete=complete, hesitating=hesitating)
    ends = [at for decision, at in line.found if decision in (Decision.ENDED, Decision.TOO_LONG)]
    assert ends == ([] if ends_after is None else [pytest.approx(spoken + ends_after, abs=0.021)])


def test_who_goes_on_had_not_finished() -> None:
    line = Line().voice(1.0).quiet(0.7).voice(0.5).quiet(0.7)
    assert line.decisions == [Decision.BEGAN, Decision.ENDED, Decision.WENT_ON, Decision.ENDED]
    assert line.turn.spoken == pytest.approx(1.5, abs=0.03)


def test_who_goes_on_for_ever_is_still_cut_off() -> None:
    line = Line()
    for _ in range(20):
        line.voice(0.8).quiet(0.7)
    assert line.decisions[-1] is Decision.TOO_LONG
    assert line.found[-1][1] == pytest.approx(15.0, abs=0.2)


def test_music_on_the_line_keeps_a_question_open() -> None:
    line = Line(patience=3.0).quiet(2.0)
    line.turn.postpone(line.at + 4.0)
    line.quiet(5.0)
    assert line.found == [(Decision.NO_INPUT, 6.0)]


def test_a_complete_answer_under_the_prompt_stops_it_at_once() -> None:
    line = Line(prompt=True).voice(0.12).voice(0.1, complete=True)
    assert line.found == [(Decision.BEGAN, 0.1), (Decision.INTERRUPT, 0.14)]


def test_an_answer_begun_under_the_prompt_ends_after_it() -> None:
    line = Line(prompt=True).voice(0.2).prompt_over().voice(0.4).quiet(1.0)
    assert line.decisions == [Decision.BEGAN, Decision.ENDED]


def test_patience_runs_from_the_end_of_the_prompt() -> None:
    line = Line(prompt=True, patience=1.0).quiet(5.0)
    assert line.decisions == []
    line.prompt_over().quiet(2.0)
    assert line.found == [(Decision.NO_INPUT, 6.0)]


def test_nobody_speaks_for_ever() -> None:
    line = Line().voice(20.0)
    assert line.found == [(Decision.BEGAN, 0.1), (Decision.TOO_LONG, 15.02)]


def test_a_line_that_falls_silent_altogether_ends_by_the_clock() -> None:
    line = Line(patience=2.0).voice(0.5)
    deadline = line.turn.deadline()
    assert deadline is not None
    assert line.turn.tick(deadline - 0.03) is None
    assert line.turn.tick(deadline) is Decision.ENDED
    assert line.turn.deadline() is None


def test_after_a_noise_the_caller_gets_a_second_chance() -> None:
    line = Line(patience=1.0).voice(0.9).quiet(0.7)
    line.turn.again(line.at)
    line.quiet(3.0)
    assert line.decisions == [Decision.BEGAN, Decision.ENDED, Decision.NO_INPUT]
    assert line.found[-1] == (Decision.NO_INPUT, 3.6)


def test_a_slow_speaker_gets_longer_silences() -> None:
    slow = Timing().slower(2.0)
    assert (slow.end, slow.end_complete, slow.barge_in) == (1.2, 0.48, 0.7)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), max_size=1200), st.booleans())
def test_whatever_comes_a_turn_ends_once_and_in_time(frames: list[tuple[float, bool, bool]], prompt: bool) -> None:
    turn = Turn(4.0, 0.0, prompt=prompt)
    if prompt:
        turn.prompt_over(2.0)
    decisions = []
    at = 2.0
    for probability, complete, hesitating in frames:
        at += FRAME
        decisions.append(turn.frame(probability, at, complete=complete, hesitating=hesitating))
    while turn.deadline() is not None:
        at += FRAME
        decisions.append(turn.tick(at))
    over = [d for d in decisions if d in (Decision.ENDED, Decision.TOO_LONG, Decision.NO_INPUT)]
    assert len(over) == 1 + decisions.count(Decision.WENT_ON)
    assert decisions.count(Decision.BEGAN) <= 1
    assert at <= 2.0 + max(len(frames) * FRAME, 4.0 + 15.0 + 1.3) + 4.1
    assert decisions.count(Decision.INTERRUPT) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=60))
def test_under_a_prompt_every_sound_is_a_murmur_or_a_turn_taken(stretches: list[tuple[bool, int]]) -> None:
    """Stretches of voice and silence under a prompt that never ends: what began is judged, once, and only speech longer
    than the barge-in time takes the turn."""
    turn, at, taken = Turn(4.0, 0.0, prompt=True), 0.0, False
    for voiced, frames in [*stretches, (False, 120)]:
        for _ in range(frames):
            at += FRAME
            decision = turn.frame(float(voiced), at)
            if decision is Decision.INTERRUPT:
                taken = True
                assert turn.spoken >= turn.timing.barge_in - FRAME
            elif decision is Decision.MURMUR:
                assert not taken
                assert turn.spoken < turn.timing.barge_in
                turn.again(at)
            elif decision in (Decision.ENDED, Decision.TOO_LONG):
                assert taken or decision is Decision.TOO_LONG
                turn.again(at)
                taken = False
            assert decision is not Decision.NO_INPUT
    assert not turn.speaking
