"""The machine: ``step(plan, call, event) -> (call, actions)``. Pure.

Its constitution:

1. A call that has ended changes no more. ``CallArrived`` begins a call, once.
2. Only an awaited event moves a call; a late, doubled or forged one returns the same call and no actions. An answer
   that carries a key (check id, queue key, what was looked up) must carry the one that was asked.
3. ``HungUp``, ``Resumed``, ``Failed`` and ``MediaLost`` may come at any time after the start.
4. From any wait, a wish for a person leads to the plan's person node.
5. Each accepted event is one turn; its last actions are kept in the call, so that another engine can re-issue them.
6. A turn resumed twice, a failure, a walk of more than ``MAX_HOPS`` nodes without a wait, or a node entered more than
   ``MAX_VISITS`` times goes to a person (the call is then ``exhausted``: each node may be entered ``LAST_VISITS`` times
   more); if that leads nowhere, the plan's end node is spoken and the call hung up: ``HangUp("failed")``.
7. Media are lost once: from then on Asterisk plays.
8. Authentication ends with its ``until``: a look-up that tells a later time (``at``) takes it away. So does one that
   tells whether the principal's mandate still holds (``acts``) with the right to act, unless the answer is yes.
9. A wish for slower speech makes a call slow, and counts as a wish to hear the question again.
10. Each node is entered and answered in the plan as the call's office has it. A node that learns the office leads on to
   another one: no question is answered by the node of another office than the one that asked it.
"""

import dataclasses

import msgspec

from .actions import Action, Answer, Ask, AskDigits, AskPin, CheckPin, Enqueue, HangUp, RecallCheck, Say, Transfer
from .call import Call
from .events import (
    AuthenticationStopped,
    CallArrived,
    Event,
    Failed,
    Heard,
    HumanAsked,
    HungUp,
    LookedUp,
    MediaLost,
    PinChecked,
    QueueEnded,
    Resumed,
)
from .manners import remark, slowed
from .node import HUMAN, Node, Turn, best, change, go
from .plan import Plan
from .tiers import mandate_told

MAX_HOPS = 40
MAX_VISITS = 12
"""How often one node may be entered in a call; past it the call goes to a person."""
LAST_VISITS = 3
"""How often one node may be entered after that; past it the call ends."""

_ALWAYS = (HungUp, Resumed, Failed, MediaLost)
_UNANSWERED = (LookedUp, PinChecked, MediaLost)
"""Events that do not show that the caller has heard anything."""


def step(plan: Plan, call: Call, event: Event) -> tuple[Call, tuple[Action, ...]]:
    """The next state of ``call`` and what to do, after ``event``. The same call object: the event changed nothing."""
    if not accepts(call, event):
        return call, ()
    asked, answer = slowed(_still_proved(_read_by(call, event), event), event)
    view = plan.for_office(call.office)
    turn = _with_remark(view, call, _react(view, asked, answer), answer)
    moved, actions = _walk(plan, turn)
    resumes = moved.resumes if isinstance(event, Resumed) else 0
    unheard = _unheard(call, event, actions)
    return change(moved, turn=call.turn + 1, pending=actions, unheard=unheard, resumes=resumes), actions


def _with_remark(plan: Plan, before: Call, turn: Turn, event: Event) -> Turn:
    """``turn`` with what explains why a question is put again said first."""
    prompt = remark(plan.manners, before, turn.call, event)
    if prompt is None or not (turn.goto or turn.awaits):
        return turn
    said = Say(lines=(plan.line(prompt),))
    return dataclasses.replace(turn, actions=(said, *turn.actions))


def guarded_step(plan: Plan, call: Call, event: Event) -> tuple[Call, tuple[Action, ...], Exception | None]:
    """``step`` for whoever goes on when a node has a bug: then the same call, no actions, and what was raised."""
    try:
        return *step(plan, call, event), None
    except Exception as error:
        # A plan may be of any make: whatever its nodes raise must end in its one call, or its one proof.
        return call, (), error


def accepts(call: Call, event: Event) -> bool:
    """Whether ``event`` may move ``call`` (the guard of the constitution's rules 1 to 3)."""
    if call.ended is not None:
        return False
    if isinstance(event, CallArrived):
        return call.turn == 0
    if call.turn == 0:
        return False
    if isinstance(event, MediaLost):
        return call.media
    if isinstance(event, _ALWAYS):
        return True
    if type(event).__name__ not in call.awaits:
        return False
    asked = call.pending[-1] if call.pending else None
    if isinstance(event, PinChecked):
        return isinstance(asked, CheckPin | RecallCheck) and asked.check == event.check
    if isinstance(event, QueueEnded):
        return event.key == call.queue_key
    if isinstance(event, LookedUp):
        return event.what == getattr(asked, "what", None)
    return True


def _react(plan: Plan, call: Call, event: Event) -> Turn:
    node: Node | None = plan.nodes.get(call.node)
    match event:
        case CallArrived():
            arrived = change(
                call,
                plan=plan.version,
                dialled=event.dialled,
                caller=event.caller,
                trunk=event.trunk,
                arrived=event.at,
                hears=event.hears,
                model=event.model,
                office=plan.office_of(event.dialled),
            )
            return go(arrived, plan.start, Answer())
        case HungUp():
            return Turn(change(call, ended=f"hung up by {event.by}"))
        case Failed():
            return _to_person(plan, call)
        case Resumed():
            return _resume(plan, call, event.said)
        case MediaLost():
            return _without_media(plan, call, node)
        case HumanAsked():
            return go(change(call, wants_human=True), plan.person)
        case Heard() if best(event).id == HUMAN:
            heard = change(call, wants_human=True, said=(*call.said, event.text))
            return go(heard, plan.person)
    if node is None:
        return _to_person(plan, call)
    return node.answer(plan, call, event)


def _read_by(call: Call, event: Event) -> Call:
    """``call`` with the topic model that gave the readings of ``event``."""
    return change(call, model=event.model) if isinstance(event, Heard) and event.model else call


def _still_proved(call: Call, event: Event) -> Call:
    """``call`` without what no longer holds by what ``event`` tells: a lapsed authentication, a mandate withdrawn."""
    found = event.found if isinstance(event, LookedUp) else {}
    at = found.get("at")
    if call.auth is None or not isinstance(at, str):
        return call
    if not call.auth.holds(at):
        return change(call, auth=None, acting_for=None, verdict="expired")
    if "acts" not in found:
        return call
    acts = found["acts"]
    return mandate_told(call, acts if isinstance(acts, bool) else None, at)


def _walk(plan: Plan, turn: Turn) -> tuple[Call, tuple[Action, ...]]:
    """Enter nodes until one waits or the call ends."""
    call, actions, target, awaits = turn.call, turn.actions, turn.goto, turn.awaits
    hops = 0
    while target is not None:
        hops += 1
        plan = plan.for_office(call.office)
        visits = {**call.visits, str(target): call.visits.get(target, 0) + 1}
        if hops > MAX_HOPS or visits[target] > (LAST_VISITS if call.exhausted else MAX_VISITS):
            if call.exhausted or call.served:
                return _give_up(plan, call, actions)
            call, target, hops = change(call, exhausted=True, visits={}, wants_human=True), plan.person, 0
            continue
        node: Node = plan.nodes[target]
        anew = {} if turn.keeps else {"tries": 0, "step": "", **node.FORGETS}
        turn = node.enter(plan, change(call, node=str(target), visits=visits, **anew))
        call, actions, target, awaits = turn.call, actions + turn.actions, turn.goto, turn.awaits
    if actions and isinstance(actions[-1], HangUp):
        call = change(call, ended=actions[-1].reason)
    return change(call, awaits=awaits), actions


def _give_up(plan: Plan, call: Call, actions: tuple[Action, ...]) -> tuple[Call, tuple[Action, ...]]:
    """The end of a call that no node can help: what the plan's end node says, then hung up."""
    spoken: tuple[Action, ...] = ()
    if plan.end is not None:
        spoken = tuple(said for said in plan.nodes[plan.end].enter(plan, call).actions if isinstance(said, Say))
    return change(call, ended="failed", awaits=()), (*actions, *spoken, HangUp(reason="failed"))


def _to_person(plan: Plan, call: Call) -> Turn:
    if call.served:
        return Turn(call, (HangUp(reason="failed"),))
    return go(change(call, wants_human=True), plan.person)


def _unheard(call: Call, event: Event, actions: tuple[Action, ...]) -> tuple[Say, ...]:
    """What was said since the caller last did anything, once this turn is performed."""
    if isinstance(event, Resumed):
        return call.unheard
    said = tuple(action for action in actions if isinstance(action, Say))
    return call.unheard + said if isinstance(event, _UNANSWERED) else said


def _resume(plan: Plan, call: Call, said: float) -> Turn:
    """Re-issue the outstanding turn, by the rule of each kind of action (design rule 7), behind the rest of what was
    being said before it."""
    if call.resumes >= 1:
        return _to_person(plan, change(call, resumes=0))
    again = tuple(_reissued(action) for action in call.pending if not isinstance(action, Say))
    if call.unheard:
        lines = tuple(line for say in call.unheard for line in say.lines)
        rest = Say(lines=lines, firm=any(say.firm for say in call.unheard), heard=said)
        place = 1 if again[:1] == (Answer(),) else 0
        again = (*again[:place], rest, *again[place:])
    kept = change(call, resumes=call.resumes + 1)
    return Turn(kept, again, None, call.awaits)


def _reissued(action: Action) -> Action:
    if isinstance(action, CheckPin):
        return RecallCheck(check=action.check)
    return action


def _without_media(plan: Plan, call: Call, node: Node | None) -> Turn:
    """Asterisk plays from now on; number entry needs the engine's own ears, so it is left out, and a question without
    keys is put anew by its node."""
    deaf = change(call, media=False, hears=False)
    asked = call.pending[-1] if call.pending else None
    if isinstance(asked, AskDigits | AskPin) and node is not None:
        return node.answer(plan, deaf, AuthenticationStopped())
    if isinstance(asked, Ask) and not asked.choices:
        return go(deaf, call.node, *(said for said in call.pending if isinstance(said, Say)))
    return Turn(deaf, call.pending, None, call.awaits)


def is_hand_off(action: Action) -> bool:
    """Whether the dialplan takes the call over with this action."""
    return isinstance(action, Enqueue | Transfer | HangUp)


def round_trip(call: Call) -> Call:
    """``call`` through its JSON form and back."""
    return msgspec.json.decode(msgspec.json.encode(call), type=Call)
