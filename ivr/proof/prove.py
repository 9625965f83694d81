"""``prove``: walk a plan, try every property, and say what was found."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..dialogue.events import CallArrived
from ..dialogue.plan import Plan
from . import properties
from .bounds import Bounds, bounds, circles, seconds
from .counterexample import script, shows
from .properties import Check, Finding
from .walk import MAX_STATES, Edge, Graph, Walk

PROPERTIES: dict[str, tuple[str, Check]] = {
    "bez-awarii": ("żadne zdarzenie nie psuje węzła", properties.runs),
    "koniec": ("każda rozmowa kończy się u człowieka albo zapowiedzianym końcem", properties.ends_announced),
    "licznik": ("każde koło ma licznik, a milczący nie krąży", circles),
    "czlowiek": ("z każdego pytania prowadzi droga do człowieka", properties.person_reachable),
    "czlowiek-zapowiedziany": ("klawisz konsultanta zapowiedziano przed pytaniem", properties.person_announced),
    "klawisze": ("każdy przyjmowany klawisz jest zapowiedziany", properties.keys_announced),
    "bez-mowy": ("na każde pytanie można odpowiedzieć klawiszami", properties.answerable_by_keys),
    "automat": ("„to automat” pada przed pierwszym pytaniem", properties.machine_first),
    "telepin": ("podczas wpisywania telePIN nic nie słucha", properties.nothing_listens_at_pin),
    "tajemnica": ("nic o osobie przed potwierdzeniem tożsamości", properties.nothing_personal_early),
    "obsluzony": ("obsłużona rozmowa nie wraca do kolejki", properties.served_once),
    "przerwane": ("po przerwanym sprawdzeniu telePIN wpisuje się raz jeszcze", properties.lost_check_repeated),
    "zaklocenia": ("awaria, wznowienie i rozłączenie niczego nie psują", properties.disturbances_kept),
}
"""Every property by its id: what it says, and its check. ``czas`` is judged from the bounds."""

LIMITS = Bounds(steps=1_000, seconds=9_000.0, silent_steps=40, silent_seconds=300.0)
"""The longest call that a plan may allow: of a caller who goes round and round on purpose until all visits are used up
(Asterisk's own limit, ``engine_limit``, comes sooner); ``silent``: of one who does nothing at all."""
TIME = "rozmowa mieści się w podanej liczbie kroków i sekund mowy"
SHOWN, TRIED = 5, 50
"""Violations told of one property, and calls tried to show each."""


@dataclass(frozen=True)
class Violation:
    """A property that does not hold. ``script`` is a shortest call that shows it (see ``counterexample.script``)."""

    property: str
    message: str
    node: str
    script: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """What came of a walk. ``seconds`` is how long it took; ``bounds`` is None where calls need not end."""

    states: int
    transitions: int
    seconds: float
    properties: tuple[str, ...]
    violations: tuple[Violation, ...]
    bounds: Bounds | None

    @property
    def ok(self) -> bool:
        return not self.violations


def prove(plan: Plan, *, audit: int = 0, progress: Callable[[int], None] = lambda states: None) -> Proof:
    """Prove ``plan``. ``audit``: every how-manieth merging of calls is tried for likeness (0: none; raises
    ``walk.Unlike``, a fault of this package). ``progress`` is told the number of states now and then."""
    begun = time.monotonic()
    with _no_collection():
        return _prove(plan, begun, audit, progress)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A walk makes a million objects and throws none away: the collector would only look at them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prove(plan: Plan, begun: float, audit: int, progress: Callable[[int], None]) -> Proof:
    graph = Walk(plan, audit, progress).run()
    violations = list(_judged(graph))
    broken = {violation.property for violation in violations}
    found = None
    if graph.whole and not broken & {"licznik", "bez-awarii"}:
        found = bounds(graph)
        violations += _too_long(graph, found)
    names = (*PROPERTIES, "czas")
    return Proof(len(graph.states), len(graph.edges), time.monotonic() - begun, names, tuple(violations), found)


def _judged(graph: Graph) -> Iterator[Violation]:
    if not graph.whole:
        yield Violation("licznik", f"więcej niż {MAX_STATES} stanów: nie da się zbadać wszystkich rozmów", "")
    for name, (_, check) in PROPERTIES.items():
        told: dict[str, list[Finding]] = {}
        for finding in sorted(check(graph), key=lambda finding: _length(graph, finding)):
            told.setdefault(finding.message, []).append(finding)
        for findings in list(told.values())[:SHOWN]:
            yield _shown(graph, name, findings)


def _shown(graph: Graph, name: str, findings: list[Finding]) -> Violation:
    """The first of ``findings`` whose call can really be played; they are in the order of their length."""
    first = _violation(graph, name, findings[0])
    for finding in findings[:TRIED]:
        played = _violation(graph, name, finding)
        if shows(graph, finding, played.script):
            return played
    return first


def _length(graph: Graph, finding: Finding) -> int:
    return len(graph.path(finding.edge)) + len(finding.then)


def _violation(graph: Graph, name: str, finding: Finding) -> Violation:
    played = script(graph, finding)
    node = finding.node or graph.states[finding.edge.target].call.node or graph.plan.start
    title = f"{PROPERTIES[name][0] if name in PROPERTIES else TIME}: {finding.message}"
    return Violation(name, finding.message, node, {**played, "title": title, "property": name})


def _too_long(graph: Graph, found: Bounds) -> Iterator[Violation]:
    first = next(edge for edge in graph.edges if isinstance(edge.event, CallArrived))
    talker = max((edge for edge in graph.edges if edge.error is None), key=seconds, default=first)
    node = graph.states[talker.target].call.node
    for is_, may_be, what in (
        (found.steps, LIMITS.steps, "kto celowo krąży, przejdzie {} kroków"),
        (found.seconds, LIMITS.seconds, "kto celowo krąży, wysłucha {} s automatu"),
        (found.silent_steps, LIMITS.silent_steps, "kto milczy, przejdzie {} kroków"),
        (found.silent_seconds, LIMITS.silent_seconds, "kto milczy, wysłucha {} s automatu"),
    ):
        if is_ > may_be:
            mend = f"najdłużej naraz mówi węzeł `{node}` ({seconds(talker):.0f} s)"
            message = f"{what.format(f'{is_:.0f}')}, a granica to {may_be:.0f}; {mend}"
            yield _violation(graph, "czas", Finding(_deepest(graph, first), message, node=node))


def _deepest(graph: Graph, first: Edge) -> Edge:
    """The way to the state reached last: no longest call, but one that shows how far calls go."""
    parents = [state.parent for state in graph.states if state.parent is not None]
    return max(parents, key=lambda edge: len(graph.path(edge)), default=first)
