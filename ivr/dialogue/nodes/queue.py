"""``queue``: leave the caller to the thematic queue of their tax chamber."""

from typing import Annotated, ClassVar, Literal

from ..actions import Enqueue, LookUp, Say
from ..call import Call
from ..events import Event, LookedUp, QueueEnded
from ..node import Node, Prompt, Prompts, Says, Target, Turn, change, go, wait
from ..plan import NATIONAL, Plan


class QueueNode(Node):
    """Queues once at a time: in the office's thematic queue, then in those of the offices that take over (its
    ``overflow``, the national line always last), then ``failed``.

    The thematic queue is the one chosen by keys, else the topic's, else the office's default. A caller goes on to the
    next office when nobody answered in the queue's ``timeout``, and at once when the queue is full by its
    ``max_waiting`` or ``max_wait``. Before a full-or-not queue, and before any queue of another office, its state is
    looked up: args ``queue`` and ``office``; found ``open`` (bool), ``waiting`` (number in line), ``longest`` (seconds
    that the first one has waited). What is not known counts as open and free. A closed office takes nobody over; the
    caller's own was open when a node before asked, and its callers wait. When every open queue is full, the caller
    waits in the first of them. Who waits at closing time waits on, up to the ``timeout``. Who has talked to a
    consultant goes to ``served`` and is never queued again.

    ``overflow`` is said on the way to the national line, ``neighbour`` (with ``{office}``) to another chamber.
    """

    EXAMPLE: ClassVar[str] = """
    node: queue
    lines: [lacze]
    overflow: [lacze-z-krajowa]
    neighbour: lacze-z-izba
    served: koniec
    failed: koniec
    """

    node: Literal["queue"]
    lines: Prompts
    overflow: Prompts
    neighbour: Annotated[Prompt | None, Says("office")] = None
    served: Target
    failed: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.served:
            return go(call, self.served)
        return self._next(plan, change(call, step=""))

    def _next(self, plan: Plan, call: Call) -> Turn:
        """The first queue neither tried nor found full; ``step`` holds those looked up on this round, in order."""
        kind, route = _kind(plan, call), _route(plan, call)
        looked_up = call.step.split()
        for office in route:
            name = _name(plan, office, kind)
            if name in call.queues_tried or name in looked_up:
                continue
            limits = plan.limits(office, _run_by(plan, office, kind))
            if office != route[0] or limits.max_waiting or limits.max_wait:
                asked = change(call, step=" ".join([*looked_up, name]))
                return wait(asked, LookUp(what="queue", args={"queue": name, "office": office}), awaits=("LookedUp",))
            return self._enqueue(plan, call, kind, office)
        for office in route:
            if _name(plan, office, kind) not in call.queues_tried:
                return self._enqueue(plan, call, kind, office)
        return go(call, self.failed)

    def _enqueue(self, plan: Plan, call: Call, kind: str, office: str) -> Turn:
        run = _run_by(plan, office, kind)
        name, key = f"{office}-{run}", f"{call.id}:q{len(call.queues_tried) + 1}"
        queued = change(call, step="", queue=kind, queue_key=key, queues_tried=(*call.queues_tried, name))
        return wait(
            queued,
            self._announce(plan, call, office),
            Enqueue(
                queue=name, priority=plan.queues[run].priority, timeout=plan.limits(office, run).timeout or 0, key=key
            ),
            awaits=("QueueEnded",),
        )

    def _announce(self, plan: Plan, call: Call, office: str) -> Say:
        if office == (call.office or NATIONAL):
            return Say(lines=plan.lines(*self.lines))
        if office != NATIONAL and self.neighbour is not None:
            return Say(lines=(plan.line(self.neighbour, office=plan.offices[office].spoken),))
        return Say(lines=plan.lines(*self.overflow))

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        if isinstance(event, QueueEnded):
            if event.outcome == "served":
                return go(change(call, served=True), self.served)
            return self._next(plan, call)
        assert isinstance(event, LookedUp)
        kind, name = _kind(plan, call), call.step.split()[-1]
        own, *_ = route = _route(plan, call)
        office = next(office for office in route if _name(plan, office, kind) == name)
        if event.ok and event.found.get("open") is False and office != own:
            return self._next(plan, change(call, queues_tried=(*call.queues_tried, name)))
        limits = plan.limits(office, _run_by(plan, office, kind))
        if event.ok and (
            _over(event.found.get("waiting"), limits.max_waiting) or _over(event.found.get("longest"), limits.max_wait)
        ):
            return self._next(plan, call)
        return self._enqueue(plan, call, kind, office)


def ways(plan: Plan, call: Call) -> tuple[str, ...]:
    """Asterisk's names of the queues that may take the call, in turn."""
    kind = _kind(plan, call)
    return tuple(_name(plan, office, kind) for office in _route(plan, call))


def _kind(plan: Plan, call: Call) -> str:
    """The thematic queue: chosen by keys, else the topic's, else the office's default."""
    office = plan.offices[call.office or NATIONAL]
    topic = plan.topics.get(call.topic or "")
    wanted = call.queue or (topic.queue if topic else None) or office.default_queue
    return wanted if wanted in office.queues else office.default_queue


def _route(plan: Plan, call: Call) -> tuple[str, ...]:
    """The offices that may take the call, in turn."""
    own = call.office or NATIONAL
    return tuple(dict.fromkeys((own, *plan.offices[own].overflow, NATIONAL)))


def _run_by(plan: Plan, office: str, kind: str) -> str:
    """The queue that serves ``kind`` at ``office``."""
    run = plan.offices[office]
    return kind if kind in run.queues else run.default_queue


def _name(plan: Plan, office: str, kind: str) -> str:
    return f"{office}-{_run_by(plan, office, kind)}"


def _over(now: str | bool | int | float | None, limit: int | None) -> bool:
    return limit is not None and isinstance(now, int | float) and now >= limit
