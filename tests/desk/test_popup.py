"""The board over wires recorded from Asterisk 22, and over any order of events at all."""

from collections import Counter

import pytest
from desk_fakes import CALL, QUEUE, wire
from hypothesis import given
from hypothesis import strategies as st

from desk.popup import Board, Popup
from desk.queue_events import Leg, QueueEvent, read_channels, read_event


def play(board: Board, events: list[dict[str, str]]) -> list[Popup]:
    told = []
    for at, raw in enumerate(events):
        event = read_event(raw)
        if event:
            told += board.apply(event, float(at))
    return told


def words(told: list[Popup]) -> list[tuple[str, str, str]]:
    return [(popup.kind, popup.leg.agent, popup.reason) for popup in told]


def test_two_telephones_ring_and_one_answers() -> None:
    told = play(Board(), wire("two-ring-one-answers"))
    assert Counter(words(told)[:2]) == Counter([("card", "no", ""), ("card", "long", "")])
    assert words(told)[2:] == [("withdrawn", "no", "cancelled"), ("session", "long", ""), ("ended", "long", "caller")]
    assert told[3].waited == 2.0
    assert told[4].talked == 7.0
    assert {popup.leg.queue for popup in told} == {QUEUE}


def test_no_answer_then_the_caller_gives_up() -> None:
    told = play(Board(), wire("no-answer-then-abandoned"))
    assert words(told) == [
        ("card", "no", ""),
        ("withdrawn", "no", "no-answer"),
        ("card", "no", ""),
        ("withdrawn", "no", "cancelled"),
    ]


@pytest.mark.parametrize("name", ["two-ring-one-answers", "no-answer-then-abandoned"])
def test_every_event_twice_tells_nothing_more(name: str) -> None:
    events = wire(name)
    once = words(play(Board(), events))
    twice = words(play(Board(), [event for event in events for _ in range(2)]))
    again = Board()
    assert twice == once
    assert words(play(again, events) + play(again, events)) == once


def snapshot(name: str) -> list[tuple[Leg, bool]]:
    return read_channels(event for event in wire(name) if event["Event"] == "CoreShowChannel")


def test_a_snapshot_tells_who_talks_and_who_rings() -> None:
    [(talking, connected)] = snapshot("snapshot-connected")
    assert (talking.agent, talking.queue, connected) == ("long", QUEUE, True)
    assert [(leg.agent, bridged) for leg, bridged in snapshot("snapshot-ringing")] == [("no", False)]


def test_an_agent_connect_that_was_missed_is_made_up_for_once() -> None:
    events = wire("snapshot-connected")
    board = Board()
    told = play(board, [event for event in events if event["Event"] == "AgentCalled"])
    told += board.resync(snapshot("snapshot-connected"), 100.0, 100.1)
    told += board.resync(snapshot("snapshot-connected"), 110.0, 110.1)
    told += play(board, [event for event in events if event["Event"] == "AgentConnect"])
    assert words(told) == [("card", "long", ""), ("session", "long", "")]


def test_what_is_gone_from_a_snapshot_is_closed() -> None:
    board = Board()
    leg = Leg(call=CALL, leg="1.1", agent="a", queue=QUEUE)
    talking = Leg(call=CALL, leg="1.2", agent="b", queue=QUEUE)
    board.restore([leg], [talking], 0.0)
    assert words(board.resync([], 1.0, 1.1)) == [("withdrawn", "a", "lost"), ("ended", "b", "lost")]
    assert board.resync([], 2.0, 2.1) == []


def test_a_snapshot_closes_nothing_that_is_younger_than_its_question() -> None:
    board = Board()
    leg = Leg(call=CALL, leg="1.1", agent="a", queue=QUEUE)
    assert board.apply(QueueEvent(name="AgentCalled", leg=leg, call=CALL), 5.0)
    assert board.resync([], 4.9, 5.2) == []
    assert board.apply(QueueEvent(name="AgentConnect", leg=leg, call=CALL), 6.0)
    assert board.resync([(leg, False)], 5.9, 6.1) == []


def test_a_caller_who_leaves_the_queue_takes_the_cards_along_after_a_grace() -> None:
    board = Board(grace=2.0)
    leg = Leg(call=CALL, leg="1.1", agent="a", queue=QUEUE)
    board.apply(QueueEvent(name="AgentCalled", leg=leg, call=CALL), 0.0)
    board.apply(QueueEvent(name="QueueCallerLeave", call=CALL, queue=QUEUE), 1.0)
    assert board.tick(2.9) == []
    assert words(board.tick(3.0)) == [("withdrawn", "a", "cancelled")]
    assert words(board.apply(QueueEvent(name="AgentConnect", leg=leg, call=CALL), 3.1)) == [("session", "a", "")]


def test_closed_legs_are_forgotten_and_open_ones_are_not() -> None:
    board = Board(remember=10.0)
    legs = [Leg(call=CALL, leg=f"1.{n}", agent="a", queue=QUEUE) for n in range(3)]
    for leg in legs:
        board.apply(QueueEvent(name="AgentCalled", leg=leg, call=CALL), 0.0)
    board.apply(QueueEvent(name="AgentRingNoAnswer", leg=legs[0], call=CALL), 1.0)
    board.tick(20.0)
    assert words(board.apply(QueueEvent(name="QueueCallerAbandon", call=CALL), 21.0)) == [
        ("withdrawn", "a", "abandoned"),
        ("withdrawn", "a", "abandoned"),
    ]


def test_keys_may_be_spelt_any_way_and_variables_come_in_lists() -> None:
    raw = next(event for event in wire("two-ring-one-answers") if event["Event"] == "AgentConnect")
    plain = read_event(raw)
    assert plain is not None
    lower = {key.lower(): value for key, value in raw.items()}
    variable = raw["ChanVariable"]
    for spelling in (variable, ["OTHER=1", variable], f"OTHER=1\n{variable}", {"IVR_CALL": variable.split("=")[1]}):
        assert read_event({**lower, "chanvariable": spelling}) == plain


@pytest.mark.parametrize("value", ["", "IVR_CALL=", "IVR_CALL=../../etc", "IVR_CALL=1 OR 1", "OTHER=x"])
def test_an_event_without_a_proper_call_is_not_ours(value: str) -> None:
    raw = next(event for event in wire("two-ring-one-answers") if event["Event"] == "AgentCalled")
    assert read_event({**raw, "ChanVariable": value}) is None


CALLS = [f"11111111-2222-4333-8444-55555555555{n}" for n in range(2)]
LEGS = [
    Leg(call=call, leg=f"{n}.{m}", agent=f"a{m}", queue=f"q{m % 2}", caller_leg=f"c{n}")
    for n, call in enumerate(CALLS)
    for m in range(3)
]
AGENT_EVENTS = st.builds(
    lambda name, leg: QueueEvent(name=name, leg=leg, call=leg.call),
    st.sampled_from(["AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete"]),
    st.sampled_from(LEGS),
)
CALLER_EVENTS = st.builds(
    lambda name, leg: QueueEvent(name=name, call=leg.call, queue=leg.queue),
    st.sampled_from(["QueueCallerAbandon", "QueueCallerLeave"]),
    st.sampled_from(LEGS),
)
HANGUPS = st.builds(lambda leg: QueueEvent(name="Hangup", uniqueid=leg.leg), st.sampled_from(LEGS))
SNAPSHOTS = st.lists(st.tuples(st.sampled_from(LEGS), st.booleans()), max_size=4, unique_by=lambda seen: seen[0].leg)
STEPS = st.lists(st.one_of(AGENT_EVENTS, CALLER_EVENTS, HANGUPS, SNAPSHOTS, st.just("tick")), max_size=40)


@given(STEPS)
def test_any_order_of_events_keeps_the_four_rules(steps: list[QueueEvent | list[tuple[Leg, bool]] | str]) -> None:
    board = Board(grace=2.0)
    told: list[Popup] = []
    for at, step in enumerate(steps):
        if isinstance(step, QueueEvent):
            told += board.apply(step, float(at))
        elif isinstance(step, list):
            told += board.resync(step, at - 0.1, float(at))
        else:
            told += board.tick(float(at))
    told += board.resync([], 1000.0, 1000.1)
    for leg in LEGS:
        kinds = [popup.kind for popup in told if popup.leg.leg == leg.leg]
        assert max(Counter(kinds).values(), default=0) <= 1, kinds
        if "card" in kinds:
            assert {"session", "withdrawn"} & set(kinds[kinds.index("card") + 1 :]), kinds
        if "session" in kinds:
            assert kinds[-1] == "ended"
            assert kinds.index("session") < kinds.index("ended")
        else:
            assert "ended" not in kinds
