"""The exhaustive walk: every state a call can come to, every way it gets there, through ``step`` itself.

Calls with the same key are one state. How often a node was entered (``Call.visits``) is not part of it: the walk first
forgets the counts, which lets every call circle freely, and then adds, for each node that a call can enter again, what
``step`` does when its count has run out. So it sees all that a real call can do, and a little more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

from ..dialogue.actions import Action, Enqueue, LookUp
from ..dialogue.call import Call
from ..dialogue.events import Event, Failed, HungUp, MediaLost, Resumed
from ..dialogue.machine import LAST_VISITS, MAX_VISITS, guarded_step
from ..dialogue.node import change
from ..dialogue.nodes.queue import ways
from ..dialogue.plan import Plan
from .abstraction import Abstraction, Key
from .heard import Told, told
from .outcomes import Outcomes

MAX_STATES = 400_000
"""Past so many states the plan counts as one that cannot be proved."""
SECOND_RESUME = Resumed(engine="proof")
DISTURBANCES = (MediaLost, Resumed, Failed, HungUp)


@dataclass(slots=True)
class State:
    """One state: a call that stands for all alike, what its caller has been told, and how it was first reached.
    ``twin``: the state that this one is but for being resumed once; only a second ``Resumed`` tells them apart."""

    call: Call
    told: Told
    parent: "Edge | None" = None
    twin: int | None = None


@dataclass(slots=True)
class Edge:
    """One transition. ``entered``: the nodes entered, in order; ``exhausted``: the node whose visits had run out, so
    that the event alone does not lead here, or None; ``error``: what ``step`` raised; ``authenticates``: the caller's
    identity was established by it."""

    source: int
    event: Event
    target: int
    actions: tuple[Action, ...]
    entered: tuple[str, ...]
    exhausted: str | None = None
    error: str | None = None
    authenticates: bool = False

    @property
    def disturbance(self) -> bool:
        return isinstance(self.event, DISTURBANCES)


@dataclass
class Graph:
    """All states and transitions of a plan. ``whole`` is False when the walk was given up at ``MAX_STATES``."""

    plan: Plan
    classes: Abstraction
    states: list[State] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    out: list[list[int]] = field(default_factory=list)
    whole: bool = True
    audited: int = 0
    known: dict[Key, int] = field(default_factory=dict)

    def state_of(self, call: Call, told: Told) -> int | None:
        """The state that stands for ``call`` after what its caller was told; None when the walk never came there."""
        return self.known.get((*self.classes.key(fresh(call)), facts(self.classes, call, told)))

    def path(self, edge: Edge) -> list[Edge]:
        """A shortest way from the beginning of a call through ``edge``."""
        found = [edge]
        while (parent := self.states[found[-1].source].parent) is not None:
            found.append(parent)
        return found[::-1]

    def leaving(self, state: int) -> Iterator[Edge]:
        return (self.edges[index] for index in self.out[state])


class Unlike(AssertionError):
    """Two calls with one key behaved differently: the abstraction (not the plan) is at fault."""


class Walk:
    """Walks one plan. Every ``audit``-th call that falls together with a known state is tried against it (0: none)."""

    def __init__(self, plan: Plan, audit: int = 0, progress: Callable[[int], None] = lambda states: None) -> None:
        self._classes = Abstraction(plan)
        self._outcomes = Outcomes(self._classes)
        self._graph = Graph(plan, self._classes)
        self._plan, self._audit, self._progress = plan, audit, progress
        self._todo: list[int] = []
        self._merged = 0

    def run(self) -> Graph:
        """The whole graph; breadth first, so that the way to each state is a shortest one."""
        start = self._add(Call(id="script"), Told(), None)
        for event in self._outcomes.arrivals():
            self._follow(start, event)
        self._todo.remove(start)
        self._drain()
        again = _recurrent(self._graph)
        done = 0
        while done < len(self._graph.edges) and self._graph.whole:
            edge = self._graph.edges[done]
            done += 1
            if edge.error is None and edge.exhausted is None:
                for node in again.intersection(edge.entered):
                    self._follow(edge.source, edge.event, exhausted=node)
                for tried in self._tried(edge):
                    self._follow(edge.source, edge.event, exhausted=QUEUES, tried=tried)
            self._drain()
        return self._graph

    def _drain(self) -> None:
        at = 0
        while at < len(self._todo):
            state = self._todo[at]
            at += 1
            if len(self._graph.states) > MAX_STATES:
                self._graph.whole = False
                break
            if at % 2_000 == 0:
                self._progress(len(self._graph.states))
            call = self._graph.states[state].call
            if call.ended is None:
                again = self._graph.states[state].twin is not None
                for event in (SECOND_RESUME,) if again else self._outcomes.of(call):
                    self._follow(state, event)
        self._todo.clear()

    def _add(self, call: Call, heard: Told, parent: Edge | None) -> int:
        key = (*self._classes.key(call), heard)
        known = self._graph.known.get(key)
        if known is not None:
            self._merged += 1
            if self._audit and self._merged % self._audit == 0:
                self._compare(self._graph.states[known], call, heard)
            return known
        index = self._graph.known[key] = len(self._graph.states)
        self._graph.states.append(State(call, heard, parent))
        self._graph.out.append([])
        self._todo.append(index)
        if parent is not None and isinstance(parent.event, Resumed) and call.resumes:
            origin = self._graph.states[parent.source].call
            kinds = [[type(action) for action in one.pending] for one in (call, origin)]
            if call.node == origin.node and kinds[0] == kinds[1]:
                self._graph.states[index].twin = parent.source
                self._check_twin(parent.source, index)
        return index

    def _follow(self, source: int, event: Event, exhausted: str | None = None, tried: tuple[str, ...] = ()) -> None:
        state = self._graph.states[source]
        edge = Edge(source, event, source, (), (), exhausted)
        moved, actions, error = guarded_step(self._plan, _worn(state.call, exhausted, tried), event)
        if error is not None:
            edge.error = f"{type(error).__name__}: {error}"
            self._record(edge)
            return
        if moved.turn == state.call.turn:
            return
        edge.actions, edge.entered = actions, tuple(moved.visits)
        edge.authenticates = moved.auth is not None and moved.auth is not state.call.auth
        heard = self._told(state.told, event, state.call, moved, actions)
        edge.target = self._add(fresh(moved), heard, edge)
        self._record(edge)

    def _record(self, edge: Edge) -> None:
        self._graph.out[edge.source].append(len(self._graph.edges))
        self._graph.edges.append(edge)

    def _tried(self, edge: Edge) -> Iterator[tuple[str, ...]]:
        """All sets of queues that a call which begins to queue may have been in before, but for none."""
        after, before = self._graph.states[edge.target].call, self._graph.states[edge.source].call
        begins = bool(edge.entered) and bool(after.pending) and is_queueing(after.pending[-1])
        if edge.exhausted is None and begins and not before.queues_tried:
            names = ways(self._plan, after)
            yield from (chosen for size in range(1, len(names) + 1) for chosen in combinations(names, size))

    def _compare(self, state: State, call: Call, heard: Told) -> None:
        """Whether ``call``, which has the key of ``state``, goes the same ways."""
        if call.ended is not None:
            return
        self._graph.audited += 1
        for mine, theirs in zip(self._outcomes.of(call), self._outcomes.of(state.call), strict=True):
            if isinstance(mine, Resumed) and call.resumes != state.call.resumes:
                continue
            if self._after(call, heard, mine) != self._after(state.call, state.told, theirs):
                raise Unlike(f"{call.node}: {type(mine).__name__} parts calls of one key: {call} / {state.call}")

    def _after(self, call: Call, heard: Told, event: Event) -> Any:
        moved, actions, error = guarded_step(self._plan, call, event)
        if error is not None:
            return type(error).__name__
        if moved is call:
            return None
        return (*self._classes.key(fresh(moved)), self._told(heard, event, call, moved, actions))

    def _told(self, before: Told, event: Event, call: Call, moved: Call, actions: tuple[Action, ...]) -> Told:
        return facts(self._classes, moved, told(before, self._plan, event, call, actions))

    def _check_twin(self, origin: int, twin: int) -> None:
        if self._audit:
            self._compare(self._graph.states[origin], self._graph.states[twin].call, self._graph.states[twin].told)


def facts(classes: Abstraction, call: Call, told: Told) -> Told:
    """What of ``told`` matters for ``call``. That a check was positive is forgotten where nothing of it can be said any
    more: the properties then ask more of the call, not less."""
    forgets = call.ended is not None or not classes.lives(call.node, "auth")
    return told._replace(checked=False) if forgets else told


def fresh(call: Call) -> Call:
    """``call`` without what only grows. Which queues were tried matters while it goes from one to the next."""
    queueing = bool(call.pending) and is_queueing(call.pending[-1])
    return change(call, visits={}, said=(), turn=1, queues_tried=call.queues_tried if queueing else ())


def is_queueing(action: Action) -> bool:
    """Whether a call that waits for this is with a queue or on its way into one."""
    return isinstance(action, Enqueue) or (isinstance(action, LookUp) and action.what == "queue")


QUEUES = "(queues)"
"""Stands among the nodes for queues: as if the call had been in some of them before."""


def _worn(call: Call, node: str | None, tried: tuple[str, ...]) -> Call:
    """``call`` as it is after it has entered ``node`` as often as it may, or been in the queues ``tried``."""
    if node is None:
        return call
    if node == QUEUES:
        return change(call, queues_tried=tried)
    return change(call, visits={node: LAST_VISITS if call.exhausted else MAX_VISITS})


def _recurrent(graph: Graph) -> set[str]:
    """Nodes that a call can enter more than once: those that lie on a circle of nodes."""
    leads: dict[str, set[str]] = {}
    for edge in graph.edges:
        way = (graph.states[edge.source].call.node, *edge.entered)
        for first, second in pairwise(way):
            leads.setdefault(first, set()).add(second)
    return {node for node in leads if node in _reach(leads, node)}


def _reach(leads: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(leads.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(leads.get(node, ()))
    return seen
