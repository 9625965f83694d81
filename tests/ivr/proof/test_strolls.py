"""Real calls, at random, never leave what the walk has seen, and all of them end."""

from random import Random

from small_plan import small_plan

from ivr.dialogue.plan import Plan, Season, Topic
from ivr.proof.abstraction import Abstraction
from ivr.proof.outcomes import Outcomes
from ivr.proof.stroll import stroll
from ivr.proof.walk import Graph, Walk

OPEN_QUESTION = {
    **{"node": "matter", "lines": ["czyja"], "again": ["czyja"], "confirm": "potwierdz", "either": "albo"},
    **{"keys": ["menu"], "next": "odpowiedz", "otherwise": "konsultant", "done": "koniec"},
    "areas": [{"key": "1", "queue": "kol-pit"}, {"key": "2", "queue": "kol-ogolna"}],
}
ANSWER = {
    **{"node": "answer", "after": ["cztery"], "second": "czyja", "next": "konsultant", "other": "menu"},
    "done": "koniec",
}
TOPICS = (
    Topic(id="a", title="A", area="x", queue="kol-pit", answer="Tak.", released=True),
    Topic(id="b", title="B", area="x", queue="kol-pit"),
    Topic(id="b2", title="B2", area="x", queue="kol-pit"),
    Topic(
        id="c",
        title="C",
        area="x",
        queue=None,
        answer="Nie.",
        released=True,
        season=Season(first="02-15", last="04-30"),
    ),
)
PROMPTS = {
    "potwierdz": "Czy {a}? Tak: jeden. Nie: dwa.",
    "albo": "{a}: jeden. {b}: dwa. Nic: trzy.",
    "cztery": "Jeden, dwa, trzy, cztery.",
}


def talking_plan() -> Plan:
    """The small plan with an open question in place of its menu."""
    return small_plan({"menu": OPEN_QUESTION, "odpowiedz": ANSWER}, PROMPTS, TOPICS)


def strolls(graph: Graph, count: int) -> dict[str | None, int]:
    chance, ends, outcomes = Random(20260421), dict[str | None, int](), Outcomes(graph.classes)
    for _ in range(count):
        found = stroll(graph, outcomes, chance)
        assert found.outside is None
        ends[found.ended] = ends.get(found.ended, 0) + 1
    return ends


def test_two_thousand_calls_end_inside_the_graph() -> None:
    ends = strolls(Walk(talking_plan()).run(), 2_000)
    assert None not in ends
    assert {"finished", "failed", "hung up by caller", "no agent"} <= set(ends)


def test_a_call_off_the_graph_is_noticed() -> None:
    graph = Walk(small_plan()).run()
    graph.known = dict(list(graph.known.items())[: len(graph.known) // 20])
    chance, outcomes = Random(1), Outcomes(graph.classes)
    assert any(stroll(graph, outcomes, chance).outside for _ in range(50))


def test_topics_are_alike_when_no_call_can_tell_them_apart() -> None:
    classes = Abstraction(talking_plan())
    assert classes.topics["b"] == classes.topics["b2"]
    assert len(set(classes.topics.values())) == 3
    assert len(classes.days) == 2
    assert Outcomes(classes).alike(classes.topics["b"]) == ["b", "b2"]


def test_the_audit_finds_no_unlike_calls_in_a_talking_plan() -> None:
    assert Walk(talking_plan(), audit=101).run().audited > 50
