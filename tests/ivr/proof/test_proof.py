"""The proof: plans that hold, and bad plans each of which breaks exactly the property it should."""

from typing import Any, Literal

import pytest
from small_plan import small_plan

from ivr.dialogue.actions import Ask, AskPin, Enqueue, Line, Say
from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import Event, Party
from ivr.dialogue.machine import MAX_VISITS
from ivr.dialogue.node import Node, Turn, change, go, wait
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from ivr.proof import PROPERTIES, Proof, prove


def broken(proof: Proof) -> set[str]:
    return {violation.property for violation in proof.violations}


def turns(proof: Proof) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = proof.violations[0].script["turns"]
    return found


def test_the_small_plan_holds_and_its_abstraction_too() -> None:
    proof = prove(small_plan(), audit=1)
    assert proof.ok, proof.violations
    assert set(proof.properties) == {*PROPERTIES, "czas"}
    assert proof.bounds is not None
    assert proof.bounds.silent_steps < proof.bounds.steps
    assert proof.states > 100


def test_the_shipped_plan_holds(plan: Plan) -> None:
    proof = prove(plan)
    assert proof.ok, [violation.message for violation in proof.violations]


class Silent(Node):
    """A question that no person can be asked from."""

    node: Literal["x"] = "x"

    def enter(self, plan: Plan, call: Call) -> Turn:
        ask = Ask(question="x", lines=plan.lines("menu"), choices={"1": "a", "2": "b"}, grammar="choice")
        return wait(call, ask, awaits=("Keyed", "NothingHeard"))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        return go(call, "koniec")


class Endless(Silent):
    """Asks again for ever, without entering a node and without counting."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        turn = super().enter(plan, call)
        return Turn(turn.call, turn.actions, None, (*turn.awaits, "HumanAsked"))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        return self.enter(plan, call)


class Listening(Silent):
    """Listens while a telePIN is keyed."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        return wait(call, AskPin(lines=plan.lines("pin")), awaits=("PinRefused", "Skipped", "Heard", "HumanAsked"))


class Believing(Silent):
    """Takes an identity that nobody checked."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        auth = Authentication(person=Party(ref="r", label="x"), at="", until="", method="pesel+telepin")
        return go(change(call, auth=auth), "menu")


class Requeueing(Silent):
    """Queues whoever comes, served or not."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        enqueue = Enqueue(queue="krajowa-kol-pit", priority=0, timeout=10, key=f"{call.id}:again")
        return wait(
            change(call, queue_key=enqueue.key), Say(lines=plan.lines("lacze")), enqueue, awaits=("QueueEnded",)
        )


class Telling(Silent):
    """Says a name to whoever calls."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        return go(call, "menu", Say(lines=(Line("wybrano", "Dzień dobry, Zmyślona Osoba", True),)))


class Breaking(Silent):
    def enter(self, plan: Plan, call: Call) -> Turn:
        raise KeyError("name")


class Spoken(Silent):
    """A question without keys, put to everybody."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        ask = Ask(question="x", lines=plan.lines("menu"), grammar="yes-no")
        return wait(call, ask, awaits=("Heard", "NothingHeard", "HumanAsked"))


class Quiet(Silent):
    """Waits for nothing."""

    def enter(self, plan: Plan, call: Call) -> Turn:
        return Turn(call)


BAD: dict[str, tuple[str, Plan]] = {
    "no person from a question": ("czlowiek", small_plan({"menu": Silent()})),
    "a wish for a person leads to a goodbye": (
        "czlowiek",
        small_plan(
            konsultant={
                "node": "say",
                "lines": ["koniec"],
                "next": "koniec",
                "announce": None,
                "open": None,
                "closed": None,
            }
        ),
    ),
    "asks for ever": ("licznik", small_plan({"menu": Endless()})),
    "nodes in a circle without a wait": (
        "licznik",
        small_plan(
            {
                "a": {"node": "say", "lines": ["koniec"], "next": "b"},
                "b": {"node": "say", "lines": ["koniec"], "next": "a"},
            },
            tozsamosc={"without": "a"},
        ),
    ),
    "silence goes round": ("licznik", small_plan(**{"po-godzinach": {"otherwise": "po-godzinach"}})),
    "asks before it is known to be a machine": ("automat", small_plan(powitanie={"lines": ["powitanie"]})),
    "is called a machine, and does not say so": ("automat", small_plan(prompts={"automat": "Dzień dobry."})),
    "a key nobody announces": ("klawisze", small_plan(prompts={"menu": "Podatki: jeden."})),
    "the person's key is kept secret": ("czlowiek-zapowiedziany", small_plan(prompts={"powitanie": "Dzień dobry."})),
    "listens at the PIN": ("telepin", small_plan({"telepin": Listening()})),
    "identity without a check": ("tajemnica", small_plan({"telepin": Believing()})),
    "a name before the check": ("tajemnica", small_plan({"telepin": Telling()})),
    "hangs up without a word": ("koniec", small_plan(nikt={"lines": []})),
    "hangs up on a caller who circles": ("koniec", small_plan(end=None)),
    "waits for nothing": ("koniec", small_plan({"menu": Quiet()})),
    "queues after service": ("obsluzony", small_plan({"znowu": Requeueing()}, kolejka={"served": "znowu"})),
    "a prompt with a variable that the node has not": ("bez-awarii", small_plan({"menu": Breaking()})),
    "a question for those who can be heard only": ("bez-mowy", small_plan({"menu": Spoken()})),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plan_breaks_its_property_and_shows_how(name: str) -> None:
    expected, plan = BAD[name]
    proof = prove(plan)
    assert broken(proof) == {expected}
    shown = turns(proof)
    if expected != "bez-awarii":
        assert play(plan, {"turns": shown}) == shown
    assert shown[0]["event"]["type"] == "CallArrived"
    assert proof.violations[0].script["caller"]["number"].isdigit()


def test_a_counter_example_is_a_shortest_one() -> None:
    proof = prove(BAD["a key nobody announces"][1])
    assert [turn["event"]["type"] for turn in turns(proof)] == ["CallArrived", "LookedUp", "Skipped"]
    acts = proof.violations[0].script["caller"]["steps"]
    assert acts == [{"keys": "#"}]


def test_nodes_in_a_circle_are_named_and_told_at_the_first_of_them() -> None:
    violation = prove(BAD["nodes in a circle without a wait"][1]).violations[0]
    assert violation.message == "węzły prowadzą w kółko, na nic nie czekając: `a` → `b` → `a`"
    assert violation.node == "a"


def test_a_call_too_long_names_the_node_that_talks_most() -> None:
    long = "Informacja, której nikt nie wysłucha do końca. " * 400
    found = [v for v in prove(small_plan(prompts={"przykro": long})).violations if v.property == "czas"]
    assert [violation.node for violation in found] == ["nikt"] * len(found)
    assert any("kto milczy, wysłucha" in v.message and "mówi węzeł `nikt`" in v.message for v in found)


def test_a_plan_without_topics_is_walked() -> None:
    matter = {
        **{"node": "matter", "lines": ["menu"], "again": ["menu"], "confirm": "menu", "either": "menu"},
        **{"keys": ["menu"], "areas": [{"key": "1", "queue": "kol-pit", "line": "menu"}]},
        **{"next": "konsultant", "otherwise": "konsultant", "done": "koniec"},
    }
    assert prove(small_plan({"menu": matter})).states > 0


def test_a_caller_who_circles_shows_all_the_rounds() -> None:
    proof = prove(BAD["hangs up on a caller who circles"][1])
    assert turns(proof)[-1]["ended"] == "failed"
    assert len(turns(proof)) > MAX_VISITS
