"""How long a call can last: cycles, and the longest way through what is left.

A transition that enters a node uses up one of that node's visits, which ``step`` limits; it may lie on a circle. All
other transitions must lead on: a circle without a node entered would have no counter. And what needs no act of the
caller (silence, look-ups, queues) must not circle at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..dialogue.events import CallArrived, LookedUp, NothingHeard, QueueEnded, TransferEnded
from ..dialogue.machine import LAST_VISITS, MAX_VISITS
from ..dialogue.node import NodeRef, change, references
from .properties import Finding, spoken
from .walk import Edge, Graph

LETTERS_PER_SECOND = 13.0
"""How fast the machine is taken to speak, spaces counted, pauses between lines left out: an assumption."""
PAUSE = 0.25
"""Seconds between two lines."""
SILENT = (CallArrived, NothingHeard, LookedUp, QueueEnded, TransferEnded)


@dataclass(frozen=True)
class Bounds:
    """The longest call of any kind, and of a caller who does nothing: ``steps`` and seconds of machine speech."""

    steps: int
    seconds: float
    silent_steps: int
    silent_seconds: float


def seconds(edge: Edge) -> float:
    """How long the machine speaks in this turn."""
    return sum(len(line.text) / LETTERS_PER_SECOND + PAUSE for line in spoken(edge.actions))


def circles(graph: Graph) -> Iterator[Finding]:
    """Circles that nothing counts, and circles that silence alone drives."""
    for edge in graph.edges:
        # A fresh call has no visits: to run out of them, or of hops, in one turn means to go round without waiting.
        fresh = edge.exhausted is None and not graph.states[edge.source].call.exhausted
        if edge.error is None and fresh and graph.states[edge.target].call.exhausted:
            loop = _loop(graph, edge)
            shown = f": {' → '.join(f'`{name}`' for name in loop)}" if loop else ""
            yield Finding(edge, f"węzły prowadzą w kółko, na nic nie czekając{shown}", node=loop[0] if loop else "")
            return
    kinds: tuple[tuple[Callable[[Edge], bool], str], ...] = (
        (lambda edge: not edge.entered, "koło bez licznika: można je obiegać bez końca"),
        (lambda edge: isinstance(edge.event, SILENT), "milczący dzwoniący krąży w kółko"),
    )
    for kept, message in kinds:
        circle = _circle(graph, lambda edge, kept=kept: usual(edge) and kept(edge))  # type: ignore[misc]
        if circle:
            yield Finding(circle[0], f"{message}: {_names(graph, circle)}", tuple(circle[1:] + circle[:1]))


def _loop(graph: Graph, edge: Edge) -> list[str]:
    """The nodes that lead to each other without a wait when the event of ``edge`` comes, the first one again at the
    end; empty when entering them alone does not show it."""
    call = graph.states[edge.source].call
    plan = graph.plan.for_office(call.office)
    node = plan.nodes.get(call.node)
    ahead = [str(ref) for _, ref in references(node) if isinstance(ref, NodeRef)] if node is not None else []
    for target in [*ahead, plan.person, plan.start]:
        way: list[str] = []
        while target is not None and target not in way:
            way.append(str(target))
            target = plan.nodes[target].enter(plan, change(call, node=target, tries=0, step="")).goto
        if target is not None:
            return [*way[way.index(target) :], str(target)]
    return []


def usual(edge: Edge) -> bool:
    """A transition that its event alone brings about, of a call that nothing disturbs."""
    return edge.error is None and edge.exhausted is None and not edge.disturbance


def _names(graph: Graph, circle: list[Edge]) -> str:
    names = [graph.states[edge.source].call.node for edge in circle]
    return " → ".join(f"`{name}`" for name in [*dict.fromkeys(names), names[0]])


def bounds(graph: Graph) -> Bounds:
    """Upper bounds over all calls that nothing disturbs. Meaningful only where ``circles`` finds none."""
    calm = [edge for edge in graph.edges if edge.error is None and not edge.disturbance]
    silent = [edge for edge in calm if isinstance(edge.event, SILENT) and edge.exhausted is None]
    return Bounds(
        int(_longest(graph, calm, lambda edge: 1.0)),
        _longest(graph, calm, seconds),
        int(_longest(graph, silent, lambda edge: 1.0)),
        _longest(graph, silent, seconds),
    )


def _longest(graph: Graph, edges: list[Edge], weight: Callable[[Edge], float]) -> float:
    """The greatest weight of a path. Inside a strongly connected part: each of its nodes as often as it may be entered,
    each time with the heaviest way until the next is entered; between parts: the heaviest order."""
    leaving: list[list[Edge]] = [[] for _ in graph.states]
    for edge in edges:
        leaving[edge.source].append(edge)
    parts = _parts(leaving)
    best: dict[int, float] = {}
    for part in parts:
        inside = set(part)
        outward = max(
            (weight(e) + best[e.target] for s in part for e in leaving[s] if e.target not in inside), default=0.0
        )
        within = _rounds(graph, part, leaving, weight) if len(part) > 1 else 0.0
        for state in part:
            best[state] = within + outward
    return best[0]


def _rounds(graph: Graph, part: list[int], leaving: list[list[Edge]], weight: Callable[[Edge], float]) -> float:
    inside = set(part)
    dwell: dict[int, float] = {}

    def stay(state: int) -> float:
        """The heaviest way from ``state`` without entering a node; no circles here, so the recursion ends."""
        if state not in dwell:
            ways = (e for e in leaving[state] if e.target in inside and not e.entered)
            dwell[state] = max((weight(e) + stay(e.target) for e in ways), default=0.0)
        return dwell[state]

    heaviest: dict[str, float] = {}
    for state in part:
        for edge in leaving[state]:
            if edge.target in inside and edge.entered:
                node = edge.entered[-1]
                heaviest[node] = max(heaviest.get(node, 0.0), weight(edge) + stay(edge.target))
    times = LAST_VISITS if graph.states[part[0]].call.exhausted else MAX_VISITS
    return max(map(stay, part)) + times * sum(heaviest.values())


def _parts(leaving: list[list[Edge]]) -> list[list[int]]:
    """Strongly connected parts (Tarjan 1972, without recursion), each after all that can be reached from it."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    parts: list[list[int]] = []
    for root in range(len(leaving)):
        if root in order:
            continue
        work = [(root, iter(leaving[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            state, ways = work[-1]
            for edge in ways:
                target = edge.target
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(leaving[target])))
                    break
                if target in on_stack:
                    low[state] = min(low[state], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == order[state]:
                    part = []
                    while (member := stack.pop()) != state:
                        part.append(member)
                        on_stack.discard(member)
                    on_stack.discard(state)
                    parts.append([*part, state])
    return parts


def _circle(graph: Graph, kept: Callable[[Edge], bool]) -> list[Edge]:
    """A short circle of transitions that are ``kept``, at the state reached soonest; empty when there is none."""
    leaving: list[list[Edge]] = [[] for _ in graph.states]
    for edge in graph.edges:
        if kept(edge):
            leaving[edge.source].append(edge)
    looped = [edge for edge in graph.edges if edge.source == edge.target and kept(edge)]
    parts = [part for part in _parts(leaving) if len(part) > 1]
    if looped and (not parts or looped[0].source <= min(map(min, parts))):
        return looped[:1]
    if not parts:
        return []
    start = min(map(min, parts))
    inside = set(next(part for part in parts if start in part))
    return _way_back(leaving, start, inside)


def _way_back(leaving: list[list[Edge]], start: int, inside: set[int]) -> list[Edge]:
    """A shortest way from ``start`` to itself."""
    came: dict[int, Edge] = {}
    todo = [start]
    for state in todo:
        for edge in leaving[state]:
            if edge.target not in inside or edge.target in came:
                continue
            came[edge.target] = edge
            if edge.target == start:
                way = [edge]
                while way[-1].source != start:
                    way.append(came[way[-1].source])
                return way[::-1]
            todo.append(edge.target)
    return []
