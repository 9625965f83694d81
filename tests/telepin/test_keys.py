"""From keys to answers: rules one by one, then whole calls with random timing."""

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telepin.identity import Fault, Identity, judge
from telepin.keys import (
    BOUNCE,
    GRACE,
    NIP_GRACE,
    PAUSE,
    STAR,
    Answer,
    Choice,
    Form,
    KeyBuffer,
    Number,
    Person,
    Pin,
    Skip,
    choice,
    number,
    pin,
)
from telepin.secret import Secret

PESEL = "87890210223"
NIP = "9993000026"
PIN = "730164"


class Keypad:
    """A caller and the media layer round one buffer: keys at their times, polls at keys and deadlines."""

    def __init__(self) -> None:
        self.buffer = KeyBuffer()
        self.now = 0.0

    def keys(self, keys: str, gap: float = 0.2) -> None:
        for key in keys:
            self.now += gap
            self.buffer.press(key, self.now)

    def expect(self, form: Form) -> None:
        self.buffer.expect(form, self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def poll(self) -> Answer | None:
        return self.buffer.poll(self.now)

    def asked(self, form: Form, keys: str = "", gap: float = 0.2, wait: float = 0.0) -> Answer | None:
        self.expect(form)
        self.keys(keys, gap)
        self.wait(wait)
        return self.poll()


def digits(answer: Answer | None) -> str:
    assert isinstance(answer, Number | Pin), answer
    return answer.digits.reveal()


@pytest.fixture
def pad() -> Keypad:
    return Keypad()


@pytest.mark.parametrize(
    ("form", "keys", "expected"),
    [
        (number(), f"{PESEL}#", Number(Secret(PESEL))),
        (number(), f"{NIP}#", Number(Secret(NIP))),
        (number(), f"8503*{PESEL}#", Number(Secret(PESEL))),
        (number(), "999300002#", Fault("length")),
        (number(), "858314101107#", Fault("length")),
        (number(), "858314101107" * 20 + "#", Fault("length")),
        (number(), "#", Skip()),
        (number(), "123*#", Skip()),
        (number(), "**", Person()),
        (number(), "8503**", Person()),
        (number(), "0#", Person()),
        (number(), "0", None),
        (number(), PESEL, None),
        (pin(), f"{PIN}#", Pin(Secret(PIN))),
        (pin(), "059271#", Pin(Secret("059271"))),
        (pin(), "48291#", Fault("length")),
        (pin(), "7301645#", Fault("length")),
        (pin(), f"11*{PIN}#", Pin(Secret(PIN))),
        (pin(), "#", Skip()),
        (pin(), "1**", Person()),
        (pin(), "0#", Person()),
        (choice("12"), "2", Choice("2")),
        (choice("12"), "7", Fault("key")),
        (choice("12"), "0", Person()),
        (choice("120"), "0", Choice("0")),
        (choice("12#"), "#", Choice("#")),
        (choice("12"), "#", Fault("key")),
        (choice("12"), "**", Person()),
        (choice("12"), "*", None),
        (choice("12"), "*2", Choice("2")),
        (choice(""), "5", Fault("key")),
    ],
)
def test_what_keys_mean(pad, form, keys, expected):
    assert pad.asked(form, keys) == expected


@pytest.mark.parametrize(
    ("form", "keys", "wait", "expected"),
    [
        (number(), PESEL, GRACE, Number(Secret(PESEL))),
        (number(), NIP, NIP_GRACE, Number(Secret(NIP))),
        (number(), "858314", PAUSE, Fault("pause")),
        (number(), "1234567890", PAUSE, Fault("pause")),
        (number(), "858314101107", PAUSE, Fault("length")),
        (number(), "0", PAUSE, Person()),
        (number(), "*", PAUSE, None),
        (pin(), PIN, GRACE, Pin(Secret(PIN))),
        (pin(), "73016", PAUSE, Fault("pause")),
        (pin(), "7301645", PAUSE, Fault("length")),
        (choice("12"), "*", STAR, Choice("*")),
    ],
)
def test_what_a_pause_means(pad, form, keys, wait, expected):
    pad.expect(form)
    pad.keys(keys)
    pad.wait(wait * 0.99)
    assert pad.poll() is None
    if expected is None:
        assert pad.buffer.next_deadline() is None
    else:
        assert pad.buffer.next_deadline() == pytest.approx(pad.now + wait * 0.01)
    pad.wait(wait * 0.01 + 1e-6)
    assert pad.poll() == expected


def test_ten_digits_that_may_begin_a_pesel_wait_for_the_eleventh(pad):
    whole = "85031400168"
    assert judge(Secret(whole), date.max) == Identity("pesel", date(1985, 3, 14))
    assert judge(Secret(whole[:10]), date.max) == Identity("nip")
    assert pad.asked(number(), whole[:10], wait=NIP_GRACE + GRACE) is None
    pad.keys(whole[10:])
    pad.wait(GRACE)
    assert digits(pad.poll()) == whole


def test_a_late_poll_sees_the_same_as_an_early_one(pad):
    pad.expect(number())
    pad.keys("858314")
    pad.wait(7)
    pad.keys("10110#")
    pad.wait(60)
    assert pad.poll() == Fault("pause")


def test_fragments_are_never_joined(pad):
    assert pad.asked(number(), "858314", wait=7) == Fault("pause")
    pad.keys("1")
    assert pad.asked(number(), "0110#") == Fault("length")


def test_everything_in_one_burst_before_the_question(pad):
    pad.keys(f"1{PESEL}#{PIN}#2", gap=0.06)
    assert pad.asked(choice("12")) == Choice("1")
    assert digits(pad.asked(number())) == PESEL
    assert digits(pad.asked(pin())) == PIN
    assert pad.asked(choice("12")) == Choice("2")
    assert pad.asked(choice("12")) is None


def test_surplus_digits_never_reach_the_telepin(pad):
    assert pad.asked(number(), PESEL + PIN) is None
    pad.keys("#")
    assert pad.poll() == Fault("length")
    assert pad.asked(number(), wait=60) is None


def test_behind_an_entry_without_hash_nothing_is_typed_ahead(pad):
    assert digits(pad.asked(number(), PESEL, wait=GRACE)) == PESEL
    pad.keys("5")
    assert digits(pad.asked(pin(), PIN + "#")) == PIN


def test_a_number_asked_again_starts_empty(pad):
    pad.keys(f"{PESEL[:-1]}9#{PIN}#")
    assert digits(pad.asked(number())) == PESEL[:-1] + "9"
    assert digits(pad.asked(number(), PESEL + "#")) == PESEL


def test_a_number_asked_again_after_silence_keeps_what_was_begun(pad):
    assert pad.asked(number(), "123#") == Fault("length")
    assert pad.asked(number(), wait=8) is None
    pad.keys(PESEL[:4])
    assert digits(pad.asked(number(), PESEL[4:] + "#")) == PESEL


@pytest.mark.parametrize("late", [0.3, GRACE + 0.1, PAUSE - GRACE - 0.1])
def test_a_late_hash_behind_a_telepin_skips_nothing(pad, late):
    assert digits(pad.asked(number(), PESEL, wait=GRACE)) == PESEL
    assert digits(pad.asked(pin(), PIN, wait=GRACE)) == PIN
    pad.expect(number())
    pad.wait(late)
    pad.buffer.press("#", pad.now)
    assert pad.poll() is None
    assert not pad.buffer.pressed_since_expect
    pad.keys("#")
    assert pad.poll() == Skip()


def test_a_double_hash_is_one(pad):
    pad.keys(f"{PESEL}##{PIN}#")
    assert digits(pad.asked(number())) == PESEL
    assert digits(pad.asked(pin())) == PIN


def test_hash_behind_a_menu_key_is_its_end(pad):
    assert pad.asked(choice("12"), "1") == Choice("1")
    assert pad.asked(number(), "#") is None
    pad.wait(BOUNCE)
    assert pad.asked(number(), "#") == Skip()


@pytest.mark.parametrize("entry", [PESEL + "#", PESEL, f"{PESEL}#{PIN}#", PIN, "55"])
def test_a_number_typed_too_early_answers_no_menu(pad, entry):
    pad.keys(entry)
    pad.wait(PAUSE)
    assert pad.asked(choice("37")) is None
    assert pad.asked(choice("37"), "7") == Choice("7")


def test_two_stars_survive_whatever_drops_other_keys(pad):
    assert digits(pad.asked(number(), PESEL, wait=GRACE)) == PESEL
    pad.keys("5**")
    assert pad.asked(pin()) == Person()


def test_stars_far_apart_are_two_corrections(pad):
    pad.expect(number())
    pad.keys("12*")
    pad.wait(PAUSE)
    pad.keys("*" + PESEL + "#")
    assert digits(pad.poll()) == PESEL


def test_a_forgotten_fragment_does_not_spoil_the_question(pad):
    pad.keys("12")
    pad.wait(30)
    assert pad.asked(number()) is None
    assert not pad.buffer.pressed_since_expect
    assert pad.buffer.next_deadline() is None
    pad.keys(PESEL + "#")
    assert pad.buffer.pressed_since_expect
    assert digits(pad.poll()) == PESEL


def test_an_entry_begun_before_its_question_goes_on(pad):
    pad.keys(PESEL[:6])
    pad.expect(number())
    assert pad.buffer.pressed_since_expect
    pad.keys(PESEL[6:] + "#")
    assert digits(pad.poll()) == PESEL


def test_a_flood_of_keys_is_void_and_bounded(pad):
    pad.keys("1#" * 5000 + PESEL[:5])
    assert len(pad.buffer._presses) <= 64
    pad.expect(number())
    pad.keys(PESEL[5:])
    pad.keys("#")
    seen = [pad.poll(), *(pad.asked(number(), wait=PAUSE) for _ in range(64))]
    assert not pad.buffer._presses
    assert not [answer for answer in seen if isinstance(answer, Number)]


def test_an_answer_is_given_once_and_its_keys_are_wiped(pad):
    pad.expect(number())
    pad.keys(PESEL + "#")
    held = [press.key for press in pad.buffer._presses]
    assert digits(pad.poll()) == PESEL
    assert pad.poll() is None
    assert not any(held)


def test_clear_wipes_everything(pad):
    pad.keys(PESEL)
    held = [press.key for press in pad.buffer._presses]
    pad.buffer.clear()
    assert not any(held)
    assert pad.asked(number(), "#") == Skip()


@pytest.mark.parametrize("key", ["A", "", "12", "१", "\n"])
def test_other_signals_are_no_keys(pad, key):
    pad.expect(number())
    pad.buffer.press(key, 1.0)
    assert pad.poll() is None
    assert not pad.buffer.pressed_since_expect


def play(chance: Random) -> tuple[list[str], list[str]]:
    """A call of four answers with random timing: what was keyed, and what came out.

    Keys come before, in or after their questions, with corrections. An entry ends with ``#``, or its caller waits
    for the next question before keying on.
    """
    wanted = [("choice", "1"), ("number", chance.choice([PESEL, NIP])), ("pin", PIN), ("choice", "2")]
    forms = {"choice": choice("12"), "number": number(), "pin": pin()}
    asked_at, at = chance.uniform(0, 20), 0.0
    pending: list[tuple[str, float]] = []
    for kind, text in wanted:
        entry = kind != "choice"
        by_hash = entry and chance.random() < 0.5
        corrected = chance.choice(["", "12*", "9*"]) if entry else ""
        for key in corrected + text + ("#" if by_hash else ""):
            at += chance.uniform(0.04, 0.95)
            pending.append((key, at))
        if entry and not by_hash:
            at = max(at, asked_at) + PAUSE + chance.uniform(0.5, 3)
    buffer, clock, open_form, answers = KeyBuffer(), 0.0, None, []
    while len(answers) < len(wanted):
        if open_form is None and clock >= asked_at:
            open_form = wanted[len(answers)][0]
            buffer.expect(forms[open_form], clock)
        answer = buffer.poll(clock)
        if answer is not None:
            answers.append(answer.key if isinstance(answer, Choice) else digits(answer))
            open_form, asked_at = None, clock + chance.uniform(0.01, 0.3)
            continue
        moments = [pending[0][1]] if pending else []
        moments += [asked_at] if open_form is None else []
        deadline = buffer.next_deadline()
        moments += [] if deadline is None else [deadline]
        assert moments, f"stuck after {len(answers)} answers"
        clock = max(clock, min(moments))
        while pending and pending[0][1] <= clock:
            buffer.press(*pending.pop(0))
    return [text for _, text in wanted], answers


@settings(max_examples=10_000, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_whatever_the_timing_no_digit_is_lost_doubled_or_misattributed(seed):
    keyed, answers = play(Random(seed))
    assert answers == keyed


@settings(max_examples=500, deadline=None)
@given(
    keys=st.lists(st.tuples(st.sampled_from("0123456789*#"), st.floats(0, 8)), max_size=60),
    forms=st.lists(st.sampled_from([choice("123"), number(), pin()]), min_size=1, max_size=8),
)
def test_any_keys_at_any_time_give_only_whole_entries(keys, forms):
    """Every number and telePIN that comes out is a run of digits as keyed, with nothing between but time."""
    buffer, at, keyed = KeyBuffer(), 0.0, ""
    coming = iter(forms)
    buffer.expect(next(coming), 0.0)
    for key, gap in keys:
        at += gap
        buffer.press(key, at)
        keyed += key
        answer = buffer.poll(at)
        if isinstance(answer, Number | Pin):
            assert answer.digits.reveal() in keyed
            assert len(answer.digits) in ((6,) if isinstance(answer, Pin) else (10, 11))
        if answer is not None:
            buffer.expect(next(coming, number()), at)
        deadline = buffer.next_deadline()
        assert deadline is None or deadline > at - 1e-9


@pytest.mark.parametrize(
    ("keys", "gap", "answer", "left"),
    [
        ("2", 0.3, Choice("2"), 0),
        ("2#", 0.3, Choice("2"), 0),
        ("21", 0.3, Choice("2"), 1),
        ("482915", 0.3, Fault("key"), 0),
        ("482915#", 0.3, Fault("key"), 0),
        ("482915#9", 0.3, Fault("key"), 1),
        ("85831410110#", 0.3, Fault("key"), 0),
        ("0", 0.3, Person(), 0),
        ("**", 0.3, Person(), 0),
        ("48", 2.0, Choice("4"), 1),
    ],
    ids=str,
)
def test_a_number_keyed_at_a_menu_that_looks_for_entries_chooses_nothing(
    keys: str, gap: float, answer: Answer, left: int
) -> None:
    buffer = KeyBuffer()
    form = choice("123456789", entries=True)
    buffer.expect(form, 0.0)
    at, found = 0.5, None
    for key in keys:
        while found is None and (due := buffer.next_deadline()) is not None and due <= at:
            found = buffer.poll(due)
        buffer.press(key, at)
        found = found or buffer.poll(at)
        at += gap
    while found is None and (due := buffer.next_deadline()) is not None:
        found = buffer.poll(due)
    assert found == answer
    assert len(buffer._presses) == left
