"""What must hold of every plan, state by state and transition by transition. One small function a property.

Each yields ``Finding``: the transition that breaks it, and what a person reads about it, in Polish.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..dialogue.actions import Action, Ask, AskDigits, AskPin, CheckPin, Enqueue, HangUp, Line, Transfer
from ..dialogue.events import Failed, HumanAsked, HungUp, PinChecked, Resumed
from .heard import keys_of, tells_hours
from .outcomes import PERSONAL
from .walk import Edge, Graph, State

KEY_WORDS = {
    **{"1": "jeden", "2": "dwa", "3": "trzy", "4": "cztery", "5": "pięć"},
    **{"6": "sześć", "7": "siedem", "8": "osiem", "9": "dziewięć"},
}
QUESTIONS = (Ask, AskDigits, AskPin)


@dataclass(frozen=True)
class Finding:
    """One breach. ``then``: transitions after ``edge`` that show it, if it takes more than one; ``node``: where its
    author must mend, if not where the call is afterwards."""

    edge: Edge
    message: str
    then: tuple[Edge, ...] = ()
    node: str = ""


Check = Callable[[Graph], Iterator[Finding]]


def runs(graph: Graph) -> Iterator[Finding]:
    """No event makes a node fail."""
    for edge in graph.edges:
        if edge.error is not None:
            node = graph.states[edge.source].call.node or graph.plan.start
            yield Finding(edge, f"węzeł `{node}` zawodzi: {edge.error}")


def ends_announced(graph: Graph) -> Iterator[Finding]:
    """A call ends with words, or after a consultant; and never waits for nothing."""
    for edge in sound(graph):
        call, actions = graph.states[edge.target].call, edge.actions
        if call.ended is None and not call.awaits:
            yield Finding(edge, f"rozmowa utknęła w węźle `{call.node}`: nie czeka na nic i się nie kończy")
        if isinstance(edge.event, HungUp) or call.served or not any(isinstance(a, HangUp) for a in actions):
            continue
        if not spoken(actions):
            where = f"węzeł `{call.node}`" if edge.exhausted is None else "automat po zbyt wielu okrążeniach"
            yield Finding(edge, f"{where} rozłącza bez słowa")


def person_reachable(graph: Graph) -> Iterator[Finding]:
    """From every question a person can be asked for, and the wish leads to a queue, a transfer, or the hours and a way
    on."""
    for edge in asking(graph):
        state = graph.states[edge.target]
        if "HumanAsked" not in state.call.awaits:
            yield Finding(edge, f"w węźle `{state.call.node}` nie można poprosić o konsultanta")
            continue
        wishes = [way for way in leaving(graph, edge.target) if isinstance(way.event, HumanAsked)]
        for wish in wishes:
            lost = _not_led(graph, wish, (), hours=False)
            if lost is not None:
                message = (
                    f"prośba o konsultanta w węźle `{state.call.node}` nie prowadzi ani do konsultanta, ani do godzin"
                )
                yield Finding(edge, message, lost)
                break


def _not_led(graph: Graph, way: Edge, before: tuple[Edge, ...], hours: bool) -> tuple[Edge, ...] | None:
    """The transitions along which a wish for a person is lost; None when each of them leads somewhere."""
    path = (*before, way)
    call = graph.states[way.target].call
    last = way.actions[-1] if way.actions else None
    hours = hours or any(tells_hours(graph.plan, way.event, line) for line in spoken(way.actions))
    if isinstance(last, Enqueue | Transfer) or call.served or way.error is not None:
        return None
    if isinstance(last, HangUp | Ask | AskDigits | AskPin):
        return None if hours else path
    if len(path) > 8 or not call.awaits:
        return path
    for following in leaving(graph, way.target):
        if not following.disturbance and (lost := _not_led(graph, following, path, hours)) is not None:
            return lost
    return None


def person_announced(graph: Graph) -> Iterator[Finding]:
    """The key for a person was said before or with the question; out of hours, the hours were."""
    for edge in asking(graph):
        state, asked = graph.states[edge.target], edge.actions[-1]
        if isinstance(asked, AskDigits | AskPin):
            if not state.told.star:
                yield Finding(
                    edge, f"przed wpisywaniem w węźle `{state.call.node}` nie powiedziano, że ** to konsultant"
                )
        elif not state.told.zero:
            yield Finding(edge, f"przed pytaniem węzła `{state.call.node}` nie powiedziano, że zero to konsultant")


def keys_announced(graph: Graph) -> Iterator[Finding]:
    """Every key that a menu takes is said in it, and zero is none of them."""
    for edge in asking(graph):
        asked, node = edge.actions[-1], graph.states[edge.target].call.node
        if not isinstance(asked, Ask):
            continue
        said = frozenset[str]().union(*map(keys_of, spoken(edge.actions)))
        for key in asked.choices:
            if key in KEY_WORDS and key not in said:
                yield Finding(edge, f"węzeł `{node}` przyjmuje klawisz {key}, ale nie mówi „{KEY_WORDS[key]}”")
            if key not in KEY_WORDS:
                yield Finding(edge, f"węzeł `{node}` przyjmuje klawisz {key}, który ma inne znaczenie")


def answerable_by_keys(graph: Graph) -> Iterator[Finding]:
    """Where nothing said is understood, every question takes keys."""
    for edge in asking(graph):
        asked, call = edge.actions[-1], graph.states[edge.target].call
        if isinstance(asked, Ask) and not call.hears and not asked.choices:
            yield Finding(edge, f"na pytanie węzła `{call.node}` nie można odpowiedzieć klawiszami")


def machine_first(graph: Graph) -> Iterator[Finding]:
    """ "Rozmawia automat" comes before the first question, or with it before its words end."""
    for edge in asking(graph):
        state = graph.states[edge.target]
        if not state.told.machine:
            yield Finding(edge, f"węzeł `{state.call.node}` pyta, zanim powiedziano, że to automat")


def nothing_listens_at_pin(graph: Graph) -> Iterator[Finding]:
    """While a telePIN is keyed nothing is asked that is listened to, and no words are awaited."""
    for edge in sound(graph):
        asks = [action for action in edge.actions if isinstance(action, QUESTIONS)]
        call = graph.states[edge.target].call
        if not any(isinstance(action, AskPin) for action in asks):
            continue
        if len(asks) > 1 or "Heard" in call.awaits or not isinstance(edge.actions[-1], AskPin):
            yield Finding(edge, f"w węźle `{call.node}` coś słucha podczas wpisywania telePIN")


def nothing_personal_early(graph: Graph) -> Iterator[Finding]:
    """Names, and answers for the authenticated, only after a positive check; and no authentication without one."""
    kept = {f"topic-{topic.id}" for topic in graph.plan.topics.values() if topic.requires_auth}
    for edge in sound(graph):
        before, after = graph.states[edge.source], graph.states[edge.target]
        if checked(edge, before, after):
            continue
        node = after.call.node
        for line in spoken(edge.actions):
            if line.prompt in kept or any(secret in line.text for secret in PERSONAL):
                yield Finding(edge, f"węzeł `{node}` mówi „{line.text[:60]}” bez potwierdzonej tożsamości")
        if edge.authenticates:
            yield Finding(edge, f"węzeł `{node}` uznaje tożsamość bez sprawdzenia telePIN")


def checked(edge: Edge, before: State, after: State) -> bool:
    """Whether a positive check lies before what ``edge`` says."""
    return (
        before.told.checked
        or after.told.checked
        or (getattr(edge.event, "verdict", "") == "ok" and (getattr(edge.event, "person", None) is not None))
    )


def served_once(graph: Graph) -> Iterator[Finding]:
    """Who has talked to a consultant is never queued again."""
    for edge in sound(graph):
        if graph.states[edge.target].call.served and any(isinstance(action, Enqueue) for action in edge.actions):
            yield Finding(edge, "rozmowa, którą konsultant już odebrał, wraca do kolejki")


def disturbances_kept(graph: Graph) -> Iterator[Finding]:
    """After a hang-up nothing is done; a resumed turn checks no telePIN a second time; a failure goes to the person's
    node or, after a talk, to the end."""
    for edge in sound(graph):
        after = graph.states[edge.target].call
        match edge.event:
            case HungUp() if edge.actions or after.ended is None:
                yield Finding(edge, "po rozłączeniu automat robi coś jeszcze")
            case Resumed() if any(isinstance(action, CheckPin) for action in edge.actions):
                yield Finding(edge, "po wznowieniu telePIN jest sprawdzany drugi raz")
            case Failed() if after.ended is None and graph.plan.person not in edge.entered:
                yield Finding(edge, f"awaria nie prowadzi do węzła `{graph.plan.person}`")


def lost_check_repeated(graph: Graph) -> Iterator[Finding]:
    """Whose telePIN check was lost with its engine is asked for the telePIN once more, not for the number; the second
    time the call goes on."""
    for edge in sound(graph):
        if not isinstance(edge.event, PinChecked) or edge.event.verdict != "lost" or edge.exhausted is not None:
            continue
        before, after = graph.states[edge.source].call, graph.states[edge.target].call
        asks = bool(edge.actions) and isinstance(edge.actions[-1], AskPin)
        if asks and before.lost_checks:
            yield Finding(edge, f"węzeł `{before.node}` prosi o telePIN po każdym przerwanym sprawdzeniu")
        elif not asks and before.media and not before.lost_checks:
            yield Finding(edge, f"węzeł `{after.node}` nie prosi o telePIN jeszcze raz po przerwanym sprawdzeniu")


def asking(graph: Graph) -> Iterator[Edge]:
    """Transitions that end in a question to the caller."""
    return (edge for edge in sound(graph) if edge.actions and isinstance(edge.actions[-1], QUESTIONS))


def sound(graph: Graph) -> Iterator[Edge]:
    """Transitions on which nothing failed."""
    return (edge for edge in graph.edges if edge.error is None)


def leaving(graph: Graph, state: int) -> Iterator[Edge]:
    """Transitions out of ``state``, those of its twin included, that its event alone brings about."""
    twin = graph.states[state].twin
    for index in graph.out[state if twin is None else twin]:
        if graph.edges[index].exhausted is None:
            yield graph.edges[index]


def spoken(actions: tuple[Action, ...]) -> list[Line]:
    """All lines said in a turn."""
    return [line for action in actions for line in getattr(action, "lines", ())]
