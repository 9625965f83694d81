"""``queue``: leave the caller to the thematic queue of their tax chamber."""

from typing import ClassVar, Literal

from ..actions import Enqueue, Say
from ..call import Call
from ..events import Event, QueueEnded
from ..node import Node, Prompts, Target, Turn, change, go, wait
from ..plan import NATIONAL, Plan


class QueueNode(Node):
    """Queues once: the office's thematic queue, then the same queue of the national line, then ``failed``.

    The thematic queue is the one chosen by keys, else the topic's, else the office's default. Who has talked to a
    consultant goes to ``served`` and is never queued again.
    """

    EXAMPLE: ClassVar[str] = """
    node: queue
    lines: [lacze]
    overflow: [lacze-dalej]
    served: koniec
    failed: koniec
    """

    node: Literal["queue"]
    lines: Prompts
    overflow: Prompts
    served: Target
    failed: Target

    def enter(self, plan: Plan, call: Call) -> Turn:
        if call.served:
            return go(call, self.served)
        kind = self._kind(plan, call)
        for office in (call.office or NATIONAL, NATIONAL):
            name = f"{office}-{kind}"
            if name not in call.queues_tried:
                return self._enqueue(plan, call, kind, name)
        return go(call, self.failed)

    def _kind(self, plan: Plan, call: Call) -> str:
        office = plan.offices[call.office or NATIONAL]
        topic = plan.topics.get(call.topic or "")
        wanted = call.queue or (topic.queue if topic else None) or office.default_queue
        return wanted if wanted in office.queues else office.default_queue

    def _enqueue(self, plan: Plan, call: Call, kind: str, name: str) -> Turn:
        first = not call.queues_tried
        key = f"{call.id}:q{len(call.queues_tried) + 1}"
        queued = change(call, queue=kind, queue_key=key, queues_tried=(*call.queues_tried, name))
        queue = plan.queues[kind]
        return wait(
            queued,
            Say(lines=plan.lines(*(self.lines if first else self.overflow))),
            Enqueue(queue=name, priority=queue.priority, timeout=queue.timeout, key=key),
            awaits=("QueueEnded",),
        )

    def answer(self, plan: Plan, call: Call, event: Event) -> Turn:
        assert isinstance(event, QueueEnded)
        if event.outcome == "served":
            return go(change(call, served=True), self.served)
        return self.enter(plan, call)
