"""For whom the caller acts: pages of principals, keys, words, numbers, and calls that another engine takes over."""

from pathlib import Path

import pytest

from ivr.dialogue.actions import Action, Ask, AskDigits
from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import (
    AuthenticationStopped,
    CallArrived,
    Candidate,
    Event,
    Heard,
    HumanAsked,
    IdentityGiven,
    Keyed,
    LookedUp,
    MediaLost,
    NothingHeard,
    Party,
    PinChecked,
    PinGiven,
    PrincipalFound,
    Resumed,
    Skipped,
)
from ivr.dialogue.machine import round_trip, step
from ivr.dialogue.node import REPEAT, SKIP
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan

OWN_CASE = "Rozmawiamy w sprawie własnej."


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(Path("dialplans"))


def proxy(plan: Plan, many: int, *events: Event) -> tuple[Call, tuple[Action, ...]]:
    """A proxy of ``many`` principals, authenticated, after ``events``; every state goes through JSON."""
    call, actions = Call(id="c"), ()
    principals = tuple(Party(ref=f"eus:{n}", label=f"Osoba Numer-{n}", basis="ppo") for n in range(1, many + 1))
    for event in (
        CallArrived(dialled="224605992", caller=None, at="2026-04-21T10:00:00+02:00"),
        LookedUp(what="hours", ok=True, found={"open": True, "hours": "od ósmej"}),
        IdentityGiven(ref="sealed", kind="pesel"),
        PinGiven(),
        PinChecked(
            check="c:1",
            verdict="ok",
            at="2026-04-21T10:01:00+02:00",
            until="2026-04-21T10:31:00+02:00",
            person=Party(ref="eus:own", label="Adam Testowy"),
            principals=principals,
        ),
        *events,
    ):
        before = call
        call, actions = step(plan, round_trip(call), event)
        assert call != before, f"{event} was not awaited at {before.node}"
    return call, actions


def keys(pressed: str) -> tuple[Event, ...]:
    return tuple(Keyed(keys=key) for key in pressed)


def in_words(text: str, reading: str) -> Heard:
    return Heard(text=text, confidence=0.9, readings=(Candidate(reading, 0.95),))


def heard(reading: str, share: float = 0.95) -> Heard:
    return Heard(text="coś", confidence=0.9, readings=(Candidate(reading, share),))


def asked(call: Call) -> Ask:
    last = call.pending[-1]
    assert isinstance(last, Ask)
    return last


def said(actions: tuple[Action, ...]) -> list[str]:
    return [line.text for action in actions for line in getattr(action, "lines", ())]


def acts_for(call: Call) -> str:
    assert call.node == "sprawa"
    assert call.acting_for is not None
    return call.acting_for.ref


@pytest.mark.parametrize(("many", "pages"), [(1, 1), (4, 1), (5, 2), (8, 2), (12, 3), (30, 8), (32, 8)])
def test_every_principal_can_be_chosen_from_its_page(plan: Plan, many: int, pages: int) -> None:
    for number in range(many):
        page, place = divmod(number, 4)
        call, actions = proxy(plan, many, *keys("9" * page), Keyed(keys=str(place + 2)))
        assert acts_for(call) == f"eus:{number + 1}"
        assert said(actions)[0] == f"Rozmawiamy w sprawie: Osoba Numer-{number + 1}."
    last, _ = proxy(plan, many, *keys("9" * (pages - 1)))
    assert "9" not in asked(last).choices


@pytest.mark.parametrize("many", [5, 12, 30])
def test_from_every_page_the_own_case_the_number_and_a_person_are_one_step_away(plan: Plan, many: int) -> None:
    for page in range((many + 3) // 4):
        way = keys("9" * page)
        assert len(asked(proxy(plan, many, *way)[0]).choices) <= 8
        assert acts_for(proxy(plan, many, *way, Keyed(keys="1"))[0]) == "eus:own"
        number, _ = proxy(plan, many, *way, Keyed(keys="8"))
        assert isinstance(number.pending[-1], AskDigits)
        assert proxy(plan, many, *way, HumanAsked(by="key"))[0].wants_human


def test_a_page_says_each_of_its_keys(plan: Plan) -> None:
    _, first = proxy(plan, 12)
    assert said(first)[1:] == [
        *("W czyjej sprawie Państwo dzwonią?", "We własnej: jeden."),
        *("Osoba Numer-1: dwa.", "Osoba Numer-2: trzy.", "Osoba Numer-3: cztery.", "Osoba Numer-4: pięć."),
        *("Kolejne osoby i firmy: dziewięć.", "Wpisać NIP albo PESEL mocodawcy: osiem."),
    ]
    _, second = proxy(plan, 12, *keys("9"))
    assert said(second) == [
        *("Osoba Numer-5: dwa.", "Osoba Numer-6: trzy.", "Osoba Numer-7: cztery.", "Osoba Numer-8: pięć."),
        *("Kolejne osoby i firmy: dziewięć.", "Poprzednie: siedem.", "Wpisać NIP albo PESEL mocodawcy: osiem."),
        "We własnej: jeden.",
    ]


def test_pages_turn_back_three_times(plan: Plan) -> None:
    call, actions = proxy(plan, 12, *keys("997"))
    assert said(actions)[0] == "Osoba Numer-5: dwa."
    call, _ = proxy(plan, 12, *keys("9979797"))
    assert "7" not in asked(call).choices
    assert (call.tries, asked(call).choices["2"]) == (0, "eus:5")


def test_a_name_of_another_page_can_be_said(plan: Plan) -> None:
    call, _ = proxy(plan, 30, heard("eus:27"))
    assert acts_for(call) == "eus:27"


def test_more_than_are_read_out_choose_by_number(plan: Plan) -> None:
    call, actions = proxy(plan, 33)
    assert asked(call).choices == {"1": "own", "8": "number"}
    assert not any("Osoba" in text for text in said(actions))
    assert len(call.pending[-1].words) < 10, "what a call carries does not grow with the principals"
    assert acts_for(proxy(plan, 33, Keyed(keys="8"), PrincipalFound(ref="eus:33"))[0]) == "eus:33"


@pytest.mark.parametrize("mistake", [NothingHeard(), Keyed(keys="6"), heard("eus:2", 0.3), heard("eus:99")])
def test_after_a_mistake_the_same_page_is_read_again(plan: Plan, mistake: Event) -> None:
    call, actions = proxy(plan, 12, *keys("9"), mistake)
    assert said(actions)[:2] == [
        "Nie zrozumiałem. Proszę wybrać klawiszem, w czyjej sprawie Państwo dzwonią.",
        "Osoba Numer-5: dwa.",
    ]
    assert acts_for(step(plan, call, Keyed(keys="3"))[0]) == "eus:6"


def test_who_asks_to_hear_it_again_is_not_told_that_nothing_was_understood(plan: Plan) -> None:
    _, actions = proxy(plan, 12, *keys("9"), heard(REPEAT))
    assert said(actions)[:2] == ["W czyjej sprawie Państwo dzwonią?", "Osoba Numer-5: dwa."]


@pytest.mark.parametrize("many", [1, 5, 33])
def test_three_mistakes_leave_the_own_case_and_say_so(plan: Plan, many: int) -> None:
    call, actions = proxy(plan, many, *[NothingHeard()] * 3)
    assert (acts_for(call), said(actions)[0]) == ("eus:own", OWN_CASE)


def test_three_numbers_of_others_leave_the_own_case_and_say_so(plan: Plan) -> None:
    call, actions = proxy(plan, 5, Keyed(keys="8"), *[PrincipalFound(ref=None)] * 3)
    assert acts_for(call) == "eus:own"
    assert said(actions)[:2] == ["Nie widzę aktywnego upoważnienia dla tego numeru.", OWN_CASE]


def test_a_mistake_on_the_list_leaves_two_at_the_number(plan: Plan) -> None:
    call, _ = proxy(plan, 5, NothingHeard(), Keyed(keys="8"), PrincipalFound(ref=None))
    assert (call.step, call.tries) == ("number", 2)


@pytest.mark.parametrize("event", [Skipped(), heard(SKIP)])
def test_no_number_is_the_own_case(plan: Plan, event: Event) -> None:
    call, actions = proxy(plan, 12, Keyed(keys="8"), event)
    assert acts_for(call) == "eus:own"
    assert said(actions)[0] == OWN_CASE


def test_an_own_case_that_may_be_somebody_elses_is_asked_again(plan: Plan) -> None:
    call, actions = proxy(plan, 12, in_words("w sprawie mojej sąsiadki", "own"))
    assert (call.node, call.tries) == ("mocodawca", 1)
    assert OWN_CASE not in said(actions)


def test_the_own_case_by_word_is_told_by_key_is_not(plan: Plan) -> None:
    assert said(proxy(plan, 12, in_words("we własnej sprawie", "own"))[1])[0] == OWN_CASE
    assert OWN_CASE not in said(proxy(plan, 12, Keyed(keys="1"))[1])


def test_a_number_spoken_at_the_list_is_asked_for_by_keys(plan: Plan) -> None:
    call, _ = proxy(plan, 12, Heard(text="[numer]", confidence=0.9, spoke_number=True))
    assert isinstance(call.pending[-1], AskDigits)


def test_a_principal_of_somebody_else_is_none(plan: Plan) -> None:
    call, _ = proxy(plan, 12, Keyed(keys="8"), PrincipalFound(ref="eus:13"))
    assert (call.node, call.step, call.acting_for) == ("mocodawca", "number", call.auth and call.auth.person)


def test_another_engine_goes_on_in_the_middle_of_a_page(plan: Plan) -> None:
    before, _ = proxy(plan, 30, *keys("999"))
    call, actions = step(plan, round_trip(before), Resumed(engine="other"))
    assert said(actions) == [line.text for line in asked(before).lines]
    assert asked(call) == asked(before)
    assert acts_for(step(plan, round_trip(call), Keyed(keys="4"))[0]) == "eus:15"
    assert asked(step(plan, round_trip(call), Keyed(keys="9"))[0]).choices["2"] == "eus:17"


def test_without_media_the_list_goes_on_and_no_number_is_asked_for(plan: Plan) -> None:
    call, _ = proxy(plan, 12, *keys("9"), MediaLost(), *keys("9"))
    assert (asked(call).choices["2"], "8" in asked(call).choices) == ("eus:9", False)
    pressed, actions = proxy(plan, 12, MediaLost(), Keyed(keys="8"))
    assert acts_for(pressed) == "eus:own"
    assert said(actions)[0].startswith("Przepraszam, nie możemy teraz przyjąć tego numeru.")
    stopped, _ = proxy(plan, 12, Keyed(keys="8"), AuthenticationStopped())
    assert acts_for(stopped) == "eus:own"


def test_a_call_begun_by_an_older_version_goes_on(plan: Plan) -> None:
    """It was asked with fewer keys, and its step names no page."""
    call, _ = proxy(plan, 5)
    old = Ask(question="principal", lines=asked(call).lines, choices={"1": "own", "2": "number"}, grammar="choice")
    call = round_trip(
        Call(**{name: getattr(call, name) for name in Call.__struct_fields__} | {"pending": (old,), "step": "list"})
    )
    assert step(plan, call, Keyed(keys="2"))[0].step == "number"
    assert asked(step(plan, call, NothingHeard())[0]).choices["9"] == "more"


def test_a_plan_without_pages_asks_for_the_number(plan: Plan) -> None:
    node = plan.nodes["mocodawca"].model_copy(update={"more": None, "back": None, "chosen_own": None})
    call, _ = proxy(plan, 5)
    entered = node.enter(plan, call)
    assert [action.choices for action in entered.actions if isinstance(action, Ask)] == [{"1": "own", "8": "number"}]


def test_who_may_act_for_nobody_is_not_asked(plan: Plan) -> None:
    assert proxy(plan, 0)[0].node == "sprawa"
    auth = Authentication(person=Party(ref="x", label="X"), at="", until="", method="pesel+telepin")
    assert plan.nodes["mocodawca"].enter(plan, Call(id="c", auth=auth)).goto == "sprawa"
