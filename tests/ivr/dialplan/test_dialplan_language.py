"""What an office may change of the national flow, and what a caller then hears; overflow; variables; seasons."""

from pathlib import Path
from typing import Any

import pytest

from ivr.dialogue.actions import Action, Ask, AskDigits, Enqueue, LookUp
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, HumanAsked, Keyed, LookedUp, NothingHeard, QueueEnded, Skipped
from ivr.dialogue.machine import round_trip, step
from ivr.dialogue.plan import Plan
from ivr.dialplan import load_plan
from ivr.dialplan.yaml12 import read
from tests.ivr.dialplan.broken_plans import copy_shipped

MALOPOLSKIE, NATIONAL = "224605992", "223300330"
OPEN = LookedUp(what="hours", ok=True, found={"open": True, "hours": "zawsze"})
NO_EARLIER = LookedUp(what="earlier", ok=True)
TO_QUEUE: tuple[Event, ...] = (OPEN, NO_EARLIER, HumanAsked(by="key"), OPEN)


def arrived(dialled: str = MALOPOLSKIE, at: str = "2026-04-21T10:00:00+02:00") -> CallArrived:
    return CallArrived(dialled=dialled, caller="+48000000001", at=at)


class Played:
    """A call after some events: its state, the last turn's actions, all that was said."""

    def __init__(self, plan: Plan, *events: Event) -> None:
        self.plan, self.call = plan, Call(id="c")
        self.actions: tuple[Action, ...] = ()
        self.said: list[str] = []
        self.then(*events)

    def then(self, *events: Event) -> "Played":
        for event in events:
            before = self.call
            self.call, self.actions = step(self.plan, round_trip(before), event)
            assert self.call.turn == before.turn + 1, f"{event} was not awaited"
            self.said += [line.text for action in self.actions for line in getattr(action, "lines", ())]
        return self

    def ended(self, outcome: Any) -> "Played":
        return self.then(QueueEnded(key=self.call.queue_key or "", outcome=outcome))

    @property
    def last(self) -> Action:
        return self.actions[-1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_shipped(tmp_path)


def change(root: Path, name: str, *, append: str = "", replace: tuple[str, str] = ("", "")) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert replace[0] in text
    path.write_text(text.replace(*replace, 1) + append, encoding="utf-8")


def test_an_office_overrides_texts_and_fields_and_the_others_keep_theirs(root: Path) -> None:
    change(
        root,
        "offices/malopolskie.yaml",
        append='prompts:\n  powitanie: "Dzień dobry, {urzad}."\nnodes:\n  tozsamosc: {patience: 12}\n',
    )
    plan = load_plan(root)
    here = Played(plan, arrived(), OPEN, NO_EARLIER)
    assert here.said[0] == "Dzień dobry, Izba Administracji Skarbowej w Krakowie."
    assert isinstance(here.last, AskDigits)
    assert here.last.patience == 12
    there = Played(plan, arrived("224605990"), OPEN, NO_EARLIER)
    assert there.said[0] == "Dzień dobry. Infolinia Krajowej Administracji Skarbowej."
    assert isinstance(there.last, AskDigits)
    assert there.last.patience == 8


def test_a_local_text_has_an_id_of_its_own_so_that_a_national_recording_is_not_played(root: Path) -> None:
    change(root, "offices/malopolskie.yaml", append='prompts:\n  powitanie: "Dzień dobry, tu Kraków."\n')
    plan = load_plan(root)
    assert plan.for_office("malopolskie").line("powitanie").prompt == "malopolskie.powitanie"
    assert plan.for_office("slaskie").line("powitanie").prompt == "powitanie"
    assert ("malopolskie.powitanie", "Dzień dobry, tu Kraków.") in {
        (line.prompt, line.text) for line in plan.fixed_lines()
    }


BRANCH = """
nodes:
  odpowiedz: {next: cudzoziemcy}
  cudzoziemcy:
    node: menu
    lines: [cudzoziemcy]
    choices:
      - {id: tak, key: "1", words: [tak], next: izba, queue: kol-vat-nip}
      - {id: nie, key: "2", words: [nie], next: izba}
    otherwise: izba
prompts:
  cudzoziemcy: "Czy sprawa dotyczy cudzoziemca? Tak: jeden. Nie: dwa."
"""


def test_an_office_adds_a_branch_and_it_counts_from_the_moment_the_office_is_known(root: Path) -> None:
    change(root, "offices/malopolskie.yaml", append=BRANCH)
    plan = load_plan(root)
    keyed = (OPEN, NO_EARLIER, Skipped(), NothingHeard(), NothingHeard(), Keyed(keys="1"))
    call = Played(plan, arrived(), *keyed)
    assert call.call.node == "cudzoziemcy"
    call.then(Keyed(keys="1"), OPEN)
    assert isinstance(call.last, Enqueue)
    assert call.last.queue == "malopolskie-kol-vat-nip"
    national = Played(plan, arrived(NATIONAL), *keyed)
    assert national.call.node == "izba"


def test_announcements_are_said_on_their_days(root: Path) -> None:
    texts = """  announcements:
    - {text: "Do piątku punkt przy Wiślnej jest nieczynny.", first: "2026-04-20", last: "2026-04-24"}
    - {text: "W okresie zeznań pracujemy dłużej.", first: "02-15", last: "04-30"}
    - {text: "Zawsze.", first: "2026-05-01"}
"""
    change(root, "offices/malopolskie.yaml", replace=("  default_queue", f"{texts}  default_queue"))
    plan = load_plan(root)

    def heard(at: str) -> list[str]:
        return [text for text in Played(plan, arrived(at=at), OPEN).said if text in texts]

    assert heard("2026-04-21T10:00:00+02:00") == [
        "Do piątku punkt przy Wiślnej jest nieczynny.",
        "W okresie zeznań pracujemy dłużej.",
    ]
    assert heard("2026-04-30T10:00:00+02:00") == ["W okresie zeznań pracujemy dłużej."]
    assert heard("2027-01-30T10:00:00+02:00") == ["Zawsze."]


def test_variables_are_said_in_polish_and_offices_have_values_of_their_own(root: Path) -> None:
    change(
        root,
        "prompts.yaml",
        replace=("prompts:", 'variables:\n  limit: "5733"\n  okienko: "16:00"\nprompts:'),
    )
    said = '  powitanie: "Limit: {limit:zlote}, okienko do {okienko:godzina}."'
    change(
        root,
        "prompts.yaml",
        replace=('  powitanie: "Dzień dobry. Infolinia Krajowej Administracji Skarbowej."', said),
    )
    change(root, "offices/malopolskie.yaml", append='variables:\n  okienko: "15:29"\n')
    plan = load_plan(root)
    limit = "Limit: pięć tysięcy siedemset trzydzieści trzy złote, okienko do"
    assert plan.for_office(None).line("powitanie").text == f"{limit} szesnastej."
    assert plan.for_office("malopolskie").line("powitanie").text == f"{limit} piętnastej dwadzieścia dziewięć."


def test_an_answer_may_use_variables(root: Path) -> None:
    change(root, "prompts.yaml", replace=("prompts:", 'variables:\n  limit: "1000,50"\nprompts:'))
    change(root, "topics/epit.yaml", replace=("Korzystanie z usługi jest dobrowolne.", "Limit to {limit:zlote}."))
    plan = load_plan(root)
    assert (
        plan.for_office(None)
        .answer(plan.topics["epit-dla-kogo"])
        .text.endswith("Limit to tysiąc złotych i pięćdziesiąt groszy.")
    )


def test_a_choice_is_offered_in_its_season_only(root: Path) -> None:
    season = '{first: "02-15", last: "04-30"}'
    choice = f'{{id: zeznanie, key: "3", words: [zeznanie], next: sprawa, line: automat, season: {season}}}'
    change(root, "hotline.yaml", replace=("    tries: 2", f"      - {choice}\n    tries: 2"))
    plan = load_plan(root)
    shut = LookedUp(what="hours", ok=True, found={"open": False, "hours": "rano"})

    def asked(at: str) -> Ask:
        ask = Played(plan, arrived(at=at), OPEN, NO_EARLIER, HumanAsked(by="key"), shut).last
        assert isinstance(ask, Ask)
        return ask

    assert asked("2026-04-30T10:00:00+02:00").choices == {"1": "inna", "2": "koniec", "3": "zeznanie"}
    assert "Rozmawia z Państwem automat." in [line.text for line in asked("2026-04-30T10:00:00+02:00").lines]
    assert asked("2026-05-01T10:00:00+02:00").choices == {"1": "inna", "2": "koniec"}
    assert "zeznanie" not in asked("2026-05-01T10:00:00+02:00").words


OVERFLOW = """  overflow: [slaskie, opolskie]
  limits:
    kol-ogolna: {timeout: 120, max_waiting: 10, max_wait: 300}
  default_queue"""


@pytest.fixture
def plan(root: Path) -> Plan:
    change(root, "offices/malopolskie.yaml", replace=("  default_queue", OVERFLOW))
    return load_plan(root)


def state(**found: Any) -> LookedUp:
    return LookedUp(what="queue", ok=True, found={"open": True, **found})


def queue(played: Played) -> str:
    assert isinstance(played.last, Enqueue)
    return played.last.queue


def asked(played: Played) -> str:
    assert isinstance(played.last, LookUp)
    return played.last.args["queue"]


def test_a_free_queue_is_taken_with_the_offices_own_timeout(plan: Plan) -> None:
    call = Played(plan, arrived(), *TO_QUEUE)
    assert asked(call) == "malopolskie-kol-ogolna"
    call.then(state(waiting=9, longest=299.5))
    assert queue(call) == "malopolskie-kol-ogolna"
    assert isinstance(call.last, Enqueue)
    assert call.last.timeout == 120


@pytest.mark.parametrize("full", [{"waiting": 10}, {"longest": 300.0}, {"waiting": 40, "longest": 1.0}])
def test_a_full_queue_is_left_for_the_neighbours_and_they_are_named(plan: Plan, full: dict[str, Any]) -> None:
    call = Played(plan, arrived(), *TO_QUEUE, state(**full))
    assert asked(call) == "slaskie-kol-ogolna"
    call.then(state())
    assert queue(call) == "slaskie-kol-ogolna"
    assert call.said[-1] == "Konsultanci tego urzędu są zajęci. Łączę z: Izba Administracji Skarbowej w Katowicach."


def test_what_is_not_known_counts_as_free(plan: Plan) -> None:
    unknown = LookedUp(what="queue", ok=False)
    assert queue(Played(plan, arrived(), *TO_QUEUE, unknown)) == "malopolskie-kol-ogolna"


def test_a_closed_neighbour_takes_nobody_over_and_the_national_line_comes_last(plan: Plan) -> None:
    call = Played(plan, arrived(), *TO_QUEUE, state()).ended("timeout")
    assert asked(call) == "slaskie-kol-ogolna"
    call.then(state(open=False))
    assert asked(call) == "opolskie-kol-ogolna"
    call.then(state(open=False))
    assert asked(call) == "krajowa-kol-ogolna"
    call.then(state())
    assert queue(call) == "krajowa-kol-ogolna"
    assert call.said[-1] == "Konsultanci tego urzędu są zajęci. Łączę z linią krajową."


def test_when_all_that_are_open_are_full_the_caller_waits_in_the_first_of_them(plan: Plan) -> None:
    call = Played(plan, arrived(), *TO_QUEUE, state(waiting=99), state(open=False), state(open=False))
    call.then(state(open=False))
    assert queue(call) == "malopolskie-kol-ogolna"


def test_who_waits_at_closing_time_waits_on_and_is_then_told_the_end(plan: Plan) -> None:
    """16:00 passes in the queue: nobody takes over who is closed, and the call ends with words."""
    call = Played(plan, arrived(at="2026-04-21T15:59:00+02:00"), *TO_QUEUE, state()).ended("timeout")
    call.then(state(open=False), state(open=False), state(open=False))
    assert call.call.ended == "no agent"
    assert "Przepraszamy, żaden konsultant nie mógł teraz odebrać." in call.said[-2]


def test_who_was_served_is_not_queued_again(plan: Plan) -> None:
    call = Played(plan, arrived(), *TO_QUEUE, state()).ended("served")
    assert call.call.ended == "served"


def test_no_queue_is_tried_twice_and_the_round_ends(plan: Plan) -> None:
    call = Played(plan, arrived(), *TO_QUEUE)
    queues = []
    while call.call.ended is None:
        if isinstance(call.last, LookUp):
            call.then(state())
        else:
            queues.append(queue(call))
            call.ended("timeout")
    assert queues == [f"{office}-kol-ogolna" for office in ("malopolskie", "slaskie", "opolskie", "krajowa")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nstart:\u00a0pora\nperson: x\n", "twarda (nierozdzielająca) spacja w miejscu zwykłej"),
        ("version: 1\ntext: „Godziny: od ósmej”\n", "cudzysłów drukarski („ ” “) nie obejmuje tekstu w YAML"),
        ("version: 1\ntext: Twarda\u00a0spacja: tu\n", "dwukropek w miejscu, gdzie nie może stać"),
    ],
)
def test_signs_that_only_look_like_others_are_named(text: str, message: str) -> None:
    assert [slip.message for slip in read(text.encode()).slips] == [message]
