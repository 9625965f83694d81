"""Every caller of the demo finds the way to a consultant through the shipped dialplan, with what e-US knows of them."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from infolinia.demo import DemoFailed, Outcome, check
from infolinia.demo_caller import MATTER, DemoCaller
from infolinia.rehearsals import stage_of
from infolinia.settings import Settings
from ivr.dialogue.actions import Action
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event
from ivr.dialogue.plan import Plan
from ivr.phones.terminal import Act, Keys, Queue, Words
from ivr.rehearsal.run import Time, converse
from recordings.caller.people import UnknownPerson
from telepin.secret import Secret

EVERYBODY = [f"dz-{number:02}" for number in range(1, 31)]
REFUSED = {"dz-08", "dz-09", "dz-10", "dz-11"}
NO_PIN = {"dz-12", "dz-26"}
NO_NUMBER = {"dz-27"}
ON_BEHALF = {
    "dz-15": "Beta Testowa",
    "dz-16": "Gamma Testowy",
    "dz-17": "Alfa Testowa",
    "dz-19": "Fikcyjna Jodła Test sp. z o.o.",
    "dz-20": "Fikcyjny Klon Test S.A.",
    "dz-21": "Epsilon Testowy",
    "dz-30": "Alfa Testowa",
}
TODAY = date(2026, 4, 21)


class Acting:
    """A caller of the demo at the simulator's telephone."""

    def __init__(self, caller: DemoCaller, confidence: float | None) -> None:
        self._caller, self._confidence = caller, confidence
        self.last: Event | None = None
        self.told: list[str] = []

    async def next(self, call: Call, wait: Action) -> Act | None:
        if "QueueEnded" in call.awaits:
            return Queue("served")
        assert self.last is not None
        reply = self._caller.reply(call, self.last, TODAY)
        assert reply is not None, f"no answer to {call.awaits} at {call.node}"
        self.told.append(reply.told)
        assert len(self.told) < 12, f"in circles: {self.told}"
        if reply.keys is None:
            assert self._confidence is not None
            return Words(MATTER, "pcc-samochod-prywatny", self._confidence)
        return Keys(Secret(reply.keys.get_secret_value()))


@pytest.mark.parametrize("confidence", [0.95, 0.6, None], ids=["understood", "doubted", "by keys"])
@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_comes_to_a_consultant(plan: Plan, tmp_path: Path, person: str, confidence: float | None) -> None:
    caller = DemoCaller(person)
    acting = Acting(caller, confidence)

    def on_turn(call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        acting.last = event

    at, hears = f"{TODAY}T10:00:00+02:00", confidence is not None
    arrived = CallArrived(dialled=caller.dialled(plan), caller=caller.number, at=at, hears=hears)
    stage = stage_of(plan, Settings(var=tmp_path))
    call = asyncio.run(converse(stage, acting, Time(f"{TODAY} 10:00"), arrived, on_turn=on_turn))

    assert call.ended == "served"
    assert call.queue is not None
    assert call.queue.endswith("kol-pcc-sd")
    proves = person not in REFUSED | NO_PIN | NO_NUMBER
    assert (call.verdict == "ok") == caller.proves_identity == proves
    assert (call.verdict == "refused") == (person in REFUSED)
    acts_for = call.acting_for.label if call.acting_for and call.acting_for.basis != "self" else None
    assert acts_for == ON_BEHALF.get(person) == (caller.principal(TODAY) if proves else None)


def test_what_is_told_of_a_key_is_what_was_pressed() -> None:
    call = Call(id="x", node="telepin", awaits=("PinGiven", "Skipped"))
    reply = DemoCaller("dz-26").reply(call, CallArrived(dialled="1", caller=None, at=""), TODAY)
    assert reply is not None
    assert reply.keys is not None
    assert (reply.keys.get_secret_value(), reply.told) == ("#", "krzyżyk: nie ma telePIN")


def test_nobody_of_that_id_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownPerson, match=r"dz-99.*dz-01, dz-02.*dz-30"):
        DemoCaller("dz-99")


def page(person: str | None, caller: str, principal: str | None = None) -> dict[str, object]:
    shown = {"ref": "x", "label": principal, "basis": "ppo"} if principal else None
    return {"session": {"authenticated": person and {"person": person}, "caller": caller, "principal": shown}}


@pytest.mark.parametrize(
    ("caller", "verdict", "popup", "why"),
    [
        ("dz-01", "ok", page("dz-02", "+48000000001"), "kogoś innego"),
        ("dz-01", "ok", page("dz-01", "+48000000002"), "inny numer"),
        ("dz-01", "refused", page(None, "+48000000001"), "powinien być potwierdzony"),
        ("dz-08", "ok", page("dz-08", "+48000000008"), "nie potwierdziła"),
        ("dz-15", "ok", page("dz-15", "+48000000015"), "Beta Testowa"),
    ],
)
def test_a_wrong_page_is_no_success(caller: str, verdict: str, popup: dict[str, object], why: str) -> None:
    with pytest.raises(DemoFailed, match=why):
        check(DemoCaller(caller), Outcome(ok=False, caller=caller, verdict=verdict, popup=popup), TODAY)


@pytest.mark.parametrize(
    ("caller", "verdict", "popup"),
    [
        ("dz-01", "ok", page("dz-01", "+48000000001")),
        ("dz-15", "ok", page("dz-15", "+48000000015", "Beta Testowa")),
        ("dz-08", "refused", page(None, "+48000000008")),
    ],
)
def test_the_right_page_is(caller: str, verdict: str, popup: dict[str, object]) -> None:
    check(DemoCaller(caller), Outcome(ok=False, caller=caller, verdict=verdict, popup=popup), TODAY)
