"""A breach as a call that can be played: through ``step``, in the simulator, and by the test caller over SIP."""

from collections import deque
from typing import Any

import msgspec

from ..dialogue.actions import Ask, AskDigits, CheckPin, RecallCheck
from ..dialogue.call import Call
from ..dialogue.events import (
    CallArrived,
    Event,
    Heard,
    HumanAsked,
    HungUp,
    IdentityGiven,
    Keyed,
    NothingHeard,
    NumberRefused,
    PinChecked,
    PinGiven,
    PinRefused,
    QueueEnded,
    Skipped,
)
from ..dialogue.machine import LAST_VISITS, MAX_VISITS, guarded_step, step
from ..dialogue.plan import Plan
from ..dialogue.script import describe
from .properties import Finding
from .walk import QUEUES, Edge, Graph

PERSON = "dz-01"
"""The fictitious caller whose numbers a script keys."""


def script(graph: Graph, finding: Finding) -> dict[str, Any]:
    """The shortest call that shows ``finding``, in the form of ``ivr.dialogue.script``, with ``caller``: what somebody
    on the telephone does to get there (``dialplans/tests`` has the same vocabulary)."""
    events: list[Event] = []
    for edge in (*graph.path(finding.edge), *finding.then):
        if edge.exhausted is not None and edge.exhausted != QUEUES:
            events += _rounds(graph, edge, events)
        events.append(edge.event)
    turns, caller = _played(graph.plan, events)
    return {"title": finding.message, "turns": turns, "caller": caller}


def shows(graph: Graph, finding: Finding, played: dict[str, Any]) -> bool:
    """Whether the call really comes where the walk says. The walk lets any node that a call can enter again be the
    first to run out of visits; in a real call another one may come first."""
    last, edge = played["turns"][-1], (finding.edge, *finding.then)[-1]
    expected = graph.states[edge.target].call
    return edge.error is not None or (last["node"], last.get("ended")) == (expected.node, expected.ended)


def _played(plan: Plan, events: list[Event]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    call, turns, steps = Call(id="script"), [], []
    arrived = events[0]
    for event in events:
        fitting = _fitted(call, event)
        if (act := _act(plan, call, fitting)) is not None:
            steps.append(act)
        plain = msgspec.to_builtins(fitting)
        call, actions, error = guarded_step(plan, call, fitting)
        if error is not None:
            turns.append({"event": plain, "node": call.node, "says": [], "does": [], "error": str(error)})
            break
        turns.append(describe(plain, call, actions))
    caller: dict[str, Any] = {"steps": steps}
    if isinstance(arrived, CallArrived):
        caller = {"number": arrived.dialled, "caller": arrived.caller, "at": arrived.at, **caller}
    return turns, caller


def _fitted(call: Call, event: Event) -> Event:
    """``event`` as the answer to what ``call`` really asked: the walk forgets how often it has asked before."""
    asked = call.pending[-1] if call.pending else None
    if isinstance(event, QueueEnded):
        return change_event(event, key=call.queue_key or "")
    if isinstance(event, PinChecked) and isinstance(asked, CheckPin | RecallCheck):
        return change_event(event, check=asked.check)
    return event


def change_event(event: Event, **fields: Any) -> Event:
    """``event`` with some fields changed."""
    return msgspec.structs.replace(event, **fields)


def _act(plan: Plan, call: Call, event: Event) -> dict[str, Any] | None:
    """What the caller does that makes ``event``; None for what the world answers by itself."""
    asked = call.pending[-1] if call.pending else None
    match event:
        case Keyed() if event.keys in "0123456789*#":
            return {"keys": event.keys}
        case Keyed():
            unused = next(key for key in "987654321" if not isinstance(asked, Ask) or key not in asked.choices)
            return {"keys": unused}
        case HumanAsked():
            return {"keys": "0" if isinstance(asked, Ask) else "**"}
        case Skipped():
            return {"keys": "#"}
        case IdentityGiven():
            return {"keys": {"pesel_of": PERSON}}
        case NumberRefused():
            return {"keys": "12345#" if event.fault in ("length", "pause") else "12345678901#"}
        case PinGiven():
            return {"keys": {"pin_of": PERSON}}
        case PinRefused():
            return {"keys": "123#"}
        case NothingHeard():
            return {"silence": True}
        case HungUp():
            return {"hangup": True}
        case Heard():
            return {"say": _phrase(plan, asked, event)}
    return None


def _phrase(plan: Plan, asked: Any, event: Heard) -> str:
    """Words that mean what was understood: a topic's title, the first word of a choice."""
    words = {"yes": "tak", "no": "nie", "__human__": "konsultant", "__repeat__": "powtórz", "__skip__": "nie mam"}
    words |= {"__none__": "yyy", "__quit__": "to wszystko, dziękuję"}
    reading = event.readings[0].id if event.readings else "__none__"
    if isinstance(asked, Ask) and asked.words.get(reading):
        return asked.words[reading][0]
    if isinstance(asked, AskDigits) and event.spoke_number:
        return "osiem pięć osiem trzy jeden cztery jeden zero jeden jeden zero"
    titles = [plan.topics[part].title for part in reading.split("|") if part in plan.topics]
    return " i ".join(titles) or words.get(reading, reading)


def _rounds(graph: Graph, edge: Edge, before: list[Event]) -> list[Event]:
    """The events that go round through ``edge`` until its node has been entered as often as it may."""
    loop = [edge, *_way(graph, edge)]
    call, events = Call(id="script"), list[Event]()
    for event in before:
        call, _ = step(graph.plan, call, _fitted(call, event))
    worn = call.exhausted
    limit = LAST_VISITS if worn else MAX_VISITS
    while call.ended is None and call.exhausted == worn and call.visits.get(edge.exhausted or "", 0) < limit:
        visits = call.visits
        for way in loop:
            call, _ = step(graph.plan, call, _fitted(call, way.event))
            events.append(way.event)
        if call.visits == visits:
            break
    return events


def _way(graph: Graph, edge: Edge) -> list[Edge]:
    """A shortest way from where the event of ``edge`` usually leads back to its source."""
    usual = next(
        e for e in graph.leaving(edge.source) if e.event == edge.event and e.exhausted is None and e.error is None
    )
    came: dict[int, Edge | None] = {usual.target: None}
    todo = deque([usual.target])
    while todo and edge.source not in came:
        for following in graph.leaving(todo.popleft()):
            if following.exhausted is None and following.error is None and following.target not in came:
                came[following.target] = following
                todo.append(following.target)
    way, at = list[Edge](), edge.source
    while (found := came.get(at)) is not None:
        way.append(found)
        at = found.source
    return way[::-1]
